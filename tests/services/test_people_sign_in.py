"""Recognising people: nothing tells unknown from wrong, and guessing takes for ever."""

from dataclasses import replace

import pytest

from saltbridge.core.errors import Refused
from saltbridge.ports import World
from saltbridge.services import people as service
from saltbridge.services.people import NewPerson
from saltbridge.services.people_sign_in import authenticate
from saltbridge.steps.attempts import TooManyAttempts
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import PASSWORD, SYSTEM, people_of


@pytest.fixture
def world() -> World:
    world = memory_world()
    people_of(world)
    return world


def refusal(world: World, name: str, password: str, address: str = "") -> Refused:
    with pytest.raises(Refused) as caught:
        authenticate(world, name, password, address)
    return caught.value


def test_who_does_not_exist_is_told_like_who_mistyped(world: World) -> None:
    """The same words, and the same work: one comparison with today's parameters each."""
    service.lock(world, SYSTEM, "viewer")
    service.remove(world, SYSTEM, "auditor")
    service.add_person(world, SYSTEM, NewPerson(name="invited", roles=["viewer"]))
    tried = [
        ("operator", "wrong password here"),
        ("nobody", PASSWORD),
        ("viewer", PASSWORD),
        ("auditor", PASSWORD),
        ("invited", ""),
        ("", ""),
        ("operator", "x" * 1_000_000),
        ("'; drop table", PASSWORD),
    ]
    for name, password in tried:
        world.passwords.compared.clear()
        told = refusal(world, name, password).findings
        assert [(f.code, dict(f.arguments)) for f in told] == [("people.sign-in-refused", {})]
        (compared,) = world.passwords.compared
        assert not world.passwords.is_outdated(compared)


def test_guessing_at_one_account_is_slowed_whether_or_not_it_exists(world: World) -> None:
    for name in ("operator", "nobody"):
        heard = 0
        waits = []
        for _ in range(12):
            try:
                authenticate(world, name, "wrong", address=f"10.0.0.{heard}")
            except TooManyAttempts as told:
                waits.append(told.wait_seconds)
                world.clock.advance(seconds=told.wait_seconds)
            except Refused:
                heard += 1
        assert heard + len(waits) == 12
        assert waits == sorted(waits) and len(waits) >= 3 and waits[-1] > waits[0]


def test_a_right_password_is_not_heard_while_the_door_is_shut(world: World) -> None:
    for _ in range(5):
        refusal(world, "operator", "wrong")
    world.passwords.compared.clear()
    told = refusal(world, "operator", PASSWORD)
    assert isinstance(told, TooManyAttempts) and told.wait_seconds > 0
    assert world.passwords.compared == []
    world.clock.advance(seconds=told.wait_seconds)
    assert authenticate(world, "operator", PASSWORD)
    for _ in range(5):  # a good one lets the count start from none
        refusal(world, "operator", "wrong")


def test_guessing_at_many_accounts_from_one_address_is_slowed(world: World) -> None:
    for number in range(30):
        refusal(world, f"name{number}", "wrong", "10.0.0.7")
    assert isinstance(refusal(world, "name99", "wrong", "10.0.0.7"), TooManyAttempts)
    assert not isinstance(refusal(world, "name99", "wrong", "10.0.0.8"), TooManyAttempts)


def test_an_account_of_ones_own_does_not_reset_the_address(world: World) -> None:
    for number in range(29):
        refusal(world, f"name{number}", "wrong", "10.0.0.7")
        authenticate(world, "viewer", PASSWORD, "10.0.0.7")
    refusal(world, "name77", "wrong", "10.0.0.7")
    assert isinstance(refusal(world, "viewer", PASSWORD, "10.0.0.7"), TooManyAttempts)


def test_a_hundred_failures_close_the_account_until_an_operator_helps(world: World) -> None:
    for number in range(100):
        refusal(world, "viewer", "wrong", f"10.0.{number}.1")
        world.clock.advance(minutes=15)
    world.clock.advance(days=3)
    told = refusal(world, "viewer", PASSWORD)
    assert [f.code for f in told.findings] == ["people.door-closed"]
    service.unlock(world, SYSTEM, "viewer")
    assert authenticate(world, "viewer", PASSWORD)


def test_old_parameters_are_replaced_at_the_next_sign_in(world: World) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    from saltbridge.steps.people import account_named, keep_account

    with world.store.unit_of_work() as work:
        account = replace(account_named(work, "viewer"), password_hash=weak)
        keep_account(world, work, account, "people.password-set", SYSTEM)
    assert authenticate(world, "viewer", PASSWORD)
    with world.store.reading() as view:
        stored = account_named(view, "viewer").password_hash
    assert stored != weak and not world.passwords.is_outdated(stored)
    assert authenticate(world, "viewer", PASSWORD)


def test_refusals_hold_no_password_and_no_hash(world: World) -> None:
    told = refusal(world, "operator", "a guess that nobody should read")
    assert "guess" not in str(told) and "argon2" not in str(told)
    assert "guess" not in repr(told.__cause__) + repr(told.__context__)
