"""The datasets that open our interfaces: one of each kind and meaning, for whom it concerns."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from saltbridge.border.context import Terms
from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.policy import usage_offer
from saltbridge.exchange.served import served_as
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.connector_offering import offer_later
from saltbridge.steps.records import document
from saltbridge.trust.did import from_iso, iso

NAMED: Final = "served-dataset"  # which dataset opens an interface


def open_dataset(
    world: World,
    work: UnitOfWork,
    kind: str,
    readers: Collection[str],
    *,
    version: str = "",
    semantic_id: str = "",
    title: str = "",
    now: datetime | None = None,
) -> Mapping[str, Any]:
    """The dataset of an interface, made at need, with these partners (BPN) as readers.

    ``now`` is the moment of the decision it is made for: its terms must not begin after it.
    """
    served = served_as(kind, semantic_id)
    version = version or served.versions[0]
    name = "|".join((kind, version, semantic_id))
    named = document(work, NAMED, name)
    if named is None:
        since = iso(now or world.clock.now())
        id = world.identifiers.urn_uuid()
        dataset: dict[str, Any] = {
            "id": id,
            "title": title or kind,
            "kind": kind,
            "dct_type": served.dct_types[0],
            "version": version,
            "semantic_id": semantic_id,
            "offer": usage_offer(world.identifiers.urn_uuid(), served.purpose),
            "access": [],
            "releases": {},
            "created_at": since,
        }
        work.put(NAMED, name, canonical_bytes({"id": id}), expected_version=0)
    else:
        id = str(named["id"])
        dataset = document(work, "dataset", id)
    access = sorted({*dataset["access"], *readers})
    if access != dataset["access"] or named is None:
        dataset = {**dataset, "access": access}
        body = canonical_bytes(dataset)
        work.put("dataset", id, body)
        work.append_leaf("dataset.offered", id, body)
        offer_later(world, work, dataset)
    return dataset


def terms_of(dataset: Mapping[str, Any]) -> Terms:
    """The terms of a dataset's offer, which its readers accept before they are answered."""
    purpose = served_as(dataset["kind"], dataset["semantic_id"]).purpose
    start = from_iso(dataset["created_at"])
    return Terms(dataset["offer"]["@id"], "offer", tuple(dataset["access"]), (purpose,), start)
