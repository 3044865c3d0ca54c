"""The wire formats of a passport: one record each, and the table of all of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from saltbridge.formats import passport_aasx as aasx
from saltbridge.formats import passport_battery_pass as battery_pass
from saltbridge.formats import passport_catena_x as catena_x
from saltbridge.formats import passport_en_18223 as en_18223
from saltbridge.formats import passport_idta as idta
from saltbridge.formats import passport_json_ld as json_ld
from saltbridge.formats.passport_mapping import Entry

Parts = tuple[dict[str, Any], dict[str, str]]


def _as_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


@dataclass(frozen=True)
class WireFormat:
    """One format: how it is recognised, taken apart, mapped, checked and put together.

    ``schemas``: part → official schema; ``document_schema``: that of the whole document.
    ``shape``: part → its member in what we write. ``not_here``: attributes whose place in the
    format means something else, with the code of the reason. ``finish`` adds what the format
    says of itself. ``decode`` and ``encode`` are for bytes that are no JSON text.
    """

    id: str
    entries: Callable[[], tuple[Entry, ...]]
    unpack: Callable[[Any], Parts | None]
    pack: Callable[[Mapping[str, Any], Mapping[str, str]], Any]
    schemas: Mapping[str, str] = field(default_factory=dict)
    shape: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    finish: Callable[[dict[str, Any]], None] = lambda parts: None
    document_schema: str = ""
    not_here: Mapping[str, str] = field(default_factory=dict)
    decode: Callable[[bytes, str], Any] | None = None
    encode: Callable[[Any], bytes] = _as_json


_IDTA: Final = WireFormat(
    id=idta.FORMAT,
    entries=idta.entries,
    unpack=idta.unpack,
    pack=idta.pack,
    schemas=idta.SCHEMAS,
    shape=idta.SEMANTIC_IDS,
    not_here=idta.NOT_HERE,
    finish=idta.finish,
)
_ONE_PART: Final[Mapping[str, str]] = {"": ""}
_CATENA_X_6: Final = WireFormat(
    id=catena_x.FORMAT_6,
    entries=lambda: catena_x.entries("6"),
    unpack=catena_x.unpack_6,
    pack=catena_x.pack,
    schemas={"": "catena-x-6.1.0"},
    not_here=catena_x.NOT_HERE,
    shape=_ONE_PART,
)
_CATENA_X_5: Final = WireFormat(
    id=catena_x.FORMAT_5,
    entries=lambda: catena_x.entries("5"),
    unpack=catena_x.unpack_5,
    pack=catena_x.pack,
    schemas={"": "catena-x-5.0.0"},
    not_here=catena_x.NOT_HERE,
    shape=_ONE_PART,
)
_BATTERY_PASS: Final = WireFormat(
    id=battery_pass.FORMAT,
    entries=battery_pass.entries,
    unpack=battery_pass.unpack,
    pack=battery_pass.pack,
    schemas=battery_pass.SCHEMAS,
    shape=battery_pass.SHAPE,
    not_here=battery_pass.NOT_HERE,
)
_EN_18223: Final = WireFormat(
    id=en_18223.COMPRESSED,
    entries=lambda: en_18223.entries(expanded=False),
    unpack=en_18223.unpack_compressed,
    document_schema="en-18223",
    pack=en_18223.pack_compressed,
    shape=_ONE_PART,
)
_EN_18223_EXPANDED: Final = WireFormat(
    id=en_18223.EXPANDED,
    entries=lambda: en_18223.entries(expanded=True),
    unpack=en_18223.unpack_expanded,
    document_schema="en-18223-expanded",
    pack=en_18223.pack_expanded,
    shape=_ONE_PART,
)
_JSON_LD: Final = WireFormat(
    id=json_ld.FORMAT,
    entries=json_ld.entries,
    unpack=json_ld.unpack,
    pack=json_ld.pack,
    shape=_ONE_PART,
    media_type="application/ld+json",
)
_AASX: Final = WireFormat(
    id=aasx.FORMAT,
    entries=idta.entries,
    unpack=aasx.unpack,
    pack=aasx.pack,
    schemas=idta.SCHEMAS,
    shape=aasx.SHAPE,
    not_here=idta.NOT_HERE,
    finish=idta.finish,
    media_type=aasx.MEDIA_TYPE,
    decode=aasx.decode,
    encode=aasx.encode,
)
FORMATS: Final[Mapping[str, WireFormat]] = {
    f.id: f
    for f in (
        _IDTA,
        _CATENA_X_6,
        _CATENA_X_5,
        _BATTERY_PASS,
        _EN_18223,
        _EN_18223_EXPANDED,
        _JSON_LD,
        _AASX,
    )
}
