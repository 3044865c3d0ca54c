"""The rule packs as they stand on a day, at a node or in general."""

from datetime import datetime

from saltbridge.border.calendar import legal_day
from saltbridge.border.rules import Pack, editions_in_force, packaged_packs
from saltbridge.ports import World
from saltbridge.steps.deciding import zone_of
from saltbridge.steps.rules import rule_book

IN_FORCE, SUPERSEDED, NOT_YET, OTHER_ZONE = "in-force", "superseded", "not-yet", "other-zone"


def listed(
    world: World | None, on: datetime | None, now: datetime
) -> tuple[tuple[Pack, str], ...]:
    """Every edition of every pack with its state on that day (today without one).

    With a world the official lists loaded there count, and the node's free-trade zone.
    """
    packs, zone = packaged_packs(), ""
    if world is not None:
        zone = zone_of(world)
        with world.store.reading() as view:
            packs = rule_book(view).packs
    at = now if on is None else on.replace(tzinfo=now.tzinfo, hour=12)
    newest = editions_in_force(packs, at)

    def state(pack: Pack) -> str:
        if not pack.in_force(legal_day(at, pack.jurisdiction)):
            return NOT_YET
        if pack not in newest:
            return SUPERSEDED
        return OTHER_ZONE if pack.zone and pack.zone != zone else IN_FORCE

    return tuple((pack, state(pack)) for pack in packs)
