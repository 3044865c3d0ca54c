"""One passport in every state a reader may come upon, in one carmaker's store: for tests.

``begin`` issues and lives through everything; the pages of all of them can then be looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.measure import measure
from saltbridge.services.passport_events import record
from saltbridge.services.passport_grants import GrantRequest, grant
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.passport_status import StatusRequest, change_status
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.second_life import SecondLifeRequest, second_life
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import facts_of, stored_version
from saltbridge.testing.builders import (
    BuiltKeyring,
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.people import SYSTEM
from saltbridge.trust.status_list import Status

GTIN: Final = "09521234567899"
ISSUED: Final = (
    "original", "changed", "repaired", "waste", "first half", "second half", "handed over",
    "suspended", "revoked", "recycled",
)  # fmt: skip
SERIALS: Final[Mapping[str, str]] = {
    **{state: f"MJC24-{number:02d}" for number, state in enumerate(ISSUED, 1)},
    "second life": "RENEW-0002",  # of both halves
}
# Reader -> the interest the grant is for.
INTERESTS: Final[Mapping[str, str]] = {
    "dismantler": "repairer",
    "owner": "purchaser",
    "authority": "market-surveillance",
}
_EVIDENCE: Final = ("business-registration", "proof-of-purchase", "designation")
_NOT_RECORDED: Final = {"not_applicable": "not recorded by the former user"}
_USED: Final[Mapping[str, Any]] = {
    "attributes": dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), _NOT_RECORDED)
}
_OF_ONE_PASSPORT: Final = frozenset({"A019", "A032", "A035", "A037"})
_MEASURED: Final = """battery,attribute,value,unit,measured_at,source
{b},A093,99.1,%,2027-09-01T08:00:00Z,BMS
{b},A093,96.4,%,2028-03-01T08:00:00Z,BMS
{b},A093,93.8,%,2028-11-01T08:00:00Z,workshop
{b},A093,91.2,%,2029-05-01T08:00:00Z,BMS
{b},A117,0.1188,ohm,2029-05-01T08:00:00Z,workshop
{b},A126,412,cycle,2029-05-01T08:00:00Z,BMS
"""


@dataclass(frozen=True)
class Lives:
    """The carmaker, the operator that took one battery over, and what is found where."""

    world: World
    renewer: World
    ids: Mapping[str, str]  # state -> passport id
    codes: Mapping[str, str]  # reader -> access code

    def path(self, state: str) -> str:
        """The path of the passport in this state."""
        return f"/01/{GTIN}/21/{SERIALS[state]}"


def lives_of(examples: Path, base_url: str = "http://127.0.0.1:8103") -> Lives:
    """Issue a passport for every state and live through it."""
    clock = FixedClock()
    world, renewer = _two_companies(clock, base_url)
    ids = _issued(world, examples)
    clock.moment = datetime(2029, 6, 1, 9, tzinfo=UTC)
    measure(world, _MEASURED.format(b=SERIALS["original"]).encode(), "bms.csv")
    _changed(world, ids)
    _waste(world, renewer, ids)
    _passed_on(world, renewer, ids)
    for state, status in (("suspended", Status.SUSPENDED), ("revoked", Status.INVALID)):
        change_status(world, StatusRequest(passport=ids[state], status=status, reason="tried"))
    return Lives(world, renewer, ids, {reader: _code(world, reader) for reader in INTERESTS})


def _two_companies(clock: FixedClock, base_url: str) -> tuple[World, World]:
    """Two operators that know each other's keys."""
    worlds = (
        carmaker_world(base_url),
        memory_world(node_profile("renewer", jurisdiction="EU", port=8106)),
    )
    made = []
    for own, other in (worlds, worlds[::-1]):
        keys = {other.node.did: BuiltKeyring(other.node.did).did_document()}
        node = replace(own.node, partners=(partner_of(other.node),))
        made.append(replace(own, node=node, clock=clock, did_resolver=KnownDids(keys)))
    return made[0], made[1]


def _issued(world: World, examples: Path) -> dict[str, str]:
    told = example_record(examples)
    first, *_ = told["items"]
    serials = [SERIALS[state] for state in ISSUED]
    told["items"] = [
        {**first, "serial": s, "attributes": dict(first["attributes"])} for s in serials
    ]
    put_delivery(world, maker_profile(), told)
    issued = issue(world, IssueRequest(**example_request(examples, serials)))
    return dict(zip(ISSUED, (p.id for p in issued.passports), strict=True))


def _changed(world: World, ids: Mapping[str, str]) -> None:
    weighed = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}
    new_version(world, VersionRequest(passport=ids["changed"], facts=weighed, reason="weighed"))
    repair = EventRequest(
        passport=ids["repaired"],
        kind="repair",
        on=date(2029, 5, 1),
        details={"component": "module 3", "by": "Garage Nord (fictitious)"},
        facts=_USED,
    )
    record(world, repair)


def _waste(world: World, renewer: World, ids: Mapping[str, str]) -> None:
    """Two batteries become waste, and one of them is recycled."""
    for state in ("waste", "recycled"):
        waste = EventRequest(
            passport=ids[state],
            kind="becomes-waste",
            on=date(2029, 5, 1),
            to=renewer.node.did,
            capacity="waste-operator",
        )
        complete(world, accept(renewer, propose(world, waste), "p.json"), "a.json", _USED)
    _, file = record(
        renewer,
        EventRequest(passport=ids["recycled"], kind="recycled", on=date(2029, 5, 20)),
    )
    complete(world, file, "recycled.json", {})


def _passed_on(world: World, renewer: World, ids: dict[str, str]) -> None:
    """Two halves become one battery; another battery is handed to the other operator."""
    told = {**_stated(world, ids["first half"]), **_USED["attributes"]}
    made = second_life(
        world,
        SecondLifeRequest(
            operation="remanufacturing",
            predecessors=(SERIALS["first half"], SERIALS["second half"]),
            serial=SERIALS["second life"],
            gtin=GTIN,
            category="ev",
            facts={"attributes": told},
            on=date(2029, 5, 10),
        ),
    )
    passed = EventRequest(
        passport=ids["handed over"],
        kind="remanufacturing",
        on=date(2029, 5, 10),
        to=renewer.node.did,
    )
    complete(world, accept(renewer, propose(world, passed), "p.json"), "a.json", {})
    ids["second life"] = made.id


def _stated(world: World, id: str) -> dict[str, Any]:
    """What a passport says, as an operator states it of a battery made from it."""
    with world.store.reading() as view:
        version = stored_version(view, id, 1)
        values = {} if version is None else dict(facts_of(view, version).values)
    members = ("value", "unit", "measured_on", "unknown")
    return {
        id: {m: told for m in members if (told := getattr(v, m)) not in (None, "")}
        for id, v in values.items()
        if not v.not_applicable and id >= "A016" and id not in _OF_ONE_PASSPORT
    }


def _code(world: World, reader: str) -> str:
    evidence = [{"kind": kind, "seen": "looked at"} for kind in _EVIDENCE]
    asked = GrantRequest(interest=INTERESTS[reader], code_for=reader, evidence=evidence)
    return grant(world, SYSTEM, asked).code
