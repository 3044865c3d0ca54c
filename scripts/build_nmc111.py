"""Builds ``examples/nmc111-pack`` from the NMC111 inventory of Crenna et al. 2021.

    python scripts/build_nmc111.py ../shared/data

Every amount of the source's table lands in exactly one exchange; the build fails otherwise.
What we add (one piece as product, boilers, a lorry) is marked in the comment of its row.
"""

import csv
import sys
from datetime import date
from pathlib import Path

from inventory_writer import Row, write_folder
from nmc111_published import published

OUT = Path(__file__).resolve().parent.parent / "examples" / "nmc111-pack"

CRENNA = {
    "source": "Crenna et al. 2021 (Resour. Conserv. Recycl. 170, 105619) as adapted in "
    "mintjesba/pefdpp_paper, case-study/lcidatasets",
    "licence": "CC BY 4.0",
    "confidence": "read",
}
USLCI = {
    "source": "USLCI FY21 Q3 (NREL, Federal LCA Commons), unit process",
    "licence": "US public data",
    "confidence": "read",
}
OURS = {
    "source": "assumption of this example, see SOURCES.md",
    "licence": "CC0-1.0",
    "confidence": "illustrative",
}
PACK_MASS_KG = 165.02  # 0.00687583333 kg/kWh x 24,000 kWh, the pack implied by the source

RAW, MAIN = "raw_material_acquisition", "main_production"
DISTRIBUTION, END = "distribution", "end_of_life"

# Process of the source -> id, name, reference flow, unit, stage, company-specific.
# Stages after Annex II point 4: components (casings, active and passive components) belong to
# raw material acquisition and pre-processing; assembling cells and battery is main production.
PROCESSES = {
    "battery pack": ("pack", "battery pack assembly", "battery pack", "kg", MAIN, True),
    "battery cell": ("cell", "battery cell assembly", "battery cell", "kg", MAIN, True),
    "electrolyte": ("electrolyte", "electrolyte", "electrolyte", "kg", RAW, True),
    "cathode NMC111": ("cathode", "cathode, NMC111", "cathode", "kg", RAW, True),
    "NMC111 active material": (
        "active-material",
        "NMC111 active material",
        "NMC111 active material",
        "kg",
        RAW,
        True,
    ),
    "anode": ("anode", "anode", "anode", "kg", RAW, True),
    "synthetic graphite": (
        "graphite",
        "synthetic graphite (anode active material)",
        "synthetic graphite",
        "kg",
        RAW,
        True,
    ),
    "battery module": (
        "module",
        "battery module, parts other than cells",
        "battery module (non-cell parts)",
        "kg",
        RAW,
        True,
    ),
    "housing and cooling": (
        "housing",
        "housing and cooling system",
        "housing and cooling system",
        "kg",
        RAW,
        True,
    ),
    "distribution": ("distribution", "distribution", "distribution", "kg", DISTRIBUTION, False),
    "EoL disassembly": (
        "disassembly",
        "disassembly of used packs",
        "used battery pack",
        "kg",
        END,
        False,
    ),
    "EoL pyrometallurgy": (
        "pyrometallurgy",
        "pyrometallurgical treatment of cells",
        "battery cells to pyrometallurgy",
        "kg",
        END,
        False,
    ),
    "EoL hydrometallurgy": (
        "hydrometallurgy",
        "hydrometallurgical treatment of the alloy",
        "metal alloy to hydrometallurgy",
        "kg",
        END,
        False,
    ),
}
PRODUCTION = {  # treatments take in: negative; hydrometallurgy is stated per 0.577 kg alloy
    "EoL disassembly": -1.0,
    "EoL pyrometallurgy": -1.0,
    "EoL hydrometallurgy": -0.577,
}
LINKS = {
    "battery cell": "cell",
    "housing and cooling system": "housing",
    "battery module (non-cell parts)": "module",
    "electrolyte": "electrolyte",
    "anode": "anode",
    "cathode": "cathode",
    "NMC111 active material": "active-material",
    "synthetic graphite": "graphite",
    "battery cells to pyrometallurgy": "pyrometallurgy",
    "metal alloy to hydrometallurgy": "hydrometallurgy",
}
# Words of the source -> our flow name. What stood in brackets goes into the comment.
FLOWS = {
    "copper (pack terminals)": ("copper", "pack terminals"),
    "glass-fibre PA (terminal insulation)": ("glass-fibre PA", "terminal insulation"),
    "reinforcing steel (plates, straps)": ("reinforcing steel", "plates, straps"),
    "aluminium wrought (container)": ("aluminium, wrought", "cell container"),
    "aluminium wrought (positive terminal)": ("aluminium, wrought", "positive terminal"),
    "copper (negative terminal)": ("copper", "negative terminal"),
    "PET": ("polyethylene terephthalate", "PET"),
    "PP": ("polypropylene", "PP"),
    "PVDF (polyvinylfluoride proxy)": ("PVDF", "the source uses polyvinylfluoride as proxy"),
    "SBR (latex)": ("SBR latex", ""),
    "copper (80% of terminal)": ("copper", "80 % of the terminal"),
    "aluminium wrought (enclosure)": ("aluminium, wrought", "enclosure"),
    "HDPE (spacer)": ("HDPE", "spacer"),
    "aluminium wrought (heat conductor)": ("aluminium, wrought", "heat conductor"),
    "aluminium wrought (jacket)": ("aluminium, wrought", "jacket"),
    "HDPE (jacket)": ("HDPE", "jacket"),
    "aluminium wrought (heater)": ("aluminium, wrought", "heater"),
    "heat, natural gas (drying, NMP recovery)": ("heat, natural gas", "drying, NMP recovery"),
    "lorry 3.5-7.5 t EURO4, 1000 km": ("transport, lorry", "3.5-7.5 t EURO4, 1000 km"),
    "aluminium waste (CFF)": ("aluminium scrap", "recycled: circular footprint formula"),
    "copper waste (CFF)": ("copper scrap", "recycled: circular footprint formula"),
    "steel waste (CFF)": ("steel scrap", "recycled: circular footprint formula"),
    "aluminium recovered (CFF)": ("aluminium scrap", "recovered from the alloy"),
    "copper recovered (CFF)": ("copper scrap", "recovered from the alloy"),
    "CO2 to air": ("CO2", ""),
}
CIRCULAR = {
    "aluminium, wrought": "aluminium",
    "aluminium collector foil": "aluminium",
    "copper": "copper",
    "copper collector foil": "copper",
    "reinforcing steel": "steel",
}
# What leaves for recycling carries the end-of-life part of the formula, with the same terms.
SCRAP = {"aluminium scrap": "aluminium", "copper scrap": "copper", "steel scrap": "steel"}
# Boilers of our own stand for the flow "heat, natural gas": one per stage, so that the
# emissions fall into the stage that needs the heat.
BOILER = {RAW: "boiler-components", MAIN: "boiler-cells", END: "boiler-recycling"}


def source_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "lci_nmc111_cfbev.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def processes(rows: list[dict[str, str]]) -> list[Row]:
    geography = {row["process"]: row["geography"] for row in rows}
    table: list[Row] = [
        {
            "id": "battery",
            "name": "one NMC111 battery, its distribution and its end of life",
            "stage": MAIN,
            "reference_flow": "NMC111 EV battery",
            "unit": "piece",
            "production_amount": 1,
            "location": "CN",
            "company_specific": True,
            "reference_mass_kg": PACK_MASS_KG,
            "comment": "added here: one piece is one pack of 165.02 kg",
            **OURS,
        }
    ]
    for name, (id, title, flow, unit, stage, own) in PROCESSES.items():
        table.append(
            {
                "id": id,
                "name": title,
                "stage": stage,
                "reference_flow": flow,
                "unit": unit,
                "production_amount": PRODUCTION.get(name, 1.0),
                "location": geography[name],
                "company_specific": own,
                **CRENNA,
            }
        )
    titles = {RAW: "component plants", MAIN: "cell plant", END: "recycling plant"}
    for stage, id in BOILER.items():
        table.append(
            {
                "id": id,
                "name": f"heat from natural gas, boiler of the {titles[stage]}",
                "stage": stage,
                "reference_flow": "heat, natural gas",
                "unit": "MJ",
                # 52.13 MJ/kg / 1.357 m3/kg, both in the name of USLCI process 95103.
                "production_amount": 38.416,
                "location": "RNA",
                "comment": "1 m3 of gas = 38.416 MJ (higher heating value: 52.13 MJ/kg / "
                "1.357 m3/kg in USLCI 95103); all of it counted as useful heat",
                **USLCI,
            }
        )
    table.append(
        {
            "id": "lorry",
            "name": "transport by lorry, single unit, diesel",
            "stage": DISTRIBUTION,
            "reference_flow": "transport, lorry",
            "unit": "tkm",
            "production_amount": 1.0,
            "location": "RNA",
            "comment": "USLCI 14685 stands for the lorry 3.5-7.5 t EURO4 of the source",
            **USLCI,
        }
    )
    return table


def exchanges(rows: list[dict[str, str]]) -> list[Row]:
    table: list[Row] = [
        _own("battery", "input", "battery pack", PACK_MASS_KG, "kg", provider="pack"),
        _own("battery", "input", "distribution", PACK_MASS_KG, "kg", provider="distribution"),
        _own(
            "battery", "waste", "used battery pack", PACK_MASS_KG, "kg", provider="disassembly"
        ),
    ]
    for row in rows:
        table.append(_exchange(row))
    for id in BOILER.values():
        table += [
            _uslci(id, "input", "natural gas, supplied", 1.0, "m3", 95054),
            _uslci(id, "emission", "CO2", 1.96, "kg", 95054),
            _uslci(id, "emission", "CH4-fossil", 3.6017e-05, "kg", 95054),
            _uslci(id, "emission", "N2O", 3.6017e-05, "kg", 95054),
        ]
    table += [
        _uslci("lorry", "input", "diesel, supplied", 0.058338, "l", 14685),
        _uslci("lorry", "emission", "CO2", 0.17111, "kg", 14685),
        _uslci("lorry", "emission", "CH4-fossil", 4.1257e-06, "kg", 14685),
        _uslci("lorry", "emission", "N2O", 6.1875e-06, "kg", 14685),
    ]
    return table


def _exchange(row: dict[str, str]) -> Row:
    process, _, _, _, stage, _ = PROCESSES[row["process"]]
    flow, comment = FLOWS.get(row["flow"], (row["flow"], ""))
    direction = row["direction"]
    carrier = ""
    location = ""
    provider = LINKS.get(row["flow"], "")
    if flow.startswith("electricity"):
        comment = row["flow"].removeprefix("electricity, ")
        flow, carrier, location = "electricity", "electricity", row["geography"]
    elif flow == "heat, natural gas":
        carrier, provider = "heat", BOILER[stage]
    elif flow == "heat, other":
        carrier = "heat"
    elif flow == "transport, lorry":
        carrier, provider = "transport", "lorry"
    if direction == "output":  # every output of the source goes to a treatment or to recycling
        direction = "waste"
    own_stage = ""
    if stage == MAIN and direction == "input" and not provider and not carrier:
        own_stage = RAW  # a material bought for the assembly is raw material acquisition
    return {
        "process": process,
        "direction": direction,
        "flow": flow,
        "amount": row["amount"],
        "unit": "piece" if row["unit"] == "item" else row["unit"],
        "provider": provider,
        "location": location,
        "stage": own_stage,
        "carrier": carrier,
        "circular": (CIRCULAR if direction == "input" else SCRAP).get(flow, ""),
        "origin": "fossil" if direction == "emission" else "",
        "supplier": SUPPLIERS_OF.get(flow, "") if direction == "input" else "",
        "evidence": ("bill-of-materials",)
        if process in ("pack", "cell") and direction == "input" and not carrier
        else (),
        "comment": comment,
        **CRENNA,
    }


def _own(
    process: str, direction: str, flow: str, amount: float, unit: str, provider: str
) -> Row:
    return {
        "process": process,
        "direction": direction,
        "flow": flow,
        "amount": amount,
        "unit": unit,
        "provider": provider,
        "comment": "added here: the whole pack",
        **OURS,
    }


def _uslci(
    process: str, direction: str, flow: str, amount: float, unit: str, number: int
) -> Row:
    return {
        "process": process,
        "direction": direction,
        "flow": flow,
        "amount": amount,
        "unit": unit,
        "origin": "fossil" if direction == "emission" else "",
        "comment": f"process {number}; transport of the fuel and its supply are not in it",
        **USLCI,
    }


# --- factors, circular terms, suppliers, evidence ------------------------------------------

SAME = "points to the open factor set"


def factors() -> list[Row]:
    table: list[Row] = [
        {
            "id": "lithium-carbonate",
            "flow": "lithium carbonate",
            "unit": "kg",
            "same_as": "open-2026/istrate2024/lithium-carbonate-brine",
            "comment": f"{SAME}: brine route; spodumene would be 24.1 kg CO2e/kg",
            **OURS,
        },
        {
            "id": "electricity-europe",
            "flow": "electricity",
            "unit": "kWh",
            "location": "RER",
            "same_as": "open-2026/electricity/de-2023",
            "comment": f"{SAME}: Germany stands for Europe, which has no open row of its own",
            **OURS,
        },
    ]
    return table


CFF = {
    "source": "A, R1, R2, Q: CFB-EV (JRC, June 2023) default values in mintjesba/pefdpp_paper, "
    "battery-eol.ttl. Ev_star, Erecycled, ErecyclingEoL, Ed: order of magnitude chosen here",
    "licence": "CC BY 4.0; CC0-1.0",
    "confidence": "illustrative",  # the weakest of its terms
}
# material -> R1, R2 (read); primary material avoided, recycling, disposal [kg CO2e/kg], all
# three illustrative: no open value was found.
CIRCULAR_TERMS = {
    "aluminium": (0.0, 0.9, 16.0, 0.8, 0.02),
    "copper": (0.72, 0.95, 5.0, 1.2, 0.02),
    "steel": (0.18, 0.9, 2.1, 0.5, 0.02),
}


def circular() -> list[Row]:
    notes = {
        "aluminium": "R1: the source sets none and counts it as 0; ",
        "copper": "R1 as in the source: unusually high, to be checked in the JRC report; ",
        "steel": "",
    }
    return [
        {
            "id": material,
            "material": material,
            "unit": "kg",
            "A": 0.2,
            "B": 0.0,
            "R1": r1,
            "R2": r2,
            "R3": 0.0,
            "Qsin_Qp": 1.0,
            "Qsout_Qp": 1.0,
            "Ev_star": avoided,
            "Erecycled": recycling,
            "ErecyclingEoL": recycling,
            "Ed": disposal,
            "comment": notes[material]
            + "Ev is left empty: it is the factor of the flow, which the supplier delivers",
            **CFF,
        }
        for material, (r1, r2, avoided, recycling, disposal) in CIRCULAR_TERMS.items()
    ]


SUPPLIERS_OF = {
    "NMC111 hydroxide": "material-supplier",
    "LiPF6": "material-supplier",
    "separator": "material-supplier",
}
SUPPLIERS: list[Row] = [
    {
        "id": "material-supplier",
        "name": "Wuyi Battery Materials Co., Ltd. (fictitious)",
        "bpn": "BPNL00000000MATS",
        "country": "CN",
        "comment": "illustrative",
        **OURS,
    }
]
EVIDENCE: list[Row] = [
    {
        "id": "bill-of-materials",
        "kind": "bill of materials",
        "title": "Bill of materials NMC111-24 (illustrative; the amounts are the source's)",
        "document": "NMC111-24-BOM.pdf",
        "issuer": "Minjiang Cell Co., Ltd. (fictitious)",
        "issued_on": "2026-01-15",
        "comment": "illustrative: no such document exists",
        **OURS,
    }
]

HEAD: dict[str, dict[str, object]] = {
    "inventory": {
        "title": "NMC111 EV battery pack, Crenna et al. 2021 in the form of the CFB-EV rules",
        "licence": "CC BY 4.0",
        "sources": [
            "Crenna et al. 2021, Resour. Conserv. Recycl. 170, 105619, as adapted in "
            "mintjesba/pefdpp_paper, case-study/lcidatasets (CC BY 4.0)",
            "USLCI FY21 Q3, NREL / Federal LCA Commons: boiler and lorry (US public data)",
            "Assumptions of this example: SOURCES.md",
        ],
        "factor_sets": ["open-2026"],
    },
    "product": {
        "id": "NMC111-24",
        "name": "NMC111 EV battery pack 24 kWh",
        "category": "ev",
        "reference_process": "battery",
        "chemistry": "NMC111",
        "mass_kg": PACK_MASS_KG,
        "usable_energy_kwh": 24.0,
        "rated_capacity_ah": 75.0,
        "nominal_voltage_v": 350.0,
        "unit": "piece",
        "gtin": "09521234567899",
        "manufacturer_part_id": "MJC-NMC111-24",
    },
    "operator": {
        "name": "Minjiang Cell Co., Ltd. (fictitious)",
        "bpn": "BPNL00000000CELL",
        "country": "CN",
        "address": "8 Lianban Road, Fuzhou, Fujian, China (fictitious)",
        "website": "https://minjiang-cell.example",
        "email": "footprint@minjiang-cell.example",
    },
    "plant": {
        "id": "MJC-FZ1",
        "name": "Minjiang Cell, Fuzhou plant 1 (fictitious)",
        "country": "CN",
        "province": "CN-FJ",
        "address": "8 Lianban Road, Fuzhou, Fujian, China (fictitious)",
    },
    "period": {"start": date(2025, 1, 1), "end": date(2025, 12, 31)},
    "service_life": {"vehicle_class": "M1"},
    "warranty": {"years": 8, "distance_km": 160000, "remaining_energy_percent": 70},
}


def main(folder: Path) -> None:
    rows = source_rows(folder)
    tables = {
        "processes": processes(rows),
        "exchanges": exchanges(rows),
        "factors": factors(),
        "circular": circular(),
        "suppliers": SUPPLIERS,
        "evidence": EVIDENCE,
        "published": published(PACK_MASS_KG),
    }
    taken = [row["amount"] for row in tables["exchanges"] if row["source"] == CRENNA["source"]]
    if taken != [row["amount"] for row in rows]:
        raise SystemExit("an amount of the source is missing or changed")
    write_folder(OUT, HEAD, tables)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
