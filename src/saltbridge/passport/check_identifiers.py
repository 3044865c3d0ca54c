"""Checks of identifiers by the scheme they are written in.

A link that means to be a GS1 Digital Link must be a right one, a did:web must resolve, and a
Chinese traction battery code says which of its parts is wrong. Other schemes pass: EN 18219
knows several, and the law asks for ISO/IEC 15459 *or equivalent*.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.core.product_identifiers import (
    did_web_fault,
    digital_link_fault,
    identification_link_fault,
    is_digital_link,
    parse_digital_link,
    traction_code_fault,
)
from saltbridge.passport.model import AttributeValue, Values


def check_scheme(id: str, value: AttributeValue) -> list[Finding]:
    """What is wrong with the identifier an attribute holds, by the scheme it is written in."""
    check = _CHECKS.get(id)
    if check is None or not isinstance(value.value, str):
        return []
    return check(value.value, Place(pointer=f"/attributes/{id}"), {"attribute": id})


def check_granularity(values: Values) -> list[Finding]:
    """Whether the granularity a passport states is that of its product identifier (A002, A003).

    A Digital Link tells it by its application identifiers: 21 a single battery, 10 a batch.
    """
    stated, link = values.get("A003"), values.get("A002")
    if stated is None or link is None or not isinstance(link.value, str):
        return []
    parsed = parse_digital_link(link.value)
    if parsed is None or parsed.granularity == stated.value:
        return []
    return [
        finding(
            "identifier.granularity",
            Place(pointer="/attributes/A003"),
            stated=str(stated.value)[:40],
            found=parsed.granularity,
        )
    ]


def _link(text: str, place: Place, name: Mapping[str, Any]) -> list[Finding]:
    found = []
    if fault := identification_link_fault(text):
        found.append(
            finding(
                f"identifier.link-{fault}",
                place,
                severity=Severity.WARNING,
                found=text[:80],
                **name,
            )
        )
    if is_digital_link(text) and (fault := digital_link_fault(text)):
        found.append(
            finding(f"identifier.digital-link-{fault}", place, found=text[:80], **name)
        )
    return found


def _party(text: str, place: Place, name: Mapping[str, Any]) -> list[Finding]:
    if not text.startswith("did:web:") or not did_web_fault(text):
        return []
    return [finding("identifier.did-web", place, found=text[:80], **name)]


def _traction_code(text: str, place: Place, name: Mapping[str, Any]) -> list[Finding]:
    fault = traction_code_fault(text)
    if not fault:
        return []
    return [finding(f"identifier.traction-{fault}", place, found=text[:40], **name)]


_CHECKS: Final[Mapping[str, Callable[[str, Place, Mapping[str, Any]], list[Finding]]]] = {
    "A002": _link,
    "A007": _party,
    "A008": _party,
    "A021": _traction_code,
    "A023": _party,
}
