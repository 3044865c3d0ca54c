"""The inventory: activity data of one battery model from one plant, whole.

One dataclass per table; a field is a column of the same name in the CSV file and in the
sheet of the workbook (``docs/reference/inventory.md``). Amounts are positive: the direction
says which way a flow goes. Every row keeps the place it was read from, and columns we do
not know are carried in ``unknown`` and written back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from saltbridge.core.finding import NOWHERE, Place
from saltbridge.core.provenance import Confidence

SCHEMA = "saltbridge-inventory/1"


class Stage(StrEnum):
    """Life-cycle stages of Regulation (EU) 2023/1542, Annex II point 4 (read 2026-11-23)."""

    RAW_MATERIAL = "raw_material_acquisition"
    MAIN_PRODUCTION = "main_production"
    DISTRIBUTION = "distribution"
    END_OF_LIFE = "end_of_life"


class Direction(StrEnum):
    """Which way an exchange goes, seen from its process."""

    INPUT = "input"  # a product or service taken in
    OUTPUT = "output"  # a co-product beside the reference flow
    WASTE = "waste"  # handed to a treatment: the treatment's burden comes with it
    EMISSION = "emission"  # to the environment; characterised with a GWP set
    RESOURCE = "resource"  # from the environment


class CoProductRole(StrEnum):
    """What becomes of an output beside the reference flow."""

    ALLOCATE = "allocate"  # shares the burden of the process
    RECIRCULATE = "recirculate"  # used again inside the system: an equation of its own
    SUBSTITUTE = "substitute"  # avoids the production of something else


class Carrier(StrEnum):
    """Marks the exchanges for which rule sets have rules of their own."""

    NONE = ""
    ELECTRICITY = "electricity"
    HEAT = "heat"
    TRANSPORT = "transport"
    PACKAGING = "packaging"
    CAPITAL_GOODS = "capital_goods"  # machines and buildings


@dataclass(frozen=True, kw_only=True)
class Product:
    """The battery model. Masses in kg, energies in kWh of one battery (pack)."""

    id: str
    name: str
    category: str  # ev | lmt | industrial | stationary
    reference_process: str  # the process whose reference flow is the battery
    chemistry: str = ""
    mass_kg: float | None = None
    usable_energy_kwh: float | None = None  # at beginning of life
    rated_capacity_ah: float | None = None
    nominal_voltage_v: float | None = None
    unit: str = "kg"  # unit of the reference flow: kg, piece or kWh of capacity
    gtin: str = ""
    manufacturer_part_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """The company whose activity data this is."""

    name: str
    bpn: str = ""
    country: str = ""
    address: str = ""
    website: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """The manufacturing plant; ``country`` is ISO 3166-1 alpha-2, ``province`` ISO 3166-2."""

    id: str
    name: str
    country: str
    province: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Period:
    """The reference period of the activity data, both days included."""

    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class ServiceLife:
    """What the functional unit needs (draft delegated act of 29 Apr 2024, see methodology)."""

    vehicle_class: str = ""  # M1, N1, L, M2, M3, N2, N3 or other
    full_equivalent_cycles_per_year: float | None = None  # overrides the class default
    total_energy_kwh: float | None = None  # declared by the maker, overrides the formula


@dataclass(frozen=True, kw_only=True)
class Warranty:
    """Commercial warranty of the battery."""

    years: float | None = None
    distance_km: float | None = None
    remaining_energy_percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every row of a table has."""

    source: str = ""
    licence: str = ""
    confidence: Confidence = Confidence.MEASURED
    comment: str = ""
    place: Place = NOWHERE
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Process(Row):
    """A process and its reference flow. ``production_amount`` is −1 for a waste treatment."""

    id: str
    name: str
    stage: Stage
    reference_flow: str
    unit: str
    production_amount: float = 1.0
    location: str = ""
    company_specific: bool = False
    # none | mass | physical | economic | substitution; empty: the rule set's order
    allocation: str = ""
    reference_mass_kg: float | None = None  # mass of one unit of the reference flow
    reference_price: float | None = None
    price_currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange(Row):
    """One flow in or out of a process, per ``production_amount`` of it.

    Uncertainty follows the ecoinvent convention: ``distribution`` is lognormal, normal,
    triangular or uniform; ``location_parameter`` and ``scale`` are those of the logarithm for
    a lognormal. Data-quality indicators: TeR, GeR, TiR from 1 (best) to 5.
    """

    process: str
    direction: Direction
    flow: str
    amount: float
    unit: str
    provider: str = ""  # id of the process that makes the flow; empty: by flow name, or factor
    location: str = ""
    stage: Stage | None = None  # overrides the stage of the process
    carrier: Carrier = Carrier.NONE
    factor: str = ""  # id of the factor to use, local or of a factor set
    contract: str = ""  # id in electricity
    circular: str = ""  # id in circular
    mass_kg_per_unit: float | None = None  # for flows that are not counted in mass
    role: CoProductRole = CoProductRole.ALLOCATE  # of an output
    price: float | None = None  # per unit of an output
    price_currency: str = ""
    only_for: str = ""  # the one product of the process that needs this row: subdivision
    distance_km: float | None = None  # of a transport, with load_kg
    load_kg: float | None = None
    # fossil | biogenic | land_use_change | land_management | aircraft
    origin: str = ""
    biogenic_carbon_kg: float | None = None  # contained, per unit of the flow
    primary: bool = False  # company-specific activity data
    distribution: str = ""
    location_parameter: float | None = None
    scale: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    pedigree: str = ""
    TeR: float | None = None
    GeR: float | None = None
    TiR: float | None = None
    dqi: str = ""  # five ratings from 1 (best) to 3, see data_quality.py
    supplier: str = ""  # id in suppliers
    evidence: tuple[str, ...] = ()  # ids in evidence


@dataclass(frozen=True, kw_only=True)
class ElectricityContract(Row):
    """How electricity is procured. ``share`` of the consumption it covers, 0 to 1."""

    id: str
    kind: str  # direct_line | ppa | certificate | supplier_mix | grid
    location: str = ""
    year: int | None = None
    share: float = 1.0
    kg_co2e_per_kwh: float | None = None
    factor: str = ""
    gas_basis: str = "co2e"  # co2 | co2e
    scope: str = "life_cycle"  # operational | life_cycle
    certificates_cancelled: bool | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CircularTerms(Row):
    """Terms of the circular footprint formula (Recommendation (EU) 2021/2279) of a material.

    Emissions in kg CO2e per ``unit``; shares 0 to 1. A term left empty is unknown, not zero.
    """

    id: str
    material: str
    unit: str = "kg"
    A: float | None = None
    B: float | None = None
    R1: float | None = None
    R2: float | None = None
    R3: float | None = None
    Qsin_Qp: float | None = None
    Qsout_Qp: float | None = None
    Ev: float | None = None
    Ev_star: float | None = None
    Erecycled: float | None = None
    ErecyclingEoL: float | None = None
    Ed: float | None = None
    EER: float | None = None
    LHV: float | None = None
    XER_heat: float | None = None
    XER_elec: float | None = None
    ESE_heat: float | None = None
    ESE_elec: float | None = None


@dataclass(frozen=True, kw_only=True)
class LocalFactor(Row):
    """An emission factor the company brings itself, or a pointer to one of a factor set.

    Either ``kg_co2e_per_unit`` or ``same_as`` (an id of a factor set) is given.
    ``low`` and ``high`` bound the value where a range is known.
    """

    id: str
    flow: str
    unit: str
    location: str = ""
    kg_co2e_per_unit: float | None = None
    same_as: str = ""
    low: float | None = None
    high: float | None = None
    gas_basis: str = "co2e"  # co2 | co2e
    scope: str = "life_cycle"  # operational | life_cycle
    market: str = "location"  # location | market | residual
    year: int | None = None
    gwp_set: str = ""
    mass_kg_per_unit: float | None = None
    biogenic_carbon_kg: float | None = None
    primary_data_share: float | None = None  # percent
    TeR: float | None = None
    GeR: float | None = None
    TiR: float | None = None
    DQR: float | None = None  # rating as the data set declares it
    dqi: str = ""
    supplier: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Supplier(Row):
    """A company that supplies materials or data."""

    id: str
    name: str
    bpn: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence(Row):
    """A document behind a row: an invoice, a meter reading, a supplier declaration."""

    id: str
    kind: str
    title: str
    document: str = ""  # file name or URL
    digest: str = ""  # sha256:<hex> of the document
    issuer: str = ""
    issued_on: date | None = None
    supplier: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedValue(Row):
    """A value someone published for such a battery, to be shown beside ours; never counted."""

    study: str
    kg_co2e: float  # per one ``unit``
    unit: str
    units_per_product: float  # units that one product of the study stands for
    mass_kg: float | None = None  # of one product of the study; empty: as heavy as ours
    stage: Stage | None = None  # empty: the whole
    rules: str = ""  # rule set and background of the study


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything one footprint is worked out from."""

    product: Product
    operator: Operator
    plant: Plant
    period: Period
    service_life: ServiceLife
    warranty: Warranty
    title: str = ""
    licence: str = ""
    sources: tuple[str, ...] = ()
    factor_sets: tuple[str, ...] = ()  # packaged or background sets to draw on, in order
    processes: tuple[Process, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    factors: tuple[LocalFactor, ...] = ()
    electricity: tuple[ElectricityContract, ...] = ()
    circular: tuple[CircularTerms, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    published: tuple[PublishedValue, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)  # unknown keys of the TOML file


# Table name (CSV file stem and sheet name) -> row type. The order is the order of the sheets.
TABLES: Mapping[str, type[Row]] = {
    "processes": Process,
    "exchanges": Exchange,
    "factors": LocalFactor,
    "electricity": ElectricityContract,
    "circular": CircularTerms,
    "suppliers": Supplier,
    "evidence": Evidence,
    "published": PublishedValue,
}


@dataclass(frozen=True, kw_only=True)
class EmissionFactor:
    """A factor of a factor set: kg CO2e per unit, with everything needed to judge it."""

    id: str
    flow: str
    unit: str
    kg_co2e_per_unit: float
    source: str
    licence: str
    confidence: Confidence
    location: str = ""
    low: float | None = None
    high: float | None = None
    gas_basis: str = "co2e"  # co2 | co2e
    scope: str = "life_cycle"  # operational | life_cycle
    market: str = "location"  # location | market | residual
    year: int | None = None
    gwp_set: str = ""
    mass_kg_per_unit: float | None = None
    primary_data_share: float | None = None
    TeR: float | None = None
    GeR: float | None = None
    TiR: float | None = None
    dqi: str = ""
    biogenic_carbon_kg: float | None = None  # contained, per unit
    supplier: str = ""
    record: str = ""  # id of the supplier record it came in, if any
    comment: str = ""
    verification: str = ""  # who vouches for a supplier's value, and how it was checked
    prospective: bool = False  # looks ahead: never part of a declaration


@dataclass(frozen=True)
class FactorSet:
    """A named, digested collection of emission factors. Ids are unique within it."""

    id: str
    title: str
    factors: tuple[EmissionFactor, ...]
    digest: str = ""  # of the canonical values; empty only while it is being put together
    licence: str = ""
