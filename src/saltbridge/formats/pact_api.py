"""The HTTP interface of PACT 3: errors, events, filters and the links between pages.

From the OpenAPI document 3.0 of the PACT conformance service (MIT; read in source, 2026-11) and
its expected results; the text of the specification itself is under another licence and was not
copied. Identifiers of footprints in events are UUIDs: a URN is a malformed request.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from saltbridge.core.canonical import FaultyJson, canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput

EVENT_TYPE: Final = "application/cloudevents+json"
CREATED: Final = "org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3"
FULFILLED: Final = "org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3"
REJECTED: Final = "org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3"
PUBLISHED: Final = "org.wbcsd.pact.ProductFootprint.PublishedEvent.3"
USUAL: Final = 100
MOST: Final = 1000
EVENT_BYTES: Final = 900_000  # of footprints in one event; many doors take a megabyte
VALID_YEARS: Final = (
    3  # without a stated period, from the end of the reference period (recalled)
)
_UUID: Final = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URN: Final = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9.-]{0,63}:\S+")
_OF_ANY: Final = ("productId", "companyId", "geography", "classification", "status")
_MOMENTS: Final = ("validOn", "validAfter", "validBefore")
_PAGING: Final = ("limit", "offset")


class BadRequest(FaultyInput):
    """A question or an event that the interface does not allow."""


def _bad(says: str) -> BadRequest:
    return BadRequest.of("pact.bad-request", says=says)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is cut to: any of the values of one kind, and all kinds together."""

    of_any: Mapping[str, frozenset[str]]
    moments: Mapping[str, datetime]
    limit: int = USUAL
    offset: int = 0
    given: tuple[tuple[str, str], ...] = ()  # as it was asked, for the next page


@dataclass(frozen=True, slots=True)
class Event:
    """A CloudEvent of PACT."""

    id: str
    type: str
    source: str
    data: Mapping[str, Any]


def parse_filter(given: Sequence[tuple[str, str]]) -> Filter:
    """The filter of a query.

    Raises:
        BadRequest: a parameter nobody knows, a moment that is none, a limit that is no number.
    """
    of_any: dict[str, set[str]] = {}
    moments: dict[str, datetime] = {}
    paging = {"limit": USUAL, "offset": 0}
    for name, value in given:
        if name in _OF_ANY:
            of_any.setdefault(name, set()).add(value.casefold())
        elif name in _MOMENTS:
            moments[name] = _moment(value, name)
        elif name in _PAGING and value.isascii() and value.isdigit():
            paging[name] = int(value[:9])
        else:
            raise _bad(f"{name[:40]} is no parameter of this interface, or has no such value")
    return Filter(
        {name: frozenset(values) for name, values in of_any.items()},
        moments,
        min(paging["limit"], MOST),
        paging["offset"],
        tuple((n, v) for n, v in given if n not in _PAGING),
    )


def fits(footprint: Mapping[str, Any], asked: Filter) -> bool:
    """Whether a footprint is among what was asked for, letters equal in either case."""
    pcf = footprint.get("pcf") or {}
    places = ("geographyCountry", "geographyRegionOrSubregion", "geographyCountrySubdivision")
    told = {
        "productId": footprint.get("productIds") or (),
        "companyId": footprint.get("companyIds") or (),
        "classification": footprint.get("productClassifications") or (),
        "status": (footprint.get("status", ""),),
        "geography": [pcf[place] for place in places if pcf.get(place)],
    }
    for name, wanted in asked.of_any.items():
        if not wanted & {str(value).casefold() for value in told[name]}:
            return False
    if not asked.moments:
        return True
    start, end = validity(footprint)
    on, after, before = (asked.moments.get(name) for name in _MOMENTS)
    return (
        (on is None or start <= on <= end)
        and (after is None or start > after)
        and (before is None or end < before)
    )


def validity(footprint: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From when to when a footprint is valid, as it says, or three years from its period."""
    pcf = footprint.get("pcf") or {}
    ended = _moment(str(pcf.get("referencePeriodEnd", "")), "referencePeriodEnd")
    start, end = footprint.get("validityPeriodStart"), footprint.get("validityPeriodEnd")
    begun = _moment(start, "validityPeriodStart") if start else ended
    over = _moment(end, "validityPeriodEnd") if end else _years_later(ended, VALID_YEARS)
    return begun, over


def next_link(base: str, asked: Filter) -> str:
    """The ``Link`` header of a page that is not the last (RFC 8288)."""
    following = asked.offset + asked.limit
    query = urlencode([*asked.given, ("limit", asked.limit), ("offset", following)])
    return f'<{base}/3/footprints?{query}>; rel="next"'


def parse_event(content: bytes) -> Event:
    """The event of a request.

    Raises:
        BadRequest: it is none of PACT 3, or malformed.
    """
    try:
        document = read_json(content)
    except FaultyJson as fault:
        raise _bad("the body is no JSON") from fault
    if not isinstance(document, Mapping) or document.get("specversion") != "1.0":
        raise _bad("specversion must be 1.0")
    id, source, type = (document.get(name) for name in ("id", "source", "type"))
    data = document.get("data")
    texts = all(isinstance(v, str) and 0 < len(v) <= 2000 for v in (id, source, type))
    if not texts or not isinstance(data, Mapping):
        raise _bad("id, source, type and data must be there")
    _check_data(str(type), data)
    return Event(str(id), str(type), str(source), data)


def _check_data(type: str, data: Mapping[str, Any]) -> None:
    if type == CREATED:
        if "productId" in data and not _all(data["productId"], _URN):
            raise _bad("data.productId must be a list of URNs")
        criteria(data)
    elif type == PUBLISHED:
        if not _all(data.get("pfIds"), _UUID):
            raise _bad("data.pfIds must be a list of UUIDs")
    elif type in (FULFILLED, REJECTED):
        if not isinstance(data.get("requestEventId"), str):
            raise _bad("data.requestEventId must be there")
    else:
        raise _bad("the type is none of PACT 3")


def criteria(data: Mapping[str, Any]) -> Filter:
    """What a request event asks for, as the filter of a list.

    Raises:
        BadRequest: nothing by which a footprint could be found, or no values of that kind.
    """
    given: list[tuple[str, str]] = []
    for name in (*_OF_ANY, *_MOMENTS):
        stated = data.get(name, [])
        values = [stated] if name in _MOMENTS and isinstance(stated, str) else stated
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise _bad(f"data.{name} has no such value")
        given += [(name, value) for value in values[:1000]]
    if not given:
        raise _bad("data must name a product, or something else to find footprints by")
    return parse_filter(given)


def is_urn(text: str) -> bool:
    """Whether a text can name a product or a company."""
    return _URN.fullmatch(text) is not None


def parse_list(content: bytes) -> list[Any]:
    """The footprints of an answer, as they came; one alone as a list of one.

    Raises:
        FaultyInput: it is no answer of a PACT host.
    """
    document = read_json(content)
    data = document.get("data") if isinstance(document, Mapping) else None
    if isinstance(data, Mapping):
        return [data]
    if not isinstance(data, list):
        raise FaultyInput.of("pact.no-answer")
    return data


def in_events(footprints: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Footprints in as many parts as events need that stay below ``EVENT_BYTES``.

    A footprint that is larger by itself is a part of its own.
    """
    parts: list[list[Mapping[str, Any]]] = []
    size = 0
    for footprint in footprints:
        more = len(canonical_bytes(dict(footprint))) + 1  # and a comma
        size += more
        if not parts or size > EVENT_BYTES:
            parts.append([])
            size = more
        parts[-1].append(footprint)
    return parts


def render_event(
    *, id: str, type: str, source: str, time: str, data: Mapping[str, Any]
) -> dict[str, Any]:
    """An event of ours."""
    told = {"type": type, "specversion": "1.0", "id": id, "source": source, "time": time}
    return {**told, "data": dict(data)}


def render_error(code: str, message: str) -> dict[str, str]:
    """The body of an answer that is not the one hoped for."""
    return {"code": code, "message": message}


def _all(values: Any, pattern: re.Pattern[str]) -> bool:
    return (
        isinstance(values, list)
        and 0 < len(values) <= 1000
        and all(isinstance(v, str) and pattern.fullmatch(v) for v in values)
    )


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as fault:
        raise _bad(f"{name} must be a date-time") from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)
