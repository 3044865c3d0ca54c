"""Identifiers of companies, sites, batteries and documents.

Each check returns a bool or a plain string; the caller words the finding.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

# Catena-X CX-0010: BPNL legal entity, BPNS site, BPNA address; 12 characters after the type.
_BPN = re.compile(r"BPN([LSA])[0-9A-Z]{12}")
# GB/T 34014-2017 traction battery code, as published in io.catenax.traction_battery_code 2.0.0.
_TRACTION_BATTERY_CODE = re.compile(
    r"(?:[A-Z0-9]{3}[PMC][A-GZ][A-Z0-9]{2}[A-Z0-9]{7}[1-9A-GH-NPR-Y][1-9A-C][0-9A-GH-NPR-Y][0-9]{7})"
    r"|(?:[A-Z0-9]{3}[PMC][A-GZ][A-Z0-9]{2}[1-9A-GH-NPR-Y][1-9A-C][0-9A-GH-NPR-Y][0-9]{7}R[PMC])"
)
_URN_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_bpn(text: str, kind: str = "L") -> bool:
    """Whether the text is a Catena-X business partner number of the kind L, S or A.

    >>> is_bpn("BPNL00000000OEM1"), is_bpn("BPNS00000000OEM1")
    (True, False)
    """
    match = _BPN.fullmatch(text)
    return match is not None and match.group(1) == kind


def is_urn_uuid(text: str) -> bool:
    """Whether the text is a lower-case ``urn:uuid:`` (RFC 9562)."""
    return _URN_UUID.fullmatch(text) is not None


def is_traction_battery_code(text: str) -> bool:
    """Whether the text is a Chinese traction battery code (GB/T 34014-2017).

    >>> is_traction_battery_code("X12MCPM27KLPCLX2M2382320")
    True
    """
    return _TRACTION_BATTERY_CODE.fullmatch(text) is not None


@lru_cache(maxsize=64)  # a fleet has one
def gtin_check_digit(first_thirteen: str) -> str:
    """Check digit of a GTIN-14 (GS1 General Specifications, modulo 10).

    >>> gtin_check_digit("0952123456789")
    '9'
    """
    total = sum(
        int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(first_thirteen)
    )
    return str(-total % 10)


def is_gtin14(text: str) -> bool:
    """Whether the text is a GTIN-14 with a right check digit."""
    return (
        len(text) == 14
        and text.isascii()
        and text.isdigit()
        and gtin_check_digit(text[:13]) == text[13]
    )


def digital_link(host: str, gtin14: str, serial: str) -> str:
    """GS1 Digital Link URI of one battery: ``<host>/01/<gtin>/21/<serial>``.

    >>> digital_link("https://id.example", "09521234567899", "A/1")
    'https://id.example/01/09521234567899/21/A%2F1'
    """
    return f"{host.rstrip('/')}/01/{quote(gtin14, safe='')}/21/{quote(serial, safe='')}"


def did_web(base_url: str) -> str:
    """The did:web identifier whose document lies under this base URL.

    >>> did_web("https://cells.example"), did_web("http://127.0.0.1:8101/a")
    ('did:web:cells.example', 'did:web:127.0.0.1%3A8101:a')
    """
    parts = urlsplit(base_url)
    segments = [quote(parts.netloc, safe="")]
    segments += [quote(s, safe="") for s in parts.path.split("/") if s]
    return "did:web:" + ":".join(segments)


def did_web_document_url(did: str, scheme: str = "https") -> str:
    """Where the document of a did:web lies (did:web method, section 2.5.2).

    ``scheme`` is https by the method; a node on loopback may be told http.

    Raises:
        ValueError: not a did:web.

    >>> did_web_document_url("did:web:cells.example")
    'https://cells.example/.well-known/did.json'
    >>> did_web_document_url("did:web:127.0.0.1%3A8101:a", "http")
    'http://127.0.0.1:8101/a/did.json'
    """
    if not did.startswith("did:web:") or did == "did:web:":
        raise ValueError(f"{did!r} is not a did:web identifier")
    host, *path = (unquote(segment) for segment in did.removeprefix("did:web:").split(":"))
    where = "/".join(path) if path else ".well-known"
    return f"{scheme}://{host}/{where}/did.json"


def did_web_base(did: str, scheme: str = "https") -> str:
    """The base URL whose did:web this is.

    Raises:
        ValueError: not a did:web.

    >>> did_web_base("did:web:cells.example")
    'https://cells.example'
    >>> did_web_base("did:web:127.0.0.1%3A8101:a", "http")
    'http://127.0.0.1:8101/a'
    """
    url = did_web_document_url(did, scheme)
    return url.removesuffix("/did.json").removesuffix("/.well-known")
