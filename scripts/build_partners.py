"""Builds the partners of the NMC111 example: a material supplier and a carmaker.

    python scripts/build_partners.py

Every number of the material supplier is invented for the example: orders of magnitude from
general engineering knowledge, rounded, none taken from a database. Everything says so.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import tomli_w
from inventory_writer import Row, write_folder

PARTNERS = Path(__file__).resolve().parent.parent / "examples" / "partners"
ILLUSTRATIVE = "illustrative value of a fictitious supplier; not a claim about any product"

# flow -> unit, value, low, high [kg CO2e per unit]; electricity [kWh per unit], a trade secret
RECORDS: Mapping[str, tuple[str, float, float, float, float]] = {
    "NMC111 hydroxide": ("kg", 14.0, 8.0, 22.0, 6.4173),
    "LiPF6": ("kg", 20.0, 10.0, 40.0, 9.2718),
    "ethylene carbonate": ("kg", 1.6, 1.0, 3.0, 0.8131),
    "dimethyl carbonate": ("kg", 2.0, 1.0, 4.0, 0.9147),
    "vinyl carbonate": ("kg", 8.0, 3.0, 15.0, 3.1719),
    "separator": ("kg", 5.0, 2.0, 8.0, 4.6137),
    "polyethylene terephthalate": ("kg", 3.0, 2.0, 4.0, 0.9311),
    "polypropylene": ("kg", 2.0, 1.5, 3.0, 0.7193),
    "HDPE": ("kg", 2.0, 1.5, 3.0, 0.7391),
    "glass-fibre PA": ("kg", 8.0, 6.0, 11.0, 2.3179),
    "aluminium, wrought": ("kg", 16.0, 5.0, 22.0, 14.3719),
    "aluminium collector foil": ("kg", 18.0, 7.0, 25.0, 15.8317),
    "copper": ("kg", 5.0, 3.0, 8.0, 3.7193),
    "copper collector foil": ("kg", 7.0, 4.0, 12.0, 6.9371),
    "reinforcing steel": ("kg", 2.1, 0.8, 3.0, 0.5173),
    "carbon black": ("kg", 3.0, 2.0, 5.0, 0.4193),
    "PVDF": ("kg", 15.0, 7.0, 30.0, 8.1793),
    "NMP": ("kg", 5.0, 3.0, 8.0, 1.1937),
    "CMC": ("kg", 4.0, 2.0, 7.0, 1.7391),
    "SBR latex": ("kg", 4.0, 3.0, 6.0, 0.8917),
    "petroleum coke": ("kg", 0.6, 0.3, 1.2, 0.0719),
    "coal tar": ("kg", 0.6, 0.3, 1.5, 0.0391),
    "ethylene glycol": ("kg", 2.0, 1.4, 3.0, 0.3917),
    "electronic component, passive": ("kg", 30.0, 15.0, 90.0, 21.7193),
    "battery management system": ("kg", 40.0, 20.0, 100.0, 28.1397),
    "brazing service": ("piece", 0.5, 0.1, 2.0, 0.3719),
    "water, deionised": ("kg", 0.001, 0.0003, 0.003, 0.0011),
    "tap water": ("kg", 0.0004, 0.0002, 0.001, 0.0004),
    "natural gas, supplied": ("m3", 0.4, 0.15, 0.9, 0.0317),
    "diesel, supplied": ("l", 0.6, 0.4, 0.9, 0.1193),
    "heat, other": ("MJ", 0.08, 0.04, 0.13, 0.0019),
    "limestone": ("kg", 0.01, 0.002, 0.03, 0.0071),
    "silica sand": ("kg", 0.02, 0.005, 0.05, 0.0093),
    "quicklime": ("kg", 1.1, 0.9, 1.5, 0.0517),
    "hydrogen peroxide 100%": ("kg", 1.4, 0.8, 2.5, 0.9173),
    "sodium hydroxide 100%": ("kg", 1.2, 0.6, 2.0, 2.3917),
    "sulphuric acid 96%": ("kg", 0.15, 0.05, 0.3, 0.0371),
    "ammonium nitrate": ("kg", 2.0, 1.0, 4.0, 0.1739),
    "hydrochloric acid 100%": ("kg", 0.9, 0.5, 1.5, 0.3371),
    "soda": ("kg", 1.0, 0.4, 1.6, 0.2917),
    "polymer waste": ("kg", 2.0, 0.05, 3.0, 0.0417),
    "electronics to treatment": ("kg", 1.0, 0.2, 2.5, 0.1371),
    "other residuals": ("kg", 0.1, 0.01, 0.5, 0.0173),
    "slag": ("kg", 0.01, 0.002, 0.05, 0.0031),
}
# Names that stand for a recipe: the border tests look for them in everything that leaves.
SUB_SUPPLIERS = ("Yushan Refinery KANARI-71", "Jinlong Smelter KANARI-72")


def record(flow: str, row: tuple[str, float, float, float, float]) -> dict[str, object]:
    unit, value, low, high, kwh = row
    return {
        "id": uuid5(NAMESPACE_URL, f"https://wuyi-materials.example/pcf/{flow}").urn,
        "flow": flow,
        "unit": unit,
        "location": "CN",
        "kg_co2e_per_unit": value,
        "low": low,
        "high": high,
        "methodology": "catena-x-pcf@v4",
        "period": {"start": "2025-01-01", "end": "2025-12-31"},
        "primary_data_share": 40.0,
        "TeR": 2.0,
        "GeR": 2.0,
        "TiR": 1.0,
        "mass_kg_per_unit": 1.0 if unit == "kg" else None,
        "source": ILLUSTRATIVE,
        "licence": "CC0-1.0",
        "confidence": "illustrative",
        # Trade secrets: known inside the group of contract partners, never abroad.
        "production_stages": {
            "KANARI-stage-precursor": round(value * 0.6, 6),
            "KANARI-stage-finishing": round(value * 0.4, 6),
        },
        "electricity_kwh_per_unit": kwh,
        "sub_suppliers": list(SUB_SUPPLIERS),
    }


def material_supplier() -> None:
    folder = PARTNERS / "material-supplier"
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "kind": "pcf",
        "illustrative": True,
        "product_family": "Materials, parts, auxiliaries of the NMC111 battery (illustrative)",
        "records": [record(flow, row) for flow, row in RECORDS.items()],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "pcf.json").write_text(text + "\n", "utf-8")


# --- carmaker ------------------------------------------------------------------------------

USLCI = {
    "source": "USLCI FY21 Q3 (NREL, Federal LCA Commons), unit process",
    "licence": "US public data",
    "confidence": "read",
}
OURS = {
    "source": "assumption of this example",
    "licence": "CC0-1.0",
    "confidence": "illustrative",
}
PACK_TONNES = 0.16502
# leg -> mode, km: round figures, read on a map by nobody
LEGS = {
    "plant in Fuzhou to the port": ("truck", 60.0),
    "sea voyage Fujian to Bremerhaven": ("ship", 20000.0),
    "Bremerhaven to the point of sale": ("truck", 600.0),
}
MODES = {
    "truck": ("transport, combination truck", "diesel, supplied", 0.027224, 15065),
    "ship": ("transport, ocean freighter", "residual fuel oil, supplied", 0.0049263, 13680),
}
EMISSIONS = {
    "truck": (("CO2", 0.079876), ("CH4-fossil", 1.2883e-06), ("N2O", 1.9932e-06)),
    "ship": (("CO2", 0.01598), ("CH4-fossil", 7.8738e-07), ("N2O", 3.8929e-07)),
}


def distribution() -> None:
    processes: list[Row] = [
        {
            "id": "delivery",
            "name": "distribution of one battery, plant gate to point of sale",
            "stage": "distribution",
            "reference_flow": "distribution of one battery",
            "unit": "piece",
            "production_amount": 1.0,
            "location": "DE",
            "company_specific": True,
            **OURS,
        }
    ]
    exchanges: list[Row] = [
        {
            "process": "delivery",
            "direction": "input",
            "flow": MODES[mode][0],
            "amount": round(PACK_TONNES * km, 6),
            "unit": "tkm",
            "provider": mode,
            "carrier": "transport",
            "primary": True,
            "comment": f"{leg}: {km:g} km x 0.16502 t; packaging is left out",
            **OURS,
        }
        for leg, (mode, km) in LEGS.items()
    ]
    for mode, (flow, fuel, litres, number) in MODES.items():
        processes.append(
            {
                "id": mode,
                "name": f"{flow} (per tonne-kilometre)",
                "stage": "distribution",
                "reference_flow": flow,
                "unit": "tkm",
                "production_amount": 1.0,
                "location": "US" if mode == "ship" else "RNA",
                "comment": f"process {number}",
                **USLCI,
            }
        )
        exchanges.append(
            {
                "process": mode,
                "direction": "input",
                "flow": fuel,
                "amount": litres,
                "unit": "l",
                "comment": f"process {number}: at refinery",
                **USLCI,
            }
        )
        for gas, amount in EMISSIONS[mode]:
            exchanges.append(
                {
                    "process": mode,
                    "direction": "emission",
                    "flow": gas,
                    "amount": amount,
                    "unit": "kg",
                    "origin": "fossil",
                    "comment": f"process {number}",
                    **USLCI,
                }
            )
    factors: list[Row] = [
        {
            "id": f"supply-{fuel.split(',')[0].replace(' ', '-')}",
            "flow": fuel,
            "unit": "l",
            "kg_co2e_per_unit": value,
            "low": low,
            "high": high,
            "comment": "crude oil, refining and delivery; an order of magnitude, not a claim",
            **OURS,
        }
        for fuel, value, low, high in (
            ("diesel, supplied", 0.6, 0.4, 0.9),
            ("residual fuel oil, supplied", 0.45, 0.3, 0.8),
        )
    ]
    head: dict[str, dict[str, object]] = {
        "inventory": {
            "title": "Distribution of one NMC111 battery to its point of sale in Germany",
            "licence": "CC0-1.0",
            "sources": [
                "USLCI FY21 Q3, NREL / Federal LCA Commons (US public data)",
                "Distances and fuel supply: assumptions of this example",
            ],
            "factor_sets": ["open-2026"],
        },
        "product": {
            "id": "NMC111-24",
            "name": "distribution of one battery",
            "category": "ev",
            "reference_process": "delivery",
            "mass_kg": 165.02,
            "usable_energy_kwh": 24.0,
            "unit": "piece",
        },
        "operator": {
            "name": "Isarwerk Automobile AG (fictitious)",
            "bpn": "BPNL00000000OEM1",
            "country": "DE",
            "address": "Beispielstraße 1, 80331 München, Germany (fictitious)",
            "website": "https://isarwerk.example",
        },
        "plant": {
            "id": "MJC-FZ1",
            "name": "Minjiang Cell, Fuzhou plant 1 (fictitious)",
            "country": "CN",
            "province": "CN-FJ",
        },
        "period": {"start": date(2026, 1, 1), "end": date(2026, 12, 31)},
        "service_life": {"vehicle_class": "M1"},
        "warranty": {"years": 8},
    }
    tables = {"processes": processes, "exchanges": exchanges, "factors": factors}
    write_folder(PARTNERS / "carmaker" / "distribution", head, tables)


def carmaker() -> None:
    operator = {
        "name": "Isarwerk Automobile AG (fictitious)",
        "role": "importer",
        "bpn": "BPNL00000000OEM1",
        "country": "DE",
        "address": "Beispielstraße 1, 80331 München, Germany (fictitious)",
        "website": "https://isarwerk.example",
        "email": "batteriepass@isarwerk.example",
        # Form of the European Unique Identifier of a company (country, register, number).
        "euid": "DEX0000.HRB000000",
        "illustrative": True,
    }
    with (PARTNERS / "carmaker" / "operator.toml").open("wb") as text:
        tomli_w.dump({"operator": operator}, text)


if __name__ == "__main__":
    material_supplier()
    distribution()
    carmaker()
