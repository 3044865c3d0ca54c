"""The address behind the QR code, and the checks of the identifiers it is made of.

Regulation (EU) 2023/1542, Art. 77(3): the QR code links to a unique identifier per ISO/IEC
15459 *or equivalent*. We write a GS1 Digital Link; the serial follows GS1 AI (21).
"""

import re
from urllib.parse import urlsplit

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.identifiers import digital_link, is_gtin14, is_urn_uuid

# GS1 General Specifications, AI (21): up to 20 characters of the AI encodable set 82.
_SERIAL = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")


def product_link(base_url: str, gtin: str, serial: str) -> str:
    """The battery's address, which is its unique product identifier.

    >>> product_link("https://id.example/", "09521234567899", "SB-7K2M")
    'https://id.example/01/09521234567899/21/SB-7K2M'
    """
    return digital_link(base_url, gtin, serial)


def is_serial(text: str) -> bool:
    """Whether the text can stand in a GS1 Digital Link as a serial number.

    Path segments of dots alone are refused: a browser would walk up the path.

    >>> is_serial("A/1"), is_serial("../../etc/passwd")
    (True, False)
    """
    dots = any(part and not part.strip(".") for part in text.split("/"))
    return _SERIAL.fullmatch(text) is not None and not dots


def check_identifiers(gtin: str, serials: list[str], base_url: str) -> list[Finding]:
    """Findings about the GTIN, the address and the serial numbers of one issue."""
    found = []
    if not is_gtin14(gtin):
        found.append(finding("passport.bad-gtin", Place(pointer="/gtin"), gtin=gtin[:40]))
    parts = urlsplit(base_url)
    if parts.scheme not in ("https", "http") or not parts.netloc:
        found.append(finding("passport.bad-base-url", address=base_url[:200]))
    for position, serial in enumerate(serials, start=1):
        if not is_serial(serial):
            found.append(
                finding("passport.bad-serial", Place("serials", position), serial=serial[:40])
            )
    for serial in sorted({s for s in serials if serials.count(s) > 1}):
        found.append(
            finding(
                "passport.serial-twice",
                Place("serials", len(serials) - serials[::-1].index(serial)),
                serial=serial[:40],
            )
        )
    return found


def is_passport_id(text: str) -> bool:
    """Whether the text names a passport: a ``urn:uuid:`` or an https address."""
    if is_urn_uuid(text):
        return True
    parts = urlsplit(text)
    return parts.scheme == "https" and bool(parts.netloc)
