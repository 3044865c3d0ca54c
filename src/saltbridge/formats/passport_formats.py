"""Every wire format a passport is written in and read from: the folder's table of contents.

``read_passport`` takes bytes, recognises the format and gives values with findings; nothing is
refused for being incomplete or wrong in part. ``write_passport`` gives bytes and says what the
format could not carry, what stands there as a placeholder, and whether the official schema
accepts it. ``statement`` says beforehand what a format can hold at all.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.formats import passport_battery_pass as battery_pass
from saltbridge.formats import passport_catena_x as catena_x
from saltbridge.formats import passport_en_18223 as en_18223
from saltbridge.formats import passport_idta as idta
from saltbridge.formats import passport_json_ld as json_ld
from saltbridge.formats.passport_mapping import (
    NOBODY,
    PLACEHOLDERS,
    Entry,
    PassportDocument,
    outward,
    parse,
    render,
    unsaid,
    without_placeholders,
)
from saltbridge.formats.passport_paths import pointer
from saltbridge.formats.passport_schema import complete, schema_findings
from saltbridge.formats.passport_text import read_document
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_file import document_values
from saltbridge.passport.model import Origin, Values

Parts = tuple[dict[str, Any], dict[str, str]]


@dataclass(frozen=True)
class WireFormat:
    """One format: how it is recognised, taken apart, mapped, checked and put together.

    ``schemas``: part → official schema. ``not_here``: attributes whose place in this format
    means something else, with the code of the reason. ``finish`` adds what the format says of
    itself.
    """

    id: str
    entries: Callable[[], tuple[Entry, ...]]
    unpack: Callable[[Any], Parts | None]
    pack: Callable[[Mapping[str, Any], Mapping[str, str]], Any]
    schemas: Mapping[str, str] = field(default_factory=dict)
    shape: Mapping[str, str] = field(default_factory=dict)
    ending: str = ".json"
    media_type: str = "application/json"
    finish: Callable[[dict[str, Any]], None] = lambda parts: None


@dataclass(frozen=True)
class Statement:
    """What a format can hold: attributes it carries whole, in part, and not at all."""

    format: str
    carried: tuple[str, ...]
    partly: tuple[str, ...]
    not_carried: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A passport in a wire format, and what a reader of it should know."""

    format: str
    content: bytes
    media_type: str
    lost: tuple[str, ...]
    partly: tuple[str, ...]
    placeholders: tuple[str, ...]
    findings: tuple[Finding, ...]


_IDTA: Final = WireFormat(
    id=idta.FORMAT,
    entries=idta.entries,
    unpack=idta.unpack,
    pack=idta.pack,
    schemas=idta.SCHEMAS,
    shape=idta.SEMANTIC_IDS,
    finish=idta.finish,
)
_ONE_PART: Final[Mapping[str, str]] = {"": ""}
_CATENA_X_6: Final = WireFormat(
    id=catena_x.FORMAT_6,
    entries=lambda: catena_x.entries("6"),
    unpack=catena_x.unpack_6,
    pack=catena_x.pack,
    schemas={"": "catena-x-6.1.0"},
    shape=_ONE_PART,
)
_CATENA_X_5: Final = WireFormat(
    id=catena_x.FORMAT_5,
    entries=lambda: catena_x.entries("5"),
    unpack=catena_x.unpack_5,
    pack=catena_x.pack,
    schemas={"": "catena-x-5.0.0"},
    shape=_ONE_PART,
)
_BATTERY_PASS: Final = WireFormat(
    id=battery_pass.FORMAT,
    entries=battery_pass.entries,
    unpack=battery_pass.unpack,
    pack=battery_pass.pack,
    schemas=battery_pass.SCHEMAS,
    shape=battery_pass.SHAPE,
)
_EN_18223: Final = WireFormat(
    id=en_18223.COMPRESSED,
    entries=lambda: en_18223.entries(expanded=False),
    unpack=en_18223.unpack_compressed,
    pack=en_18223.pack_compressed,
    shape=_ONE_PART,
)
_EN_18223_EXPANDED: Final = WireFormat(
    id=en_18223.EXPANDED,
    entries=lambda: en_18223.entries(expanded=True),
    unpack=en_18223.unpack_expanded,
    pack=en_18223.pack_expanded,
    shape=_ONE_PART,
)
_JSON_LD: Final = WireFormat(
    id=json_ld.FORMAT,
    entries=json_ld.entries,
    unpack=json_ld.unpack,
    pack=json_ld.pack,
    shape=_ONE_PART,
    ending=".jsonld",
    media_type="application/ld+json",
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
    )
}


@lru_cache(maxsize=16)
def _entries(format: str) -> tuple[Entry, ...]:
    return FORMATS[format].entries()


def known_format(format: str) -> WireFormat:
    """The format of this name.

    Raises:
        FaultyInput: there is none.
    """
    if format not in FORMATS:
        raise FaultyInput.of("format.unknown", found=format[:40], known=", ".join(FORMATS))
    return FORMATS[format]


@lru_cache(maxsize=16)
def statement(format: str) -> Statement:
    """What the format can hold of the attribute table.

    Raises:
        FaultyInput: no such format.
    """
    known_format(format)
    partly = {id for e in _entries(format) for id in e.partly}
    reached = {id for e in _entries(format) for id in e.ids}
    table = tuple(attribute_table())
    return Statement(
        format,
        tuple(id for id in table if id in reached - partly),
        tuple(id for id in table if id in partly),
        tuple(id for id in table if id not in reached),
    )


def recognise(document: Any) -> str:
    """The format of a document; empty where none of them knows it."""
    return next((f.id for f in FORMATS.values() if f.unpack(document) is not None), "")


def read_passport(
    content: bytes, format: str = "", name: str = "", origin: Origin = NOBODY
) -> PassportDocument:
    """The passport that the bytes hold, in the named format or in the one they show.

    Raises:
        FaultyInput: not readable as text or JSON, or in no format that we know.
    """
    document, notes = read_document(content, name)
    chosen = format or recognise(document)
    if not chosen:
        known = ", ".join(FORMATS)
        raise FaultyInput([finding("format.not-recognised", Place(name), known=known)])
    read = parse_document(document, chosen, name, origin)
    return replace(read, findings=(*notes, *read.findings))


def read_values(content: bytes, name: str, origin: Origin) -> tuple[Values, list[Finding]]:
    """The values of a document of ours (passport, view, record) or in any format we read.

    Raises:
        FaultyInput: it is neither.
    """
    document, _ = read_document(content, name)
    if isinstance(document, Mapping) and ("attributes" in document or "jws" in document):
        _, values, found = document_values(document, origin)
        return values, found
    read = read_passport(content, "", name, origin)
    return read.values, list(read.findings)


def parse_document(
    document: Any, format: str, name: str = "", origin: Origin = NOBODY
) -> PassportDocument:
    """The values of a document of the format, what it carries beside, and all findings.

    Raises:
        FaultyInput: no such format, or the document is not of it.
    """
    wire = known_format(format)
    unpacked = wire.unpack(without_placeholders(document))
    if unpacked is None:
        raise FaultyInput([finding("format.not-this-format", Place(name), format=format)])
    parts, shape = unpacked
    read = parse(format, parts, _entries(format), origin, name)
    checks: list[Finding] = []
    whole = (wire.unpack(document) or unpacked)[0]
    for part, packaged in wire.schemas.items():
        if part in whole:
            under = pointer((part,))
            checks += schema_findings(whole[part], packaged, name, under)
    told = (*checks, *read.findings)
    return replace(read, findings=tuple(_outward(f, shape) for f in told), shape=shape)


def render_document(passport: PassportDocument) -> Any:
    """The document of a passport that was read; parsing it again gives an equal passport."""
    parts = render(passport.values, _entries(passport.format), passport.carried)
    return known_format(passport.format).pack(parts, passport.shape)


def write_passport(values: Values, format: str) -> Written:
    """The passport in the format, as bytes, with what a reader of it should know.

    Raises:
        FaultyInput: no such format.
    """
    wire, entries = known_format(format), _entries(format)
    parts = {p: d for p, d in render(values, entries).items() if d}
    wire.finish(parts)
    placed: list[str] = []
    for part, packaged in wire.schemas.items():
        if part in parts:
            member = wire.shape.get(part, "")
            placed += complete(parts[part], packaged, (member,) if member else ())
    findings = [
        found
        for part, packaged in wire.schemas.items()
        if part in parts
        for found in schema_findings(parts[part], packaged, under=pointer((part,)))
    ]
    document = wire.pack(parts, wire.shape)
    if placed:
        document = {**document, PLACEHOLDERS: placed}
    lost, partly = unsaid(values, entries)
    return Written(
        format,
        json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n",
        wire.media_type,
        lost,
        partly,
        tuple(placed),
        tuple(_outward(f, wire.shape) for f in findings),
    )


def export_findings(written: Written) -> tuple[Finding, ...]:
    """What a person should know of an export: lost, in part, placeholders, schema."""
    table = attribute_table()
    said = [
        finding(
            code,
            severity=Severity.WARNING,
            attribute=id,
            name=table[id].name,
            format=written.format,
        )
        for code, ids in (("format.lost", written.lost), ("format.partly", written.partly))
        for id in ids
    ]
    if written.placeholders:
        said.append(
            finding(
                "format.placeholders",
                severity=Severity.WARNING,
                count=len(written.placeholders),
                member=PLACEHOLDERS,
            )
        )
    return (*said, *written.findings)


def _outward(found: Finding, shape: Mapping[str, str]) -> Finding:
    """The finding with the pointer of the document instead of that of our parts."""
    way = found.place.pointer
    if not way.startswith("/"):
        return found
    return replace(found, place=replace(found.place, pointer=outward(way, shape)))
