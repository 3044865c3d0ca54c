"""What no file of facts may state: the passport works it out, or an event changes it.

One table for every door: issue, issue of a fleet, a new version, an event, a second life. What
an event does, a signed event of the life cycle shows (Art. 77(4), (7) of Regulation (EU)
2023/1542); a value changed beside it would be a second truth.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.model import Values

# Worked out with every version, or set when the battery was placed on the market.
OF_HEADER: Final = frozenset(
    {
        *("A001", "A002", "A003", "A004", "A005", "A006", "A013", "A015"),
        *("A019", "A032", "A037"),
    }
)
# Attribute -> the command that changes it, which records a signed event.
OF_EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A007": "saltbridge passport event … responsibility-transfer --to DID",
        "A012": "saltbridge passport second-life",
        "A035": "saltbridge passport event … becomes-waste, saltbridge passport second-life",
        "A036": "saltbridge passport event … repair --component …",
    }
)
FIXED: Final = OF_HEADER | OF_EVENTS.keys()


def fixed_findings(stated: Collection[str], pointer: str = "/attributes") -> list[Finding]:
    """One finding for each attribute that a file of facts states though it may not."""
    found = []
    for id in sorted(FIXED.intersection(stated)):
        place, name = Place(pointer=f"{pointer}/{id}"), attribute_table()[id].name
        if id in OF_EVENTS:
            command = OF_EVENTS[id]
            told = finding(
                "passport.of-an-event", place, attribute=id, name=name, command=command
            )
        else:
            told = finding("passport.fixed-attribute", place, attribute=id, name=name)
        found.append(told)
    return found


def supplied_findings(
    supplied: Values, serial: str, category: str, pointer: str = "/attributes"
) -> list[Finding]:
    """What a supplier states of a battery that its passport would say otherwise.

    A battery whose first passport is issued is original and has no predecessor; its serial
    number and category are those it is issued under. The rest of a supplier's header is about
    the supplier's own document and is not taken over.
    """
    due = {"A012": [], "A019": serial, "A032": category, "A035": "original"}
    found = []
    for id, expected in due.items():
        held = supplied.get(id)
        if held is None or held.value in (None, expected):
            continue
        found.append(
            finding(
                "passport.supplied-otherwise",
                Place(pointer=f"{pointer}/{id}"),
                attribute=id,
                name=attribute_table()[id].name,
                found=str(held.value)[:40],
                due=str(expected) if expected else "–",
            )
        )
    return found
