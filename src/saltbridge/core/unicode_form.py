"""Text files in whichever Unicode form a program on somebody's desk saved them.

Editors on Windows put a byte order mark before UTF-8 or write UTF-16. The characters are the
same; a signature or a number is over characters, so nothing is guessed and nothing is lost.
"""

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def unicode_form(content: bytes) -> tuple[bytes, str]:
    """The byte order mark, and the encoding that it or the first two characters tell.

    Without a mark: a text that begins with an ASCII character has a zero byte beside it in
    UTF-16 (RFC 4627, section 3, read 2026-11-28), and never in UTF-8.

    >>> unicode_form("{}".encode("utf-16-be")), unicode_form(b"{}")
    ((b'', 'utf-16-be'), (b'', 'utf-8'))
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return mark, encoding
    if content[1:2] == b"\0":
        return b"", "utf-16-le"
    if content[:1] == b"\0":
        return b"", "utf-16-be"
    return b"", "utf-8"


def as_utf8(content: bytes) -> bytes:
    """The same text as UTF-8 without a mark; unchanged where it is that already, or is none.

    >>> as_utf8("é".encode("utf-16")) == as_utf8("é".encode("utf-8-sig")) == "é".encode()
    True
    """
    mark, encoding = unicode_form(content)
    if not mark and encoding == "utf-8":
        return content
    try:
        return content[len(mark) :].decode(encoding).encode("utf-8")
    except UnicodeError:  # not a text of that form: whoever reads it says what is wrong
        return content
