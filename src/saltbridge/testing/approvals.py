"""People of a node who approve what waits, for tests that are about something else."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from saltbridge.accounts.account import Account, State, account_record
from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import canonical_bytes
from saltbridge.ports import World
from saltbridge.steps.people import ACCOUNT


def account_of(
    world: World, name: str, *roles: Role, id: str = "", state: str = "active"
) -> Person:
    """The person behind a new account, or behind an old one given other roles or state."""
    person_id = id or f"urn:person:{name}"
    account = Account(id=person_id, name=name, roles=frozenset(roles), state=State(state))
    with world.store.unit_of_work() as work:
        work.put(ACCOUNT, person_id, canonical_bytes(account_record(account)))
    return account.person()


def two_approvers(world: World) -> tuple[Person, Person]:
    """An approver and a compliance officer of the node."""
    return (
        account_of(world, "zhang.min", Role.APPROVER),
        account_of(world, "chen.yu", Role.COMPLIANCE_OFFICER),
    )


class Approving(Protocol):
    """What is needed of the service ``approval``: tests may use services, this room may not."""

    def pending(self, world: World) -> Sequence[Mapping[str, Any]]: ...
    def approve(self, world: World, person: Person, id: str, shown_digest: str) -> Any: ...


def approve_all(world: World, service: Approving) -> tuple[Any, ...]:
    """Two different persons approve everything that waits; what the second ones brought."""
    first, second = two_approvers(world)
    outcomes = []
    for waiting in service.pending(world):
        service.approve(world, first, waiting["id"], waiting["digest"])
        outcomes.append(service.approve(world, second, waiting["id"], waiting["digest"]))
    return tuple(outcomes)
