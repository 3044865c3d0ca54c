"""Two accounts in one person's hands are one person: who set up an account does not approve
beside it, nor has it approve what it proposed; and who lost a role confirms nothing."""

import pytest
from tests.services.test_annex import MILDER
from tests.services.test_approval_refused import cellmaker, code_of, published, shown

from saltbridge.accounts.model import Person, Role
from saltbridge.services import annex
from saltbridge.services.approval import approve
from saltbridge.services.people import NewPerson, add_person, change_roles, lock
from saltbridge.services.people_codes import invite
from saltbridge.testing.approvals import account_of

CODE = "approval.not-independent"
TERMINAL = Person("os:root", "os:root", frozenset({Role.OPERATOR}))


def added(world, by, name, *roles):
    return add_person(world, by, NewPerson(name=name, roles=roles)).person()


def both(world, name):
    return account_of(world, name, Role.OPERATOR, Role.APPROVER)


def test_an_operator_who_approves_is_not_two_with_the_account_it_added():
    world = cellmaker()
    mallory = both(world, "mallory")
    puppet = added(world, mallory, "puppet", "approver")
    (id,) = published(world)
    approve(world, mallory, id, shown(world, id))
    assert code_of(approve, world, puppet, id, shown(world, id)) == CODE
    (other,) = published(world)
    approve(world, puppet, other, shown(world, other))
    assert code_of(approve, world, mallory, other, shown(world, other)) == CODE


def test_the_proposer_has_no_account_approve_that_it_added():
    world = cellmaker()
    mallory = account_of(world, "mallory", Role.OPERATOR)
    puppets = [added(world, mallory, name, "approver") for name in ("p1", "p2")]
    (id,) = published(world, proposer=mallory)
    for puppet in puppets:
        assert code_of(approve, world, puppet, id, shown(world, id)) == CODE
    (other,) = published(world)  # somebody else proposed: they are two
    assert not approve(world, puppets[0], other, shown(world, other)).released
    assert approve(world, puppets[1], other, shown(world, other)).released


@pytest.mark.parametrize("how", ["roles", "invitation"])
def test_taking_an_account_over_counts_like_adding_it(how: str):
    world = cellmaker()
    mallory = both(world, "mallory")
    victim = added(world, TERMINAL, "victim", "viewer" if how == "roles" else "approver")
    if how == "roles":
        change_roles(world, mallory, "victim", ["approver"])
    else:
        world.clock.advance(seconds=2)
        invite(world, mallory, "victim")
    (id,) = published(world)
    approve(world, mallory, id, shown(world, id))
    assert code_of(approve, world, victim, id, shown(world, id)) == CODE


def test_another_operator_sets_an_account_free_again():
    world = cellmaker()
    mallory, other = both(world, "mallory"), account_of(world, "other", Role.OPERATOR)
    person = added(world, mallory, "person", "approver")
    world.clock.advance(seconds=2)
    invite(world, other, "person")
    change_roles(world, other, "person", ["approver", "viewer"])
    (id,) = published(world)
    approve(world, mallory, id, shown(world, id))
    assert approve(world, person, id, shown(world, id)).released


def test_people_set_up_at_the_terminal_or_by_the_same_operator_are_two():
    world = cellmaker()
    people = [added(world, TERMINAL, name, "approver") for name in ("ann", "ben")]
    (id,) = published(world)
    approve(world, people[0], id, shown(world, id))
    assert approve(world, people[1], id, shown(world, id)).released


def test_a_milder_list_needs_two_people_and_not_two_accounts():
    world = cellmaker()
    mallory = account_of(world, "mallory", Role.OPERATOR, Role.COMPLIANCE_OFFICER)
    puppet = added(world, mallory, "puppet", "compliance-officer")
    annex.load(world, mallory, MILDER, "list.toml")
    assert annex.load(world, puppet, MILDER, "list.toml").state == annex.STRICTER_ONLY
    assert annex.load(world, mallory, MILDER, "list.toml").state == annex.STRICTER_ONLY


@pytest.mark.parametrize("how", ["locked", "roles"])
def test_who_lost_the_role_since_loaded_no_milder_list(how: str):
    world = cellmaker()
    first, second, third = (
        account_of(world, name, Role.COMPLIANCE_OFFICER) for name in ("one", "two", "three")
    )
    operator = account_of(world, "boss", Role.OPERATOR)
    with world.store.unit_of_work() as work:
        work.put("account-name", "one", b'{"account":"urn:person:one"}')
    annex.load(world, first, MILDER, "list.toml")
    if how == "locked":
        lock(world, operator, "one")
    else:
        change_roles(world, operator, "one", ["viewer"])
    assert annex.load(world, second, MILDER, "list.toml").state == annex.STRICTER_ONLY
    assert annex.load(world, third, MILDER, "list.toml").state == annex.IN_FORCE
