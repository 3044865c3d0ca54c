"""The text of a passport document, in whichever Unicode form it was saved.

Generators on Windows write UTF-16 with a byte order mark (most files of Battery Pass 1.2 are
so), others put a mark before UTF-8. JSON itself is UTF-8 (RFC 8259); what arrives is read, and
what we write is UTF-8 without a mark.
"""

from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.unicode_form import unicode_form

MAX_BYTES: Final = 12 * 1024 * 1024  # a passport is some hundred KiB
_DIGITS: Final = 320


def read_document(content: bytes, name: str = "") -> tuple[Any, tuple[Finding, ...]]:
    """The JSON of a passport document, and a note where it was not plain UTF-8.

    Raises:
        FaultyInput: larger than 12 MiB, in no Unicode form, or not JSON (``read_json``).
    """
    place = Place(name)
    if len(content) > MAX_BYTES:
        raise FaultyInput(
            [finding("format.too-large", place, limit=MAX_BYTES // 1024**2, size=len(content))]
        )
    mark, encoding = unicode_form(content)
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as fault:
        raise FaultyJson([finding("json.not-utf8", place, byte=fault.start)]) from fault
    notes: tuple[Finding, ...] = ()
    if mark or encoding != "utf-8":
        said = encoding.upper() + (" + BOM" if mark else "")
        notes = (finding("format.encoding", place, severity=Severity.NOTE, encoding=said),)
    # The official samples hold doubles written out in 309 digits, and integers of 64 bits.
    return read_json(text, name, max_digits=_DIGITS, int64=True), notes
