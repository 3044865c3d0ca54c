"""Every format gives the same system: power from fuel, with a waste that is treated.

hand: 10 kWh take 2 l of fuel at 0.1 kg CO2 per litre, emit 1 kg and hand over 0.5 kg of ash at
0.4 kg per kg: (1 + 0.2 + 0.2) / 10 = 0.14 kg CO2e per kWh; methane to water weighs nothing.
The sample files are our own.
"""

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saltbridge.adapters.background import carculator, foreign, store
from saltbridge.adapters.background.importing import ImportRequest, import_background, tally
from saltbridge.adapters.background.store import ImportedBackground
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.footprint.background.linking import link
from saltbridge.footprint.background.reduction import product_rows
from saltbridge.footprint.engine.parameters import FIXED
from saltbridge.formats.lca_datasets import parse_brightway
from saltbridge.formats.openlca_documents import parse_openlca

WHEEL = carculator.cache_folder() / carculator.WHEEL  # before a test sets its own cache
SAMPLES = Path(__file__).resolve().parents[2] / "examples" / "backgrounds"
needs_tools = pytest.mark.full("Brightway and olca-schema (requirements/background-tools.txt)")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SALTBRIDGE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def values(imported: ImportedBackground) -> dict[str, float]:
    return {factor.flow: factor.kg_co2e_per_unit for factor in imported.factors}


def bring(path: Path, format: str, **more: Any) -> ImportedBackground:
    wanted = ImportRequest(path=path, format=format, id="own", licence="CC0-1.0", **more)
    return import_background(wanted)


# --- bw_processing --------------------------------------------------------------------------

NAMES = "id,name,location,unit,compartment\n1,bicycle,DE,piece,\n2,carbon fibre,DE,kg,\n"
NAMES += "3,natural gas,NO,MJ,\n9,Carbon dioxide,,kg,air\n"


def package(path: Path, *, characterised: bool = False, kind: str = "vector") -> Path:
    """The bicycle of Brightway's notebook as a datapackage, written by numpy alone."""
    entries = {
        "technosphere_matrix": [(1, 1, 1.0, False), (2, 1, 2.5, True), (2, 2, 1.0, False),
                                (3, 2, 237.0, True), (3, 3, 1.0, False)],
        "biosphere_matrix": [(9, 2, 26.6, False)],
    }  # fmt: skip
    if characterised:
        entries["characterization_matrix"] = [(9, 0, 2.0, False)]
    resources = []
    with zipfile.ZipFile(path, "w") as archive:
        for matrix, rows in entries.items():
            arrays = {
                "indices": np.array([r[:2] for r in rows], [("row", "<i8"), ("col", "<i8")]),
                "data": np.array([r[2] for r in rows]),
                "flip": np.array([r[3] for r in rows]),
            }
            for part, array in arrays.items():
                target = io.BytesIO()
                np.save(target, array, allow_pickle=False)
                archive.writestr(f"{matrix}.{part}.npy", target.getvalue())
                resources.append(
                    {"profile": "data-resource", "category": kind, "matrix": matrix,
                     "kind": part, "group": matrix, "path": f"{matrix}.{part}.npy"}
                )  # fmt: skip
        archive.writestr("datapackage.json", json.dumps({"resources": resources}))
    return path


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text(NAMES, "utf-8")
    return path


def test_the_bicycle_of_brightway(tmp_path: Path, names: Path) -> None:
    """published: golden/lca.json ``bike``: 2.5 kg of fibre at 26.6 kg CO2 per kg are 66.5."""
    found = bring(package(tmp_path / "bike.zip"), "bw-datapackage", names=names)
    assert values(found)["bicycle"] == pytest.approx(66.5, rel=1e-12)
    assert {f.unit for f in found.factors} == {"piece", "kg", "MJ"}


def test_a_datapackage_that_brightway_wrote() -> None:
    """Hand: (1 + 2 * 0.1) kg CO2 per 10 kWh; bw2data 4.8 writes float32 arrays."""
    found = bring(
        SAMPLES / "bw-datapackage.zip", "bw-datapackage", names=SAMPLES / "bw-names.csv"
    )
    assert values(found) == {
        "electricity": pytest.approx(0.12, rel=1e-6),
        "fuel": pytest.approx(0.1, rel=1e-6),
    }


def test_a_datapackage_may_bring_its_own_characterisation(tmp_path: Path, names: Path) -> None:
    path = package(tmp_path / "bike.zip", characterised=True)
    found = bring(path, "bw-datapackage", names=names)
    assert values(found)["bicycle"] == pytest.approx(2 * 66.5)


def test_a_number_without_name_is_told(tmp_path: Path, names: Path) -> None:
    names.write_text(NAMES.replace("3,natural gas,NO,MJ,\n", ""), "utf-8")
    with pytest.raises(FaultyInput) as caught:
        bring(package(tmp_path / "bike.zip"), "bw-datapackage", names=names)
    assert [(f.code, f.arguments["first"]) for f in caught.value.findings] == [
        ("background.unnamed", "3")
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        # A comma without quotes moves "air" out of its column: CO2 would count as nothing.
        ("9,Carbon dioxide, fossil,,kg,air", "inventory.too-many-cells"),
        ("9,Carbon dioxide,,kg,air", ""),
        ("9,Carbon dioxide,,kg,sky", "background.unknown-compartment"),
        ("9,Carbon dioxide,,,air", "background.no-unit"),
        ("nine,Carbon dioxide,,kg,air", "background.not-a-number"),
    ],
)
def test_faulty_names_are_told(tmp_path: Path, names: Path, row: str, code: str) -> None:
    names.write_text(NAMES.replace("9,Carbon dioxide,,kg,air", row), "utf-8")
    path = package(tmp_path / "bike.zip")
    if not code:
        assert bring(path, "bw-datapackage", names=names).factors
        return
    with pytest.raises(FaultyInput) as caught:
        bring(path, "bw-datapackage", names=names)
    assert [(f.code, f.place.row) for f in caught.value.findings] == [(code, 5)]


@pytest.mark.parametrize("fault", ["scenario arrays", "no zip", "outside"])
def test_other_datapackages_are_refused(tmp_path: Path, names: Path, fault: str) -> None:
    path = package(tmp_path / "bike.zip", kind="array")
    if fault == "no zip":
        path.write_bytes(b"PK no")
    elif fault == "outside":
        path = tmp_path / "folder"
        path.mkdir()
        resource = {"profile": "data-resource", "category": "vector", "kind": "data",
                    "matrix": "technosphere_matrix", "group": "g",
                    "path": "../names.csv"}  # fmt: skip
        (path / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    with pytest.raises(FaultyInput) as caught:
        bring(path, "bw-datapackage", names=names)
    assert [f.code for f in caught.value.findings] == ["background.not-readable"]


# --- documents of other tools, as the tools hand them over ------------------------------------

POWER, FUEL, ASH = ("fg", "p"), ("fg", "r"), ("fg", "ash")
BRIGHTWAY = {
    ("bio", "co2"): {"name": "Carbon dioxide, fossil", "unit": "kilogram",
                     "categories": ("air",), "type": "emission"},
    ("bio", "ch4"): {"name": "Methane, fossil", "unit": "kilogram",
                     "categories": ("water",), "type": "emission"},
    POWER: {"name": "power plant", "unit": "kilowatt hour", "location": "DE",
            "reference product": "electricity", "exchanges": [
                {"input": POWER, "amount": 10.0, "type": "production"},
                {"input": FUEL, "amount": 2.0, "type": "technosphere",
                 "uncertainty type": 2, "loc": 0.6931, "scale": 0.2},
                {"input": ASH, "amount": -0.5, "type": "technosphere"},
                {"input": ("bio", "ch4"), "amount": 0.25, "type": "biosphere"},
                {"input": ("bio", "co2"), "amount": 1.0, "type": "biosphere"}]},
    FUEL: {"name": "refinery", "unit": "liter", "reference product": "fuel", "exchanges": [
                {"input": FUEL, "amount": 100.0, "type": "production"},
                {"input": ("bio", "co2"), "amount": 10.0, "type": "biosphere"}]},
    ASH: {"name": "treatment of ash", "unit": "kilogram", "reference product": "ash",
          "exchanges": [
                {"input": ASH, "amount": -1.0, "type": "production"},
                {"input": ("bio", "co2"), "amount": 0.4, "type": "biosphere"}]},
}  # fmt: skip


def ln_sd_of_fuel(imported: ImportedBackground) -> float:
    """The spread of the one uncertain exchange of the samples: 2 l of fuel, taken."""
    assert imported.exchanges is not None
    inputs = imported.exchanges.inputs
    (at,) = np.flatnonzero(inputs.kinds != FIXED)
    assert imported.exchanges.uncertain == 1
    assert inputs.values[at][0] == pytest.approx(-2.0)
    return float(inputs.values[at][1])


def reduced(system: Any) -> dict[str, float | None]:
    found = link(system, ("AR6",))
    rows = product_rows(found, store.solved(found.technosphere, found.burdens))
    return {row.flow: row.kg_co2e_per_unit if row.whole else None for row in rows}


def brightway_datasets() -> list[dict[str, Any]]:
    return [{**d, "database": k[0], "code": k[1]} for k, d in BRIGHTWAY.items()]


def test_a_brightway_database() -> None:
    system, faults = parse_brightway(brightway_datasets(), "fg", "own")
    assert not faults
    assert reduced(system) == {
        "electricity": pytest.approx(0.14),
        "fuel": pytest.approx(0.1),
        "ash": pytest.approx(0.4),  # per kg handed over
    }


def test_an_input_from_a_database_that_is_absent_spoils_its_product() -> None:
    datasets = [d for d in brightway_datasets() if d["code"] != "r"]
    system, _ = parse_brightway(datasets, "fg", "own")
    assert reduced(system)["electricity"] is None


def test_an_amount_that_is_no_number_is_told() -> None:
    datasets = brightway_datasets()
    datasets[2] = {**datasets[2], "exchanges": [
        {"input": POWER, "amount": float("nan"), "type": "production"}]}  # fmt: skip
    _, faults = parse_brightway(datasets, "fg", "own")
    assert [f.code for f in faults] == ["background.not-a-number"]


def openlca_document() -> dict[str, Any]:
    files = sorted((SAMPLES / "openlca" / "processes").glob("*.json"))
    return {"flows": [], "processes": [json.loads(f.read_text("utf-8")) for f in files]}


def test_an_openlca_export() -> None:
    system, faults = parse_openlca(openlca_document(), "export.zip", "own")
    assert not faults
    assert reduced(system) == {
        "electricity": pytest.approx(0.14),
        "fuel": pytest.approx(0.1),
        "ash": pytest.approx(0.4),
    }


def test_tools_that_are_absent_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(foreign.importlib, "import_module", absent)
    assert foreign._main(foreign.SIMAPRO, "x.csv", "", str(tmp_path / "answer")) == 3

    class Ran:
        returncode, stderr = 3, ""

    monkeypatch.setattr(foreign.subprocess, "run", lambda *_, **__: Ran())
    with pytest.raises(Unavailable) as caught:
        foreign.read(foreign.SIMAPRO, "x.csv")
    assert caught.value.findings[0].arguments["extra"] == "brightway"


@pytest.mark.parametrize("format", ["simapro-csv", "ecospold2", "openlca-jsonld"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, format: str) -> None:
    with pytest.raises(FaultyInput) as caught:
        bring(tmp_path / "absent", format)
    assert [f.code for f in caught.value.findings] == ["background.unreadable"]


# --- the tools themselves ---------------------------------------------------------------------


@needs_tools
def test_ecospold2_through_bw2io() -> None:
    found = bring(SAMPLES / "ecospold2", "ecospold2")
    assert values(found) == {
        "electricity": pytest.approx(0.14),
        "fuel": pytest.approx(0.1),
        "ash": pytest.approx(0.4),
    }
    assert dict(tally(found.findings))["background.no-producer"] == 1  # iron ore
    assert ln_sd_of_fuel(found) == pytest.approx(0.2)  # the root of 0.04, pedigree included


@needs_tools
def test_simapro_csv_through_bw2io() -> None:
    # hand: the sample also avoids 4 MJ of heat at 0.05: (1 + 0.2 + 0.2 − 0.2) / 10.
    found = bring(SAMPLES / "sample_simapro.csv", "simapro-csv")
    assert values(found) == {
        "electricity": pytest.approx(0.12),
        "fuel": pytest.approx(0.1),
        "heat": pytest.approx(0.05),
        "ash": pytest.approx(0.4),
    }
    assert dict(tally(found.findings))["background.co-products"] == 1  # petrol and diesel
    assert ln_sd_of_fuel(found) == pytest.approx(0.2, rel=1e-3)  # SD² is 1.4918


@needs_tools
def test_openlca_json_ld_through_olca_schema(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for process in openlca_document()["processes"]:
            archive.writestr(f"processes/{process['@id']}.json", json.dumps(process))
    found = bring(path, "openlca-jsonld")
    assert values(found)["electricity"] == pytest.approx(0.14)
    assert ln_sd_of_fuel(found) == pytest.approx(0.2, rel=1e-3)  # geometric sd 1.2214


@needs_tools
def test_a_brightway_project_and_the_datapackage_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import sys

    projects = tmp_path / "projects"
    projects.mkdir()
    monkeypatch.setenv("BRIGHTWAY2_DIR", str(projects))
    script = f"""
import json, shutil, bw2data
data = {BRIGHTWAY!r}
bw2data.projects.set_current("plant")
for name in ("bio", "fg"):
    bw2data.Database(name).write({{k: v for k, v in data.items() if k[0] == name}})
print(json.dumps({{n["code"]: n.id for name in ("bio", "fg") for n in bw2data.Database(name)}}))
shutil.copy(str(bw2data.Database("fg").filepath_processed()), {str(tmp_path / "fg.zip")!r})
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    ids = json.loads(ran.stdout.strip().splitlines()[-1])
    found = bring(Path("plant"), "brightway", database="fg")
    assert values(found)["electricity"] == pytest.approx(0.14)
    assert ln_sd_of_fuel(found) == pytest.approx(0.2)

    names = tmp_path / "names.csv"
    rows = [f"{ids['p']},electricity,DE,kWh,", f"{ids['r']},fuel,,l,", f"{ids['ash']},ash,,kg,",
            f"{ids['co2']},Carbon dioxide,,kg,air",
            f"{ids['ch4']},Methane,,kg,water"]  # fmt: skip
    names.write_text("id,name,location,unit,compartment\n" + "\n".join(rows) + "\n", "utf-8")
    package_found = bring(tmp_path / "fg.zip", "bw-datapackage", names=names)
    assert values(package_found)["electricity"] == pytest.approx(0.14, rel=1e-6)  # float32
    assert ln_sd_of_fuel(package_found) == pytest.approx(0.2, rel=1e-6)


@pytest.mark.full("the carculator background and the golden cases")
def test_the_whole_carculator_matrix_gives_the_published_values(
    shared: Path, cache: Path
) -> None:
    """published: golden/carculator_results.csv, column gwp100_static, reduced by one solve."""
    import csv

    if not WHEEL.is_file():
        pytest.skip(f"no carculator background in the cache: {carculator.FETCH_COMMAND}")
    (cache / "cache").mkdir()
    shutil.copy(WHEEL, cache / "cache")
    carculator.arrays.cache_clear()
    found = bring(Path("carculator-utils"), "carculator")
    rows = {(p.flow, p.location, p.unit): p for p in found.products}
    with (shared / "golden/carculator_results.csv").open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    assert len(cases) > 20
    for case in cases:
        row = rows[case["process"], case["location"], case["unit"]]
        assert row.whole
        assert row.kg_co2e_per_unit == pytest.approx(float(case["gwp100_static"]), rel=1e-12)
    # Leaves have the value and the sign that the factor set of the wheel gives them.
    by_id = {p.id: p for p in found.products}
    for factor in carculator.background().factors:
        number = factor.comment.split(":")[0].removeprefix("activity ")
        assert by_id[number].kg_co2e_per_unit == pytest.approx(factor.kg_co2e_per_unit)
