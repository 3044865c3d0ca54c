"""What counts as nothing, said aloud: no flow, product or stage is 0 kg in silence.

A row is a contribution or a hole; what is neither for a reason of the method is named here.
"""

from collections.abc import Iterator, Mapping, Sequence

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.allocation import Shares, copy_id
from saltbridge.footprint.methodology import RuleSet
from saltbridge.footprint.model import Inventory
from saltbridge.footprint.pricing import Outcome

_NAMED = 12  # flows that one finding names; the count says how many there are


def uncounted(outcomes: Sequence[Outcome], rules: RuleSet) -> Iterator[Finding]:
    """Flows without a climate effect, stages without a line, a footprint without any line."""
    silent = sorted({o.leaf.exchange.flow for o in outcomes if o.without_effect})
    if silent:
        yield finding(
            "footprint.without-climate-effect",
            severity=Severity.NOTE,
            count=len(silent),
            flows=", ".join(silent[:_NAMED]),
        )
    counted = {o.leaf.stage for o in outcomes if o.contributions or o.holes}
    if not counted:
        yield finding("footprint.nothing-counted", severity=Severity.WARNING)
    elif rules.by_stage:
        for stage in rules.boundary:
            if stage not in counted:
                yield finding(
                    "footprint.stage-empty", severity=Severity.WARNING, stage=stage.value
                )


def licence_findings(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    """Factors nobody says the licence of; a supplier's figure and a contract need none."""
    told: set[str] = set()
    for outcome in outcomes:
        for line in outcome.contributions:
            factor = line.factor
            own = bool(factor.record or factor.supplier) or factor.id.startswith("contract:")
            if own or factor.licence or factor.id in told:
                continue
            told.add(factor.id)
            yield finding(
                "pass.factor-without-licence",
                line.place,
                severity=Severity.WARNING,
                factor=factor.id,
                flow=line.flow,
            )


def allocation_findings(
    shares: Sequence[Shares], inventory: Inventory, runs: Mapping[str, float]
) -> Iterator[Finding]:
    """Products that carry no burden although they are taken, and a basis of one's own."""
    places = {p.id: p.place for p in inventory.processes}
    for split in shares:
        own_flow, *others = split.shares
        taken = [(own_flow, split.process)]
        taken += [((flow, share), copy_id(split.process, flow)) for flow, share in others]
        for (flow, share), process in taken:
            if share == 0 and runs.get(process, 0.0) != 0:
                yield finding(
                    "footprint.co-product-free",
                    places[split.process],
                    severity=Severity.WARNING,
                    flow=flow,
                    process=split.process,
                    basis=split.basis,
                )
        if split.basis != split.by_rule:
            yield finding(
                "footprint.allocation-own",
                places[split.process],
                severity=Severity.WARNING,
                process=split.process,
                basis=split.basis,
                rule=split.by_rule or "–",
            )
