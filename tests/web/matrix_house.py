"""Nodes with one passport in every state of the audience matrix, and readers of every kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from tests.neighbours import REMADE, USED, Neighbours, eu_node

from saltbridge.core.canonical import read_json
from saltbridge.passport.access import Audience
from saltbridge.passport.audience_matrix import STATES
from saltbridge.passport.model import AttributeValue
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_backup import arrange, send
from saltbridge.services.passport_dossiers import take_over
from saltbridge.services.passport_events import record as record_event
from saltbridge.services.passport_grants import GrantRequest, grant
from saltbridge.services.passport_handover import accept, complete, propose
from saltbridge.services.passport_keeping import Act, keep_for
from saltbridge.services.passport_keeping import serve as serve_copies
from saltbridge.services.passport_status import StatusRequest, change_status
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.second_life import SecondLifeRequest, second_life
from saltbridge.steps.passport_event_words import EventRequest
from saltbridge.steps.passport_reading import facts_of, newest_number, stored_version
from saltbridge.testing.aviary import CARS, CELLS, Aviary, restrict
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.old_passports import put_old_passports
from saltbridge.testing.people import SYSTEM
from saltbridge.trust.sealed import new_key
from saltbridge.trust.status_list import Status
from saltbridge.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
GTIN = "09521234567899"
EVIDENCE = ("business-registration", "proof-of-purchase", "designation")
INTERESTS = {
    "everybody": (),
    "dismantling": ("repairer",),
    "individual battery": ("purchaser",),
    "both interests": ("repairer", "purchaser"),
    "authority": ("market-surveillance",),
}
AUDIENCES = {
    "everybody": Audience.PUBLIC,
    "both interests": Audience.LEGITIMATE_INTEREST,
    "authority": Audience.AUTHORITY,
}
# On the page they stand in the heading, in the address or in a table of their own.
WITHOUT_A_LINE = {"A002", "A003", "A004", "A009", "A010", "A011", "A012"} | {
    f"A{n:03d}" for n in range(69, 77)
}
SERIALS = {state: f"SB-{state.upper().replace(' ', '-')}" for state in STATES}
SERIALS |= dict.fromkeys(("kept copy", "served copy"), SERIALS["issued"])
# Batteries behind second lives: one for each that is used again as a whole.
ORIGINS = {
    "re-used": "SB-WAS-REUSED",
    "repurposed": "SB-WAS-REPURPOSED",
    "of two": "SB-WAS-TAKEN-APART",
}
SECOND_LIVES = {
    "re-used": "re-use", "repurposed": "repurposing", "remanufactured": "remanufacturing",
}  # fmt: skip
HANDED = "handed over"
# Every cell is asked for by one caller.
ASK_ON = {"limits": {"passport_misses_per_minute": 0, "passport_reads_per_minute": 0}}
OLD = "urn:uuid:00000000-0000-4000-8000-00000000001d"


@dataclass(frozen=True)
class Place:
    """A node, and access codes for a reader of every kind that are good there."""

    world: World
    client: TestClient
    codes: Mapping[str, str]  # reader -> access code


@dataclass(frozen=True)
class House:
    """Nodes with one passport in every state, and a reader of every kind."""

    own: Place
    elsewhere: Mapping[str, Place]  # state -> another node that is asked about it
    ids: Mapping[str, str]  # state -> passport id
    held: Mapping[str, frozenset[str]]  # state -> attributes with a value
    aviary: Aviary

    def place(self, state: str) -> Place:
        """The node that is asked about the passport in this state."""
        return self.elsewhere.get(state, self.own)


def _old(world: World, id: str, serial: str) -> None:
    """The same battery's facts as a passport from before there were versions."""
    with world.store.reading() as view:
        version = stored_version(view, id, 1)
        assert version is not None
        facts = facts_of(view, version)
    named = {"A001": OLD, "A002": facts.product_id.replace(facts.serial, serial)}
    values = {
        id: replace(value, value=named.get(id, value.value))
        for id, value in facts.values.items()
    }
    values["A019"] = AttributeValue(serial, "", facts.values["A019"].origin)
    put_old_passports(
        world,
        [replace(facts, id=OLD, product_id=named["A002"], serial=serial, values=values)],
    )


def _events(world: World, recycler: World, ids: Mapping[str, str]) -> None:
    """A repair, a battery that becomes waste, and one that is recycled after that."""
    on = date(2029, 5, 1)
    no_data = {"not_applicable": "the battery management system is destroyed"}
    used = {"attributes": dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), no_data)}
    repair = EventRequest(
        passport=ids["repaired"],
        kind="repair",
        on=on,
        details={"component": "module 3"},
        facts=used,
    )
    record_event(world, repair)
    for state in ("waste", "recycled"):
        waste = EventRequest(
            passport=ids[state],
            kind="becomes-waste",
            on=on,
            to=recycler.node.did,
            capacity="waste-operator",
        )
        accepted = accept(recycler, propose(world, waste), "proposal.json")
        complete(world, accepted, "accepted.json", used)
    ended = EventRequest(passport=ids["recycled"], kind="recycled", on=on)
    _, file = record_event(recycler, ended)
    complete(world, file, "recycled.json", {})


def _second_lives(world: World, ids: dict[str, str]) -> None:
    """New passports of a battery that was passed on, and one of two batteries."""
    on = date(2029, 5, 1)
    told: dict[str, Any] = {"gtin": GTIN, "category": "ev", "facts": USED, "on": on}
    for state, operation in SECOND_LIVES.items():
        wanted = SecondLifeRequest(
            operation=operation,
            predecessors=[ORIGINS.get(state, SERIALS["passed on"])],
            serial=SERIALS[state],
            **{**told, "facts": {"attributes": {**REMADE, **USED["attributes"]}}}
            if operation == "remanufacturing"
            else told,
        )
        ids[state] = second_life(world, wanted).id
    with world.store.reading() as work:
        version = stored_version(work, ids["re-used"], 1)
        assert version is not None
        values = facts_of(work, version).values
    own = {"A019", "A032", "A035", "A037"}
    stated = {
        id: {
            member: said
            for member in ("value", "unit", "measured_on", "unknown")
            if (said := getattr(value, member)) not in (None, "")
        }
        for id, value in values.items()
        if not value.not_applicable and id >= "A016" and id not in own
    }
    told["facts"] = {"attributes": {**stated, **USED["attributes"]}}
    both = SecondLifeRequest(
        operation="remanufacturing",
        predecessors=[SERIALS["passed on"], ORIGINS["of two"]],
        serial=SERIALS["of two"],
        **told,
    )
    ids["of two"] = second_life(world, both).id


def _transfers(world: World, recycler: World, ids: Mapping[str, str]) -> None:
    """Responsibility moves; two of the passports move too."""
    for state in ("transferred", "taken over", "handed over"):
        moves = EventRequest(
            passport=ids[state],
            kind="responsibility-transfer",
            on=date(2029, 5, 1),
            to=recycler.node.did,
        )
        accepted = accept(recycler, propose(world, moves), "proposal.json")
        complete(world, accepted, "accepted.json", {})
        if state != "transferred":
            take_over(recycler, ids[state])


def _copies(town: Neighbours) -> None:
    """Two companies keep the copies of all passports; one of them serves them."""
    cars = town["carmaker"]
    for name in ("archive", "keeper"):
        act = Act(operator=cars.node.did, person="somebody", reason="contract")
        keep_for(town[name], act)
        arrange(cars, town[name].node.did, [new_key("back-up")], "somebody")
        send(cars, anew=True)
    ordered = replace(act, ordered_by="an authority", reference="1")
    serve_copies(town["keeper"], ordered)


def _town() -> Neighbours:
    """A carmaker, a recycler and two keepers that know each other, with one clock."""
    town = Neighbours()
    others = {"recycler": 8105, "keeper": 8108, "archive": 8110}
    cars = replace(carmaker_world(), clock=town.clock)
    worlds = (cars, *(eu_node(name, port) for name, port in others.items()))
    signs_both = {**ASK_ON, "passport_credential": True}
    town.meet(
        *(replace(world, settings=signs_both if world is cars else ASK_ON) for world in worlds)
    )
    return town


LIVE = (
    *("issued", "changed", "repaired", "waste", "suspended", "revoked", "passed on"),
    *("transferred", "taken over", "handed over", "recycled"),
)


def _issued(world: World, aviary: Aviary) -> dict[str, str]:
    """One passport for every state that begins with being issued: state -> id."""
    record = example_record(ROOT / "examples")
    first, *_ = record["items"]
    record["items"] = [
        {**first, "serial": serial, "attributes": dict(first["attributes"])}
        for serial in (*(SERIALS[state] for state in LIVE), *ORIGINS.values())
    ]
    restrict(record["attributes"], record["items"], aviary)
    # A format can only carry shares that are numbers.
    secret = {"name": aviary.text("attribute-A065", CELLS, CARS), "component": "cathode"}
    record["attributes"]["A065"] = {"value": [{**secret, "cas": "", "mass_percent": 12.5}]}
    put_delivery(world, maker_profile(), record)
    serials = [*(SERIALS[state] for state in LIVE), *ORIGINS.values()]
    issued = issue(world, IssueRequest(**example_request(ROOT / "examples", serials)))
    ids = [p.id for p in issued.passports]
    return dict(zip(LIVE, ids[: len(LIVE)], strict=True))


def _held(world: World, ids: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The attributes that have a value in the newest version, by state."""
    held = {}
    with world.store.reading() as view:
        for state, id in ids.items():
            kept = view.get("passport", id)
            number = newest_number(read_json(kept.body)) if kept else 0
            version = stored_version(view, id, number) if kept else None
            values = facts_of(view, version).values if version else {}
            held[state] = frozenset(i for i, v in values.items() if not v.not_applicable)
    return held


def built_house() -> House:
    """Everything in its state; it takes some seconds."""
    town, aviary = _town(), Aviary()
    world, recycler, clock = town["carmaker"], town["recycler"], town.clock
    ids = _issued(world, aviary)
    _old(world, ids["issued"], SERIALS["three views"])
    clock.moment = datetime(2029, 6, 1, tzinfo=UTC)
    change = {"attributes": {"A033": {"value": 164.5, "unit": "kg"}}}
    new_version(world, VersionRequest(passport=ids["changed"], facts=change, reason="weighed"))
    for state, status in (("suspended", Status.SUSPENDED), ("revoked", Status.INVALID)):
        change_status(world, StatusRequest(passport=ids[state], status=status, reason="tried"))
    _events(world, recycler, ids)
    _second_lives(world, ids)
    _transfers(world, recycler, ids)
    _copies(town)
    ids |= {"three views": OLD, "unknown": "urn:uuid:00000000-0000-4000-8000-0000000000ff"}
    ids |= dict.fromkeys(("kept copy", "served copy"), ids["issued"])
    places = {name: _place(town[name]) for name in town.worlds}
    elsewhere = {
        "taken over": places["recycler"],
        "kept copy": places["archive"],
        "served copy": places["keeper"],
    }
    return House(places["carmaker"], elsewhere, ids, _held(world, ids), aviary)


def _place(world: World) -> Place:
    codes = {reader: _code(world, reader) for reader in INTERESTS}
    client = TestClient(create_app(world), base_url=world.node.base_url, follow_redirects=False)
    return Place(world, client, codes)


def _code(world: World, reader: str) -> str:
    """One access code with a grant for every interest of the reader."""
    from saltbridge.steps.passport_grants import keep_grant

    evidence = [{"kind": kind, "seen": "x"} for kind in EVIDENCE]
    made = [
        grant(
            world, SYSTEM, GrantRequest(interest=interest, code_for=reader, evidence=evidence)
        )
        for interest in INTERESTS[reader]
    ]
    for other in made[1:]:  # the same reader under the first code
        shared = replace(
            other.grant, id=f"{other.grant.id}-shared", grantee=made[0].grant.grantee
        )
        with world.store.unit_of_work() as work:
            keep_grant(work, shared, "passport.access-granted")
    return made[0].code if made else "nobody"
