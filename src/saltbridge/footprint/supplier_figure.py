"""A supplier's product carbon footprint, whatever format it came in.

``SupplierFigure`` holds what a data set says under names that the formats share (``FIELDS``).
Numbers are exact decimals, moments are the text that stood there, all emissions are kg CO2e
per declared unit, which is ``amount`` times ``unit`` and not one of it. A field that is absent
was not stated: it is no zero.

The letters A to H and the totals T1 and T2 are positions of the Catena-X data model 9.0.0
(SAMM descriptions; read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias

Attestation: TypeAlias = Mapping[str, str]
Value: TypeAlias = Decimal | str | bool | tuple[str, ...] | tuple[Attestation, ...]

# Terms of a block of emissions, in the order of the positions.
INCLUDING, EXCLUDING = "including", "excluding"  # T1 and T2: with and without uptake
FOSSIL, BIOGENIC_NON_CO2, UPTAKE = "fossil", "biogenic_non_co2", "uptake"  # A, C, D
LAND_USE_CHANGE, LAND_MANAGEMENT = "land_use_change", "land_management"  # E, F
REMOVALS, AVIATION = "removals", "aviation"  # G, H
TECHNICAL_REMOVALS, CAPTURE = "technical_removals", "capture"  # PACT only
BLOCKS: Final = ("production", "packaging", "distribution")
STAGES: Final = ("acquisition", "production", "distribution", "end_of_life")

# Words of the formats for a declared unit, and the unit they mean here.
UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "kilogram": "kg",
        "piece": "piece",
        "liter": "l",
        "cubic meter": "m3",
        "kilowatt hour": "kWh",
        "megajoule": "MJ",
        "ton kilometer": "tkm",
        "square meter": "m2",
        "hour": "h",
    }
)
CATENA_X_9, CATENA_X_10 = "catena-x-pcf-9", "catena-x-pcf-10"
PACT_3, COMPONENT_1 = "pact-3", "battery-component-1"
CATENA_X: Final = frozenset({CATENA_X_9, CATENA_X_10})


@dataclass(frozen=True, slots=True)
class MetalTerms:
    """What the circular footprint formula needs of one metal [kg CO2e per kg of the metal].

    ``content_percent`` is its mass share in the product. A value that was not stated, or not
    in a unit that can be read, is None.
    """

    material: str
    content_percent: Decimal | None = None
    Ev: Decimal | None = None
    Erecycled: Decimal | None = None


@dataclass(frozen=True)
class SupplierFigure:
    """One data set. ``rest`` is what the format holds besides: carried, never dropped."""

    format: str
    values: Mapping[str, Value]
    metals: tuple[MetalTerms, ...] = ()
    rest: Any = None

    def number(self, name: str) -> Decimal | None:
        """A number; None where it was not stated."""
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def text(self, name: str) -> str:
        """A text; empty where it was not stated."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it was not stated."""
        value = self.values.get(name)
        if not isinstance(value, tuple):
            return ()
        return tuple(v for v in value if isinstance(v, str))

    def flag(self, name: str) -> bool | None:
        """A yes or no; None where it was not stated."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    @property
    def attestations(self) -> tuple[Attestation, ...]:
        """Who vouches for the data set, in what kind of statement."""
        value = self.values.get("attestations")
        if not isinstance(value, tuple):
            return ()
        return tuple(v for v in value if isinstance(v, Mapping))

    @property
    def amount(self) -> Decimal | None:
        """How much of ``unit`` the emissions belong to; the component model always means 1."""
        return Decimal(1) if self.format == COMPONENT_1 else self.number("amount")

    @property
    def unit(self) -> str:
        """The unit as we write it; empty where the data set names none that we know."""
        return UNITS.get(self.text("unit"), "")

    @property
    def bpn(self) -> str:
        """The business partner number of the supplier; empty where none is given."""
        for name in (*self.texts("supplier_ids"), self.text("legal_id")):
            last = name.rpartition(":")[2]
            if last.upper().startswith("BPNL") and len(last) == 16:
                return last
        return ""

    @property
    def product(self) -> str:
        """What a person calls the product: its trade name, else its part number."""
        return self.text("product_name") or self.text("part_id")

    @property
    def location(self) -> str:
        """The most precise place that is stated; a region of the UN is no place of ours."""
        return self.text("subdivision") or self.text("country")

    @property
    def prospective(self) -> bool:
        """Whether it looks ahead instead of at a period that has passed."""
        return self.text("pcf_type").startswith("Prospective")

    @property
    def valid_until(self) -> str:
        """The last day as YYYY-MM-DD; empty where none is stated."""
        return self.text("valid_until")[:10]

    def share_verified(self) -> Decimal | None:
        """The largest of the shares that somebody verified or certified [%]."""
        shares = [
            self.number(f"verified_{who}")
            for who in ("program", "third_party", "second_party", "first_party")
        ]
        stated = [share for share in shares if share is not None]
        return max(stated) if stated else None
