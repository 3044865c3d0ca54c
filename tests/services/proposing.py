"""A cell maker whose supplier records wait for two persons, for the tests of approval."""

from typing import Any

import pytest

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services.approval import proposal
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
VANS = partner_of(node_profile("vanmaker", jurisdiction="EU", port=8104))

LI = Person("urn:person:li.wei", "Li Wei (li.wei)", frozenset({Role.OPERATOR}))


def cellmaker(**settings: object) -> World:
    world = memory_world(node_profile("cellmaker", partners=(CARS, VANS)), settings=settings)
    return world


def published(world: World, *recipients: str, **changes: Any) -> tuple[str, ...]:
    """Ids of the proposals of a publication."""
    request = PublishRequest(
        **{
            "document": battery_record(),
            "kind": "battery-supplier-record",
            "recipients": recipients or (CARS.bpn,),
            "proposer": LI,
            **changes,
        }
    )
    return tuple(str(one["id"]) for one in publish(world, request).proposals)


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises((Refused, FaultyInput)) as refusal:
        call(*arguments)
    (found,) = refusal.value.findings
    return found.code


def all_of(world: World, kind: str) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(record.body) for record in view.find(kind)]


def leaves(world: World) -> int:
    with world.store.reading() as view:
        return view.log_size()


def shown(world: World, id: str) -> str:
    return str(proposal(world, id)["digest"])
