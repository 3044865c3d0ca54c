"""What may happen to a battery, when, and what follows: a table with its clauses.

[1] Regulation (EU) 2023/1542, Art. 3(1), Art. 77, Annex XIII point 4(c). Read: 2026-11-28.
[2] Directive 2008/98/EC, Art. 3, points (13) and (16), to which [1] refers. Recalled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from saltbridge.core.provenance import Confidence


class Status(StrEnum):
    """The status of a battery: the five words of Annex XIII point 4(c)."""

    ORIGINAL = "original"
    REPURPOSED = "repurposed"
    RE_USED = "re-used"
    REMANUFACTURED = "remanufactured"
    WASTE = "waste"


class EventKind(StrEnum):
    """What happens to a battery."""

    PLACED_ON_MARKET = "placed-on-market"
    REPAIR = "repair"
    CORRECTION = "correction"
    RE_USE = "re-use"
    PREPARATION_FOR_RE_USE = "preparation-for-re-use"
    REPURPOSING = "repurposing"
    PREPARATION_FOR_REPURPOSING = "preparation-for-repurposing"
    REMANUFACTURING = "remanufacturing"
    BECOMES_WASTE = "becomes-waste"
    RESPONSIBILITY_TRANSFER = "responsibility-transfer"
    RECYCLED = "recycled"


class Effect(StrEnum):
    """What an event does to the passport."""

    BEGINS = "begins"
    NEW_VERSION = "new-version"
    NEW_PASSPORT = "new-passport"  # of another operator or the same; this one is named in it
    CEASES = "ceases"


_IN_USE: Final = frozenset(Status) - {Status.WASTE}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: from which statuses an event is possible, and what follows.

    ``becomes`` None: the status stays. For a second life it is the status in the new passport.
    ``instead`` names the event that a person probably means, by the status the battery has.
    """

    kind: EventKind
    possible: frozenset[Status]
    becomes: Status | None
    effect: Effect
    citation: str
    confidence: Confidence
    instead: Mapping[Status, EventKind]


def _rule(
    kind: EventKind,
    possible: frozenset[Status],
    becomes: Status | None,
    effect: Effect,
    citation: str,
    confidence: Confidence,
    instead: EventKind | None = None,
) -> Rule:
    others = frozenset(Status) - possible
    meant = MappingProxyType(dict.fromkeys(sorted(others), instead) if instead else {})
    return Rule(kind, possible, becomes, effect, citation, confidence, meant)


_ROWS: Final = (
    _rule(
        EventKind.PLACED_ON_MARKET, frozenset(), Status.ORIGINAL, Effect.BEGINS,
        "(EU) 2023/1542, Art. 77(1)", Confidence.READ,
    ),
    _rule(
        EventKind.REPAIR, _IN_USE, None, Effect.NEW_VERSION,
        "(EU) 2023/1542, Art. 77(4): up to date; not named in Art. 77(7)", Confidence.READ,
        EventKind.PREPARATION_FOR_RE_USE,
    ),
    _rule(
        # A counter that was entered too high: nothing else lowers one.
        EventKind.CORRECTION, frozenset(Status), None, Effect.NEW_VERSION,
        "(EU) 2023/1542, Art. 77(4): accurate, complete and up to date", Confidence.READ,
    ),
    _rule(
        EventKind.RE_USE, _IN_USE, Status.RE_USED, Effect.NEW_PASSPORT,
        "2008/98/EC, Art. 3(13); (EU) 2023/1542, Annex XIII 4(c); Art. 77(7) names only the "
        "preparation for it", Confidence.SECONDARY,
        EventKind.PREPARATION_FOR_RE_USE,
    ),
    _rule(
        EventKind.PREPARATION_FOR_RE_USE, frozenset({Status.WASTE}), Status.RE_USED,
        Effect.NEW_PASSPORT,
        "(EU) 2023/1542, Art. 3(1)(29) and Art. 77(7); 2008/98/EC, Art. 3(16)",
        Confidence.RECALLED, EventKind.RE_USE,
    ),
    _rule(
        EventKind.REPURPOSING, _IN_USE, Status.REPURPOSED, Effect.NEW_PASSPORT,
        "(EU) 2023/1542, Art. 3(1)(31) and Art. 77(7)", Confidence.READ,
        EventKind.PREPARATION_FOR_REPURPOSING,
    ),
    _rule(
        EventKind.PREPARATION_FOR_REPURPOSING, frozenset({Status.WASTE}), Status.REPURPOSED,
        Effect.NEW_PASSPORT,
        "(EU) 2023/1542, Art. 3(1)(30) and Art. 77(7)", Confidence.READ,
        EventKind.REPURPOSING,
    ),
    _rule(
        # Its cells and modules may be "recovered from waste".
        EventKind.REMANUFACTURING, frozenset(Status), Status.REMANUFACTURED,
        Effect.NEW_PASSPORT,
        "(EU) 2023/1542, Art. 3(1)(32) and Art. 77(7)", Confidence.READ,
    ),
    _rule(
        EventKind.BECOMES_WASTE, _IN_USE, Status.WASTE, Effect.NEW_VERSION,
        "(EU) 2023/1542, Art. 77(7), second subparagraph", Confidence.READ,
        EventKind.RESPONSIBILITY_TRANSFER,
    ),
    _rule(
        EventKind.RESPONSIBILITY_TRANSFER, frozenset(Status), None, Effect.NEW_VERSION,
        "(EU) 2023/1542, Art. 77(4) and (7)", Confidence.READ,
    ),
    _rule(
        EventKind.RECYCLED, frozenset({Status.WASTE}), None, Effect.CEASES,
        "(EU) 2023/1542, Art. 77(8)", Confidence.READ, EventKind.BECOMES_WASTE,
    ),
)  # fmt: skip

RULES: Final[Mapping[EventKind, Rule]] = MappingProxyType({rule.kind: rule for rule in _ROWS})

SECOND_LIFE: Final = frozenset(k for k, r in RULES.items() if r.effect is Effect.NEW_PASSPORT)

# What is used again as it is: no part of it stays behind, so it has one successor, and what
# happens to it is told in the passport of that one (2008/98/EC, Art. 3(13) and (16): "used
# again for the same purpose"; recalled). Of the others parts may go several ways.
WHOLE: Final = frozenset({EventKind.RE_USE, EventKind.PREPARATION_FOR_RE_USE})

# Who may answer for a waste battery's passport: Art. 77(7), second subparagraph of [1].
CAPACITIES: Final = ("producer", "producer-responsibility-organisation", "waste-operator")
