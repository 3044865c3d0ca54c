"""A partner's twins: found in its registry, read, and the values of their aspects kept."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.served import TWIN_ASPECT, TWIN_REGISTRY
from saltbridge.exchange.twins import Aspect, AssetLink, Twin
from saltbridge.formats.aas_answers import encode_id
from saltbridge.formats.aas_registry import parse_shell, way_to_value
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.steps.edr import Edr
from saltbridge.steps.partner_access import Wanted, Ways, access, ask
from saltbridge.trust.did import iso

VALUE: Final = "twin-value"
_MOST_PAGES: Final = 100
_NOT_HERE: Final = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True)
class ReadValue:
    """The value of an aspect as a partner served it, and under which id it is kept here."""

    id: str
    document: Any
    digest: str


def registry_of(world: World, ways: Ways, partner: Partner) -> Edr | None:
    """The partner's registry if it is open to us; else a step towards it, see ``access``."""
    return access(world, ways, partner, Wanted(kind=TWIN_REGISTRY))


def find(world: World, partner: Partner, edr: Edr, links: Sequence[AssetLink]) -> list[str]:
    """Ids of the partner's twins that have all these identifiers, as far as it shows us.

    Raises:
        FaultyInput: what comes back is no answer of a registry.
        Unavailable: the partner cannot be reached, or refuses.
    """
    body = canonical_bytes([{"name": k.name, "value": k.value} for k in links])
    found: list[str] = []
    cursor = ""
    for _ in range(_MOST_PAGES):
        more = f"?cursor={cursor}" if cursor else ""
        answer = ask(world, partner, edr, "POST", f"lookup/shellsByAssetLink{more}", body)
        if answer.status in _NOT_HERE:  # a registry from before API 3.1
            answer = ask(world, partner, edr, "GET", _by_get(links, cursor))
        page = _read(partner, answer)
        ids = page.get("result")
        if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
            raise FaultyInput.of("twins.no-answer", partner=partner.name)
        found += ids
        cursor = str((page.get("paging_metadata") or {}).get("cursor") or "")
        if not cursor:
            break
    return found


def read(world: World, partner: Partner, edr: Edr, id: str) -> Twin:
    """One of the partner's twins.

    Raises:
        FaultyInput: it is not there, or no descriptor.
        Unavailable: the partner cannot be reached, or refuses.
    """
    answer = ask(world, partner, edr, "GET", f"shell-descriptors/{encode_id(id)}")
    if answer.status == 404:
        raise FaultyInput.of("twins.unknown", twin=id[:200])
    twin = parse_shell(_read(partner, answer))
    if twin.id != id:
        raise FaultyInput.of("twins.no-answer", partner=partner.name)
    return twin


def value_of(world: World, ways: Ways, partner: Partner, aspect: Aspect) -> Edr | None:
    """The way to an aspect's value if it is open to us; else a step towards it.

    Raises:
        FaultyInput: the aspect names no way over DSP, or one that is not this partner's.
        Refused, Unavailable: see ``access``.
    """
    way = way_to_value(aspect)
    if way is None:
        raise FaultyInput.of("twins.no-way", aspect=_name(aspect))
    if way.endpoint.rstrip("/") != partner.dsp_url.rstrip("/"):
        raise FaultyInput.of(
            "twins.other-connector", found=way.endpoint[:200], due=partner.dsp_url
        )
    wanted = Wanted(kind=TWIN_ASPECT, dataset_id=way.dataset)
    return access(world, ways, partner, wanted)


def read_value(
    world: World, partner: Partner, edr: Edr, twin: Twin, aspect: Aspect
) -> ReadValue:
    """The value of an aspect, kept with where it came from and a leaf of the log.

    Raises:
        FaultyInput: what comes back is not JSON.
        Unavailable: the partner cannot be reached, or refuses.
    """
    way = way_to_value(aspect)
    if way is None:
        raise FaultyInput.of("twins.no-way", aspect=_name(aspect))
    answer = ask(world, partner, edr, "GET", way.address)
    document = _read(partner, answer)
    id = f"{partner.bpn}|{aspect.id}"
    body = canonical_bytes(
        {
            "id": id,
            "provider": {"bpn": partner.bpn, "did": partner.did, "name": partner.name},
            "twin_id": twin.id,
            "global_asset_id": twin.global_asset_id,
            "identifiers": {a.name: a.value for a in twin.asset_ids},
            "semantic_id": aspect.semantic_id,
            "dataset_id": way.dataset,
            "digest": digest(answer.content),
            "received_at": iso(world.clock.now()),
            "document": document,
        }
    )
    with world.store.unit_of_work() as work:
        before = work.get(VALUE, id)
        if before is None or read_json(before.body)["digest"] != digest(answer.content):
            work.put(VALUE, id, body)
            work.append_leaf("twin.received", id, body)
    return ReadValue(id, document, digest(answer.content))


def _by_get(links: Sequence[AssetLink], cursor: str) -> str:
    encoded = (
        base64.urlsafe_b64encode(canonical_bytes({"name": k.name, "value": k.value})).decode()
        for k in links
    )
    query = "&".join(f"assetIds={text}" for text in encoded)
    return f"lookup/shells?{query}{'&cursor=' + cursor if cursor else ''}"


def _read(partner: Partner, answer: HttpAnswer) -> Mapping[str, Any]:
    if answer.status != 200:
        raise Unavailable.of("twins.refused", partner=partner.name, status=answer.status)
    try:
        document = read_json(answer.content)
    except FaultyJson as fault:
        raise FaultyInput.of("twins.no-answer", partner=partner.name) from fault
    if not isinstance(document, Mapping):
        raise FaultyInput.of("twins.no-answer", partner=partner.name)
    return document


def _name(aspect: Aspect) -> str:
    return str(aspect.document.get("idShort") or aspect.semantic_id or aspect.id)[:200]
