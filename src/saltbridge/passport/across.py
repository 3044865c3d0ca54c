"""What only several values of a passport together can show."""

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.check_identifiers import check_granularity
from saltbridge.passport.chemistry import chemistry_findings
from saltbridge.passport.conditions import heavy_metals_due
from saltbridge.passport.model import Values, number_of


def across_findings(values: Values) -> list[Finding]:
    """What only several values together can show."""
    found = []
    for low, high in (("A096", "A098"), ("A098", "A097"), ("A132", "A133")):
        lower, upper = number_of(values, low), number_of(values, high)
        if lower is not None and upper is not None and lower > upper:
            found.append(
                finding(
                    "passport.order", Place(pointer=f"/attributes/{low}"), low=low, high=high
                )
            )
    for metal, before in (("nickel", 69), ("cobalt", 71), ("lithium", 73), ("lead", 75)):
        shares = [number_of(values, f"A{before:03d}"), number_of(values, f"A{before + 1:03d}")]
        total = sum(s for s in shares if s is not None)
        if total > 100.0:
            place = Place(pointer=f"/attributes/A{before:03d}")
            found.append(finding("passport.shares", place, material=metal, total=total))
    found += chemistry_findings(values)
    found += check_granularity(values)
    symbols = values.get("A040")
    due = heavy_metals_due(values)
    if symbols is not None and symbols.value is not None and due is not None:
        shown = () if symbols.value == "none" else tuple(str(symbols.value).split("+"))
        if set(shown) != set(due):
            found.append(
                finding(
                    "passport.heavy-metal-symbols",
                    Place(pointer="/attributes/A040"),
                    found=str(symbols.value)[:20],
                    due="+".join(due) or "none",
                )
            )
    made, placed = values.get("A029"), values.get("A037")
    if made is not None and placed is not None and str(made.value)[:7] > str(placed.value)[:7]:
        found.append(
            finding(
                "passport.made-later",
                Place(pointer="/attributes/A029"),
                made=str(made.value)[:10],
                placed=str(placed.value)[:10],
            )
        )
    return found
