"""Everything the yearly report of the border room is made of, gathered from the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.border.calendar import legal_day
from saltbridge.border.export_statement import STATEMENT_KINDS
from saltbridge.border.rules import packaged_packs
from saltbridge.core.canonical import read_json
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import every
from saltbridge.trust.did import from_iso


@dataclass(frozen=True, slots=True)
class YearOfDecisions:
    """The decisions of one calendar year, as the law of the node counts years.

    ``log_size`` and ``log_root`` are those at the year's end, or now while it runs.
    ``thresholds`` are limits of the yearly counters.
    """

    year: int
    company: str
    jurisdiction: str
    made_at: datetime
    ended: bool
    decisions: tuple[Mapping[str, Any], ...]  # the oldest first
    counters: Mapping[str, Any] | None
    thresholds: tuple[tuple[str, str, str, int], ...]  # pack, citation, counter, limit
    log_size: int
    log_root: str


def year_of_decisions(world: World, year: int) -> YearOfDecisions:
    """The year's decisions, counters, thresholds and the state of the log at its end."""
    now, where = world.clock.now(), world.node.jurisdiction
    with world.store.reading() as view:
        records = [read_json(r.body) for r in every(view, "decision")]
        counter = view.get("counter", str(year))
        size = _size_at_end(view, year, where)
        root = view.log_root(size)
    mine = [
        r
        for r in records
        if r["document_kind"] not in STATEMENT_KINDS
        and legal_day(from_iso(r["made_at"]), where).year == year
    ]
    return YearOfDecisions(
        year=year,
        company=world.node.legal_name,
        jurisdiction=where,
        made_at=now,
        ended=legal_day(now, where).year > year,
        decisions=tuple(sorted(mine, key=lambda r: (str(r["made_at"]), str(r["id"])))),
        counters=None if counter is None else read_json(counter.body),
        thresholds=tuple(
            (pack.id, rule.citation, name, limit)
            for pack in packaged_packs()
            if pack.jurisdiction in ("*", where)
            for rule in pack.rules
            for name, limit in rule.counters.items()
        ),
        log_size=size,
        log_root=f"sha256:{root.hex()}",
    )


def _size_at_end(view: UnitOfWork, year: int, jurisdiction: str) -> int:
    """How many leaves the log had when the year ended: leaves are in order of time."""
    low, high = 0, view.log_size()
    while low < high:
        middle = (low + high) // 2
        leaf = view.log_leaf(middle)
        if leaf is not None and legal_day(leaf.written_at, jurisdiction).year <= year:
            low = middle + 1
        else:
            high = middle
    return low
