"""The gate in front of every workbook: what a stranger's .xlsx may do to us, checked first.

A workbook is a zip of XML parts. Sizes are counted on the bytes that really come out, XML is
scanned with a parser that stops at a document type, and only the parts that passed are
packed anew for the spreadsheet reader, so that it cannot see another file than we did.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from saltbridge.core.finding import Finding, Place, finding

MAX_WORKBOOK_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_RATIO = 100
MAX_PARTS = 2000
MAX_READ_BYTES = 32 * 1024 * 1024  # of the parts that hold cells and texts
MAX_CELLS = 1_000_000  # of the rectangle from A1 to the last filled cell of a sheet
MAX_ELEMENTS = 1_000_000  # of XML, over all parts: a second of scanning
MAX_LISTED_CELLS = 100
_RATIO_MATTERS_FROM = 1024 * 1024  # a small file of many blanks is no bomb

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_NESTED_STARTS = (b"PK\x03\x04", _OLE, b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
_KEPT = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(?:workbook|sharedStrings|styles|theme/theme1)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/[^/]+\.xml",
)
_MAX_ROW_DIGITS = 9  # two more than the last row has
_CHUNK = 256 * 1024


@dataclass
class SheetFacts:
    """What the scan of a sheet saw; rows and columns count from 1."""

    formulas: list[tuple[int, int]] = field(default_factory=list)
    formulas_beyond: int = 0
    errors: list[tuple[int, int]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    last_row: int = 0
    last_column: int = 0


@dataclass(frozen=True)
class SafeWorkbook:
    """The parts that passed, packed anew without compression, and facts per sheet name."""

    packed: io.BytesIO
    sheets: dict[str, SheetFacts]


class _Refusal(Exception):
    """The workbook is not opened."""

    def __init__(self, code: str, **arguments: Any) -> None:
        super().__init__(code)
        self.code = code
        self.arguments = arguments


def open_workbook(content: bytes, name: str) -> tuple[SafeWorkbook | None, Finding | None]:
    """The workbook in a safe form, or the one finding that keeps it shut."""
    try:
        return _open(content), None
    except _Refusal as refusal:
        return None, finding(refusal.code, Place(name), **refusal.arguments)


def column_letters(number: int) -> str:
    """The letters of a column: 1 is A, 28 is AB.

    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _open(content: bytes) -> SafeWorkbook:
    if len(content) > MAX_WORKBOOK_BYTES:
        raise _Refusal("workbook.too-large", limit=f"{MAX_WORKBOOK_BYTES // 1_000_000} MB")
    if content.startswith(_OLE):
        locked = _ENCRYPTED_STREAM in content
        raise _Refusal("workbook.encrypted" if locked else "workbook.old-format")
    if not content.startswith(b"PK"):
        raise _Refusal("workbook.not-a-workbook")
    # Counted before the directory is read: a directory of millions is a bomb of its own.
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise _Refusal("workbook.too-many-parts", limit=MAX_PARTS)
    kept: dict[str, bytes] = {}
    for part, body in _parts(content):
        if body.startswith(_NESTED_STARTS):
            raise _Refusal("workbook.nested-archive", part=part[:100])
        if _KEPT.fullmatch(part):
            kept[part] = body
            if sum(map(len, kept.values())) > MAX_READ_BYTES:
                limit = f"{MAX_READ_BYTES // (1024 * 1024)} MiB"
                raise _Refusal("workbook.too-much-content", limit=limit)
        elif part.endswith((".xml", ".rels")):
            _Scan(part).run(body)
        elif part.endswith(".vml") and b"<!DOCTYPE" in body:
            raise _Refusal("workbook.document-type", part=part[:100])
    named = _sheets(kept)
    facts = {part: SheetFacts() for part in named.values()}
    elements = 0
    for part, body in kept.items():
        scan = _CellScan(part, facts[part]) if part in facts else _Scan(part)
        scan.elements = elements
        scan.run(body)
        elements = scan.elements
    return SafeWorkbook(_packed(kept), {sheet: facts[part] for sheet, part in named.items()})


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the parts; the real bytes are counted while they are inflated."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as fault:
        raise _Refusal("workbook.damaged", part="", reason=str(fault)) from fault
    if len({entry.filename for entry in entries}) != len(entries):
        raise _Refusal("workbook.damaged", part="", reason="duplicate part")
    budget = min(MAX_UNPACKED_BYTES, max(MAX_RATIO * len(content), _RATIO_MATTERS_FROM))
    if sum(entry.file_size for entry in entries) > budget:
        raise _bomb(budget)
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise _Refusal("workbook.encrypted")
        body = _inflated(content, entry, budget)
        budget -= len(body)
        yield entry.filename, body


def _inflated(content: bytes, entry: zipfile.ZipInfo, budget: int) -> bytes:
    damaged = _Refusal("workbook.damaged", part=entry.filename[:100], reason="zip")
    at = entry.header_offset
    if content[at : at + 4] != b"PK\x03\x04":
        raise damaged
    name_length = int.from_bytes(content[at + 26 : at + 28], "little")
    extra_length = int.from_bytes(content[at + 28 : at + 30], "little")
    begins = at + 30 + name_length + extra_length
    packed = memoryview(content)[begins : begins + entry.compress_size]
    if len(packed) != entry.compress_size:
        raise damaged
    if entry.compress_type == zipfile.ZIP_STORED:
        body = bytes(packed)
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        body = _inflate(packed, budget, damaged)
    else:
        raise damaged
    if len(body) > budget:
        raise _bomb(budget)
    if len(body) != entry.file_size or zlib.crc32(body) != entry.CRC:
        raise damaged
    return body


def _inflate(packed: memoryview, budget: int, damaged: Exception) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    size = 0
    waiting: bytes | memoryview = packed
    try:
        while not inflater.eof:
            piece = inflater.decompress(waiting, _CHUNK)
            waiting = inflater.unconsumed_tail
            size += len(piece)
            if size > budget:
                raise _bomb(budget)
            if not piece and not waiting:
                raise damaged
            pieces.append(piece)
    except zlib.error as fault:
        raise damaged from fault
    return b"".join(pieces)


def _bomb(budget: int) -> _Refusal:
    return _Refusal(
        "workbook.unpacks-too-large",
        limit=f"{MAX_UNPACKED_BYTES // (1024 * 1024)} MiB",
        ratio=MAX_RATIO,
    )


class _Scan:
    """A pass over an XML part that stops at a document type, where entities are defined."""

    def __init__(self, part: str) -> None:
        self.part = part[:100]
        self.elements = 0

    def run(self, body: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self.on_document_type
        parser.StartElementHandler = self._counted
        try:
            parser.Parse(body, True)
        except (expat.ExpatError, UnicodeError, LookupError, ValueError) as fault:
            raise _Refusal("workbook.damaged", part=self.part, reason=str(fault)) from fault

    def on_document_type(self, *_declaration: Any) -> None:
        raise _Refusal("workbook.document-type", part=self.part)

    def _counted(self, element: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise _Refusal("workbook.too-many-cells", limit=MAX_CELLS)
        self.on_element(element.rpartition(" ")[2], attributes)

    def on_element(self, name: str, attributes: dict[str, str]) -> None:
        """Called for every element with its name, without its namespace."""


class _Attributes(_Scan):
    """Collects the attributes of the elements of one name."""

    def __init__(self, part: str, wanted: str) -> None:
        super().__init__(part)
        self.wanted = wanted
        self.found: list[dict[str, str]] = []

    def on_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == self.wanted:
            self.found.append({k.rpartition(" ")[2]: v for k, v in attributes.items()})


class _CellScan(_Scan):
    """Notes formulas, error values, merged cells and the extent of a sheet."""

    def __init__(self, part: str, facts: SheetFacts) -> None:
        super().__init__(part)
        self.facts = facts
        self.row = self.column = 0

    def on_element(self, name: str, attributes: dict[str, str]) -> None:
        facts = self.facts
        if name == "c":
            self._cell(attributes)
        elif name in ("v", "is"):
            facts.last_row = max(facts.last_row, self.row)
            facts.last_column = max(facts.last_column, self.column)
            # The reader lays out the whole rectangle: two cells far apart would fill memory.
            if facts.last_row * facts.last_column > MAX_CELLS:
                raise _Refusal("workbook.too-many-cells", limit=MAX_CELLS)
        elif name == "row":
            self.row, self.column = _number(attributes.get("r"), self.row + 1), 0
        elif name == "f":
            if len(facts.formulas) < MAX_LISTED_CELLS:
                facts.formulas.append((self.row, self.column))
            else:
                facts.formulas_beyond += 1
        elif name == "mergeCell" and len(facts.merged) < MAX_LISTED_CELLS:
            facts.merged.append(attributes.get("ref", "")[:30])

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r", "")
        letters = reference.rstrip("0123456789")
        if letters and letters != reference:
            self.row = int(reference[len(letters) :][:_MAX_ROW_DIGITS])
            self.column = _column_number(letters)
        else:
            self.column += 1
        if attributes.get("t") == "e" and len(self.facts.errors) < MAX_LISTED_CELLS:
            self.facts.errors.append((self.row, self.column))


def _sheets(kept: dict[str, bytes]) -> dict[str, str]:
    """Sheet name -> its part, from the workbook part and its relations."""
    book, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if book not in kept or relations not in kept:
        raise _Refusal("workbook.not-a-workbook")
    sheets = _Attributes(book, "sheet")
    sheets.run(kept[book])
    links = _Attributes(relations, "Relationship")
    links.run(kept[relations])
    targets = {link.get("Id", ""): link.get("Target", "") for link in links.found}
    named: dict[str, str] = {}
    for sheet in sheets.found:
        target = targets.get(sheet.get("id", ""), "")
        part = target[1:] if target.startswith("/") else f"xl/{target}"
        if part in kept:
            named[sheet.get("name", "")] = part
    return named


def _number(text: str | None, otherwise: int) -> int:
    if text and text.isascii() and text.isdigit():
        return int(text[:_MAX_ROW_DIGITS])
    return otherwise


@lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters[:4].upper():
        number = number * 26 + max(ord(letter) - 64, 1)
    return number


def _packed(kept: dict[str, bytes]) -> io.BytesIO:
    """The parts in a new archive; each is let go as soon as it is copied."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        while kept:
            part, body = kept.popitem()
            archive.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), body)
    target.seek(0)
    return target
