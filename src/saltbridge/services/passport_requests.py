"""Somebody asks for access to what is not public; the operator answers.

Whoever asks learns a number and nothing else: not whether there is such a battery. At most
``MOST_OPEN`` requests wait, so that nobody fills the store.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from saltbridge.accounts.model import Act, Person
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, finding
from saltbridge.passport.interest import interests
from saltbridge.passport.part_types import hidden_in
from saltbridge.ports import World
from saltbridge.steps.passport_requests import (
    OPEN,
    REFUSED,
    all_requests,
    answer_request,
    keep_request,
)
from saltbridge.steps.people import require_act
from saltbridge.trust.did import iso

MOST_OPEN: Final = 500
_MAIL: Final = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}")
_LENGTHS: Final = {"name": 120, "organisation": 200, "email": 254, "battery": 500}
_REASON: Final = 2000


@dataclass(frozen=True, kw_only=True)
class AccessRequest:
    """What somebody writes: who, how to reach them, as what, which battery, and why."""

    name: str
    organisation: str = ""
    email: str
    interest: str
    battery: str = ""
    reason: str


def ask(world: World, asked: AccessRequest) -> str:
    """The number of the request.

    Raises:
        FaultyInput: something is missing or not as it must be: all at once.
        Refused: too many requests wait for an answer.
    """
    faults = _faults(world, asked)
    if faults:
        raise FaultyInput(faults)
    id = world.identifiers.urn_uuid()
    told = {name: " ".join(value.split()) for name, value in asdict(asked).items()}
    record = {
        **told,
        "reason": asked.reason.strip(),
        "id": id,
        "asked_at": iso(world.clock.now()),
        "state": OPEN,
        "answered_by": "",
        "answered_at": "",
        "answer": "",
        "grant": "",
    }
    with world.store.unit_of_work() as work:
        if sum(r["state"] == OPEN for r in all_requests(work)) >= MOST_OPEN:
            raise Refused.of("access.too-many")
        keep_request(work, record, "passport.access-asked")
    return id


def _faults(world: World, asked: AccessRequest) -> list[Finding]:
    found = []
    policy = interests(world.settings)
    if asked.interest not in policy or not policy[asked.interest].admitted:
        known = ", ".join(id for id, row in policy.items() if row.admitted)
        found.append(finding("access.no-interest", id=asked.interest[:40], known=known))
    if not asked.name.strip() or not asked.reason.strip():
        found.append(finding("access.name-and-reason"))
    if not _MAIL.fullmatch(asked.email.strip()):
        found.append(finding("access.no-mail"))
    if hidden := hidden_in(asdict(asked)):
        found.append(finding("access.hidden-character", found=hidden))
    long = [n for n, most in _LENGTHS.items() if len(getattr(asked, n)) > most]
    if long or len(asked.reason) > _REASON:
        found.append(finding("access.too-long", most=_REASON))
    return found


def listed_requests(world: World, by: Person) -> list[dict[str, Any]]:
    """Every request: those that wait first, the oldest of them first.

    Raises:
        Refused: ``by`` may not.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    with world.store.reading() as view:
        found = list(all_requests(view))
    return sorted(found, key=lambda r: (r["state"] != OPEN, r["asked_at"], r["id"]))


def refuse(world: World, by: Person, id: str, because: str) -> dict[str, Any]:
    """The request, refused with a reason.

    Raises:
        FaultyInput: no such request, or no reason.
        Refused: ``by`` may not, or it was answered before.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    if not because.strip():
        raise FaultyInput.of("access.no-reason")
    told = {
        "answered_by": by.name,
        "answered_at": iso(world.clock.now()),
        "answer": because.strip()[:500],
    }
    with world.store.unit_of_work() as work:
        return answer_request(work, id, REFUSED, told)
