"""Who has a legitimate interest, and for what: the policy of the node that issues.

The law fixes which points an audience may see (``access.MAY_SEE``), and the purposes [1]. Who
counts as a person with such an interest, which of the points they get, what they may do with
them and what they have to show is for an implementing act [2] that is not adopted; until it is,
``interests.csv`` is a cautious start, and a node changes it in its settings. A setting can only
narrow or widen within the lattice: no policy shows anybody a point their audience may not see.

[1] Regulation (EU) 2023/1542, Art. 77(2), second and third subparagraphs. Read: 2026-11-28.
[2] Art. 77(9), due on 18 August 2026. Not adopted (secondary, October 2026).
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.access import MAY_SEE, Audience

MAX_DAYS: Final = 3650


class Purpose(StrEnum):
    """What somebody may look at a passport for."""

    DISMANTLING = "dismantling"  # composition, dismantling and safety of the model
    INDIVIDUAL_BATTERY = "individual-battery"  # making the battery available to aggregators
    CONFORMITY = "conformity"  # of notified bodies, market surveillance and the Commission


class Use(StrEnum):
    """What somebody may do with what they read (Art. 77(9))."""

    DOWNLOAD = "download"
    SHARE = "share"
    PUBLISH = "publish"
    RE_USE = "re-use"


class Evidence(StrEnum):
    """What somebody shows before they get access."""

    BUSINESS_REGISTRATION = "business-registration"
    WASTE_TREATMENT_PERMIT = "waste-treatment-permit"
    PROOF_OF_PURCHASE = "proof-of-purchase"
    MANDATE = "mandate"  # of the purchaser on whose behalf they act
    DESIGNATION = "designation"  # of an authority or notified body
    DISMANTLER_CREDENTIAL = "dismantler-credential"  # CX-0050, checked by machine
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Interest:
    """One row. ``points`` are those beyond point 1; ``days`` is how long a grant may hold."""

    id: str
    audience: Audience
    purpose: Purpose
    points: frozenset[int]
    uses: frozenset[Use]
    evidence: tuple[Evidence, ...]
    days: int
    legal_basis: str
    admitted: bool = True  # a node may admit nobody of this kind


@lru_cache(maxsize=1)
def packaged_interests() -> Mapping[str, Interest]:
    """The policy a node starts with, by id."""
    text = (files("saltbridge.passport") / "interests.csv").read_text(encoding="utf-8")
    rows = {}
    for row in csv.DictReader(StringIO(text)):
        rows[row["id"]] = Interest(
            id=row["id"],
            audience=Audience(row["audience"]),
            purpose=Purpose(row["purpose"]),
            points=frozenset(int(point) for point in row["points"].split(";")),
            uses=frozenset(Use(use) for use in row["uses"].split(";") if use),
            evidence=tuple(Evidence(e) for e in row["evidence"].split(";") if e),
            days=int(row["days"]),
            legal_basis=row["legal_basis"],
        )
    return MappingProxyType(rows)


def interests(settings: Mapping[str, Any]) -> Mapping[str, Interest]:
    """The policy of a node, by id: the packaged one with what its settings change."""
    changed = (settings.get("passport_access") or {}).get("interests") or {}
    return {
        id: _changed(interest, changed.get(id, {}))
        for id, interest in packaged_interests().items()
    }


def _changed(interest: Interest, table: Mapping[str, Any]) -> Interest:
    given: dict[str, Any] = {}
    if "points" in table:
        given["points"] = frozenset(table["points"]) & _beyond_public(interest.audience)
    if "uses" in table:
        given["uses"] = frozenset(Use(use) for use in table["uses"])
    if "evidence" in table:
        given["evidence"] = tuple(Evidence(e) for e in table["evidence"])
    if "days" in table:
        given["days"] = table["days"]
    if "admitted" in table:
        given["admitted"] = table["admitted"]
    return replace(interest, **given)


def _beyond_public(audience: Audience) -> frozenset[int]:
    return MAY_SEE[audience] - MAY_SEE[Audience.PUBLIC]


def interest_findings(table: Mapping[str, Any], here: Place) -> Iterator[Finding]:
    """What is wrong with ``[settings.passport_access.interests]``, all at once."""
    for id, changes in table.items():
        where = f"settings.passport_access.interests.{str(id)[:40]}"
        interest = packaged_interests().get(id)
        if interest is None or not isinstance(changes, Mapping):
            yield finding("node.unknown-member", here, member=where)
            continue
        for member, value in changes.items():
            right = _RIGHT.get(member)
            if right is None:
                yield finding("node.unknown-member", here, member=f"{where}.{member[:40]}")
            elif not right(interest, value):
                yield finding("node.wrong-value", here, member=f"{where}.{member}")


def _texts(value: Any, known: type[StrEnum]) -> bool:
    return isinstance(value, list) and all(v in [k.value for k in known] for v in value)


def _points(interest: Interest, value: Any) -> bool:
    """At least one point, and none that the audience may not see."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(type(point) is int for point in value)
        and frozenset(value) <= _beyond_public(interest.audience)
    )


_RIGHT: Final[Mapping[str, Callable[[Interest, Any], bool]]] = {
    "points": _points,
    "uses": lambda interest, value: _texts(value, Use),
    "evidence": lambda interest, value: _texts(value, Evidence) and bool(value),
    "days": lambda interest, value: type(value) is int and 1 <= value <= MAX_DAYS,
    "admitted": lambda interest, value: type(value) is bool,
}
