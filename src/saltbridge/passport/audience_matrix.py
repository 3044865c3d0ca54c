"""Which attribute whom is shown at which door, in which state of a passport: the whole matrix.

A table to be compared with what the node answers (``tests/web/test_audience_matrix.py``), and
the page that people read (docs/reference/audience-matrix.md). It is written down here and not
worked out from ``access.MAY_SEE``, so that a fault there is found.

Source of the audiences: Regulation (EU) 2023/1542, Art. 77(2) and Annex XIII, read 2026-11-28.
"""

from collections.abc import Mapping
from typing import Final

from saltbridge.passport.attributes import Attribute

NOTHING: Final[frozenset[int]] = frozenset()
# Who reads, and the points they may see.
READERS: Final[Mapping[str, frozenset[int]]] = {
    "everybody": frozenset({1}),
    "dismantling": frozenset({1, 2}),
    "individual battery": frozenset({1, 4}),
    "both interests": frozenset({1, 2, 4}),
    "authority": frozenset({1, 2, 3}),
}
# States of a passport that a reader may come upon.
STATES: Final = (
    *("issued", "changed", "repaired", "waste", "suspended", "revoked", "three views"),
    *("passed on", "re-used", "repurposed", "remanufactured", "of two", "transferred"),
    *("taken over", "handed over", "served copy", "kept copy", "recycled", "unknown"),
)
# At a node that shows nothing of it: ended, elsewhere by now, a copy nobody switched on, none.
_GONE: Final = ("recycled", "handed over", "kept copy", "unknown")
# Door -> what it is.
PUBLIC_DOORS: Final[Mapping[str, str]] = {
    "page": "`GET /01/…/21/…`, HTML",
    "JSON": "`GET /01/…/21/…`, application/json",
    "signed text": "`GET /01/…/21/…`, application/sd-jwt",
    "credential": "`GET /01/…/21/…`, application/vc+jwt, of versions it was made for",
    "claim file": "`GET /passports/…/claim.json`",
    "export statement": "`GET /passports/…/statement.json`",
    "keeper's word": "`GET /passports/…/keeping.json`: keys and status lists of who is gone",
}
# The address without a serial number: attributes of granularity *model* of any battery there.
MODEL_DOORS: Final[Mapping[str, str]] = {
    "model page": "`GET /01/{gtin}`, HTML: what is of the model, from any battery of it",
    "model JSON": "`GET /01/{gtin}`, application/json: the same",
}
ACCESS_DOORS: Final[Mapping[str, str]] = {
    "access page": "`GET /01/…/21/…/access`, HTML: what goes beyond the public page",
    "access JSON": "`GET /01/…/21/…/access`, application/json",
    "access signed text": "`GET /01/…/21/…/access`, application/sd-jwt",
    "access file": "`GET /01/…/21/…/access?format=file`",
}
API_DOORS: Final[Mapping[str, str]] = {
    "API compressed": "`GET /v1/dpps/…`",
    "API full": "`GET /v1/dpps/…?representation=full`",
    "API JSON-LD": "`GET /v1/dpps/…`, application/ld+json",
    "API by product": "`GET /v1/dppsByProductId/…`",
    "API by date": "`GET /v1/dppsByIdAndDate/…?date=`",
}
EXPORT: Final = "export"
SHEET: Final = "data sheet"
LABELS: Final = "labels"
DOORS: Final[Mapping[str, str]] = {
    **PUBLIC_DOORS,
    **MODEL_DOORS,
    **ACCESS_DOORS,
    **API_DOORS,
    EXPORT: "`saltbridge passport export --audience`, by the operator, in any format",
    SHEET: "`saltbridge passport export --format pdf --audience`, by the operator",
    LABELS: "`saltbridge passport labels`, by the operator: address and serial number alone",
}
_NO_ATTRIBUTES: Final = ("export statement", "keeper's word", LABELS)
# Made when a version is signed, by a node set to it: not before there were versions, and a
# node that took a passport over, or keeps its copy, has what was handed to it.
_NO_CREDENTIAL: Final = ("three views", "taken over", "served copy")
# An export is made for an audience, not for a purpose.
_EXPORTED_FOR: Final = ("everybody", "both interests", "authority")
_WHOLE_VIEWS: Final = _EXPORTED_FOR


def shown_points(reader: str, door: str, state: str) -> frozenset[int]:
    """The points of which a reader is shown something at a door.

    >>> sorted(shown_points("authority", "access JSON", "issued"))
    [1, 2, 3]
    >>> sorted(shown_points("authority", "page", "issued"))
    [1]
    """
    points = READERS[reader]
    if door in MODEL_DOORS:  # of the model's other batteries, whatever became of this one
        return NOTHING if state == "kept copy" else READERS["everybody"]
    if state in _GONE or door in _NO_ATTRIBUTES:
        return NOTHING
    if door == "credential" and state in _NO_CREDENTIAL:
        return NOTHING
    if door in PUBLIC_DOORS:
        return READERS["everybody"]
    if state == "served copy":  # what is not public is sealed: nobody here can read it
        public = reader == "everybody" and door in API_DOORS
        return READERS["everybody"] if public else NOTHING
    if door in (EXPORT, SHEET):
        return points if reader in _EXPORTED_FOR else NOTHING
    if reader == "everybody":
        return points if door in API_DOORS else NOTHING
    # Passports from before hold three signed views; a part of one cannot be shown.
    if state == "three views" and reader not in _WHOLE_VIEWS:
        points = READERS["everybody"]
    return points - READERS["everybody"] if door == "access page" else points


def is_shown(attribute: Attribute, reader: str, door: str, state: str) -> bool:
    """One cell: whether the attribute is shown, where the passport has a value of it."""
    return attribute.point in shown_points(reader, door, state)
