"""A receipt leads to its footprint, which is worked out again."""

from dataclasses import replace
from datetime import date

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


def test_the_day_of_placing_on_the_market_is_kept_and_chooses_the_edition_again() -> None:
    """Of its period, v3 is in force; on the day of the replay it is withdrawn."""
    world = maker_world()
    day = date(2025, 1, 15)
    request = replace(footprint_request(), methodology="catena-x-pcf", placed_on_market=day)
    made = account(world, request)
    assert made.record["methodology"]["edition"] == "v3"
    assert made.record["methodology"]["status"] == "in_force"
    again = replay_receipt(world, OPERATOR, made.id)
    assert again.good, again.differences


def test_nothing_is_declared_under_a_law_without_the_day() -> None:
    world = maker_world()
    request = replace(footprint_request(), methodology="eu-cfb@draft-2024-04")
    missing = "declare.no-market-day"
    assert missing in {f.code for f in preview(world, request).obstacles}
    dated = replace(request, placed_on_market=date(2027, 3, 1))
    assert missing not in {f.code for f in preview(world, dated).obstacles}
