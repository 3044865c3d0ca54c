"""What this node offers, to whom, and under which terms: for faces to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.ports import World
from saltbridge.steps.records import every


@dataclass(frozen=True, slots=True)
class OfferShown:
    """One dataset on offer. ``partners`` have it, ``waiting`` will once two persons agree."""

    dataset_id: str
    title: str
    kind: str
    offer: Mapping[str, Any]
    access_policy: Mapping[str, Any]
    partners: tuple[str, ...]
    waiting: tuple[str, ...]
    created_at: str


def offers(world: World) -> Sequence[OfferShown]:
    """Every dataset of this node, oldest first."""
    with world.store.reading() as view:
        records = [read_json(record.body) for record in every(view, "dataset")]
    shown = [_shown(world, record) for record in records]
    return sorted(shown, key=lambda offer: (offer.created_at, offer.dataset_id))


def _shown(world: World, record: Mapping[str, Any]) -> OfferShown:
    waiting = set(record.get("awaiting", {}))
    named = list(record.get("access", ()))
    return OfferShown(
        dataset_id=record["id"],
        title=record.get("title", "") or record["id"],
        kind=record.get("kind", ""),
        offer=record["offer"],
        access_policy=record.get("access_policy", {}),
        partners=tuple(_name(world, bpn) for bpn in named if bpn not in waiting),
        waiting=tuple(_name(world, bpn) for bpn in named if bpn in waiting),
        created_at=record.get("created_at", ""),
    )


def _name(world: World, bpn: str) -> str:
    partner = world.node.partner(bpn)
    return f"{partner.name} ({bpn})" if partner else bpn
