"""Who may see what: roles and points of Annex XIII. A lattice, not a ladder.

Neither of the two restricted audiences contains the other: test reports (point 3) are for
authorities only, data of the individual battery (point 4) are for persons with a legitimate
interest only. Regulation (EU) 2023/1542, Art. 77(2) and Annex XIII, read 2026-11-23.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from saltbridge.passport.attributes import Attribute, attribute_table


class Audience(StrEnum):
    """Who looks at a passport (Art. 77(2) of Regulation (EU) 2023/1542)."""

    PUBLIC = "public"
    LEGITIMATE_INTEREST = "legitimate_interest"
    AUTHORITY = "authority"


MAY_SEE: Final[Mapping[Audience, frozenset[int]]] = MappingProxyType(
    {
        Audience.PUBLIC: frozenset({1}),
        Audience.LEGITIMATE_INTEREST: frozenset({1, 2, 4}),
        Audience.AUTHORITY: frozenset({1, 2, 3}),
    }
)

V = TypeVar("V")


def points_of(audience: Audience, points: Collection[int] | None = None) -> frozenset[int]:
    """The points an audience may see; of a narrower reading only those it names.

    >>> sorted(points_of(Audience.LEGITIMATE_INTEREST, {1, 2, 3}))
    [1, 2]
    """
    allowed = MAY_SEE[audience]
    return allowed if points is None else allowed & frozenset(points)


def may_see(
    audience: Audience, attribute: Attribute | None, points: Collection[int] | None = None
) -> bool:
    """Whether the audience may see the attribute. Unknown or without a point: nobody may."""
    return (
        attribute is not None
        and attribute.point is not None
        and attribute.point in points_of(audience, points)
    )


def visible_to(
    audience: Audience,
    values: Mapping[str, V],
    table: Mapping[str, Attribute] | None = None,
    points: Collection[int] | None = None,
) -> dict[str, V]:
    """The values an audience may see, by attribute id, in their order. Deny by default.

    ``points`` narrows it further, for a grant that opens only some of them.

    >>> visible_to(Audience.PUBLIC, {"A018": "SB-1", "A035": "original", "X999": 1})
    {'A018': 'SB-1'}
    """
    known = attribute_table() if table is None else table
    return {id: v for id, v in values.items() if may_see(audience, known.get(id), points)}
