"""Whether a footprint may call its edition in force: on the day its battery came to the market.

A record without that day says nothing about it (records of before, and rule sets nobody
chooses by that day); the day of issue stands in, and an edition that has ended since is not
held against it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from saltbridge.core.edition import Edition, EditionStatus
from saltbridge.core.finding import Argument

MARKET_DAY: Final = "placed_on_market"
_DECLARATION: Final = "declaration"
_ON_THE_DAY: Final = frozenset({EditionStatus.IN_FORCE})
_WITHOUT_A_DAY: Final = frozenset({EditionStatus.IN_FORCE, EditionStatus.WITHDRAWN})


def edition_fault(
    footprint: Mapping[str, Any], editions: Mapping[str, Edition], issued: date
) -> tuple[str, Mapping[str, Argument]] | None:
    """The code and the arguments of what is wrong; None where nothing is.

    ``footprint`` is a footprint record or what the border left of one. Only a footprint that
    claims more than an estimate under a draft is held to the day: one that is a declaration, or
    that calls its edition in force. ``editions`` are those known here by ``ID@EDITION``.
    """
    stated = footprint.get(MARKET_DAY)
    day = issued
    if stated is not None:
        try:
            day = date.fromisoformat(str(stated))
        except ValueError:
            return "delivery.market-day-unreadable", {"day": str(stated)[:40]}
    methodology = footprint.get("methodology")
    if not isinstance(methodology, Mapping):
        return None
    name = f"{methodology.get('id')}@{methodology.get('edition')}"
    edition = editions.get(name)
    claims = footprint.get("type") == _DECLARATION
    if edition is None or not (
        claims or methodology.get("status") == EditionStatus.IN_FORCE.value
    ):
        return None
    allowed = _ON_THE_DAY if stated is not None else _WITHOUT_A_DAY
    if edition.on(day).status in allowed:
        return None
    return "delivery.edition-not-in-force", {"edition": name, "day": day.isoformat()}
