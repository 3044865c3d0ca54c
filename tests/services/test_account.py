"""Walk one: activity data → footprint → receipt → signed, stored and logged together."""

from datetime import date
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import FactorSet, Inventory
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import World
from saltbridge.services.account import (
    FootprintRequest,
    account,
    verified_supplier_factors,
    work_out,
)
from saltbridge.testing.builders import memory_world
from saltbridge.testing.inventories import factor, inventory, process, row
from saltbridge.trust.claims import Declaration, Estimate, Receipt, verify
from saltbridge.trust.receipt import parse_receipt, value_digest

SET = FactorSet("set-1", "test", (factor("cell", 10.0), factor("truck", 0.1)), "sha256:5e7")
SUPPLIER = "BPNL0000MATERIAL"


def battery(*rows: Any) -> Inventory:
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        *rows,
        factor_sets=("set-1",),
    )


def world() -> World:
    return memory_world(factor_sets={"set-1": SET})


def request(
    what: Inventory, methodology: str = "catena-x-pcf", **more: Any
) -> FootprintRequest:
    return FootprintRequest(
        inventory=what, inventory_digest="sha256:1177", methodology=methodology, **more
    )


def stored(w: World, kind: str) -> list[Any]:
    with w.store.reading() as view:
        return [read_json(r.body) for r in view.find(kind)]


def put_pcf(w: World, id: str, value: float, **more: Any) -> str:
    """A verified delivery as the exchange room keeps it."""
    found = digest(id.encode())
    document = {
        "kind": "pcf",
        "illustrative": more.pop("illustrative", False),
        "records": [
            {"id": f"r-{id}", "flow": "glue", "unit": "kg", "kg_co2e_per_unit": value, **more}
        ],
        "delivery": {"id": id, "digest": found, "provider": {"bpn": SUPPLIER}},
    }
    with w.store.unit_of_work() as work:
        work.put("pcf", id, canonical_bytes(document))
    return found


def test_an_estimate_is_signed_receipted_stored_and_logged() -> None:
    w = world()
    result = account(w, request(battery()))
    assert isinstance(result.claim, Estimate)
    verified = verify(result.claim, w.keyring.did_document())
    assert verified.content["total_kg_co2e"] == 3000
    assert isinstance(result.receipt, Receipt)
    receipt = parse_receipt(verify(result.receipt, w.keyring.did_document()).content)
    assert receipt.inputs_digest == "sha256:1177"
    assert receipt.factor_sets == {"set-1": "sha256:5e7"}
    assert receipt.footprint_digest == value_digest(dict(result.record))
    (kept,) = stored(w, "footprint")
    assert kept["record"] == read_json(canonical_bytes(dict(result.record)))
    assert kept["receipt"] == result.receipt.jws
    with w.store.reading() as view:
        files = [parse_claim_file(r.body) for r in view.find("claim")]
        assert {f.claim for f in files} == {result.claim, result.receipt}
        assert len(view.leaf_hashes()) == 3  # two signings and the footprint
        assert all(f.log and f.log.body_digest == f.claim.digest for f in files)


def test_a_declaration_is_made_only_when_asked_for_and_allowed() -> None:
    w = world()
    assert account(w, request(battery())).kind == "estimate"
    declared = account(w, request(battery(), declare=True))
    assert isinstance(declared.claim, Declaration)
    assert declared.record["type"] == "declaration"


def test_a_refused_declaration_names_the_holes_and_stores_nothing() -> None:
    w = world()
    with pytest.raises(Refused) as caught:
        account(w, request(battery(row("pack", "input", "glue", 40.0)), declare=True))
    codes = [f.code for f in caught.value.findings]
    assert codes == ["footprint.cut-off-emissions", "footprint.hole-above-cut-off"]
    assert {"low", "high"} <= set(caught.value.findings[0].arguments)
    assert stored(w, "footprint") == stored(w, "claim") == []
    with w.store.reading() as view:
        assert list(view.leaf_hashes()) == []


@pytest.mark.parametrize(
    ("methodology", "error"),
    [("eu-cfb", Refused), ("cn-miit-551", Refused), ("nothing", FaultyInput)],
)
def test_pending_and_unknown_methodologies(
    methodology: str, error: type[SaltbridgeError]
) -> None:
    with pytest.raises(error):
        account(world(), request(battery(), methodology))


def test_a_factor_set_that_cannot_be_had() -> None:
    with pytest.raises(Unavailable):
        work_out(
            memory_world().factor_library,
            date(2026, 11, 23),
            request(battery(), factor_sets=["gone"]),
        )


def test_verified_supplier_records_close_holes_and_stand_in_the_receipt() -> None:
    w = world()
    what = battery(row("pack", "input", "glue", 40.0))
    assert len(account(w, request(what)).record["holes"]) == 1
    found = put_pcf(w, "d1", 2.5, confidence="measured")
    result = account(w, request(what, declare=True))
    assert result.record["holes"] == []
    assert result.record["total_kg_co2e"] == 3100
    assert result.supplier_records == (found,)
    line = result.record["lines"][1]
    assert (line["supplier"], line["factor"]["confidence"]) == (SUPPLIER, "measured")


def test_an_illustrative_record_closes_the_hole_but_declares_nothing() -> None:
    w = world()
    put_pcf(w, "d1", 2.5, illustrative=True, confidence="measured")
    what = battery(row("pack", "input", "glue", 40.0))
    assert account(w, request(what)).record["holes"] == []
    with pytest.raises(Refused) as caught:
        account(w, request(what, declare=True))
    assert [f.code for f in caught.value.findings] == ["footprint.doubtful-factor"]


def test_of_two_records_the_newer_one_counts_and_a_faulty_one_is_told() -> None:
    w = world()
    put_pcf(w, "z-first", 2.5)
    w.clock.advance(hours=1)  # type: ignore[attr-defined]
    put_pcf(w, "a-second", 3.5)
    put_pcf(w, "b-third", -1.0)
    with w.store.reading() as view:
        (only,), remarks = verified_supplier_factors(view)
    assert only.kg_co2e_per_unit == 3.5
    assert only.confidence is Confidence.SECONDARY
    assert [f.code for f in remarks] == ["footprint.supplier-record"]
    result = account(w, request(battery(row("pack", "input", "glue", 1.0))))
    assert "footprint.supplier-record" in {f["code"] for f in result.record["findings"]}


def test_the_same_inputs_give_the_same_record() -> None:
    one, two = (account(world(), request(battery())) for _ in range(2))
    assert canonical_bytes(dict(one.record)) == canonical_bytes(dict(two.record))
