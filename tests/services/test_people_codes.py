"""One-time codes: good once, for a while, for one purpose, and only the newest one."""

import pytest

from saltbridge.accounts.model import Role
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services import people as service
from saltbridge.services import people_codes as codes
from saltbridge.services.people import NewPerson
from saltbridge.services.people_sign_in import authenticate
from saltbridge.steps.attempts import TooManyAttempts
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import PASSWORD, SYSTEM, people_of

OTHER = "Seven quiet lamps by the quay"


@pytest.fixture
def empty() -> World:
    return memory_world()


@pytest.fixture
def world() -> World:
    world = memory_world()
    people_of(world)
    service.add_person(world, SYSTEM, NewPerson(name="new", roles=["viewer"]))
    return world


def refused(act: object, *arguments: object) -> str:
    with pytest.raises(Refused) as caught:
        act(*arguments)  # type: ignore[operator]
    return caught.value.findings[0].code


def set_up(world: World, code: str, name: str = "li.wei") -> object:
    return codes.set_up(world, code, name, "李伟", PASSWORD)


def test_the_code_makes_one_operator_and_no_second(empty: World) -> None:
    made = codes.make_setup_code(empty)
    assert not codes.is_set_up(empty)
    set_up(empty, made.code)
    assert codes.is_set_up(empty)
    assert authenticate(empty, "li.wei", PASSWORD).roles == {Role.OPERATOR}
    assert refused(set_up, empty, made.code, "mole") == "people.set-up-already"
    assert refused(codes.make_setup_code, empty) == "people.set-up-already"


def test_a_wrong_an_old_and_a_replaced_code_are_refused(empty: World) -> None:
    first = codes.make_setup_code(empty)
    second = codes.make_setup_code(empty)
    for code in ("", "x", first.code):
        assert refused(set_up, empty, code) == "people.code-refused"
    empty.clock.advance(hours=24)
    assert refused(set_up, empty, second.code) == "people.code-refused"
    assert service.people(empty) == []


def test_a_poor_password_does_not_use_the_code_up(empty: World) -> None:
    made = codes.make_setup_code(empty)
    for _ in range(40):  # and is no guess at the code
        with pytest.raises(FaultyInput):
            codes.set_up(empty, made.code, "li.wei", "", "short")
    assert set_up(empty, made.code)


def test_guessing_at_codes_is_slowed(empty: World, world: World) -> None:
    for _ in range(30):
        refused(set_up, empty, "guess")
        refused(codes.accept_invitation, world, "guess", PASSWORD)
    with pytest.raises(TooManyAttempts):
        set_up(empty, codes.make_setup_code(empty).code)
    with pytest.raises(TooManyAttempts):
        codes.accept_invitation(world, "guess", PASSWORD)


def test_an_invitation_lets_its_person_choose_a_password_once(world: World) -> None:
    made = codes.invite(world, SYSTEM, "new")
    assert codes.invited_account(world, made.code).name == "new"
    refused(authenticate, world, "new", PASSWORD)
    codes.accept_invitation(world, made.code, OTHER)
    assert authenticate(world, "new", OTHER)
    assert refused(codes.accept_invitation, world, made.code, PASSWORD) == "people.code-refused"
    assert authenticate(world, "new", OTHER)


def test_a_newer_invitation_a_lock_and_time_end_an_older_one(world: World) -> None:
    first = codes.invite(world, SYSTEM, "new")
    second = codes.invite(world, SYSTEM, "new")
    third = codes.invite(world, SYSTEM, "viewer")
    fourth = codes.invite(world, SYSTEM, "auditor")
    service.lock(world, SYSTEM, "viewer")
    service.set_password(world, SYSTEM, "auditor", OTHER)
    for made in (first, third, fourth):
        assert codes.invited_account(world, made.code) is None
        assert refused(codes.accept_invitation, world, made.code, OTHER)
    world.clock.advance(hours=72)
    assert refused(codes.accept_invitation, world, second.code, OTHER) == "people.code-refused"


def test_an_invitation_is_an_operators_to_give(world: World) -> None:
    viewer = authenticate(world, "viewer", PASSWORD)
    assert refused(codes.invite, world, viewer, "new") == "people.may-not"
    for nobody in ("nobody", ""):
        assert refused(codes.invite, world, SYSTEM, nobody) == "people.unknown"


def test_codes_are_stored_as_digests_and_shown_in_no_repr(world: World, empty: World) -> None:
    for place, made in (
        (world, codes.invite(world, SYSTEM, "new")),
        (empty, codes.make_setup_code(empty)),
    ):
        with place.store.reading() as view:
            kinds = ("access-code", "account", "people-event")
            stored = b"".join(r.body + r.id.encode() for k in kinds for r in view.find(k))
        assert made.code.encode() not in stored and made.code not in repr(made)
