"""A licensed background prices a footprint; its values stay at home, its licence goes along."""

from pathlib import Path
from typing import Any

import pytest

from saltbridge.adapters.background.importing import ImportRequest, import_background
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.footprint.model import FactorSet
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import World
from saltbridge.services import approval
from saltbridge.services.account import FootprintRequest, account
from saltbridge.services.compose_record import ComposeRequest, compose_record
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.inventories import inventory, process, row
from saltbridge.trust.claims import SupplierRecord, verify

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
LICENCE = "licensed database, end-user licence"
VALUES = {"powder": 3.14159265, "foil": 2.71828183, "binder": 1.41421356, "solvent": 1.73205081}
HEADER = "process,process_number,location,flow,unit,amount,category,sub,inputGroup,outputGroup"


@pytest.fixture
def licensed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FactorSet:
    """Four products of a background, as the import leaves them."""
    monkeypatch.setenv("SALTBRIDGE_CACHE", str(tmp_path / "cache"))
    lines = [HEADER]
    for number, (flow, value) in enumerate(VALUES.items()):
        lines.append(f"{flow} production,{number},CN,{flow},kg,1,,,,0")
        lines.append(f"{flow} production,{number},CN,Carbon dioxide,kg,{value},emission,air,,4")
    path = tmp_path / "licensed.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return import_background(
        ImportRequest(
            path=path, format="exchange-table", id="licensed", licence=LICENCE,
            source="Licensed database 4.0, cut-off",
        )
    ).factor_set()  # fmt: skip


def accounted(licensed: FactorSet) -> tuple[World, Any]:
    w = memory_world(
        node_profile("cellmaker", partners=(CARS,)), factor_sets={"licensed": licensed}
    )
    what = inventory(
        process("pack", unit="piece", location="CN"),
        *(row("pack", "input", flow, 10.0, location="CN") for flow in VALUES),
        factor_sets=("licensed",),
    )
    request = FootprintRequest(
        inventory=what, inventory_digest="sha256:11", methodology="catena-x-pcf@v4"
    )
    return w, account(w, request)


def test_every_line_says_where_its_value_comes_from_and_under_which_licence(
    licensed: FactorSet,
) -> None:
    """Hand: 10 kg of each."""
    _, made = accounted(licensed)
    assert made.record["total_kg_co2e"] == pytest.approx(10 * sum(VALUES.values()), rel=1e-12)
    for line in made.record["lines"]:
        factor = line["factor"]
        assert (factor["licence"], factor["confidence"]) == (LICENCE, "computed")
        assert factor["source"] == "Licensed database 4.0, cut-off"
        assert factor["id"].startswith("licensed/")
    assert made.factor_sets == {"licensed": licensed.digest}


def test_values_of_a_licensed_background_do_not_leave(licensed: FactorSet) -> None:
    """The partner reads total and licence; no factor, no amount, no id of the database."""
    w, _ = accounted(licensed)
    document = compose_record(w, ComposeRequest(attributes={}, items=()))
    at_home = canonical_bytes(document)
    published = publish(
        w,
        PublishRequest(
            document=document, kind="battery-supplier-record", recipients=(CARS.bpn,),
            person="Li Wei",
        ),
    )  # fmt: skip
    assert all(outcome.released for outcome in approve_all(w, approval))
    with w.store.reading() as work:
        stored = work.get("dataset", published.dataset_id)
        assert stored is not None
        kept = read_json(stored.body)["releases"][CARS.bpn]
        released = work.get_release(kept["digest"], kept["decision_id"])
    assert released is not None
    jws = parse_claim_file(released.content).claim.jws
    content = verify(SupplierRecord(jws), w.keyring.did_document()).content
    left = canonical_bytes(dict(content))
    assert content["footprint"]["licences"] == [LICENCE]
    assert "lines" not in content["footprint"]
    for value in VALUES.values():
        for told in (value, 10 * value):
            assert repr(told).encode() not in left
        assert repr(value).encode() in at_home
    for flow in VALUES:
        assert f"{flow} production".encode() not in left
    assert b"licensed/" not in left
