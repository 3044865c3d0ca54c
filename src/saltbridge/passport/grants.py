"""A grant: who may look at which passports, for what, how long, and what they then see.

Pure: the time, the grants and the passport are handed in. What a reader sees of a passport is a
``Reading``: one audience and the points of it that the grants open. Grants of two audiences are
never put together, for nobody sees points 3 and 4 side by side.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.interest import Use


class GranteeKind(StrEnum):
    """By what a reader is recognised."""

    PERSON = "person"  # an account of the node
    PARTNER = "partner"  # a company, by its DID
    CODE = "code"  # whoever holds the access code


@dataclass(frozen=True, slots=True)
class Grantee:
    """Who reads. ``id``: the account's id, the company's DID, or the digest of the code."""

    kind: GranteeKind
    id: str
    name: str

    @property
    def key(self) -> str:
        """Under which the grants of this reader are kept."""
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One grant. ``model`` (a GTIN) and ``passport`` narrow it; both empty: all passports.

    ``until`` is the last day. ``epoch`` is that of the node when it was given: an emergency
    revocation begins the next one, and every grant of an older one has ended.
    """

    id: str
    grantee: Grantee
    audience: Audience
    interest: str
    purpose: str
    points: tuple[int, ...]
    uses: tuple[str, ...]
    evidence: tuple[Mapping[str, str], ...]
    until: str
    epoch: int
    model: str = ""
    passport: str = ""
    request: str = ""
    reads_from: str = ""  # country or territory they read in
    granted_by: str = ""
    granted_at: str = ""
    revoked_by: str = ""
    revoked_at: str = ""
    revoked_because: str = ""

    def holds(self, on: date, epoch: int) -> bool:
        """Whether the grant is in force on that day, in that epoch."""
        return not self.revoked_at and self.epoch == epoch and on.isoformat() <= self.until

    def covers(self, passport: Mapping[str, Any]) -> bool:
        """Whether it is about this passport, by its record."""
        return (not self.passport or self.passport == passport.get("id")) and (
            not self.model or self.model == passport.get("gtin")
        )

    def revoked(self, by: str, at: str, because: str) -> "Grant":
        """The same grant, taken back."""
        return replace(self, revoked_by=by, revoked_at=at, revoked_because=because)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader sees of one passport, and under which grants."""

    audience: Audience
    points: frozenset[int]
    uses: frozenset[Use]
    purposes: tuple[str, ...]
    grants: tuple[str, ...]


def reading(
    grants: Collection[Grant],
    passport: Mapping[str, Any],
    now: datetime,
    epoch: int,
    wanted: Audience | None = None,
) -> Reading | None:
    """What the grants open of a passport; None where they open nothing.

    Where grants of both restricted audiences are there, ``wanted`` chooses; else the first.
    A use is allowed where every grant that opens something allows it.
    """
    on = now.date()
    holding = [g for g in grants if g.holds(on, epoch) and g.covers(passport)]
    chosen: Sequence[Grant] = ()
    for audience in (wanted,) if wanted else Audience:
        chosen = [g for g in holding if g.audience is audience]
        if chosen:
            break
    if not chosen:
        return None
    audience = chosen[0].audience
    opened = frozenset(point for g in chosen for point in g.points)
    return Reading(
        audience=audience,
        points=MAY_SEE[Audience.PUBLIC] | (opened & MAY_SEE[audience]),
        uses=frozenset(u for u in Use if all(u.value in g.uses for g in chosen)),
        purposes=tuple(sorted({g.purpose for g in chosen})),
        grants=tuple(sorted(g.id for g in chosen)),
    )


def grant_record(grant: Grant) -> dict[str, Any]:
    """The grant as it is stored."""
    told = asdict(grant)
    told["grantee"]["kind"] = grant.grantee.kind.value
    return {
        **told,
        "audience": grant.audience.value,
        "points": list(grant.points),
        "uses": list(grant.uses),
        "evidence": [dict(e) for e in grant.evidence],
    }


def grant_of(record: Mapping[str, Any]) -> Grant:
    """The grant that was stored.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    told = dict(record)
    grantee = told.pop("grantee")
    return Grant(
        grantee=Grantee(GranteeKind(grantee["kind"]), grantee["id"], grantee["name"]),
        audience=Audience(told.pop("audience")),
        points=tuple(told.pop("points")),
        uses=tuple(told.pop("uses")),
        evidence=tuple(told.pop("evidence")),
        **told,
    )
