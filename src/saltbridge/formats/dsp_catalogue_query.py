"""The filter of a catalogue request and the links between pages of the answer."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from saltbridge.core.finding import Place, finding
from saltbridge.exchange.catalogue_query import (
    MEMBERS,
    OPERATORS,
    CatalogueQuery,
    Criterion,
    Page,
)
from saltbridge.formats.dsp import parse_document
from saltbridge.formats.dsp_schema import NotDsp

TOKEN: Final = "continuationToken"  # noqa: S105
_NS: Final = "https://w3id.org/edc/v0.0.1/ns/"
# EDC tells a direction even where it names no field to sort by; without one it says nothing.
_MEMBERS: Final = frozenset(
    {"@type", "@context", "filterExpression", "offset", "limit", "sortOrder"}
)


def parse_catalogue_query(content: bytes) -> CatalogueQuery:
    """What is asked for; without a filter everything.

    Raises:
        FaultyJson, NotDsp: not a catalogue request, or a filter we do not support.
    """
    document = parse_document(content, "CatalogRequestMessage")
    criteria: list[Criterion] = []
    offset, limit = 0, None
    for n, part in enumerate(document.get("filter") or ()):
        place = f"/filter/{n}"
        if not isinstance(part, Mapping):
            raise _unsupported(place)
        plain = _bare(part)
        if "operandLeft" in plain:
            criteria.append(_criterion(plain, place))
            continue
        if {name for name, value in plain.items() if value is not None} - _MEMBERS:
            raise _unsupported(place)
        expressions = plain.get("filterExpression") or []
        for inner in expressions if isinstance(expressions, list) else [expressions]:
            if not isinstance(inner, Mapping):
                raise _unsupported(f"{place}/filterExpression")
            bare = {
                str(key).removeprefix(_NS).removeprefix("edc:"): v for key, v in inner.items()
            }
            criteria.append(_criterion(bare, f"{place}/filterExpression"))
        offset = _count(plain.get("offset", offset), f"{place}/offset") or 0
        limit = _count(plain.get("limit", limit), f"{place}/limit")
    return CatalogueQuery(tuple(criteria), offset, limit)


def _bare(part: Mapping[str, Any]) -> dict[str, Any]:
    """The members without EDC's namespace."""
    return {str(k).removeprefix(_NS).removeprefix("edc:"): v for k, v in part.items()}


def _criterion(plain: Mapping[str, Any], place: str) -> Criterion:
    left, operator = plain.get("operandLeft"), plain.get("operator")
    right = plain.get("operandRight")
    name = str(left).replace("'", "").removesuffix(".@id")
    values = right if isinstance(right, list) else [right]
    texts = [v.get("@id") if isinstance(v, Mapping) else v for v in values]
    known = name in MEMBERS and operator in OPERATORS
    if not known or not all(isinstance(text, str) for text in texts):
        raise _unsupported(place)
    if operator == "=" and len(texts) != 1:
        raise _unsupported(place)
    return Criterion(MEMBERS[name], tuple(str(text) for text in texts))


def _count(value: Any, place: str) -> int | None:
    if value is None or (type(value) is int and 0 <= value < 2**31):
        return value
    raise _unsupported(place)


def _unsupported(place: str) -> NotDsp:
    return NotDsp([finding("dsp.filter-unsupported", Place(pointer=place))])


def render_links(url: str, page: Page) -> dict[str, str]:
    """The header that leads to the pages beside this one; nothing where there is none."""
    links = []
    for rel, after in (("previous", page.previous), ("next", page.next)):
        if after is not None:
            token = base64.urlsafe_b64encode(after.encode()).decode("ascii").rstrip("=")
            query = f"?{TOKEN}={quote(token)}" if after else ""
            links.append(f'<{url}{query}>; rel="{rel}"')
    return {"Link": ", ".join(links)} if links else {}


def parse_token(token: str) -> str:
    """The id after which a page begins.

    Raises:
        NotDsp: no token of ours.
    """
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("utf-8")
    except (binascii.Error, ValueError) as fault:
        raise _unsupported(f"?{TOKEN}") from fault
