"""How a partner, or this node itself, stands before the policies of an offer."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from saltbridge.exchange.catalogue import shown_to
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, PURPOSE_TWINS
from saltbridge.exchange.standing import Standing
from saltbridge.ports import Partner, World

OUR_PURPOSES: Final = (PURPOSE_PCF, PURPOSE_PASSPORT, PURPOSE_TWINS)


def standing_of(world: World, partner: Partner) -> Standing:
    """What is known of a partner who would take data from us."""
    return Standing(partner.bpn, partner.did, groups_of(world, partner.bpn))


def own_standing(world: World) -> Standing:
    """What this node can show a provider, whose groups it cannot know."""
    return Standing(world.node.bpn, world.node.did, groups=None)


def visible_to(
    world: World, records: Iterable[Mapping[str, Any]], partner: Partner
) -> tuple[Mapping[str, Any], ...]:
    """The datasets of ours that this partner may know of now."""
    caller, now = standing_of(world, partner), world.clock.now()
    return tuple(record for record in records if shown_to(record, caller, now))


def groups_of(world: World, bpn: str) -> frozenset[str]:
    """The groups a business partner is in, as this node has them (``policies.groups``)."""
    groups: Mapping[str, Any] = _table(world).get("groups") or {}
    return frozenset(name for name, members in groups.items() if bpn in members)


def purposes_of(world: World) -> tuple[str, ...]:
    """The uses this node has for data: those it knows, and those of ``policies.purposes``."""
    return (*OUR_PURPOSES, *(_table(world).get("purposes") or ()))


def _table(world: World) -> Mapping[str, Any]:
    return world.settings.get("policies") or {}
