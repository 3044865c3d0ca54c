"""What only several values of a passport together can show."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, TypeAlias

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.product_identifiers import parse_digital_link
from saltbridge.passport.check_identifiers import check_granularity
from saltbridge.passport.chemistry import chemistry_findings
from saltbridge.passport.conditions import heavy_metals_due
from saltbridge.passport.model import Values, number_of

Rule: TypeAlias = Callable[[Values, date, date], Iterable[Finding]]

AHEAD: Final = timedelta(days=366)  # so far ahead a battery may be placed on the market


def across_findings(values: Values, latest: date, on: date) -> list[Finding]:
    """What only several values together can show.

    ``latest``: nothing was measured or made after that day; ``on``: the day that is judged: the
    battery is placed on the market a year after it at the latest.
    """
    return [found for rule in RULES for found in rule(values, latest, on)]


def _later(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """Days that had not come yet when the passport was made, or the battery was judged."""
    last = latest.isoformat()
    stated = {id: v.measured_on[:10] for id, v in values.items() if v.measured_on[:10] > last}
    stated.pop("A035", None)  # the status of a new battery is that of its placing on the market
    made, placed = values.get("A029"), values.get("A037")
    if made is not None and isinstance(made.value, str) and made.value[:7] > last[:7]:
        stated["A029"] = made.value[:10]
    told = dict.fromkeys(stated, last)
    ahead = (on + AHEAD).isoformat()
    if placed is not None and isinstance(placed.value, str) and placed.value > ahead:
        stated["A037"], told["A037"] = placed.value[:10], ahead
    for id, day in stated.items():
        yield finding(
            "passport.later-day",
            Place(pointer=f"/attributes/{id}"),
            attribute=id,
            found=day[:20],
            last=told[id],
        )


def _of_another_battery(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """A link with another serial number, or a passport that is its own predecessor."""
    link, serial, own = (values.get(id) for id in ("A002", "A019", "A001"))
    if link is not None and serial is not None and isinstance(link.value, str):
        parsed = parse_digital_link(link.value)
        if parsed is not None and parsed.serial and parsed.serial != serial.value:
            yield finding(
                "passport.other-serial",
                Place(pointer="/attributes/A002"),
                found=parsed.serial[:40],
                serial=str(serial.value)[:40],
            )
    before = values.get("A012")
    if own is None or before is None or not isinstance(before.value, list):
        return
    if any(isinstance(e, dict) and e.get("passport_id") == own.value for e in before.value):
        yield finding("passport.own-predecessor", Place(pointer="/attributes/A012"))


def _in_order(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """The lower one of two limits above the higher one."""
    for low, high in (("A096", "A098"), ("A098", "A097"), ("A132", "A133")):
        lower, upper = number_of(values, low), number_of(values, high)
        if lower is not None and upper is not None and lower > upper:
            place = Place(pointer=f"/attributes/{low}")
            yield finding("passport.order", place, low=low, high=high)


def _shares(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """More than all of a metal recycled, before and after use together."""
    for metal, before in (("nickel", 69), ("cobalt", 71), ("lithium", 73), ("lead", 75)):
        shares = [number_of(values, f"A{before:03d}"), number_of(values, f"A{before + 1:03d}")]
        total = sum(s for s in shares if s is not None)
        if total > 100.0:
            place = Place(pointer=f"/attributes/A{before:03d}")
            yield finding("passport.shares", place, material=metal, total=total)


def _symbols(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """Symbols of heavy metals that are not those of their content."""
    symbols, due = values.get("A040"), heavy_metals_due(values)
    if symbols is None or symbols.value is None or due is None:
        return
    shown = () if symbols.value == "none" else tuple(str(symbols.value).split("+"))
    if set(shown) != set(due):
        yield finding(
            "passport.heavy-metal-symbols",
            Place(pointer="/attributes/A040"),
            found=str(symbols.value)[:20],
            due="+".join(due) or "none",
        )


def _made_later(values: Values, latest: date, on: date) -> Iterable[Finding]:
    """Made in a month after the one in which it was placed on the market."""
    made, placed = values.get("A029"), values.get("A037")
    if made is not None and placed is not None and str(made.value)[:7] > str(placed.value)[:7]:
        yield finding(
            "passport.made-later",
            Place(pointer="/attributes/A029"),
            made=str(made.value)[:10],
            placed=str(placed.value)[:10],
        )


# Each asks for the values it looks at by their ids. One goes through all of them: of those it
# does not ask for, it looks at the day of the measurement alone.
RULES: Final[tuple[Rule, ...]] = (
    _later,
    _of_another_battery,
    _in_order,
    _shares,
    lambda values, latest, on: chemistry_findings(values),
    lambda values, latest, on: check_granularity(values),
    _symbols,
    _made_later,
)
