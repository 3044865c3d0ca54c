"""What a passport is made of: values with their origin, held once per model, batch or item."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from saltbridge.core.quantity import is_number

SCHEMA = "saltbridge-passport/1"


class OriginKind(StrEnum):
    """Who stands behind a value."""

    SUPPLIER_RECORD = "supplier-record"  # the cell maker's signed record
    OPERATOR = "operator"  # the company that places the battery on the market
    COMPUTED = "computed"  # worked out here from values with origins of their own
    DOCUMENT = "document"  # a document that somebody handed over; nobody signed it


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. ``reference``: id of a claim, or the formula's inputs."""

    kind: OriginKind
    party: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """A value with unit and origin.

    ``measured_on`` is the day a dynamic value was taken. A value of None is an answer too: with
    ``not_applicable`` it says why the attribute does not exist for this battery, with
    ``unknown`` why it is not known (only where the table allows it).
    """

    value: Any
    unit: str
    origin: Origin
    measured_on: str = ""
    not_applicable: str = ""
    unknown: str = ""
    unexpected: Mapping[str, Any] = field(default_factory=dict)  # members we do not know


Values = Mapping[str, AttributeValue]


def number_of(values: Values, id: str) -> float | None:
    """The number an attribute holds, in the unit of the table; None if it holds none."""
    held = values.get(id)
    return float(held.value) if held is not None and is_number(held.value) else None


@dataclass(frozen=True)
class ModelFacts:
    """Values of a battery model from one plant: held once, shared by all its batteries."""

    values: Values


@dataclass(frozen=True)
class BatchFacts:
    """Values of one production batch."""

    id: str
    values: Values


@dataclass(frozen=True)
class ItemFacts:
    """Values of one battery."""

    serial: str
    values: Values
    batch: str = ""


@dataclass(frozen=True)
class Issuer:
    """The economic operator that places the battery on the market and issues the passport."""

    name: str
    did: str
    bpn: str = ""


@dataclass(frozen=True)
class ItemPassport:
    """One battery's passport, whole: every audience's values together. Never served as it is.

    ``kept_back`` holds what was given but may not be filled in yet: kept, shown to nobody.
    ``version`` counts from 1; ``issued_at`` is the moment of this version.
    """

    id: str
    product_id: str
    gtin: str
    serial: str
    category: str
    placed_on_market: date
    issued_at: str
    issuer: Issuer
    values: Values
    kept_back: Values = field(default_factory=dict)
    company_information: Mapping[str, Any] | None = None
    version: int = 1

    @property
    def suppressed(self) -> tuple[str, ...]:
        """Attributes that were given but may not be filled in yet."""
        return tuple(self.kept_back)
