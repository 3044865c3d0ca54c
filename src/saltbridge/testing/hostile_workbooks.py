"""Workbooks made to exhaust a reader, and how one is measured: for fault tests and benches."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_EXCHANGES_PART = "xl/worksheets/sheet3.xml"


def with_part(
    content: bytes, part: str, body: bytes, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """The workbook with one part replaced or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", method) as new,
    ):
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        new.writestr(part, body)
    return target.getvalue()


def sheet(rows: str, after: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}">'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    ).encode()


def _bomb(workbook: bytes, path: Path) -> None:
    path.write_bytes(with_part(workbook, "xl/worksheets/sheet9.xml", bytes(400 * 1024 * 1024)))


def _fifty_megabytes(workbook: bytes, path: Path) -> None:
    path.write_bytes(workbook)
    with path.open("r+b") as file:
        file.truncate(50_000_001)


def _just_below_the_limits(workbook: bytes, path: Path) -> None:
    """A 49 MB file with a sheet of 49 MB."""
    row = '<row><c t="inlineStr"><is><t>a text in a cell</t></is></c></row>'
    body = sheet(row * 750_000)
    path.write_bytes(with_part(workbook, _EXCHANGES_PART, body, zipfile.ZIP_STORED))


def _most_elements(workbook: bytes, path: Path) -> None:
    """As many elements as fit below the limit of content."""
    body = sheet("<c/>" * 8_000_000)
    path.write_bytes(with_part(workbook, _EXCHANGES_PART, body, zipfile.ZIP_STORED))


# What makes the file, and the finding that refuses it.
HOSTILE: Mapping[str, tuple[Callable[[bytes, Path], None], str]] = {
    "zip bomb, 400 MiB unpacked": (_bomb, "workbook.unpacks-too-large"),
    "workbook over 50 MB": (_fifty_megabytes, "file.too-large"),
    "49 MB sheet, not compressed": (_just_below_the_limits, "workbook.too-much-content"),
    "8 million elements": (_most_elements, "workbook.too-many-cells"),
}

# Run with ``python -c MEASURE FILE``: CPU seconds, peak MiB and finding codes of one reading.
MEASURE = """
import resource, sys, time
from pathlib import Path
from saltbridge.adapters.inventory_files import load
from saltbridge.core.errors import FaultyInput
begins = time.process_time()
try:
    load(Path(sys.argv[1]))
except FaultyInput as fault:
    seconds = time.process_time() - begins
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count the process that started this one
        kib = next(x.split()[1] for x in status.read_text().splitlines() if "VmHWM" in x)
    else:
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = int(kib) / 1024
    print(seconds, peak, *[f.code for f in fault.findings])
"""
