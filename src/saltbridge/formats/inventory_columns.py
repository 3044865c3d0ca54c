"""What the columns of an inventory mean, and the bounds and vocabularies types leave open.

``docs/reference/inventory.md``, the notes in the workbook and ``saltbridge inventory schema``
are made from here; a test holds that every field of the model has its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """Meaning of a column; ``choices`` and bounds are checked cell by cell."""

    meaning: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


# Section of the TOML file or table -> what it is for.
PURPOSES: Mapping[str, str] = {
    "inventory": 'The inventory itself. `schema = "saltbridge-inventory/1"` is required.',
    "product": "The battery model. Masses and energies are those of one battery.",
    "operator": "The company whose activity data this is.",
    "plant": "The manufacturing plant.",
    "period": "The reference period of the activity data, both days included.",
    "service_life": "What the functional unit needs.",
    "warranty": "The commercial warranty of the battery.",
    "processes": "Processes, each with its reference flow.",
    "exchanges": "Flows in and out of the processes, per production_amount of the process.",
    "factors": "Emission factors the company brings itself, or pointers into a factor set.",
    "electricity": "How electricity is procured: contracts and certificates.",
    "circular": "Terms of the circular footprint formula, per material "
    "(Recommendation (EU) 2021/2279).",
    "suppliers": "Companies that supply materials or data.",
    "evidence": "Documents behind the rows: invoices, meter readings, declarations.",
    "published": "Values others published for such a battery, shown beside the result; "
    "nothing is calculated with them.",
}


def _text(meaning: str) -> ColumnNote:
    return ColumnNote(meaning)


def _one_of(meaning: str, *choices: str) -> ColumnNote:
    return ColumnNote(meaning, choices)


def _positive(meaning: str) -> ColumnNote:
    return ColumnNote(meaning, (), 0.0)


def _between(meaning: str, low: float, high: float) -> ColumnNote:
    return ColumnNote(meaning, (), low, high)


_QUALITY = {
    "TeR": _between("Technological representativeness, 1 (best) to 5.", 1, 5),
    "GeR": _between("Geographical representativeness, 1 (best) to 5.", 1, 5),
    "TiR": _between("Time representativeness, 1 (best) to 5.", 1, 5),
}
_DQI = _text(
    "Data quality of PACT, 1 (best) to 3: technology, time, geography, completeness, "
    "reliability, such as 1;2;2;1;3."
)
_GAS_BASIS = _one_of(
    "Whether the factor counts CO2 alone or all gases as CO2 equivalents.", "co2", "co2e"
)
_SCOPE = _one_of(
    "Whether the factor counts operation only or the whole life cycle.",
    "operational",
    "life_cycle",
)

_ANY_ROW = {
    "source": _text("Where the row comes from: citation, page, date read."),
    "licence": _text("Licence of the source."),
    "confidence": _text(
        "How the source was seen; measured is the company's own activity data."
    ),
    "comment": _text("Anything a reader should know. Never calculated with."),
}

_NOTES: Mapping[str, Mapping[str, ColumnNote]] = {
    "inventory": {
        "title": _text("Title of the inventory."),
        "licence": _text("Licence of the inventory as a whole."),
        "sources": _text("Sources of the inventory as a whole."),
        "factor_sets": _text("Ids of the factor sets to draw on, in order of preference."),
    },
    "product": {
        "id": _text("The maker's identifier of the battery model."),
        "name": _text("Name of the battery model."),
        "category": _one_of(
            "Battery category: electric vehicle, light means of transport, industrial, or "
            "stationary storage.",
            "ev",
            "lmt",
            "industrial",
            "stationary",
        ),
        "reference_process": _text("Id of the process whose reference flow is the battery."),
        "chemistry": _text("Cell chemistry, such as NMC811 or LFP."),
        "mass_kg": _positive("Mass of one battery [kg]."),
        "usable_energy_kwh": _positive("Usable energy at beginning of life [kWh]."),
        "rated_capacity_ah": _positive("Rated capacity [Ah]."),
        "nominal_voltage_v": _positive("Nominal voltage [V]."),
        "unit": _text("Unit of the reference flow: kg, piece, or kWh of capacity."),
        "gtin": _text("GS1 Global Trade Item Number, as text."),
        "manufacturer_part_id": _text("Part number of the manufacturer."),
    },
    "operator": {
        "name": _text("Legal name."),
        "bpn": _text("Business partner number of Catena-X (BPNL…)."),
        "country": _text("ISO 3166-1 alpha-2 code, such as CN."),
        "address": _text("Postal address."),
        "website": _text("Web address."),
        "email": _text("E-mail address for questions."),
    },
    "plant": {
        "id": _text("Identifier of the plant."),
        "name": _text("Name of the plant."),
        "country": _text("ISO 3166-1 alpha-2 code, such as CN."),
        "province": _text("ISO 3166-2 code, such as CN-SC."),
        "address": _text("Postal address."),
    },
    "period": {
        "start": _text("First day."),
        "end": _text("Last day."),
    },
    "service_life": {
        "vehicle_class": _text("M1, N1, L, M2, M3, N2, N3 or other."),
        "full_equivalent_cycles_per_year": _positive(
            "Full equivalent cycles per year; overrides the default of the vehicle class."
        ),
        "total_energy_kwh": _positive(
            "Total energy over the service life [kWh], declared by the maker; overrides the "
            "formula of the rule set."
        ),
    },
    "warranty": {
        "years": _positive("Duration [years]."),
        "distance_km": _positive("Distance [km]."),
        "remaining_energy_percent": _between(
            "Energy guaranteed to remain at the end of the warranty [%].", 0, 100
        ),
    },
    "processes": {
        "id": _text("Identifier; exchanges name their process by it."),
        "name": _text("Name of the process."),
        "stage": _text("Life-cycle stage."),
        "reference_flow": _text("The product or service the process is run for."),
        "unit": _text("Unit of the reference flow."),
        "production_amount": _text(
            "Amount of the reference flow the exchanges refer to; -1 for a waste treatment."
        ),
        "location": _text("ISO 3166 code of the place of production."),
        "company_specific": _text("Whether the process is run by the company itself."),
        "allocation": _one_of(
            "How co-products share the burden; empty: the order of the rule set.",
            "none",
            "mass",
            "physical",
            "economic",
            "substitution",
        ),
        "reference_mass_kg": _positive("Mass of one unit of the reference flow [kg]."),
        "reference_price": _text("Price of one unit of the reference flow."),
        "price_currency": _text("ISO 4217 code of the currency of the price."),
    },
    "exchanges": {
        "process": _text("Id of the process the flow belongs to."),
        "direction": _text(
            "input: taken in; output: co-product; waste: handed to a treatment; emission: to "
            "the environment; resource: from it."
        ),
        "flow": _text("Name of the flow."),
        "amount": _positive("Amount per production_amount; the direction says which way."),
        "unit": _text("Unit of the amount."),
        "provider": _text(
            "Id of the process that makes the flow; empty: by name, or a factor."
        ),
        "location": _text("ISO 3166 code of where the flow comes from."),
        "stage": _text("Life-cycle stage, where it is not that of the process."),
        "carrier": _text("Marks flows with rules of their own."),
        "factor": _text("Id of the emission factor to use."),
        "contract": _text("Id in the table electricity."),
        "circular": _text("Id in the table circular."),
        "mass_kg_per_unit": _positive("Mass of one unit of a flow not counted in mass [kg]."),
        "role": _text("What becomes of an output beside the reference flow."),
        "price": _text("Price of one unit of an output."),
        "price_currency": _text("ISO 4217 code of the currency of the price."),
        "only_for": _text(
            "Flow of the one product of the process that needs this row (subdivision); empty: "
            "all of its products share it."
        ),
        "distance_km": _positive("Distance of a transport [km]."),
        "load_kg": _positive("Mass that a transport carries [kg]."),
        "origin": _one_of(
            "Origin of emitted or absorbed carbon; aircraft for transport by air.",
            "fossil",
            "biogenic",
            "land_use_change",
            "land_management",
            "aircraft",
        ),
        "biogenic_carbon_kg": _positive(
            "Biogenic carbon contained, per unit of the flow [kg C]."
        ),
        "primary": _text("Whether the amount is company-specific activity data."),
        "distribution": _one_of(
            "Distribution of the amount (ecoinvent convention).",
            "lognormal",
            "normal",
            "triangular",
            "uniform",
        ),
        "location_parameter": _text("Mean or mode; of the logarithm for a lognormal."),
        "scale": _positive("Standard deviation; of the logarithm for a lognormal."),
        "minimum": _text("Smallest amount."),
        "maximum": _text("Largest amount."),
        "pedigree": _text("Pedigree scores, such as (1,2,1,3,1)."),
        **_QUALITY,
        "dqi": _DQI,
        "supplier": _text("Id in the table suppliers."),
        "evidence": _text("Ids in the table evidence."),
    },
    "factors": {
        "id": _text("Identifier; exchanges name the factor by it."),
        "flow": _text("Name of the flow the factor is for."),
        "unit": _text("Unit of the flow."),
        "location": _text("ISO 3166 code of where the factor holds."),
        "kg_co2e_per_unit": _text("Emissions per unit [kg CO2e]; this or same_as is given."),
        "same_as": _text("Id of a factor in a factor set to use instead of a value."),
        "low": _text("Lower bound of the value [kg CO2e], where a range is known."),
        "high": _text("Upper bound of the value [kg CO2e], where a range is known."),
        "gas_basis": _GAS_BASIS,
        "scope": _SCOPE,
        "market": _one_of(
            "Location-based, market-based or residual mix.", "location", "market", "residual"
        ),
        "year": _text("Year the factor describes."),
        "gwp_set": _text("Set of global warming potentials, such as AR6."),
        "mass_kg_per_unit": _positive("Mass of one unit [kg], where the unit is not a mass."),
        "biogenic_carbon_kg": _positive("Biogenic carbon contained, per unit [kg C]."),
        "primary_data_share": _between("Share of primary data in the value [%].", 0, 100),
        **_QUALITY,
        "DQR": _between("Data quality rating as the data set declares it, 1 to 5.", 1, 5),
        "dqi": _DQI,
        "supplier": _text("Id in the table suppliers."),
        "evidence": _text("Ids in the table evidence."),
    },
    "electricity": {
        "id": _text("Identifier; exchanges name the contract by it."),
        "kind": _one_of(
            "How the electricity is procured.",
            "direct_line",
            "ppa",
            "certificate",
            "supplier_mix",
            "grid",
        ),
        "location": _text("ISO 3166 code of the grid or generator."),
        "year": _text("Year of generation."),
        "share": _between("Share of the consumption the contract covers, 0 to 1.", 0, 1),
        "kg_co2e_per_kwh": _positive("Emissions of the contract's electricity [kg CO2e/kWh]."),
        "factor": _text("Id of the emission factor, instead of a value."),
        "gas_basis": _GAS_BASIS,
        "scope": _SCOPE,
        "certificates_cancelled": _text(
            "Whether the certificates were cancelled for the maker."
        ),
        "evidence": _text("Ids in the table evidence."),
    },
    "circular": {
        "id": _text("Identifier; exchanges name the material by it."),
        "material": _text("Name of the material."),
        "unit": _text("Unit the emissions refer to."),
        "A": _between(
            "Allocation factor between supplier and user of recycled material.", 0, 1
        ),
        "B": _between("Allocation factor of energy recovery.", 0, 1),
        "R1": _between("Share of recycled material in the input.", 0, 1),
        "R2": _between("Share of the material that will be recycled.", 0, 1),
        "R3": _between("Share of the material used for energy recovery.", 0, 1),
        "Qsin_Qp": _positive("Quality of the ingoing secondary to the primary material."),
        "Qsout_Qp": _positive("Quality of the outgoing secondary to the primary material."),
        "Ev": _text("Emissions of the primary material [kg CO2e per unit]."),
        "Ev_star": _text("Emissions of the primary material the recycled one replaces."),
        "Erecycled": _text("Emissions of the recycling behind the recycled input."),
        "ErecyclingEoL": _text("Emissions of the recycling at end of life."),
        "Ed": _text("Emissions of the disposal of what is left."),
        "EER": _text("Emissions of the energy recovery process."),
        "LHV": _positive("Lower heating value of the material."),
        "XER_heat": _between("Efficiency of the energy recovery, heat.", 0, 1),
        "XER_elec": _between("Efficiency of the energy recovery, electricity.", 0, 1),
        "ESE_heat": _text("Emissions of the heat that is replaced."),
        "ESE_elec": _text("Emissions of the electricity that is replaced."),
    },
    "suppliers": {
        "id": _text("Identifier; exchanges, factors and evidence name the supplier by it."),
        "name": _text("Legal name."),
        "bpn": _text("Business partner number of Catena-X (BPNL…)."),
        "country": _text("ISO 3166-1 alpha-2 code."),
    },
    "evidence": {
        "id": _text("Identifier; rows name the document by it."),
        "kind": _text("Kind of document, such as invoice, meter reading or declaration."),
        "title": _text("Title of the document."),
        "document": _text("File name or web address."),
        "digest": _text("Digest of the document: sha256:<hex>."),
        "issuer": _text("Who issued the document."),
        "issued_on": _text("Day of issue."),
        "supplier": _text("Id in the table suppliers."),
    },
    "published": {
        "study": _text("Name of the study; its rows share it."),
        "kg_co2e": _text("Published value [kg CO2e] per one unit."),
        "unit": _text("Unit the value refers to, such as kWh over the service life or kg."),
        "units_per_product": _positive("How many units one product of the study stands for."),
        "mass_kg": _positive("Mass of one product of the study; empty: that of the product."),
        "stage": _text("Life-cycle stage of the value; empty: the whole."),
        "rules": _text("Rule set and background data of the study."),
    },
}

# Sections of the TOML file; every other name is a table, whose rows have the common columns.
SECTION_NAMES = (
    "inventory",
    "product",
    "operator",
    "plant",
    "period",
    "service_life",
    "warranty",
)
_UNDOCUMENTED = ColumnNote("")


def note_on(table: str, column: str) -> ColumnNote:
    """The note on a column; an empty one where the model has grown ahead of this module."""
    note = _NOTES.get(table, {}).get(column)
    if note is None and table not in SECTION_NAMES:
        note = _ANY_ROW.get(column)
    return note or _UNDOCUMENTED


def documented(table: str) -> frozenset[str]:
    """Names of the columns that have a note."""
    names = frozenset(_NOTES.get(table, {}))
    return names if table in SECTION_NAMES else names | frozenset(_ANY_ROW)
