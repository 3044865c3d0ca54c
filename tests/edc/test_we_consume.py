"""Our node takes what a real EDC offers: catalogue, agreement, transfer, the bytes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.edc.connector import Edc
from tests.edc.management import call, put_offer
from tests.edc.our_node import Node, our_node, until

from saltbridge.exchange.model import Dataset
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.services.catalogue import shown_catalogue
from saltbridge.services.exchange_state import Progress, progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation
from saltbridge.testing.builders import BuiltKeyring
from saltbridge.testing.peers import PCF_DOCUMENT
from saltbridge.trust.claims import SupplierRecord, sign

pytestmark = pytest.mark.full("Java, Maven and EDC's published parts")


def signed_record(did: str) -> bytes:
    """What a company behind an EDC hands on: a footprint, signed with the company's key."""
    keyring = BuiltKeyring(did)
    claim = sign(
        SupplierRecord,
        PCF_DOCUMENT,
        id="urn:uuid:00000000-0000-4000-8000-0000000000ed",
        issued_at=datetime.now(UTC),
        issuer=did,
        signer=keyring.signer(),
    )
    return render_claim_file(claim, keyring.did_document())


@contextmanager
def source(content: bytes) -> Iterator[str]:
    """The system behind the EDC's data plane: one address, one answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/record"
    finally:
        server.shutdown()
        server.server_close()


CX_POLICY = {
    "@context": list(DSP_2025_1.policy_contexts[1:]),
    **{k: v for k, v in usage_offer("", PURPOSE_PCF).items() if k != "@id"},
    "@type": "Set",
}


def dataset_named(node: Node, id: str) -> Dataset:
    """The dataset of the EDC as our node reads it."""
    shown = shown_catalogue(node.world, node.partner)
    assert not shown.faulty, f"{shown.faulty}\n{node.conversation()}"
    return next(d for d in shown.catalogue.datasets if d.id == id)


def ended(node: Node, pid: str) -> Progress:
    node.wake()
    until(lambda: progress(node.world, pid).ended, node.conversation)
    return progress(node.world, pid)


def test_a_signed_record_arrives_and_is_verified(edc: Edc, tmp_path: Path):
    with source(signed_record(edc.participant)) as url, our_node(edc, tmp_path) as node:
        put_offer(edc, "a-record", url, CX_POLICY)
        dataset = dataset_named(node, "a-record")
        offer = fitting_offer(node.world, dataset.offers)
        begun = start_negotiation(
            *(node.world, node.partner, dataset.id, offer),
            transfer_wanted=True,
            dataset_kind="pcf",
        )
        result = ended(node, begun.pid)
        assert result.verified, f"{result}\n{node.conversation()}"
        (delivery,) = node.all("delivery")
        assert delivery["provider"]["did"] == edc.participant
        assert delivery["statement"]["state"] == "absent"
        until(lambda: node.all("transfer")[0]["state"] == "COMPLETED", node.conversation)


def test_what_is_not_signed_is_refused_and_the_edc_is_told(edc: Edc, tmp_path: Path):
    with source(b'{"kind": "pcf"}') as url, our_node(edc, tmp_path) as node:
        put_offer(edc, "unsigned", url, CX_POLICY)
        dataset = dataset_named(node, "unsigned")
        begun = start_negotiation(
            *(node.world, node.partner, dataset.id, dataset.offers[0]),
            transfer_wanted=True,
            dataset_kind="pcf",
        )
        result = ended(node, begun.pid)
        assert not result.verified and result.transfer == "TERMINATED"
        theirs = until(
            lambda: call(edc, "POST", "/v3/transferprocesses/request", _of(node)),
            node.conversation,
        )
        assert theirs[0]["state"] in ("TERMINATED", "DEPROVISIONED")


def _of(node: Node) -> dict[str, object]:
    (kept,) = node.all("transfer")
    by_pid = {
        "operandLeft": "correlationId",
        "operator": "=",
        "operandRight": kept["consumer_pid"],
    }
    return {"@type": "QuerySpec", "filterExpression": [by_pid]}
