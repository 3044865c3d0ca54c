"""A supplier's file is taken in as what it is, and tells at once which footprints it moves."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import (
    CircularTerms,
    FactorSet,
    Inventory,
    LocalFactor,
    Supplier,
)
from saltbridge.formats.inventory_sources import parse_sources, render_sources
from saltbridge.ports import World
from saltbridge.services.account import FootprintRequest, account
from saltbridge.services.analyse import analyse_in
from saltbridge.services.compare import CompareRequest, compare_on_node
from saltbridge.services.suppliers import (
    Imported,
    ImportRequest,
    changed,
    import_figure,
    listed,
    shown,
)
from saltbridge.services.what_if import WhatIfRequest, what_if_on
from saltbridge.steps.accounting import supplied_metals, verified_supplier_factors
from saltbridge.steps.replaying import rerun
from saltbridge.steps.supplier_moves import redeclare_above
from saltbridge.testing.builders import FixedClock, memory_world
from saltbridge.testing.inventories import factor, inventory, process, row

SET = FactorSet("set-1", "test", (factor("cell", 10.0),), "sha256:5e7")
BPN = "BPNL00000000MATS"


@pytest.fixture
def sample(examples: Path) -> Callable[[str], Any]:
    def read(name: str) -> Any:
        folder = examples / "partners" / "material-supplier" / "figures"
        return read_json((folder / f"{name}.json").read_bytes())

    return read


def world() -> World:
    return memory_world(factor_sets={"set-1": SET})


def battery(glue: float = 40.0) -> Inventory:
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        row("pack", "input", "glue", glue, supplier="mats"),
        factor_sets=("set-1",),
        suppliers=(Supplier(id="mats", name="Mats", bpn=BPN),),
    )


def take_in(w: World, document: Any, **more: Any) -> Imported:
    content = json.dumps(document).encode()
    given = {"name": "figure.json", "by": "os:test", "flow": "glue", **more}
    imported = import_figure(w, ImportRequest(content=content, **given))
    if isinstance(w.clock, FixedClock):
        w.clock.advance(minutes=1)  # the next file is a newer one
    return imported


def work_out(w: World, what: Inventory, methodology: str = "catena-x-pcf", **more: Any) -> Any:
    return account(
        w, FootprintRequest(inventory=what, inventory_digest="sha256:11",
                            methodology=methodology, **more)
    )  # fmt: skip


def test_a_file_prices_a_line_and_is_marked_as_unsigned(sample: Callable[[str], Any]) -> None:
    w = world()
    imported = take_in(w, sample("precursor-2025"))
    assert [f.code for f in imported.findings] == ["supplier.not-signed"]
    result = work_out(w, battery())
    assert result.record["total_kg_co2e"] == 3000 + 40 * 14
    line = result.footprint.contributions[1]
    assert line.factor.confidence is Confidence.SECONDARY
    assert line.factor.verification.startswith("not verified by signature; PCF 3rd party")
    content = json.dumps(sample("precursor-2025")).encode()
    assert result.supplier_records == (digest(content),)
    with w.store.reading() as view:
        kept = view.get("supplier-file", digest(content))
        assert kept is not None and kept.body == content
        hashes = len(view.leaf_hashes())
    assert hashes == 4  # the import, the footprint and its two signings


def test_a_newer_value_lists_what_it_moves_declarations_first(
    sample: Callable[[str], Any],
) -> None:
    """Hand: 40 kg * (9.8 - 14) = -168 of 3560 kg (4.7 %); 400 kg: -1680 of 8600 kg (19.5 %)."""
    w = world()
    take_in(w, sample("precursor-2025"))
    declared = work_out(w, battery(), declare=True)
    large = work_out(w, battery(400.0))
    draft = work_out(w, battery(400.0), "eu-cfb@draft-2024-04", assumptions={})
    newer = take_in(w, sample("precursor-2026"))
    first, *rest = newer.judged
    assert first.movement.footprint == declared.id
    assert first.movement.kind == "declaration"
    assert first.movement.delta_kg_co2e == pytest.approx(-168, rel=1e-12)
    assert first.beyond is False  # 10 % under Catena-X
    assert first.clause is not None
    assert first.clause.citation == "PACT alignment page for Catena-X v3"
    assert first.clause.confidence is Confidence.SECONDARY
    by_id = {j.movement.footprint: j for j in rest}
    assert by_id[large.id].movement.share == pytest.approx(-1680 / 8600, rel=1e-12)
    assert by_id[large.id].beyond is True
    assert by_id[draft.id].redeclare_above is None  # the bill of materials decides
    assert by_id[draft.id].beyond is None
    told = by_id[draft.id].clause
    assert told is not None and told.id == "redeclaration" and told.citation
    again = work_out(w, battery(400.0))
    assert by_id[large.id].movement.after_kg_co2e == pytest.approx(
        again.record["total_kg_co2e"], rel=1e-12
    )


def test_a_value_may_be_tried_without_keeping_it(sample: Callable[[str], Any]) -> None:
    w = world()
    take_in(w, sample("precursor-2025"))
    work_out(w, battery())
    work_out(w, battery(), scenario={"kind": "what-if"})  # no footprint of a battery: not told
    tried, (judged,) = changed(w, "glue", 24.0)
    assert tried.kg_co2e_per_unit == 24.0
    assert judged.movement.delta_kg_co2e == pytest.approx(400, rel=1e-12)
    assert judged.beyond is True
    assert len(listed(w)) == 1
    with pytest.raises(FaultyInput) as caught:
        changed(w, "lacquer", 1.0)
    assert caught.value.findings[0].code == "supplier.no-such-provider"


def circular_battery() -> Inventory:
    return inventory(
        process("pack", unit="piece"),
        row("pack", "input", "cell", 300.0),
        row("pack", "input", "nickel metal", 2.0, circular="ni", supplier="mats"),
        circular=(CircularTerms(id="ni", material="nickel", A=0.2, R1=0.5, Qsin_Qp=1.0),),
        factor_sets=("set-1",),
        suppliers=(Supplier(id="mats", name="Mats", bpn=BPN),),
    )


def test_metals_of_a_component_reach_the_circular_formula(sample: Callable[[str], Any]) -> None:
    """Hand: 0.5 * 14 + 0.5 * (0.2 * 2.3 + 0.8 * 14) = 12.83 kg CO2e per kg of nickel."""
    w = world()
    take_in(w, sample("cathode-component"), flow="cathode")
    result = work_out(w, circular_battery(), "eu-cfb@draft-2024-04")
    (line,) = [c for c in result.footprint.contributions if c.flow == "nickel metal"]
    assert line.kg_co2e == pytest.approx(2 * 12.83, rel=1e-12)
    assert "supplier.metal-taken" in [f.code for f in result.footprint.findings]
    assert len(result.supplier_records) == 1


def test_a_value_behind_the_formula_is_tried_by_working_it_out_again(
    sample: Callable[[str], Any],
) -> None:
    """Hand: 2 kg with R1 = 0.5: half of it at the supplier's 14, 24 - 14 = 10 more per kg."""
    w = world()
    take_in(w, sample("precursor-2025"), flow="nickel metal")
    what = replace(
        circular_battery(),
        circular=(
            CircularTerms(
                id="ni", material="nickel", A=1.0, R1=0.5, Qsin_Qp=1.0, Erecycled=2.0
            ),
        ),
    )
    kept = render_sources(what)
    before = work_out(w, what, "eu-cfb@draft-2024-04", sources=kept)
    _, (judged,) = changed(w, "nickel metal", 24.0)
    assert (judged.unknown, judged.movement.open_lines) == (False, ())
    assert judged.movement.before_kg_co2e == before.record["total_kg_co2e"]
    assert judged.movement.delta_kg_co2e == pytest.approx(2 * 0.5 * 10, rel=1e-12)


@pytest.mark.parametrize("pointer", ["by its id", "same_as"])
def test_a_value_enters_the_formula_under_another_flow_name(
    sample: Callable[[str], Any], pointer: str
) -> None:
    """Hand: 2 kg, half of it at the supplier's figure: 24 - 14 = 10 more per kg, 10 in all."""
    w = world()
    take_in(w, sample("precursor-2025"), flow="glue")
    terms = CircularTerms(id="ni", material="nickel", A=1.0, R1=0.5, Qsin_Qp=1.0, Erecycled=2.0)
    plain = replace(circular_battery(), circular=(terms,))
    (figure,) = listed(w)[0].factors
    id = figure.id
    cell, nickel = plain.exchanges
    if pointer == "same_as":
        own = LocalFactor(
            id="own",
            flow="nickel metal",
            unit="kg",
            same_as=id,
            source="by hand",
            confidence=Confidence.READ,
        )
        what = replace(plain, factors=(own,))
    else:
        what = replace(plain, exchanges=(cell, replace(nickel, factor=id)))
    made = work_out(w, what, "eu-cfb@draft-2024-04", sources=render_sources(what))
    (line,) = [c for c in made.footprint.contributions if c.flow == "nickel metal"]
    assert line.kg_co2e == pytest.approx(2 * (0.5 * 14 + 0.5 * 2.0), rel=1e-12)
    other = replace(
        plain, circular=(replace(terms, Ev=3.0),), exchanges=(cell, replace(nickel))
    )
    work_out(w, other, "eu-cfb@draft-2024-04", sources=render_sources(other))
    _, (judged,) = changed(w, "glue", 24.0)
    assert judged.movement.footprint == made.id
    assert (judged.unknown, judged.movement.open_lines) == (False, ())
    assert judged.movement.delta_kg_co2e == pytest.approx(10, rel=1e-12)


def test_a_metal_that_fills_a_hole_of_the_formula_moves_the_footprint(
    sample: Callable[[str], Any],
) -> None:
    """Hand: 0.5 * 14 + 0.5 * (0.2 * 2.3 + 0.8 * 14) = 12.83 kg CO2e per kg, before a hole."""
    w = world()
    what = circular_battery()
    made = work_out(w, what, "eu-cfb@draft-2024-04", sources=render_sources(what))
    assert [h.flow for h in made.footprint.holes] == ["nickel metal"]
    (judged,) = take_in(w, sample("cathode-component"), flow="cathode").judged
    assert judged.movement.footprint == made.id
    assert judged.movement.delta_kg_co2e == pytest.approx(2 * 12.83, rel=1e-12)


def test_a_changed_metal_moves_what_the_formula_made_of_it(
    sample: Callable[[str], Any],
) -> None:
    """Hand: Ev of nickel 14 → 20: 2 kg * (0.5 + 0.5 * 0.8) * 6 = 10.8 kg; no factor changes."""
    w = world()
    take_in(w, sample("cathode-component"), flow="cathode")
    what = circular_battery()
    made = work_out(w, what, "eu-cfb@draft-2024-04", sources=render_sources(what))
    other = replace(what, exchanges=what.exchanges[:1], circular=())
    work_out(w, other, "eu-cfb@draft-2024-04", sources=render_sources(other))
    newer = sample("cathode-component")
    newer["contentC02Metals"] = [
        line.replace("EV_Mat: 14.0", "EV_Mat: 20.0") for line in newer["contentC02Metals"]
    ]
    (judged,) = take_in(w, newer, flow="cathode").judged
    assert judged.movement.footprint == made.id
    assert judged.movement.delta_kg_co2e == pytest.approx(10.8, rel=1e-12)
    again = work_out(w, what, "eu-cfb@draft-2024-04").record["total_kg_co2e"]
    assert judged.movement.after_kg_co2e == pytest.approx(again, rel=1e-12)


def test_what_if_bridge_and_analysis_take_the_metals_of_the_supplier_too(
    sample: Callable[[str], Any],
) -> None:
    """The same battery has the same total whichever command works it out."""
    w = world()
    take_in(w, sample("cathode-component"), flow="cathode")
    what, rules = circular_battery(), "eu-cfb@draft-2024-04"
    due = work_out(w, what, rules).record["total_kg_co2e"]
    asked = WhatIfRequest(inventory=what, inventory_digest="sha256:11", methodology=rules)
    before = what_if_on(w, asked).chosen.before
    assert before is not None and before.total_kg_co2e == due
    pair = CompareRequest(inventory=what, start=rules, end="catena-x-pcf@v4")
    assert compare_on_node(w, pair).start.footprint.total_kg_co2e == due
    request = FootprintRequest(inventory=what, inventory_digest="sha256:11", methodology=rules)
    analysed = analyse_in(w, request, draws=2, seed=1, cut_off=0.01)
    assert analysed.model.score() == pytest.approx(due, rel=1e-12)


def test_a_figure_in_a_unit_that_cannot_be_turned_stays_a_hole_and_is_told(
    sample: Callable[[str], Any],
) -> None:
    w = world()
    take_in(w, sample("precursor-2025"))
    what = replace(battery(), exchanges=(row("pack", "input", "glue", 40.0, "kWh"),))
    result = work_out(w, what)
    (found,) = [f for f in result.footprint.findings if f.code == "footprint.factor-unit"]
    assert (found.arguments["unit"], found.arguments["factor_unit"]) == ("kWh", "kg")
    assert [h.flow for h in result.footprint.holes] == ["glue"]
    assert result.record["total_kg_co2e"] == 0


def test_prospective_data_serve_an_estimate_never_a_declaration(
    sample: Callable[[str], Any],
) -> None:
    w = world()
    document = sample("precursor-2025")
    assessed = document["pcfAssessmentAndMethodology"][0]
    version = assessed["pcfAssessmentInformation"][0]["idAndVersion"][0]
    version["retroOrProspectivePcfType"] = "Prospective PCF without forerunner"
    assessed["dataSourcesAndQuality"][0]["primaryDataShare"] = 0
    take_in(w, document)
    assert work_out(w, battery()).kind == "estimate"
    with pytest.raises(Refused) as caught:
        work_out(w, battery(), declare=True)
    assert "supplier.prospective-declared" in [f.code for f in caught.value.findings]


def test_faulty_files_are_refused_with_every_finding_and_nothing_is_stored(
    sample: Callable[[str], Any],
) -> None:
    w = world()
    document = sample("precursor-2025")
    stage = document["productLifeCycleStagesAndEmissions"][0]["productionStage"][0]
    stage["aircraftGhgEmissions"] = 500
    document["pcfAssessmentAndMethodology"][0]["dataSourcesAndQuality"][0]["temporalDQR"] = 7
    with pytest.raises(FaultyInput) as caught:
        take_in(w, document)
    found = [f.code for f in caught.value.findings]
    assert {"supplier.sum-without-uptake", "supplier.not-a-rating", "supplier.schema"} == set(
        found
    )
    assert listed(w) == ()


def test_illustrative_values_are_marked(sample: Callable[[str], Any]) -> None:
    w = world()
    take_in(w, sample("aluminium-pact"), illustrative=True)
    (one,) = listed(w)
    assert one.factors[0].confidence is Confidence.ILLUSTRATIVE


def test_official_data_sets_in_a_signed_delivery_are_providers_too(
    sample: Callable[[str], Any],
) -> None:
    """The document the exchange room keeps: signed by the partner, whoever it names inside."""
    w = world()
    delivered = {
        "kind": "pcf",
        "documents": [{"flow": "glue", "content": sample("precursor-2025")}],
        "delivery": {"id": "d", "digest": "sha256:dd", "provider": {"bpn": "BPNLSIGNER"}},
    }
    with w.store.unit_of_work() as work:
        work.put("pcf", "d", canonical_bytes(delivered))
    with w.store.reading() as view:
        (found,), remarks = verified_supplier_factors(view)
        assert supplied_metals(view) == ()
    assert (found.supplier, found.record, remarks) == ("BPNLSIGNER", "sha256:dd", ())
    assert found.verification.startswith("signature verified by this node")
    assert found.confidence is Confidence.READ


def test_an_unsound_data_set_in_a_delivery_is_a_remark_not_a_factor(
    sample: Callable[[str], Any],
) -> None:
    w = world()
    document = sample("precursor-2025")
    production = document["productLifeCycleStagesAndEmissions"][0]["productionStage"][0]
    production["fossilGhgEmissions"] = 1
    delivered = {"kind": "pcf", "documents": [{"content": document}, {"content": {"x": 1}}]}
    with w.store.unit_of_work() as work:
        work.put("pcf", "d", canonical_bytes(delivered))
    with w.store.reading() as view:
        found, remarks = verified_supplier_factors(view)
    assert found == ()
    assert [r.code for r in remarks] == ["supplier.figure-unusable", "supplier.unknown-format"]


def test_a_figure_that_ran_out_since_is_told_where_a_footprint_rests_on_it(
    sample: Callable[[str], Any],
) -> None:
    """The sample is valid until the end of 2026; the second footprint is made in 2027."""
    w = world()
    document = sample("precursor-2025")
    assessed = document["pcfAssessmentAndMethodology"][0]["pcfAssessmentInformation"][0]
    assessed["time"][0]["validityPeriodEnd"] = "2026-12-31T00:00:00Z"
    take_in(w, document)
    code = "supplier.used-out-of-validity"
    assert code not in [f.code for f in work_out(w, battery()).footprint.findings]
    assert isinstance(w.clock, FixedClock)
    w.clock.advance(minutes=60 * 24 * 60)
    kept = render_sources(battery())
    read, _ = parse_sources(kept)
    assert read is not None
    late = account(
        w,
        FootprintRequest(
            inventory=read, inventory_digest=kept.digest, methodology="catena-x-pcf",
            sources=kept,
        ),
    )  # fmt: skip
    (found,) = [f for f in late.footprint.findings if f.code == code]
    assert (found.arguments["end"], found.arguments["supplier"]) == ("2026-12-31", BPN)
    # A footprint that does not rest on it does not speak of it; a replay says the same again.
    other = replace(battery(), exchanges=battery().exchanges[:1])
    assert code not in [f.code for f in work_out(w, other).footprint.findings]
    with w.store.reading() as view:
        replayed = rerun(w, view, late.id)
    assert replayed.differences == () and [p for p in replayed.points if not p.good] == []


def test_a_document_is_found_by_the_end_of_its_id(sample: Callable[[str], Any]) -> None:
    w = world()
    imported = take_in(w, sample("precursor-2025"))
    document, findings = shown(w, imported.id[-4:])
    assert (document.id, document.supplier, findings) == (imported.id, BPN, ())
    with pytest.raises(FaultyInput):
        shown(w, "nothing")


def test_thresholds_come_from_the_rule_sets() -> None:
    assert redeclare_above("catena-x-pcf@v4") == 0.10
    assert redeclare_above("eu-cfb@draft-2024-04") is None
    assert redeclare_above("no-such@thing") is None
