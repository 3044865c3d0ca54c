"""People of a node: every change names who made it, and an operator always remains."""

import pytest

from saltbridge.accounts.account import State, Subject
from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.ports import World
from saltbridge.services import people as service
from saltbridge.services.people import NewPerson
from saltbridge.services.people_sign_in import authenticate
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import PASSWORD, SYSTEM, people_of

OTHER = "Seven quiet lamps by the quay"


@pytest.fixture
def world() -> World:
    return memory_world()


def codes(error: SaltbridgeError) -> list[str]:
    return [found.code for found in error.findings]


def events(world: World) -> list[tuple[str, str, str]]:
    """What the records say happened, to whom, and who did it, in the order of the log."""
    with world.store.reading() as view:
        found = [read_json(r.body) for r in view.find("people-event")]
        leaves = [view.log_leaf(index).event for index in range(view.log_size())]
    told = [(e["event"], e["account"]["name"], e["by"]["name"]) for e in found]
    assert sorted(leaves) == sorted(event for event, _, _ in told)
    return told


def test_somebody_added_is_recognised(world: World) -> None:
    new = NewPerson(name=" Li.Wei", roles=["approver"], display_name="Li Wei", password=OTHER)
    account = service.add_person(world, SYSTEM, new)
    person = authenticate(world, "LI.WEI", OTHER)
    assert person == Person(account.id, "Li Wei (li.wei)", frozenset({Role.APPROVER}))
    assert events(world) == [("people.added", "li.wei", SYSTEM.name)]


def test_all_faults_come_at_once_and_nothing_is_stored(world: World) -> None:
    new = NewPerson(name="?", roles=["boss"], password="short")
    with pytest.raises(FaultyInput) as caught:
        service.add_person(world, SYSTEM, new)
    assert codes(caught.value) == [
        "people.name-form", "people.role-unknown", "people.password-short",
    ]  # fmt: skip
    assert service.people(world) == [] and events(world) == []


def test_a_name_means_one_person_for_ever(world: World) -> None:
    people_of(world)
    service.remove(world, SYSTEM, "viewer")
    with pytest.raises(Refused) as caught:
        service.add_person(world, SYSTEM, NewPerson(name="VIEWER", roles=["viewer"]))
    assert codes(caught.value) == ["people.name-taken"]
    for change in (service.lock, service.unlock, service.remove):
        with pytest.raises(Refused) as caught:
            change(world, SYSTEM, "viewer")
        assert codes(caught.value) == ["people.unknown"]


def test_a_subject_means_one_person(world: World) -> None:
    subject = Subject("https://id.example", "u1")
    service.add_person(world, SYSTEM, NewPerson(name="a1", roles=["viewer"], subject=subject))
    with pytest.raises(Refused) as caught:
        service.add_person(
            world, SYSTEM, NewPerson(name="a2", roles=["operator"], subject=subject)
        )
    assert codes(caught.value) == ["people.subject-taken"]


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.OPERATOR])
def test_only_operators_manage_people(world: World, role: Role) -> None:
    person = people_of(world)[role.value]
    before = events(world)
    acts = [
        lambda: service.add_person(world, person, NewPerson(name="mole", roles=["operator"])),
        lambda: service.change_roles(world, person, role.value, ["operator"]),
        lambda: service.lock(world, person, "operator"),
        lambda: service.unlock(world, person, "operator"),
        lambda: service.remove(world, person, "operator"),
        lambda: service.set_password(world, person, "operator", OTHER),
    ]
    for act in acts:
        with pytest.raises(Refused) as caught:
            act()
        assert codes(caught.value) == ["people.may-not"]
    assert events(world) == before


def test_the_last_operator_stays(world: World) -> None:
    """Also beside an operator who is locked, or who was never given a password."""
    people_of(world)
    service.add_person(
        world, SYSTEM, NewPerson(name="locked", roles=["operator"], password=OTHER)
    )
    service.lock(world, SYSTEM, "locked")
    service.add_person(world, SYSTEM, NewPerson(name="invited", roles=["operator"]))
    for act in (
        lambda: service.lock(world, SYSTEM, "operator"),
        lambda: service.remove(world, SYSTEM, "operator"),
        lambda: service.change_roles(world, SYSTEM, "operator", ["viewer", "auditor"]),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert codes(caught.value) == ["people.last-operator"]
    service.unlock(world, SYSTEM, "locked")
    assert service.remove(world, SYSTEM, "operator").state is State.REMOVED


def test_roles_follow_at_once_and_the_change_is_recorded(world: World) -> None:
    people_of(world)
    service.change_roles(world, SYSTEM, "viewer", ["auditor", "viewer"])
    assert authenticate(world, "viewer", PASSWORD).roles == {Role.AUDITOR, Role.VIEWER}
    before = len(events(world))
    service.change_roles(world, SYSTEM, "viewer", ["viewer", "auditor"])  # says nothing new
    assert len(events(world)) == before


def test_a_locked_person_gets_in_again_when_unlocked(world: World) -> None:
    people_of(world)
    service.lock(world, SYSTEM, "viewer")
    with pytest.raises(Refused):
        authenticate(world, "viewer", PASSWORD)
    service.unlock(world, SYSTEM, "viewer")
    assert authenticate(world, "viewer", PASSWORD)


def test_a_new_password_replaces_the_old_one(world: World) -> None:
    people_of(world)
    epoch = {a.name: a.epoch for a in service.people(world)}
    changed = service.set_password(world, SYSTEM, "viewer", OTHER)
    assert changed.epoch > epoch["viewer"]  # every session of theirs has ended
    with pytest.raises(Refused):
        authenticate(world, "viewer", PASSWORD)
    assert authenticate(world, "viewer", OTHER)
    with pytest.raises(FaultyInput):
        service.set_password(world, SYSTEM, "viewer", "viewer viewer viewer")


def test_no_record_of_a_change_holds_a_secret(world: World) -> None:
    people_of(world)
    service.set_password(world, SYSTEM, "viewer", OTHER)
    with world.store.reading() as view:
        written = b"".join(r.body for r in view.find("people-event"))
    assert b"argon2" not in written and OTHER.encode() not in written
