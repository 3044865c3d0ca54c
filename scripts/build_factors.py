"""Builds the packaged factor set ``open-2026`` from the open tables.

    python scripts/build_factors.py ../shared/data

Writes ``src/saltbridge/adapters/factors/open_2026/*.csv`` and the counts of USLCI processes
to ``uslci_closure.json``. The outputs are committed: the package works without the tables.
"""

import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from babel.core import get_global

from saltbridge.core.quantity import UnitMismatch, UnknownUnit, conversion_factor

OUT = Path(__file__).resolve().parent.parent / "src/saltbridge/adapters/factors/open_2026"
COLUMNS = (
    "id",
    "flow",
    "unit",
    "location",
    "kg_co2e_per_unit",
    "low",
    "high",
    "gas_basis",
    "scope",
    "market",
    "year",
    "confidence",
    "comment",
    "source",
    "licence",
)
Rows = list[dict[str, str]]


def read(folder: Path, name: str) -> Rows:
    with (folder / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write(name: str, rows: Iterable[Mapping[str, object]]) -> None:
    with (OUT / name).open("w", encoding="utf-8", newline="") as text:
        table = csv.DictWriter(text, COLUMNS, lineterminator="\n", restval="")
        table.writeheader()
        table.writerows(rows)


def kilograms(grams: str) -> float:
    """g to kg without binary noise: 582.317 -> 0.582317."""
    return float(f"{float(grams) / 1000:.12g}")


# --- Istrate et al. 2024 ------------------------------------------------------------------

# Row of the published totals -> id, flow of ours, reference product of the authors' own
# inventory (data/lci_LIB_raw_materials.xlsx), location of that product. Where the study
# gives two routes for one product, low and high span them.
ISTRATE = {
    "Lithium, brine": ("lithium-hydroxide-brine", "lithium hydroxide, from brine", "CL"),
    "Lithium, spodumene": (
        "lithium-hydroxide-spodumene",
        "lithium hydroxide, from spodumene",
        "CN",
    ),
    "Lithium, brine - carbonate": (
        "lithium-carbonate-brine",
        "lithium carbonate, from brine",
        "CL",
    ),
    "Lithium, spodumene - carbonate": (
        "lithium-carbonate-spodumene",
        "lithium carbonate, from spodumene",
        "CN",
    ),
    "Cobalt": ("cobalt-sulfate", "cobalt sulfate", "CN"),
    "Nickel": ("nickel-sulfate", "nickel sulfate", "GLO"),
    "Graphite, natural": ("graphite-natural", "natural graphite, battery grade", "CN"),
    "Graphite, synthetic": ("graphite-synthetic", "synthetic graphite, battery grade", "CN"),
}
ROUTES = (
    ("Lithium, brine", "Lithium, spodumene"),
    ("Lithium, brine - carbonate", "Lithium, spodumene - carbonate"),
)


def istrate(folder: Path) -> Rows:
    totals = {
        row["Raw material"]: float(row["Climate change"])
        for row in read(folder, "istrate2024_published_totals.csv")
    }
    rows = []
    for name, (slug, flow, location) in ISTRATE.items():
        both = next((pair for pair in ROUTES if name in pair), None)
        routes = sorted(totals[n] for n in both) if both else []
        rows.append(
            {
                "id": f"open-2026/istrate2024/{slug}",
                "flow": flow,
                "unit": "kg",
                "location": location,
                "kg_co2e_per_unit": repr(totals[name]),
                "gas_basis": "co2e",
                "scope": "life_cycle",
                "market": "location",
                "low": repr(routes[0]) if routes else "",
                "high": repr(routes[1]) if routes else "",
                "year": "2024",
                "confidence": "read",
                "comment": f"published total '{name}'; product as in the authors' inventory"
                + ("; low and high: the two routes of the study" if routes else ""),
                "source": "Istrate et al. 2024, Joule; robyistrate/"
                "decarbonization_LIB_raw_materials, data/results (fig. 2, total GHG)",
                "licence": "MIT",
            }
        )
    return rows


# --- Electricity --------------------------------------------------------------------------


def alpha2(code: str) -> str:
    """ISO 3166-1 alpha-2 of an alpha-3 code, after CLDR; '' if CLDR knows none."""
    return next(iter(get_global("territory_aliases").get(code, ())), "")


def electricity_of_countries(folder: Path) -> Rows:
    rows = []
    for row in read(folder, "lca_grid_factors_codecarbon.csv"):
        # Provinces are operational CO2 of the MEE: taken from grid_factors_cn.csv with its
        # notices. China's life-cycle value is the official one, so that there is only one.
        if row["scope"] != "country" or row["code"] == "CHN":
            continue
        country = alpha2(row["code"])
        if not country:
            print(f"no ISO alpha-2 code for {row['code']} {row['name']}: left out")
            continue
        rows.append(
            {
                "id": f"open-2026/electricity/{country.lower()}-{row['year']}",
                "flow": "electricity",
                "unit": "kWh",
                "location": country,
                "kg_co2e_per_unit": repr(kilograms(row["gCO2_per_kWh"])),
                "gas_basis": "co2e",
                "scope": "life_cycle",
                "market": "location",
                "year": row["year"],
                "confidence": "read",
                "comment": f"{row['name']}: generation mix; grid losses are not in it",
                "source": "Our World in Data / Ember, carbon intensity of electricity "
                "(life cycle, gCO2e/kWh), as in codecarbon 3.3.2 global_energy_mix.json",
                "licence": "CC BY 4.0 (Our World in Data, Ember); codecarbon MIT",
            }
        )
    return rows


GOVERNMENT = "government publication; figures quoted with their notice"
CN_FLOWS = {
    "life-cycle average carbon footprint factor": ("electricity", "average"),
    "life-cycle: wind": ("electricity, wind", "wind"),
    "life-cycle: photovoltaic": ("electricity, photovoltaic", "photovoltaic"),
    "life-cycle: biomass": ("electricity, biomass", "biomass"),
    "life-cycle: coal": ("electricity, coal", "coal"),
    "life-cycle: gas": ("electricity, natural gas", "gas"),
    "life-cycle: hydro": ("electricity, hydro", "hydro"),
    "life-cycle: nuclear": ("electricity, nuclear", "nuclear"),
    "life-cycle: CSP": ("electricity, concentrated solar power", "csp"),
    "life-cycle: transmission and distribution incl. losses": (
        "electricity transmission and distribution, with losses",
        "grid-losses",
    ),
    "life-cycle: transmission and distribution excl. losses": (
        "electricity transmission and distribution, without losses",
        "grid",
    ),
    "average CO2 (location-based, operational)": ("electricity", "co2"),
    "average CO2 excluding market-traded non-fossil electricity (residual-like)": (
        "electricity",
        "co2-residual",
    ),
    "fossil electricity CO2": ("electricity, fossil", "co2-fossil"),
}


def electricity_of_china(folder: Path) -> Rows:
    """Two official families, never mixed: life-cycle CO2e, and operational CO2."""
    rows = []
    for row in read(folder, "grid_factors_cn.csv"):
        if row["status"] != "verified":  # recalled or derived from a recalled value
            continue
        flow, slug = CN_FLOWS[row["basis"]]
        life_cycle = row["basis"].startswith("life-cycle")
        place = row["iso3166_2"]
        region = row["level"] == "region"
        if region:  # a grid region is no ISO code: CN-<name> would look like a province
            place = f"CN region {row['name_en']}"
        rows.append(
            {
                "id": "open-2026/electricity/"
                + re.sub(r"[^a-z0-9]+", "-", place.lower())
                + f"-{slug}-{row['data_year']}",
                "flow": flow,
                "unit": "kWh",
                "location": place,
                "kg_co2e_per_unit": row["value"],
                "gas_basis": "co2e" if life_cycle else "co2",
                "scope": "life_cycle" if life_cycle else "operational",
                "market": "residual" if "residual" in slug else "location",
                "year": row["data_year"],
                "confidence": "read",
                "comment": f"{row['name_en']} ({row['name_zh']}), {row['level']}: "
                f"{row['basis']}",
                "source": _notice(row["source"], row["data_year"], life_cycle),
                "licence": GOVERNMENT,
            }
        )
    return rows


def _notice(source: str, year: str, life_cycle: bool) -> str:
    """The official notice behind a row, with the place where it was read."""
    # The table names search results by number; the notice is what a reader can look up.
    text = re.sub(r"GitHub (?:source file id )?\d+ ?", "", source).strip(" ;,")
    if source.startswith("GitHub source file"):
        text = (
            "MEE provincial averages, notices 2024 No. 12 (2021) and 2024 No. 33 (2022), "
            "read in an open-source collection of electricity emission factors"
        )
    return text


# --- USLCI --------------------------------------------------------------------------------


class Uslci:
    """Unit processes by number, and which of them form a closed system.

    Closed means: every technosphere input has exactly one producer, in a unit that converts,
    and that producer is closed itself; no co-product is left unallocated and no waste leaves
    for a treatment nobody describes. Loops are allowed.
    """

    def __init__(self, rows: Rows) -> None:
        self.processes: dict[str, Rows] = {}
        for row in rows:
            self.processes.setdefault(row["process_number"], []).append(row)
        self.producers: dict[str, list[tuple[str, str]]] = {}
        for number, exchanges in self.processes.items():
            for row in exchanges:
                if row["outputGroup"] == "0":
                    self.producers.setdefault(row["flow_number"], []).append(
                        (number, row["unit"])
                    )

    def faults(self, number: str, closed: set[str]) -> set[str]:
        """Why a process is not closed; empty if it is."""
        found = set()
        for row in self.processes[number]:
            if row["outputGroup"] == "2":
                found.add("co-product without an allocation")
            if row["outputGroup"] == "3":
                found.add("waste output without a treatment")
            if row["inputGroup"] != "5" or float(row["amount"]) == 0.0:
                continue
            makers = self.producers.get(row["flow_number"], [])
            if not makers:
                found.add("input without a producer")
            elif len(makers) > 1:
                found.add("input with several producers")
            elif not _converts(row["unit"], makers[0][1]):
                found.add("input in another unit than its producer's")
            elif makers[0][0] not in closed:
                found.add("producer that is not closed")
        return found

    def closed(self) -> set[str]:
        """The largest set of processes that is closed."""
        candidates = set(self.processes)
        while True:
            open_ones = {n for n in candidates if self.faults(n, candidates)}
            if not open_ones:
                return candidates
            candidates -= open_ones


def _converts(unit: str, into: str) -> bool:
    if unit == into:
        return True
    try:
        conversion_factor(unit, into)
    except (UnknownUnit, UnitMismatch):
        return False
    return True


def uslci(folder: Path) -> tuple[Rows, dict[str, object]]:
    system = Uslci(read(folder, "uslci_fy21q3_exchanges.csv"))
    closed = system.closed()
    reasons = Counter(reason for n in system.processes for reason in system.faults(n, closed))
    # A closed process that takes nothing from the technosphere is a bare emission profile: its
    # fuel or feedstock is missing altogether, so it is no life-cycle factor either.
    profiles = {
        n for n in closed if not any(row["inputGroup"] == "5" for row in system.processes[n])
    }
    usable = closed - profiles
    report = {
        "processes": len(system.processes),
        "closed": len(closed),
        "closed_without_any_technosphere_input": sorted(
            system.processes[n][0]["process"] for n in profiles
        ),
        "usable": len(usable),
        "rejected": len(system.processes) - len(closed),
        "reasons (a process may have several)": dict(reasons.most_common()),
    }
    if usable:
        raise SystemExit(f"closed processes to solve and characterise: {sorted(usable)}")
    return [], report


def main(folder: Path) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    write("istrate2024.csv", istrate(folder))
    write("electricity_countries.csv", electricity_of_countries(folder))
    write("electricity_china.csv", electricity_of_china(folder))
    _, report = uslci(folder)
    (OUT / "uslci_closure.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
