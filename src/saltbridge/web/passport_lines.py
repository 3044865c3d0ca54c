"""Lines of the public page, worded and drawn once: batteries of one model share most of them.

What is kept hangs on nothing but the attribute, what was released of it, and the language; at
the most ``KEPT`` lines, none from more than ``LONGEST`` bytes (some 15 MB together).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson
from markupsafe import Markup

from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.web.pages import macros
from saltbridge.web.passport_values import Line, line_of

KEPT: Final = 4096
LONGEST: Final = 2048  # bytes of a value as JSON


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line, its value as HTML, and name and value as entries of a description list."""

    line: Line
    value: Markup
    entry: Markup


def known_line(
    attribute: Attribute, entry: Mapping[str, Any] | None, language: str
) -> DrawnLine:
    """One attribute as a line of the page, as ``line_of`` words it."""
    content = orjson.dumps(entry)
    if len(content) > LONGEST:
        return _drawn(attribute, entry, language)
    return _kept(attribute.id, content, language)


@lru_cache(maxsize=KEPT)
def _kept(attribute: str, content: bytes, language: str) -> DrawnLine:
    return _drawn(attribute_table()[attribute], orjson.loads(content), language)


def _drawn(attribute: Attribute, entry: Mapping[str, Any] | None, language: str) -> DrawnLine:
    line, template = line_of(attribute, entry, language), "_passport_lines.html"
    shown = (macros(template, language, name)(line) for name in ("value", "entry"))
    return DrawnLine(line, *shown)


def entries(lines: Iterable[DrawnLine]) -> Markup:
    """Lines as the entries of a description list, one under the other."""
    return Markup("".join(f"{one.entry}\n" for one in lines))  # noqa: S704
