"""The declared value, and whether a footprint may be called a declaration at all."""

from dataclasses import replace
from datetime import date
from math import inf

from saltbridge.core.edition import EditionStatus
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.provenance import Confidence
from saltbridge.core.quantity import round_significant
from saltbridge.footprint.cut_off import largest, left_out
from saltbridge.footprint.methodologies import methodologies
from saltbridge.footprint.result import CarbonFootprint, Hole

ESTIMATE, DECLARATION = "estimate", "declaration"
# Findings of the calculation after which nobody may call the result a declaration.
_NOT_DECLARABLE = frozenset(
    {
        "footprint.nothing-counted",
        "footprint.stage-empty",
        "footprint.factor-negative",
        "footprint.allocation-own",
        "pass.price-missing",
        "pass.substitution-by-row",
        "pass.market-factor-refused",
        "pass.factor-without-licence",
        "pass.company-part-not-found",
        "pass.company-part-secondary-process",
        "pass.company-part-secondary-factor",
        "pass.leg-incomplete",
        "pass.leg-amount",
        "pass.delivery-without-leg",
        "pass.rating-missing",
        "footprint.contract-certificates-unknown",
        "methodology.own-total-energy",
        "methodology.own-cycles",
    }
)
_BY_FACTOR = frozenset({"factor", "substitution"})  # terms of lines that a factor prices alone
_DOUBTFUL = (Confidence.RECALLED, Confidence.ILLUSTRATIVE)


def declared_value(footprint: CarbonFootprint) -> float | None:
    """kg CO2e per declared unit, rounded by the rule set; None where there is no unit."""
    unit = footprint.declared_unit
    if unit is None:
        return None
    return round_significant(footprint.total_kg_co2e / unit.amount, footprint.rounding_digits)


def declaration_or_findings(
    footprint: CarbonFootprint, day: date | None = None
) -> tuple[str, tuple[Finding, ...]]:
    """``declaration`` and no findings, or ``estimate`` and everything that stands in the way.

    ``day`` is that of the declaration: a factor of a later year looks ahead.

    A declaration needs an edition in force, a declared unit, no factor that is illustrative or
    from memory, no factor of zero that nobody has read in a source, no contract whose
    certificates nobody knows of, no service life of the maker's own making, no rule from memory
    that decides one of its numbers, no rule settled by a person's assumption or set aside by a
    row, a line in every stage the rule set reports, and no hole above the cut-off of the rule
    set. A hole without a range, or with one from memory, always stands in the way: nobody can
    say that it is small.
    """
    found: list[Finding] = []
    edition = footprint.edition
    if edition.status is not EditionStatus.IN_FORCE:
        found.append(
            finding(
                "footprint.not-in-force",
                edition=edition.name,
                methodology=footprint.methodology,
                status=edition.status.value,
            )
        )
    if footprint.declared_unit is None:
        found.append(finding("footprint.no-declared-unit"))
    for key, value in footprint.assumptions.items():
        found.append(finding("footprint.assumed", key=key, value=value))
    found += [
        replace(f, severity=Severity.ERROR)
        for f in footprint.findings
        if f.code in _NOT_DECLARABLE
    ]
    found += _recalled_rules(footprint)
    found += _doubtful(footprint)
    found += _zeros(footprint)
    found += _prospective(footprint, day)
    found += _holes(footprint)
    return (ESTIMATE if found else DECLARATION), tuple(found)


def _recalled_rules(footprint: CarbonFootprint) -> list[Finding]:
    """Rules that were never read and decide a number of this footprint.

    A declaration claims no conformance that was not checked; a recalled rule that touches
    nothing here claims nothing either.
    """
    decided = {c.rule.partition(".")[0] for c in footprint.contributions}
    touches = {
        "electricity": "electricity" in decided,
        "direct_line": any(c.rule.endswith(".direct_line") for c in footprint.contributions),
        "recycling": "recycling" in decided,
        "gwp": "gwp" in decided,
        "allocation": bool(footprint.detail.get("allocation")),
    }
    return [
        finding("footprint.recalled-rule", rule=rule.id, value=rule.value)
        for rule in footprint.rules
        if rule.confidence is Confidence.RECALLED
        and not rule.id.startswith("assumption.")
        and touches.get(rule.id, True)
    ]


def _doubtful(footprint: CarbonFootprint) -> list[Finding]:
    found: dict[str, Finding] = {}
    for line in footprint.contributions:
        if line.factor.confidence in _DOUBTFUL:
            found.setdefault(
                line.factor.id,
                finding(
                    "footprint.doubtful-factor",
                    line.place,
                    factor=line.factor.id,
                    flow=line.flow,
                    confidence=line.factor.confidence.value,
                ),
            )
    return list(found.values())


def _zeros(footprint: CarbonFootprint) -> list[Finding]:
    """Factors of zero that nobody has read in a source: a zero needs its evidence."""
    found = {
        line.factor.id: finding(
            "footprint.factor-zero-unread",
            line.place,
            flow=line.flow,
            factor=line.factor.id,
            confidence=line.factor.confidence.value,
        )
        for line in reversed(footprint.contributions)
        if line.factor.kg_co2e_per_unit == 0
        and line.term in _BY_FACTOR
        and not (line.factor.confidence is Confidence.READ and line.factor.source)
    }
    return list(found.values())[::-1]


def _prospective(footprint: CarbonFootprint, day: date | None) -> list[Finding]:
    """A declaration speaks of what was made: no factor in it may look ahead."""
    found = {
        line.factor.id: finding(
            "supplier.prospective-declared", line.place, factor=line.factor.id, flow=line.flow
        )
        for line in reversed(footprint.contributions)
        if line.factor.prospective
        or (day is not None and line.factor.year is not None and line.factor.year > day.year)
    }
    return list(found.values())[::-1]


def _holes(footprint: CarbonFootprint) -> list[Finding]:
    if not footprint.holes:
        return []
    rules = methodologies()[footprint.methodology].rule_set(footprint.edition)
    if rules.cut_off is None:
        summary = [finding("footprint.cut-off-unknown", count=len(footprint.holes))]
    else:
        unpriced = [h for h in footprint.holes if not _has_sure_range(h)]
        # A hole without mass or without range cannot be told: it counts as too much.
        share = left_out(footprint, rules.cut_off).by_rule
        share = 1.0 if share is None else share
        if not unpriced and share <= rules.cut_off.share:
            return []
        low, high = footprint.range_kg_co2e or (footprint.total_kg_co2e, None)
        summary = [
            finding(
                f"footprint.cut-off-{rules.cut_off.of}",
                share=100 * share,
                allowed=100 * rules.cut_off.share,
                low=low,
                high="?" if high is None else high,
            )
        ]
    largest_first = sorted(
        footprint.holes, key=lambda h: -(inf if h.high_kg_co2e is None else largest(h))
    )
    return [*summary, *(_hole(h) for h in largest_first)]


def _has_sure_range(hole: Hole) -> bool:
    known = hole.low_kg_co2e is not None and hole.high_kg_co2e is not None
    return known and hole.range_confidence not in _DOUBTFUL


def _hole(hole: Hole) -> Finding:
    place: Place = hole.place
    if hole.low_kg_co2e is None or hole.high_kg_co2e is None:
        return finding(
            "footprint.hole-without-range",
            place,
            flow=hole.flow,
            process=hole.process,
            severity=Severity.ERROR,
        )
    if not _has_sure_range(hole):
        return finding(
            "footprint.hole-range-doubtful",
            place,
            flow=hole.flow,
            process=hole.process,
            low=hole.low_kg_co2e,
            high=hole.high_kg_co2e,
            confidence=hole.range_confidence,
        )
    return finding(
        "footprint.hole-above-cut-off",
        place,
        flow=hole.flow,
        process=hole.process,
        low=hole.low_kg_co2e,
        high=hole.high_kg_co2e,
    )
