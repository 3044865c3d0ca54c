"""Builds the NMC622, NMC811 and LFP examples from the foregrounds of carculator and premise.

    python scripts/build_packs.py ../shared/data

Only the foreground (BSD-3-Clause) is written. What it takes from the background keeps the
name of its activity; the factor set ``carculator-static`` prices it at run time.
"""

import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from inventory_writer import Row, write_folder

ROOT = Path(__file__).resolve().parent.parent
RAW, MAIN, END = "raw_material_acquisition", "main_production", "end_of_life"
UNITS = {
    "kilogram": "kg",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "ton kilometer": "tkm",
    "square meter": "m2",
    "square meter-year": "m2a",
    "cubic meter": "m3",
    "hour": "h",
    "unit": "unit",
}
# Avoided products: a negative input that is no waste (its treatment would not be a product).
AVOIDED = {"sodium fluoride production"}
# One activity, two products: told apart by the unit, as in the factor set.
CO_GENERATION = "heat and power co-generation"
# Cells and packs are assembled in these; everything before is raw material acquisition.
ASSEMBLY = re.compile(r"(market for )?battery(, | cell| production| capacity| module)")


@dataclass(frozen=True)
class Flat:
    """One row of a source table: one exchange of one process."""

    process: str
    location: str
    unit: str
    production: float
    input: str
    input_location: str
    input_unit: str
    amount: str
    kind: str  # technosphere | emission | resource
    source: str
    licence: str
    extra: Mapping[str, object]

    @property
    def key(self) -> tuple[str, str]:
        return self.process, self.location


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def carculator(folder: Path) -> list[Flat]:
    """The 111 battery processes that carculator-utils ships, without emissions to water."""
    rows = []
    for row in read(folder, "carculator_battery_exchanges.csv"):
        kind = "technosphere"
        if row["kind"] == "emission/resource":
            kind = _compartment(row["input_location"])
        if not kind:
            continue
        rows.append(
            Flat(
                row["process"],
                row["process_location"],
                row["process_unit"],
                float(row["production_amount"]),
                row["input"],
                row["input_location"] if kind == "technosphere" else "",
                row["input_unit"],
                row["amount"],
                kind,
                row["source"],
                row["licence"],
                {},
            )
        )
    return rows


def premise(folder: Path, first: str) -> list[Flat]:
    """The battery inventories of premise; where two files hold a process, ``first`` wins."""
    table = read(folder, "premise_battery_inventories.csv")
    files = list(dict.fromkeys(row["source"] for row in table))
    files.sort(key=lambda name: first not in name)
    owner: dict[tuple[str, str], tuple[str, str]] = {}
    for name in files:
        for row in table:
            if row["source"] == name:
                key = (row["process"], row["process_location"])
                owner.setdefault(key, (name, row["sheet"]))
    rows = []
    for row in table:
        key = (row["process"], row["process_location"])
        if owner[key] != (row["source"], row["sheet"]) or row["type"] == "production":
            continue
        kind = (
            "technosphere" if row["type"] == "technosphere" else _compartment(row["categories"])
        )
        if not kind:
            continue
        made = [
            r
            for r in table
            if (r["process"], r["process_location"]) == key
            and (r["source"], r["sheet"]) == owner[key]
            and r["type"] == "production"
        ]
        rows.append(
            Flat(
                row["process"],
                row["process_location"],
                row["process_unit"],
                float(made[0]["amount"]) if made else 1.0,
                row["input"],
                row["input_location"] if kind == "technosphere" else "",
                row["unit"],
                row["amount"],
                kind,
                row["source"],
                row["licence"],
                _uncertainty(row),
            )
        )
    return rows


def _compartment(text: str) -> str:
    """emission (to air), resource, or '' for water and soil, where no GWP applies."""
    if "resource" in text:
        return "resource"
    return "emission" if re.match(r"\W*air\b", text) else ""


def _uncertainty(row: Mapping[str, str]) -> dict[str, object]:
    known = {"2": "lognormal", "3": "normal", "4": "uniform", "5": "triangular"}
    name = known.get(row["uncertainty_type"], "")
    comment = " ".join(row["comment"].split())[:200]
    if not name:
        return {"comment": comment}
    return {
        "distribution": name,
        "location_parameter": row["loc"],
        "scale": row["scale"],
        "minimum": row["minimum"],
        "maximum": row["maximum"],
        "pedigree": row["pedigree"],
        "comment": comment,
    }


def slug(*words: str) -> str:
    return "-".join(re.sub(r"[^a-z0-9]+", " ", " ".join(words).lower()).split())


def closure(rows: Sequence[Flat], top: tuple[str, str]) -> list[tuple[str, str]]:
    """Processes that ``top`` needs, depth first, in the order in which they are needed."""
    by_process: dict[tuple[str, str], list[Flat]] = {}
    for row in rows:
        by_process.setdefault(row.key, []).append(row)
    found: dict[tuple[str, str], None] = {}

    def visit(key: tuple[str, str]) -> None:
        if key in found or key not in by_process:
            return
        found[key] = None
        for row in by_process[key]:
            if row.kind == "technosphere":
                visit((row.input, row.input_location))

    visit(top)
    return list(found)


def tables(rows: Sequence[Flat], wanted: Iterable[tuple[str, str]]) -> dict[str, list[Row]]:
    """The processes and exchanges of the wanted processes, process by process."""
    order = list(wanted)
    made = {(row.process, row.location): row for row in rows}
    processes: list[Row] = []
    exchanges: list[Row] = []
    for key in order:
        one = made[key]
        name, location = key
        stage = MAIN if ASSEMBLY.match(name) else RAW
        processes.append(
            {
                "id": slug(name, location),
                "name": name,
                "stage": stage,
                "reference_flow": name,
                "unit": UNITS[one.unit],
                "production_amount": one.production,
                "location": location,
                "company_specific": False,
                "confidence": "read",
                "source": one.source,
                "licence": one.licence,
            }
        )
        exchanges += [_exchange(row, stage, set(made)) for row in rows if row.key == key]
    return {"processes": processes, "exchanges": exchanges}


def _exchange(row: Flat, stage: str, made: set[tuple[str, str]]) -> Row:
    provider = ""
    if row.kind == "technosphere" and (row.input, row.input_location) in made:
        provider = slug(row.input, row.input_location)
    direction, role, amount = row.kind, "", row.amount
    if row.kind == "technosphere":
        direction = "input"
        if float(row.amount) < 0:
            direction = "output" if row.input in AVOIDED else "waste"
            role = "substitute" if row.input in AVOIDED else ""
            amount = row.amount.removeprefix("-")
    elif float(row.amount) < 0:  # an emission taken back: the source's sign, the same balance
        direction = "resource" if row.kind == "emission" else "emission"
        amount = row.amount.removeprefix("-")
    carrier = ""
    if row.kind == "technosphere" and not provider:
        if row.input_unit == "kilowatt hour" and "electricity" in row.input:
            carrier = "electricity"
        elif row.input_unit == "megajoule":
            carrier = "heat"
        elif row.input_unit == "ton kilometer":
            carrier = "transport"
    flow = row.input
    if flow.startswith(CO_GENERATION):
        flow = f"{flow} [{row.input_unit}]"
    own_stage = ""
    if stage == MAIN and row.kind == "technosphere" and not provider and not carrier:
        own_stage = RAW if direction == "input" else ""
    if row.input.startswith("market for used"):
        own_stage = END
    return {
        "process": slug(row.process, row.location),
        "direction": direction,
        "flow": flow,
        "amount": amount,
        "unit": UNITS[row.input_unit],
        "provider": provider,
        "location": row.input_location,
        "stage": own_stage,
        "carrier": carrier,
        "role": role,
        "confidence": "read",
        "source": row.source,
        "licence": row.licence,
        **row.extra,
    }


# --- the three packs ----------------------------------------------------------------------


@dataclass(frozen=True)
class Pack:
    chemistry: str
    folder: str
    top: tuple[str, str]
    kg_per_kwh: float  # of the source's own capacity market
    table: str  # carculator | premise
    part: str = ""  # file of premise that wins where two hold a process


ENERGY_KWH = 60.0
CARCULATOR_SOURCE = (
    "carculator-utils 1.3.5 (Paul Scherrer Institut), data/IAM/A_matrix.npz: foreground of the "
    "battery processes (BSD-3-Clause)"
)
PREMISE_SOURCE = (
    "premise 2.5.2 (Paul Scherrer Institut), additional_inventories: battery foregrounds "
    "(BSD-3-Clause); papers behind them are named there process by process"
)
PACKS = (
    Pack(
        "NMC622",
        "nmc622-pack",
        ("market for battery, Li-ion, NMC622", "GLO"),
        5.707762557077626,
        "carculator",
    ),
    Pack(
        "NMC811",
        "nmc811-pack",
        ("battery production, Li-ion, NMC811", "GLO"),
        5.030181086519114,
        "premise",
        "NMC111-811-NCA-LFP",
    ),
    Pack(
        "LFP",
        "lfp-pack",
        ("market for battery, Li-ion, LFP, rechargeable, prismatic", "GLO"),
        8.561643835616438,
        "premise",
        "NMC111-811-NCA-LFP",
    ),
)


def with_nmc811_pack(rows: Sequence[Flat]) -> list[Flat]:
    """The rows, and an NMC811 pack: premise ends at the NMC811 cell.

    The pack takes the parts of premise's own NMC622 pack, with the NMC811 cell in the place
    of the NMC622 cell, mass for mass.
    """
    swapped = {
        "battery production, Li-ion, NMC622": "battery production, Li-ion, NMC811",
        "battery cell production, Li-ion, NMC622": "market for battery cell, Li-ion, NMC811",
    }
    pack = [
        replace(
            row,
            process=swapped[row.process],
            input=swapped.get(row.input, row.input),
            extra={**row.extra, "comment": "part as in the NMC622 pack of the source"},
        )
        for row in rows
        if row.process == "battery production, Li-ion, NMC622"
    ]
    return [*rows, *pack]


# flow, place the foreground asks for, nearest place that the background holds
PROXIES = (
    ("market for sodium hydroxide, without water, in 50% solution state", "GLO", "RoW"),
    ("market for ethylene glycol", "GLO", "RoW"),
    ("market for neutralising agent, sodium hydroxide-equivalent", "GLO", "RoW"),
    ("market for nitric acid, without water, in 50% solution state", "CN", "RoW"),
    ("market for hard coal", "CN", "RoW"),
)


def proxies(exchanges: Sequence[Row], ours: Mapping[str, object]) -> list[Row]:
    """Local factors that point to the same flow at another place, where one is needed."""
    leaves = {(r["flow"], r["location"]): r["unit"] for r in exchanges if not r["provider"]}
    return [
        {
            "id": slug(flow, "at", wanted),
            "flow": flow,
            "unit": leaves[flow, wanted],
            "location": wanted,
            "same_as": f"carculator-static/{flow}/{held}",
            "comment": f"{held} stands for {wanted}, which the background does not hold",
            **ours,
        }
        for flow, wanted, held in PROXIES
        if (flow, wanted) in leaves
    ]


def build(pack: Pack, folder: Path) -> None:
    if pack.table == "carculator":
        rows = carculator(folder)
    else:
        rows = with_nmc811_pack(premise(folder, pack.part))
    filled = tables(rows, closure(rows, pack.top))
    mass = round(ENERGY_KWH * pack.kg_per_kwh, 6)
    ours = {
        "confidence": "illustrative",
        "source": "assumption of this example, see SOURCES.md",
        "licence": "CC0-1.0",
    }
    filled["factors"] = proxies(filled["exchanges"], ours)
    filled["processes"].insert(
        0,
        {
            "id": "battery",
            "name": f"one {pack.chemistry} battery of {ENERGY_KWH:g} kWh",
            "stage": MAIN,
            "reference_flow": f"{pack.chemistry} EV battery",
            "unit": "piece",
            "production_amount": 1.0,
            "location": "GLO",
            "reference_mass_kg": mass,
            **ours,
        },
    )
    common = {"process": "battery", "amount": mass, "unit": "kg", "location": "GLO", **ours}
    filled["exchanges"][:0] = [
        {
            **common,
            "direction": "input",
            "flow": pack.top[0],
            "provider": slug(*pack.top),
            "comment": "mass per kWh: the source's own market for battery capacity",
        },
        {
            **common,
            "direction": "waste",
            "flow": "market for used Li-ion battery",
            "stage": END,
            "comment": "as in the source's market for battery capacity",
        },
    ]
    head: dict[str, dict[str, object]] = {
        "inventory": {
            "title": f"{pack.chemistry} EV battery pack, global average of the source",
            "licence": "BSD-3-Clause",
            "sources": [
                CARCULATOR_SOURCE if pack.table == "carculator" else PREMISE_SOURCE,
                "One battery of 60 kWh, operator and plant: assumptions (SOURCES.md)",
            ],
            "factor_sets": ["carculator-static"],
        },
        "product": {
            "id": f"{pack.chemistry}-60",
            "name": f"{pack.chemistry} EV battery pack {ENERGY_KWH:g} kWh",
            "category": "ev",
            "reference_process": "battery",
            "chemistry": pack.chemistry,
            "mass_kg": mass,
            "usable_energy_kwh": ENERGY_KWH,
            "unit": "piece",
        },
        "operator": {
            "name": "Example Pack Assembly (fictitious)",
            "bpn": "BPNL00000000PACK",
            "country": "CN",
        },
        "plant": {"id": "EPA-1", "name": "Example plant (fictitious)", "country": "CN"},
        "period": {"start": date(2025, 1, 1), "end": date(2025, 12, 31)},
        "service_life": {"vehicle_class": "M1"},
        "warranty": {"years": 8},
    }
    write_folder(ROOT / "examples" / pack.folder, head, filled)
    print(pack.folder, {name: len(table) for name, table in filled.items()}, f"{mass} kg")


if __name__ == "__main__":
    for one in PACKS:
        build(one, Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
