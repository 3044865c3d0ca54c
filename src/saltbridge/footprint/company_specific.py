"""Parts of the battery whose activity data must be the company's own.

A part is known by the words of its flow (``company_parts.csv``); ``pack`` is the process whose
reference flow is the product. It is company-specific where every process that makes it is
marked ``company_specific``, or where it comes with a figure of its supplier. A secondary figure
for one of them, or a part nobody can find, stands in the way of a declaration.

Regulation (EU) 2023/1542, Annex II point 5 (OJ L 191, read 2026-11-23): anode, cathode,
electrolyte, separator, cell casing; no default activity data.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.characterisation import read_table
from saltbridge.footprint.model import Carrier, Direction, Inventory, Process
from saltbridge.footprint.pricing import Outcome
from saltbridge.footprint.result import Contribution

PACK = "pack"


def company_specific_findings(
    parts: Sequence[str],
    inventory: Inventory,
    outcomes: Sequence[Outcome],
    runs: Mapping[str, float],
) -> Iterator[Finding]:
    """What is not the company's own of the parts that have to be, each with its place."""
    used = [p for p in inventory.processes if runs.get(p.id, 0.0) != 0]
    for part in parts:
        makers = [p for p in used if _makes(p, part, inventory)]
        bought = [o for o in outcomes if _is_bought(o, part)]
        if not makers and not bought:
            yield finding(
                "pass.company-part-not-found",
                severity=Severity.WARNING,
                part=part.replace("_", " "),
            )
        for maker in makers:
            if not maker.company_specific:
                yield finding(
                    "pass.company-part-secondary-process",
                    replace(maker.place, column="company_specific"),
                    severity=Severity.WARNING,
                    part=part.replace("_", " "),
                    process=maker.id,
                )
        for outcome in bought:
            row = outcome.leaf.exchange
            if not outcome.contributions or not all(map(_of_supplier, outcome.contributions)):
                yield finding(
                    "pass.company-part-secondary-factor",
                    replace(row.place, column="flow"),
                    severity=Severity.WARNING,
                    part=part.replace("_", " "),
                    flow=row.flow,
                    process=row.process,
                )


def is_part(flow: str, part: str) -> bool:
    """Whether a flow of this name is the part.

    >>> is_part("anode, graphite, for Li-ion battery", "anode")
    True
    >>> is_part("copper, anode", "anode")
    False
    """
    name = flow.lower()
    wanted, unwanted = _parts()[part]
    return bool(wanted.search(name)) and not unwanted.search(name)


def _makes(process: Process, part: str, inventory: Inventory) -> bool:
    if process.production_amount < 0:
        return False
    if part == PACK:
        return process.id == inventory.product.reference_process
    return is_part(process.reference_flow, part)


def _is_bought(outcome: Outcome, part: str) -> bool:
    row = outcome.leaf.exchange
    return (
        part != PACK
        and outcome.amount != 0
        and row.direction is Direction.INPUT
        and row.carrier is Carrier.NONE
        and is_part(row.flow, part)
    )


def _of_supplier(line: Contribution) -> bool:
    return bool(line.factor.record or line.factor.supplier)


@lru_cache(maxsize=1)
def _parts() -> Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    return {
        r["part"]: (re.compile(r["pattern"]), re.compile(r["not_pattern"]))
        for r in read_table("company_parts.csv")
    }
