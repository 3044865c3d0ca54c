"""The published results of the case study behind ``examples/nmc111-pack``.

published: mintjesba/pefdpp_paper (CC BY 4.0), CFB-EV rules with ecoinvent 3.12: the four stages
[kg CO2e per kWh of 24,000 kWh], and their sum as published (0.1548; exactly 0.1548364).
"""

from inventory_writer import Row

_STAGES = {
    "raw_material_acquisition": 0.107882,
    "main_production": 0.0495404,
    "distribution": 0.00384565,
    "end_of_life": -0.00643165,
    "": 0.1548,
}


def published(pack_mass_kg: float) -> list[Row]:
    """Rows of ``published.csv``; the mass is that of the pack of the study [kg]."""
    return [
        {
            "study": "PEFDPP NMC111 (CFB-EV)",
            "stage": stage,
            "kg_co2e": value,
            "unit": "kWh",
            "units_per_product": 24000.0,
            "mass_kg": pack_mass_kg,
            "rules": "CFB-EV rules, ecoinvent 3.12 cut-off",
            "source": "mintjesba/pefdpp_paper, case-study results: "
            "0.00687583 kg of pack per kWh",
            "licence": "CC BY 4.0",
            "confidence": "read",
        }
        for stage, value in _STAGES.items()
    ]
