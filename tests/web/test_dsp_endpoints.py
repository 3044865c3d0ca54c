"""Two nodes in one process speak the protocol: happy path, refusals, repetitions, tokens."""

from dataclasses import replace

import pytest

from saltbridge.core.canonical import digest
from saltbridge.exchange.model import Role
from saltbridge.formats.dsp import SCHEMA_OF, render_message
from saltbridge.formats.dsp_schema import check
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.trust.self_issued import self_issued_token


def ask(pair, *, offer=None):
    catalogue = request_catalogue(pair.consumer, pair.to_provider)
    (dataset,) = catalogue.datasets
    return start_negotiation(
        pair.consumer,
        pair.to_provider,
        dataset.id,
        offer or dataset.offers[0],
        transfer_wanted=True,
        dataset_kind=dataset.kind,
    )


def test_from_catalogue_to_a_verified_delivery(a_pair):
    pair = a_pair()
    ask(pair)
    pair.pump()
    assert pair.the(pair.consumer, "negotiation")["state"] == "FINALIZED"
    assert pair.the(pair.provider, "negotiation")["state"] == "FINALIZED"
    assert pair.the(pair.consumer, "transfer")["state"] == "COMPLETED"
    assert pair.the(pair.provider, "transfer")["state"] == "COMPLETED"
    delivery = pair.the(pair.consumer, "delivery")
    assert [c["number"] for c in delivery["checks"] if c["ok"]] == [1, 2, 3, 4, 5, 6, 7]
    assert delivery["verified"] is True
