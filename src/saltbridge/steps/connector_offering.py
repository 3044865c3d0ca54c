"""What is put on offer through the company's own connector, and the key of its data plane."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange.offering import OfferTerms, access_policy
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.exchange.served import ASPECTS_PATH, SERVED
from saltbridge.ports import Keyring, Offering, Partner, UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.speak import enqueue
from saltbridge.trust.spelling import base64url, from_base64url

OFFER: Final = "connector.offer"
WATCH: Final = "connector.watch"
KIND: Final = "connector-offer"
PATH: Final = "/connector-data"
INTERFACE: Final = "interface"  # in the place of a partner, below that path
_KEY: Final = "connector-key"


@dataclass(frozen=True, slots=True)
class Offered:
    """One dataset that stands on offer at the connector, for one partner or as an interface."""

    asset_id: str
    offer_id: str
    dataset_id: str
    bpn: str  # empty for an interface, which has several readers
    digest: str  # of the released bytes; empty for an interface


def asset_name(dataset_id: str, bpn: str) -> str:
    """The id at the connector: one asset per partner, since each is released its own bytes."""
    return f"{dataset_id}~{bpn}"


def offer_later(world: World, work: UnitOfWork, dataset: Mapping[str, Any]) -> None:
    """Have the connector offer a dataset: what is released of it, or the interface it opens."""
    there = dataset["access"] if dataset["kind"] in SERVED else dataset["releases"]
    if world.connector is None or not there:
        return
    body = canonical_bytes({"dataset_id": dataset["id"]})
    enqueue(world, work, OFFER, body, f"{OFFER}:{dataset['id']}")


def offerings(
    world: World, dataset: Mapping[str, Any], key: str
) -> list[tuple[Offered, Offering]]:
    """What is put on offer of a dataset: released bytes, for each partner its own.

    An interface is one asset for all its readers: twins name it, and they are the same for all.
    """
    if dataset["kind"] in SERVED:
        return [_interface(world, dataset, key)]
    found = []
    for bpn, released in dataset["releases"].items():
        offered = Offered(
            asset_id=asset_name(dataset["id"], bpn),
            offer_id=asset_name(dataset["offer"]["@id"], bpn),
            dataset_id=dataset["id"],
            bpn=bpn,
            digest=released["digest"],
        )
        offering = Offering(
            asset_id=offered.asset_id,
            offer_id=offered.offer_id,
            dataset={**dataset, "releases": {bpn: released}},
            policy=dataset["offer"],
            access_policy=_for_one(dataset["access_policy"], bpn),
            address=f"{world.node.base_url}{PATH}/{quote(dataset['id'], safe=':')}/{bpn}",
            key=key,
        )
        found.append((offered, offering))
    return found


def _interface(world: World, dataset: Mapping[str, Any], key: str) -> tuple[Offered, Offering]:
    offered = Offered(dataset["id"], dataset["offer"]["@id"], dataset["id"], "", "")
    readers = access_policy(dataset["access"], OfferTerms(members_only=False))
    offering = Offering(
        asset_id=offered.asset_id,
        offer_id=offered.offer_id,
        dataset=dataset,
        policy=dataset["offer"],
        access_policy=readers,
        address=f"{world.node.base_url}{PATH}/{quote(dataset['id'], safe=':')}/{INTERFACE}",
        key=key,
        interface=True,
    )
    return offered, offering


def _for_one(policy: Mapping[str, Any], bpn: str) -> Mapping[str, Any]:
    """The access policy with this partner alone: others have assets of their own."""
    named: Mapping[str, Any] = read_json(canonical_bytes(dict(policy)))
    for rule in named["permission"]:
        for joined in rule["constraint"]:
            for term in joined.get("and", ()):
                if term.get("leftOperand") == "BusinessPartnerNumber":
                    term["rightOperand"] = [bpn]
    return named


def offered_before(view: UnitOfWork, asset_id: str) -> Offered | None:
    """What stands on offer under an id, or None."""
    found = document(view, KIND, asset_id)
    return None if found is None else Offered(**found)


def keep_offered(work: UnitOfWork, offered: Offered) -> None:
    """Remember that it stands there; a log leaf where it is new, or other bytes."""
    if offered_before(work, offered.asset_id) != offered:
        body = canonical_bytes(asdict(offered))
        work.put(KIND, offered.asset_id, body)
        work.append_leaf("dataset.offered-through-connector", offered.asset_id, body)


def way_to_aspect(world: World, id: str) -> tuple[str, str]:
    """Where an aspect of a twin is agreed on, and where it is read: for its descriptor.

    Through the connector where its data plane is named, else at this node.
    """
    told = world.settings.get("connector", {})
    spoken, pulled = str(told.get("protocol_url", "")), str(told.get("data_plane_url", ""))
    if world.connector is not None and spoken and pulled:
        return spoken.rstrip("/"), f"{pulled.rstrip('/')}/aspects/{id}/submodel"
    base = world.node.base_url
    return f"{base}{DSP_2025_1.path}", f"{base}{ASPECTS_PATH}/{id}/submodel"


def readers_of(world: World, offered: Offered, dataset: Mapping[str, Any]) -> list[Partner]:
    """The partners it is for, as far as they are known still."""
    named = [offered.bpn] if offered.bpn else list(dataset["access"])
    return [partner for bpn in named if (partner := world.node.partner(bpn)) is not None]


def data_key(world: World, work: UnitOfWork) -> str:
    """What the connector's data plane shows to get our bytes, made at first use and sealed."""
    known = kept_data_key(world.keyring, work)
    if known:
        return known
    key = world.identifiers.token()
    sealed = world.keyring.protected
    content = world.keyring.seal(key.encode(), _KEY) if sealed else key.encode()
    body = {"sealed": sealed, "key": base64url(content)}
    work.put(_KEY, "current", canonical_bytes(body), expected_version=0)
    return key


def kept_data_key(keyring: Keyring, view: UnitOfWork) -> str:
    """The key; empty before its first use."""
    found = document(view, _KEY, "current")
    if found is None:
        return ""
    content = from_base64url(found["key"])
    return (keyring.unseal(content, _KEY) if found["sealed"] else content).decode()


def is_data_plane(keyring: Keyring, view: UnitOfWork, shown: str) -> bool:
    """Whether a caller shows the key of the connector's data plane."""
    key = kept_data_key(keyring, view)
    return bool(key) and compare_digest(shown.encode(), key.encode())
