"""The text files of an inventory: bytes to CSV tables and TOML documents, with their lines."""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tomli_w

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.formats.inventory_tables import TextTable

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_TOML_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_SECTION = re.compile(r"""\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?""")
_KEY = re.compile(r"""\s*(["']?)([^"'=#\[\]]+?)\1\s*=""")


def read_text(content: bytes, file: str) -> tuple[str | None, Finding | None]:
    """The text of UTF-8 bytes with or without a byte-order mark; else what is wrong.

    Nothing is guessed: a wrong guess would turn material names into other words in silence.
    """
    start = content[:200]
    if content.startswith(_UTF16_BOMS) or start.count(0) > len(start) // 4:
        return None, finding("file.utf-16", Place(file, 1))
    body = content.removeprefix(_UTF8_BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = body.count(b"\n", 0, fault.start) + 1
        byte = fault.start + len(content) - len(body) + 1
        value = f"0x{body[fault.start]:02X}"
        return None, finding("file.not-utf8", Place(file, line), byte=byte, value=value)
    if not text.strip():
        return None, finding("file.empty", Place(file))
    return text, None


def read_csv(content: bytes, file: str) -> tuple[TextTable | None, tuple[Finding, ...]]:
    """The table of a CSV file: comma, double quotes, the first row holds the headings.

    A row stands at the line on which it begins, as an editor counts: a quoted cell may run
    over several lines.
    """
    text, fault = read_text(content, file)
    if text is None:
        return None, (fault,) if fault else ()
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    begins = 1
    try:
        for cells in reader:
            if cells:
                rows.append((begins, tuple(cells)))
            begins = reader.line_num + 1
    except csv.Error as fault_in_row:
        code = "unclosed-quote" if "end of data" in str(fault_in_row) else "csv-syntax"
        reason = str(fault_in_row)
        return None, (finding(f"inventory.{code}", Place(file, begins), reason=reason),)
    (header_row, header), *body = rows
    names = tuple(name.strip() for name in header)
    if len(names) == 1 and (separator := re.search(r"[;\t|]", names[0])):
        named = {";": ";", "\t": "TAB", "|": "|"}[separator[0]]
        return None, (
            finding("inventory.wrong-separator", Place(file, header_row), separator=named),
        )
    return TextTable(file, names, tuple(body), header_row), ()


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 bytes of a CSV file, lines ended by a line feed."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue().encode()


def read_toml(
    content: bytes, file: str
) -> tuple[Mapping[str, Any] | None, Callable[[str, str], Place], tuple[Finding, ...]]:
    """The document, a function that says where a key of a section stands, and the findings."""
    text, fault = read_text(content, file)
    if text is None:
        return None, lambda _section, _key: Place(file), (fault,) if fault else ()
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault_in_text:
        reason = str(fault_in_text) or type(fault_in_text).__name__
        at = _TOML_LINE.search(reason)
        line = None
        if at:
            line = int(at[1]) if at[1] else text.count("\n") + 1
            reason = reason[: at.start()].strip()
        toml_fault = finding("inventory.toml-syntax", Place(file, line), reason=reason)
        return None, lambda _section, _key: Place(file), (toml_fault,)
    lines = _toml_lines(text)

    def place_of(section: str, key: str) -> Place:
        line = lines.get((section, key), lines.get((section, "")))
        column = f"{section}.{key}" if key else section
        return Place(file, line, column)

    return document, place_of, ()


def write_toml(document: Mapping[str, Any]) -> bytes:
    """UTF-8 bytes of a TOML document."""
    return tomli_w.dumps(document).encode()


def _toml_lines(text: str) -> dict[tuple[str, str], int]:
    """(section, key) -> line; (section, "") -> line of the section's heading.

    A reader for lines only: the values come from tomllib, which keeps no lines.
    """
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if heading := _SECTION.fullmatch(line.rstrip("\r")):
            section = heading[1].strip("\"'")
            lines.setdefault((section, ""), number)
        elif key := _KEY.match(line):
            name = key[2].strip()
            if section:
                lines.setdefault((section, name), number)
            else:
                outer, _, inner = name.partition(".")
                lines.setdefault((outer.strip(), ""), number)
                lines.setdefault((outer.strip(), inner.strip()), number)
    return lines
