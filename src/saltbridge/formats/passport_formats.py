"""Every wire format a passport is written in and read from: the folder's table of contents.

``read_passport`` takes bytes, recognises the format and gives values with findings; nothing is
refused for being incomplete or wrong in part. ``write_passport`` gives bytes and says what the
format could not carry, what stands there as a placeholder, and whether the official schema
accepts it. ``statement`` says beforehand what a format can hold at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.formats import passport_aasx as aasx
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
from saltbridge.formats.passport_registry import FORMATS, WireFormat
from saltbridge.formats.passport_schema import Completion, complete, schema_findings
from saltbridge.formats.passport_text import read_document
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_file import document_values
from saltbridge.passport.model import Origin, Values


@dataclass(frozen=True)
class Statement:
    """What a format can hold: attributes it carries whole, in part, and not at all."""

    format: str
    carried: tuple[str, ...]
    partly: tuple[str, ...]
    not_carried: tuple[str, ...]
    why: Mapping[str, str]  # of some of them: the code of the reason (format.why.…)


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
    left_out: tuple[str, ...] = ()  # the schema demands them, and nobody has stated them


@lru_cache(maxsize=16)
def _entries(format: str) -> tuple[Entry, ...]:
    return FORMATS[format].entries()


def known_format(format: str) -> WireFormat:
    """The format of this name.

    Raises:
        FaultyInput: there is none.
    """
    if format not in FORMATS:
        known = ", ".join((*FORMATS, "pdf"))  # the data sheet is written, not read
        raise FaultyInput.of("format.unknown", found=format[:40], known=known)
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
        {id: why for id, why in FORMATS[format].not_here.items() if id not in reached},
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
    document, notes, format = _decoded(content, format, name)
    chosen = format or recognise(document)
    if not chosen:
        known = ", ".join(FORMATS)
        raise FaultyInput([finding("format.not-recognised", Place(name), known=known)])
    read = parse_document(document, chosen, name, origin)
    return replace(read, findings=(*notes, *read.findings))


def _decoded(content: bytes, format: str, name: str) -> tuple[Any, tuple[Finding, ...], str]:
    """The document in the bytes, what was remarked, and the format if it is settled."""
    decode = known_format(format).decode if format else None
    if decode is None and not format and aasx.is_package(content):
        format, decode = aasx.FORMAT, aasx.decode
    if decode is not None and aasx.is_package(content):
        return decode(content, name), (), format
    document, notes = read_document(content, name)
    if format in ("", aasx.FORMAT) and aasx.is_environment(document):
        return aasx.parts_of(document), notes, aasx.FORMAT
    return document, notes, format


def read_values(
    content: bytes, name: str, origin: Origin
) -> tuple[Values, list[Finding], PassportDocument | None]:
    """The values of a document of ours (passport, view, record) or in any format we read, and
    what was read if it is the latter.

    Raises:
        FaultyInput: it is neither.
    """
    document, _, _ = _decoded(content, "", name)
    if isinstance(document, Mapping) and ("attributes" in document or "jws" in document):
        _, values, found = document_values(document, origin)
        return values, found, None
    read = read_passport(content, "", name, origin)
    return read.values, list(read.findings), read


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
    told = [_outward(f, shape) for f in (*checks, *read.findings)]
    if wire.document_schema:
        told = [*schema_findings(document, wire.document_schema, name), *told]
    completed = isinstance(document, Mapping) and PLACEHOLDERS in document
    return replace(read, findings=tuple(told), shape=shape, completed=completed)


def render_document(passport: PassportDocument) -> Any:
    """The document of a passport that was read; parsing it again gives an equal passport."""
    parts = render(passport.values, _entries(passport.format), passport.carried)
    return known_format(passport.format).pack(parts, passport.shape)


def write_passport(
    values: Values,
    format: str,
    source: PassportDocument | None = None,
    *,
    fill_required: bool = False,
) -> Written:
    """The passport in the format, as bytes, with what a reader of it should know.

    ``fill_required``: where the official schema demands what nobody has stated, a placeholder
    stands even if it could be taken for a fact, and the document lists it.

    ``source`` is what the values were read from: in its own format, what they do not say is
    written back. Whoever hands it over has seen to it that the reader may have all of it.

    Raises:
        FaultyInput: no such format.
    """
    wire, entries = known_format(format), _entries(format)
    same = source if source is not None and source.format == format else None
    carried, shape = (same.carried, same.shape) if same else ((), wire.shape)
    parts = {p: d for p, d in render(values, entries, carried).items() if d}
    if same and list(shape.values()) == [""]:
        parts = {p: d for p, d in parts.items() if p in shape}  # one submodel on its own
    else:
        wire.finish(parts)
    added: list[Completion] = []
    as_read = same is not None and not same.completed
    for part, packaged in wire.schemas.items():
        if part in parts and not as_read:
            under = (shape[part],) if shape.get(part) else ()
            added.append(complete(parts[part], packaged, under, fill=fill_required))
    findings = [
        found
        for part, packaged in wire.schemas.items()
        if part in parts
        for found in schema_findings(parts[part], packaged, under=pointer((part,)))
    ]
    findings = [_outward(f, shape) for f in findings]
    if wire.document_schema and not as_read:
        whole = parts.setdefault("", {})
        added.append(complete(whole, wire.document_schema, fill=fill_required))
    placed = [place for one in added for place in one.placed]
    document = wire.pack(parts, shape)
    if wire.document_schema:
        findings += schema_findings(document, wire.document_schema)
    if placed:
        document = {**document, PLACEHOLDERS: placed}
    lost, partly = ((), ()) if same else unsaid(values, entries)
    return Written(
        format,
        wire.encode(document),
        wire.media_type,
        lost,
        partly,
        tuple(placed),
        tuple(findings),
        tuple(place for one in added for place in one.left_out),
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
    if written.left_out:
        said.append(
            finding("format.left-out", severity=Severity.WARNING, count=len(written.left_out))
        )
    return (*said, *written.findings)


def _outward(found: Finding, shape: Mapping[str, str]) -> Finding:
    """The finding with the pointer of the document instead of that of our parts."""
    way = found.place.pointer
    if not way.startswith("/"):
        return found
    return replace(found, place=replace(found.place, pointer=outward(way, shape)))
