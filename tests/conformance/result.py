"""What a kit found, case by case, as a table for people and as JSON for machines."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a kit. ``reason`` says why it failed or was not run."""

    id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KitResult:
    """All cases of one kit. ``version`` names the kit that ran, not the one wished for."""

    kit: str
    version: str
    cases: tuple[Case, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default_factory=tuple)

    def count(self, outcome: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome is outcome for case in self.cases)

    def record(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return {
            "kit": self.kit,
            "version": self.version,
            "passed": self.count(Outcome.PASSED),
            "failed": self.count(Outcome.FAILED),
            "not_run": self.count(Outcome.NOT_RUN),
            "reasons": {case.id: case.reason for case in self.cases if case.reason},
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }


def not_run(kit: str, version: str, cases: Sequence[str], reason: str) -> KitResult:
    """The result of a kit of which nothing ran."""
    found = tuple(Case(id, Outcome.NOT_RUN, reason) for id in cases)
    return KitResult(kit, version, found)


def table(results: Sequence[KitResult]) -> str:
    """One line per kit, then every case that did not pass, with its reason."""
    head = ("kit", "version", "passed", "failed", "not run", "seconds")
    rows = [
        (
            r.kit,
            r.version,
            str(r.count(Outcome.PASSED)),
            str(r.count(Outcome.FAILED)),
            str(r.count(Outcome.NOT_RUN)),
            f"{r.seconds:.0f}",
        )
        for r in results
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [_line(head, widths), "  ".join("-" * width for width in widths)]
    lines += [_line(row, widths) for row in rows]
    for result in results:
        lines += _not_passed(result)
    return "\n".join(lines)


def write(results: Sequence[KitResult], file: Path) -> None:
    """The results as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    document = {"kits": [result.record() for result in results]}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if i < 2 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _not_passed(result: KitResult) -> list[str]:
    left = [case for case in result.cases if case.outcome is not Outcome.PASSED]
    if not left and not result.notes:
        return []
    lines = ["", result.kit]
    reasons = Counter((case.outcome, case.reason) for case in left)
    for (outcome, reason), count in reasons.items():
        ids = [case.id for case in left if (case.outcome, case.reason) == (outcome, reason)]
        named = ", ".join(ids) if count <= 8 else f"{ids[0]} … {ids[-1]} ({count} cases)"
        lines.append(f"  {outcome}: {named}: {reason}")
    return lines + [f"  {note}" for note in result.notes]
