"""What we show to a partner, and what a partner shows to us."""

from collections.abc import Iterator

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.catalogue import dataset_of, visible
from saltbridge.exchange.model import Catalogue, Dataset, Json
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.dsp import render_bytes
from saltbridge.formats.dsp_catalogue import parse_catalogue, render_catalogue_request
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.trust.self_issued import self_issued_token

LIMIT_BYTES = 20_000_000


def request_catalogue(world: World, partner: Partner) -> Catalogue:
    """The partner's catalogue as it shows it to us.

    Raises:
        FaultyInput: we do not know where to reach the partner, or the answer is no catalogue.
        Unavailable: the partner cannot be reached, or does not know us.
    """
    if not partner.dsp_url:
        raise FaultyInput.of("exchange.partner-without-address", partner=partner.name)
    token = self_issued_token(
        caller=world.node.did,
        called=partner.did,
        jti=world.identifiers.urn_uuid(),
        now=world.clock.now(),
        signer=world.keyring.signer(),
    )
    answer = world.http.send(
        "POST",
        f"{partner.dsp_url.rstrip('/')}/catalog/request",
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        content=render_bytes(render_catalogue_request()),
        limit_bytes=LIMIT_BYTES,
    )
    if answer.status != 200:
        raise Unavailable.of(
            "exchange.no-catalogue", partner=partner.name, status=answer.status
        )
    catalogue = parse_catalogue(answer.content)
    if catalogue.participant != partner.did:
        raise FaultyInput.of(
            "exchange.foreign-catalogue", found=catalogue.participant[:200], due=partner.did
        )
    return catalogue


def catalogue_for(world: World, partner: Partner) -> Catalogue:
    """The datasets of ours that this partner may know of."""
    endpoint = f"{world.node.base_url}{DSP_2025_1.path}"
    with world.store.reading() as view:
        shown = visible(_records(view), partner.bpn)
    return Catalogue(
        id=f"{world.node.did}#catalogue",
        participant=world.node.did,
        datasets=tuple(dataset_of(record, DSP_2025_1, endpoint) for record in shown),
    )


def dataset_for(world: World, partner: Partner, dataset_id: str) -> Dataset | None:
    """One dataset, or None where it is not there or not for this partner."""
    with world.store.reading() as view:
        record = view.get("dataset", dataset_id) if dataset_id else None
    shown = visible([read_json(record.body)] if record else [], partner.bpn)
    endpoint = f"{world.node.base_url}{DSP_2025_1.path}"
    return next((dataset_of(found, DSP_2025_1, endpoint) for found in shown), None)


def _records(view: UnitOfWork) -> Iterator[Json]:
    after = ""
    while page := view.find("dataset", after=after):
        yield from (read_json(record.body) for record in page)
        after = page[-1].id
