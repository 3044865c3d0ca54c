"""The twins of a battery model and of its batteries, as CX-0160 use case 1 wants them.

A PartType twin for the model, a PartInstance twin for each battery; both are found by maker and
part number, a battery by its serial number too. Read: 2026-11 in careful secondary notes;
confidence: secondary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.exchange.twins import Aspect, AssetId, Twin

PART_TYPE: Final = "PartType"
PART_INSTANCE: Final = "PartInstance"


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryNames:
    """How a model or a battery is called. Without a serial number it is the model."""

    manufacturer: str  # BPN
    part_number: str
    serial: str = ""
    customer_part: str = ""

    @property
    def level(self) -> str:
        """``PartType`` or ``PartInstance``."""
        return PART_INSTANCE if self.serial else PART_TYPE

    @property
    def subject(self) -> str:
        """What the twin is about, in one text: always the same twin for the same thing."""
        return "|".join((self.level, self.part_number, self.serial))


def battery_twin(
    names: BatteryNames,
    *,
    id: str,
    global_asset_id: str,
    aspects: Sequence[Aspect],
    readers: Sequence[str],
    created_at: str = "",
    document: Mapping[str, Any],
) -> Twin:
    """The twin of a battery or its model, all its identifiers for these partners (BPN)."""
    stated = {
        "manufacturerId": names.manufacturer,
        "manufacturerPartId": names.part_number,
        "digitalTwinType": names.level,
        "partInstanceId": names.serial,
        "customerPartId": names.customer_part,
    }
    shown = tuple(sorted(readers))
    ids = tuple(AssetId(n, v, shown) for n, v in stated.items() if v)
    return Twin(
        id=id,
        asset_ids=ids,
        aspects=tuple(aspects),
        global_asset_id=global_asset_id,
        created_at=created_at,
        document=document,
    )
