"""A receipt leads to its footprint, which is worked out again."""

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.services.account import account, preview
from saltbridge.services.replay import replay_receipt
from saltbridge.testing.verification import OPERATOR, footprint_request, maker_world


def test_by_file_by_id_by_footprint_and_latest() -> None:
    world = maker_world()
    first = account(world, footprint_request())
    second = account(world, footprint_request())
    assert first.receipt is not None
    file = render_claim_file(first.receipt, world.keyring.did_document())
    assert replay_receipt(world, OPERATOR, "r.json", file).id == first.id
    assert replay_receipt(world, OPERATOR, first.receipt_id).id == first.id
    assert replay_receipt(world, OPERATOR, second.id).good
    assert replay_receipt(world, OPERATOR, "latest").id in (first.id, second.id)


def test_a_receipt_of_elsewhere_or_another_claim_is_said() -> None:
    world, other = maker_world(), maker_world()
    made = account(world, footprint_request())
    assert made.receipt is not None and made.claim is not None
    document = world.keyring.did_document()
    with pytest.raises(FaultyInput, match="no-such-receipt"):
        replay_receipt(other, OPERATOR, "r", render_claim_file(made.receipt, document))
    with pytest.raises(FaultyInput, match="not-a-receipt"):
        replay_receipt(world, OPERATOR, "r", render_claim_file(made.claim, document))
    with pytest.raises(FaultyInput, match="no-such-receipt"):
        replay_receipt(world, OPERATOR, "urn:uuid:nothing")


def test_a_preview_stores_nothing() -> None:
    world = maker_world()
    made = preview(world, footprint_request())
    assert made.claim is None and made.footprint.total_kg_co2e
    with world.store.reading() as view:
        assert not list(view.find("footprint"))
