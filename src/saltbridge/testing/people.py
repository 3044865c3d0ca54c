"""People for tests: one of every role and a second approver, all with the same password."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from saltbridge.accounts.account import Account
from saltbridge.accounts.model import Person, Role
from saltbridge.ports import World
from saltbridge.steps.people import keep_account
from saltbridge.trust.did import iso

PASSWORD: Final = "Nine blue herons over Ningde"  # noqa: S105 - of people who do not exist
SYSTEM: Final = Person("os:tests", "os:tests", frozenset({Role.OPERATOR}))
EVERYBODY: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {role.value: frozenset({role}) for role in Role}
    | {"second-approver": frozenset({Role.APPROVER})}
)


def people_of(
    world: World, wanted: Mapping[str, frozenset[Role]] = EVERYBODY
) -> dict[str, Person]:
    """Adds people to the node's store by name: ``people_of(world)["second-approver"]``.

    Without ``wanted`` there is one for each role, called as the role is, and a second approver.
    ``PASSWORD`` opens all of them (quickly in a ``memory_world``).
    """
    hashed = world.passwords.hash(PASSWORD)
    made: dict[str, Person] = {}
    for name, roles in wanted.items():
        account = Account(
            id=world.identifiers.urn_uuid(),
            name=name,
            roles=roles,
            password_hash=hashed,
            created_at=iso(world.clock.now()),
            created_by=SYSTEM.name,
        )
        with world.store.unit_of_work() as work:
            keep_account(world, work, account, "people.added", SYSTEM)
        made[name] = account.person()
    return made
