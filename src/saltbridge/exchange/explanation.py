"""Why something was refused, as data: which term, what was offered, what is needed, whose move.

The words lie in the catalogues under the code, what to do under ``<code>.remedy``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from saltbridge.core.finding import Argument
from saltbridge.exchange.model import Refusal, Role


class Verdict(StrEnum):
    """What became of a term.

    ``vouched``: this node checks no credentials, its people entered the partner by hand.
    ``contractual``: binds by contract, no connector can check it (CX-0152 has it count as
    met). ``tracked``: an end that this node keeps with the agreement. ``noted``: understood,
    though not written as the standard has it.
    """

    MET = "met"
    VOUCHED = "vouched"
    CONTRACTUAL = "contractual"
    TRACKED = "tracked"
    NOTED = "noted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at. ``who`` has to change it, where it failed."""

    verdict: Verdict
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    who: Role | None = None
    place: str = ""  # pointer into the policy


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that was looked at, in the order of the policy."""

    points: tuple[Point, ...]

    @property
    def failed(self) -> tuple[Point, ...]:
        """What stands against it; empty if nothing does."""
        return self.having(Verdict.FAILED)

    @property
    def refusal(self) -> Refusal | None:
        """The first thing that stands against it."""
        first = next(iter(self.failed), None)
        return None if first is None else Refusal(first.code, first.arguments)

    def having(self, *verdicts: Verdict) -> tuple[Point, ...]:
        """The points of these verdicts."""
        return tuple(p for p in self.points if p.verdict in verdicts)


def point_record(point: Point) -> dict[str, Any]:
    """A point as it is stored and printed as JSON."""
    return {
        "verdict": str(point.verdict),
        "code": point.code,
        "arguments": dict(point.arguments),
        "who": str(point.who or ""),
        "place": point.place,
    }


def point_of(record: Mapping[str, Any]) -> Point:
    """The point of a stored object."""
    return Point(
        Verdict(record["verdict"]),
        record["code"],
        record["arguments"],
        Role(record["who"]) if record["who"] else None,
        record["place"],
    )
