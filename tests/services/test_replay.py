"""A receipt leads to its footprint, which is worked out again."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.footprint.record import footprint_record
from saltbridge.formats.claim_file import render_claim_file
from saltbridge.services.account import account, preview
from saltbridge.services.replay import replay_receipt
from saltbridge.steps import accounting
from saltbridge.testing.verification import (
    OPERATOR,
    battery,
    footprint_request,
    maker_world,
)


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
    assert made.record["placed_on_market"] == "2025-01-15"
    again = replay_receipt(world, OPERATOR, made.id)
    assert again.good, again.differences


def test_a_record_of_before_keeps_the_day_in_its_model_and_replays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = maker_world()
    day = date(2025, 1, 15)
    request = replace(footprint_request(), methodology="catena-x-pcf", placed_on_market=day)

    def as_before(*given: Any) -> dict[str, Any]:
        return footprint_record(*given[:3])

    with monkeypatch.context() as then:
        then.setattr(accounting, "footprint_record", as_before)
        made = account(world, request)
    assert "placed_on_market" not in made.record
    again = replay_receipt(world, OPERATOR, made.id)
    assert again.good, again.differences


def test_an_exchanged_footprint_is_named_by_its_leaf_in_the_log() -> None:
    """Record and model of another footprint of this node: each is whole, and signed here."""
    world = maker_world()
    mine = account(world, footprint_request(battery(300.0)))
    other = account(world, footprint_request(battery(200.0)))
    assert replay_receipt(world, OPERATOR, mine.id).good
    with world.store.unit_of_work() as work:
        for kind in ("footprint", "model"):
            there, here = work.get(kind, other.id), work.get(kind, mine.id)
            assert there is not None and here is not None
            work.put(kind, mine.id, there.body, expected_version=here.version)
    exchanged = replay_receipt(world, OPERATOR, mine.id)
    assert [p.code for p in exchanged.points if not p.good] == [
        "verification.replay-log-differs"
    ]
    assert replay_receipt(world, OPERATOR, other.id).good


def test_a_footprint_that_was_never_accounted_has_no_leaf() -> None:
    world = maker_world()
    made = account(world, footprint_request())
    with world.store.unit_of_work() as work:
        record = work.get("footprint", made.id)
        assert record is not None
        work.put("footprint", "urn:uuid:slipped-in", record.body, expected_version=0)
    slipped = replay_receipt(world, OPERATOR, "urn:uuid:slipped-in")
    assert "verification.replay-log-missing" in [p.code for p in slipped.points if not p.good]


def test_nothing_is_declared_under_a_law_without_the_day() -> None:
    world = maker_world()
    request = replace(footprint_request(), methodology="eu-cfb@draft-2024-04")
    missing = "declare.no-market-day"
    assert missing in {f.code for f in preview(world, request).obstacles}
    dated = replace(request, placed_on_market=date(2027, 3, 1))
    assert missing not in {f.code for f in preview(world, dated).obstacles}
