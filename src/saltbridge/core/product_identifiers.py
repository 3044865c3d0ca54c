"""Identifiers of products: GS1 Digital Link, IEC 61406 links, traction battery codes, did:web.

Each check returns a code that names the first fault, or an empty text; the caller words the
finding. The parsers return None where there is a fault.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit

from saltbridge.core.identifiers import gtin_check_digit

# GS1 General Specifications: key, then qualifiers in this order (GS1 Digital Link URI syntax
# 1.4, 4.3: cpv, lot, serial). Read in a secondary source, 2026-11.
_QUALIFIERS: Final = ("22", "10", "21")
_SET_82: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_KEY: Final = "01"
# IEC 61406-1 (DIN SPEC 91406): characters of a URL, at most 255 of them (recalled).
_LINK: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_LONGEST_LINK: Final = 255
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)+")
_DID_SEGMENT: Final = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")


# --- GS1 Digital Link -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """What a GS1 Digital Link of a product says."""

    host: str
    gtin: str
    variant: str = ""
    lot: str = ""
    serial: str = ""

    @property
    def granularity(self) -> str:
        """``item`` with a serial number, ``batch`` with a lot, else ``model``."""
        return "item" if self.serial else "batch" if self.lot else "model"


@lru_cache(maxsize=32)  # one link is looked at from several sides
def _pairs(link: str) -> tuple[tuple[str, str], ...] | None:
    """The application identifiers of a link from its key on; None where it has no key."""
    segments = [unquote(s) for s in urlsplit(link).path.split("/") if s]
    if _KEY not in segments:
        return None
    rest = segments[segments.index(_KEY) :]
    if len(rest) % 2:
        return (*zip(rest[:-1:2], rest[1::2], strict=True), (rest[-1], ""))
    return tuple(zip(rest[::2], rest[1::2], strict=True))


def is_digital_link(text: str) -> bool:
    """Whether the text means to be a GS1 Digital Link of a product: it has the key 01.

    >>> is_digital_link("https://id.example/01/09521234567899/21/A1")
    True
    """
    return _pairs(text) is not None


@lru_cache(maxsize=32)
def digital_link_fault(text: str) -> str:
    """What is wrong with a GS1 Digital Link: ``no-key``, ``gtin``, ``check-digit``,
    ``order``, ``characters``; empty if nothing is.

    >>> digital_link_fault("https://id.example/01/09521234567899/21/A1")
    ''
    >>> digital_link_fault("https://id.example/01/09521234567898/21/A1")
    'check-digit'
    """
    pairs = _pairs(text)
    if pairs is None:
        return "no-key"
    gtin = pairs[0][1]
    if not re.fullmatch(r"\d{14}", gtin, re.ASCII):
        return "gtin"
    if gtin_check_digit(gtin[:13]) != gtin[13]:
        return "check-digit"
    keys = [key for key, _ in pairs[1:]]
    if keys != [q for q in _QUALIFIERS if q in keys]:
        return "order"
    if not all(_SET_82.fullmatch(value) and value.strip(".") for _, value in pairs[1:]):
        return "characters"
    return ""


@lru_cache(maxsize=32)
def parse_digital_link(text: str) -> DigitalLink | None:
    """The parts of a GS1 Digital Link; None where it has a fault.

    >>> parse_digital_link("https://id.example/01/09521234567899/10/L1/21/A%2F1").serial
    'A/1'
    """
    pairs = _pairs(text)
    if pairs is None or digital_link_fault(text):
        return None
    held = dict(pairs)
    parts = urlsplit(text)
    host = f"{parts.scheme}://{parts.netloc}"
    return DigitalLink(
        host, held["01"], held.get("22", ""), held.get("10", ""), held.get("21", "")
    )


# --- IEC 61406 ------------------------------------------------------------------------------


def identification_link_fault(text: str) -> str:
    """What keeps a text from being an identification link (IEC 61406-1): ``scheme``,
    ``characters``, ``length``, ``fragment``; empty if nothing does.

    The length limit and the character set are from memory and a table of contents
    (ILS-5 to ILS-9): a fault is a warning, never a refusal.

    >>> identification_link_fault("https://id.example/01/09521234567899/21/A1")
    ''
    """
    if not _LINK.fullmatch(text):
        return "characters"
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.netloc:
        return "scheme"
    if len(text) > _LONGEST_LINK:
        return "length"
    return "fragment" if "#" in text else ""


# --- GB/T 34014 -----------------------------------------------------------------------------

_DAY: Final = "[1-9A-GH-NPR-Y][1-9A-C][0-9A-GH-NPR-Y]"
# (part, pattern), as io.catenax.traction_battery_code 2.0.0 has them (read 2026-11)
_FIRST_LIFE: Final = (
    ("manufacturer", "[A-Z0-9]{3}"),
    ("product", "[PMC]"),
    ("battery-type", "[A-GZ]"),
    ("specification", "[A-Z0-9]{2}"),
    ("traceability", "[A-Z0-9]{7}"),
    ("date", _DAY),
    ("serial", "[0-9]{7}"),
)
_SECOND_LIFE: Final = (
    *_FIRST_LIFE[:4],
    *_FIRST_LIFE[5:],  # no traceability part
    ("suffix", "R[PMC]"),
)
_LENGTHS: Final = {
    "manufacturer": 3, "product": 1, "battery-type": 1, "specification": 2,
    "traceability": 7, "date": 3, "serial": 7, "suffix": 2,
}  # fmt: skip


def _layout(code: str) -> tuple[tuple[str, str], ...] | None:
    return {24: _FIRST_LIFE, 19: _SECOND_LIFE}.get(len(code))


def traction_code_fault(code: str) -> str:
    """The part of a traction battery code (GB/T 34014-2017) that is wrong, or ``length``;
    empty if none is.

    >>> traction_code_fault("X12MCPM27KLPCLX2M2382320"), traction_code_fault("X12QCPM")
    ('', 'length')
    """
    layout = _layout(code)
    if layout is None:
        return "length"
    at = 0
    for part, pattern in layout:
        size = _LENGTHS[part]
        if not re.fullmatch(pattern, code[at : at + size]):
            return part
        at += size
    return ""


def traction_code_parts(code: str) -> dict[str, str] | None:
    """The parts of a traction battery code by name; None where it has a fault.

    A code of a second life (19 characters) has no traceability part and a suffix.

    >>> traction_code_parts("X12MCPM27KLPCLX2M2382320")["manufacturer"]
    'X12'
    """
    layout = _layout(code)
    if layout is None or traction_code_fault(code):
        return None
    parts, at = {}, 0
    for part, _ in layout:
        parts[part] = code[at : at + _LENGTHS[part]]
        at += _LENGTHS[part]
    return parts


# --- did:web --------------------------------------------------------------------------------


def did_web_fault(did: str) -> str:
    """What is wrong with a did:web (did:web method, section 2.2): ``method``, ``host``,
    ``path``; empty if nothing is.

    >>> did_web_fault("did:web:cells.example:a"), did_web_fault("did:web:cells.example/a")
    ('', 'host')
    """
    if not did.startswith("did:web:"):
        return "method"
    host, *path = did.removeprefix("did:web:").split(":")
    name, _, port = unquote(host).partition(":")
    if not _DID_SEGMENT.fullmatch(host) or not _DOMAIN.fullmatch(name):
        return "host"
    if port and not (port.isdecimal() and port.isascii() and 0 < int(port) < 65536):
        return "host"
    return "" if all(_DID_SEGMENT.fullmatch(s) and s.strip(".") for s in path) else "path"
