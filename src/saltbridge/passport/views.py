"""What each audience sees of a passport: a header for all, and one part per point.

The points are those of Annex XIII. A view is the header with the parts its audience may see
(``access.MAY_SEE``); the signed version of a passport carries every part as one disclosure.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final

from saltbridge.passport.access import MAY_SEE, Audience, points_of
from saltbridge.passport.assemble import render_value
from saltbridge.passport.attributes import applies_from, attribute_table
from saltbridge.passport.model import SCHEMA, ItemPassport
from saltbridge.passport.validate import Readiness, State
from saltbridge.trust.suites import NotVerified

POINTS: Final = (1, 2, 3, 4)
VERSION_KIND: Final = "passport-version"
ABSENT: Final = {
    "not_applicable": State.NOT_APPLICABLE,
    "not_yet_required": State.NOT_YET_REQUIRED,
    "not_provided": State.NOT_PROVIDED,
}
_OBJECTS: Final = ("attributes", "not_applicable_because", "company_information")


def part_name(point: int) -> str:
    """The name of the disclosure of a point.

    >>> part_name(4)
    'point_4'
    """
    return f"point_{point}"


def header(passport: ItemPassport, status: Readiness) -> dict[str, Any]:
    """What every view begins with; nothing in it is restricted."""
    return {
        "schema": SCHEMA,
        "passport_id": passport.id,
        "product_id": passport.product_id,
        "gtin": passport.gtin,
        "serial": passport.serial,
        "category": passport.category,
        "granularity": "item",
        "version": str(passport.version),
        "duty": {
            "from": _iso_day(applies_from("passport", passport.category)),
            "assessed_on": status.on.isoformat(),
        },
        "issued_at": passport.issued_at,
        "placed_on_market": passport.placed_on_market.isoformat(),
        "issuer": {
            "name": passport.issuer.name,
            "did": passport.issuer.did,
            "bpn": passport.issuer.bpn,
        },
    }


def parts(passport: ItemPassport, status: Readiness) -> dict[int, dict[str, Any]]:
    """What each point holds; points that hold nothing are left out.

    An attribute without a point stands nowhere. The operator's footprint estimate is public.
    """
    made = {point: _part(passport, status, point) for point in POINTS}
    if passport.company_information is not None:
        made[1]["company_information"] = dict(passport.company_information)
    return {point: part for point, part in made.items() if part}


def _part(passport: ItemPassport, status: Readiness, point: int) -> dict[str, Any]:
    here = [id for id, attribute in attribute_table().items() if attribute.point == point]
    held = {id: passport.values[id] for id in here if id in passport.values}
    shown = {id: render_value(id, v) for id, v in held.items() if not v.not_applicable}
    part: dict[str, Any] = {"attributes": shown} if shown else {}
    for member, state in ABSENT.items():
        ids = [id for id in here if status.states.get(id) is state]
        part |= {member: ids} if ids else {}
    reasons = {id: v.not_applicable for id, v in held.items() if v.not_applicable}
    return {**part, **({"not_applicable_because": reasons} if reasons else {})}


def unshown(passport: ItemPassport) -> dict[str, Any]:
    """What no part holds whole: values kept back, and who says what does not apply."""
    absent = {id: v for id, v in passport.values.items() if v.not_applicable}
    return {id: render_value(id, v) for id, v in {**passport.kept_back, **absent}.items()}


def view(
    header: Mapping[str, Any],
    parts: Mapping[int, Mapping[str, Any]],
    audience: Audience,
    points: Collection[int] | None = None,
) -> dict[str, Any]:
    """What one audience sees, or a reading of only some of its points. No other part leaves
    a trace."""
    shown = sorted(points_of(audience, points))
    seen = [parts[point] for point in shown if point in parts]
    return {
        **header,
        "attributes": {},
        **_together(seen),
        "kind": f"passport-{audience.value.replace('_', '-')}-view",
        "audience": audience.value,
        "points": shown,
    }


def _together(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Parts as one: objects member by member, lists of attributes by id."""
    whole: dict[str, Any] = {}
    for part in parts:
        for member, value in part.items():
            before = whole.get(member)
            if member in ABSENT:
                whole[member] = sorted([*(before or ()), *value])
            elif isinstance(value, Mapping) and isinstance(before, Mapping):
                whole[member] = {**before, **value}
            else:
                whole[member] = value
    return whole


def split(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """The header and the parts in the content of a version, as far as they were disclosed.

    Raises:
        NotVerified: a part does not hold what a part holds.
    """
    names = {part_name(point): point for point in POINTS}
    found = {names[k]: _checked(k, v) for k, v in content.items() if k in names}
    return {k: v for k, v in content.items() if k not in names}, found


def _checked(name: str, part: Any) -> dict[str, Any]:
    """The part, if what we know in it has the right form; the rest is carried along."""
    ids = [part.get(member, []) for member in ABSENT] if isinstance(part, dict) else [0]
    objects = [part.get(member, {}) for member in _OBJECTS] if isinstance(part, dict) else []
    texts = all(isinstance(e, list) and all(isinstance(id, str) for id in e) for e in ids)
    if not texts or not all(isinstance(e, dict) for e in objects):
        raise NotVerified.of("trust.malformed", reason=name)
    if not all(isinstance(value, dict) for value in objects[0].values()):
        raise NotVerified.of("trust.malformed", reason=name)
    return dict(part)


def audience_of(points: Collection[int]) -> Audience | None:
    """Whom these points are for: the first audience that may see them all, or None."""
    return next((a for a in Audience if frozenset(points) <= MAY_SEE[a]), None)


def presented_view(content: Mapping[str, Any]) -> dict[str, Any]:
    """The view in the content of a version whose disclosures were opened.

    Its ``points`` are those that were disclosed. An audience is named where one may see them.
    """
    told, held = split(content)
    audience = audience_of(held)
    shown = view(told, held, audience or Audience.PUBLIC)
    if audience is None:  # shown whole: nobody but the operator has points 3 and 4 together
        shown |= {"attributes": {}, **_together(held.values()), "kind": "", "audience": ""}
    return {**shown, "points": sorted(held)}


def _iso_day(day: date | None) -> str:
    return day.isoformat() if day else ""
