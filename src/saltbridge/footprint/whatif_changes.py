"""What a what-if changes: a small syntax, one change per option.

=============  ==========================  ===================================================
kind           text                        meaning
=============  ==========================  ===================================================
electricity    plant=CN-SC                 the grid of another place, without contract
contract       plant=ppa:0.0545@0.8        a contract of this kind, kg CO2e/kWh, share covered
supplier       aluminium=4.5 kg/kg         another supplier's figure for a flow
supplier       aluminium=factor:ID         … or a factor that is in use or in a factor set
recycled       aluminium=0.5               R1 of the circular terms of a material
yield          cell=0.95                   output of a process, as a share of today's
yield          cell=0.90:0.95              … or from one yield to another
distance       distribution=800 km         transport rows of a process, by mass times distance
distance       distribution=0.5x           … or times a factor
transport      distribution=rail@0.02      another mode, with kg CO2e/tkm where none is known
location       plant=FR                    the processes stand elsewhere, with that grid
amount         cell/electricity=0.8x       one row, times a factor or as a new amount
=============  ==========================  ===================================================

``plant`` means the company's own processes (``company_specific``; where none is marked, those
of main production), ``all`` every process; else the id of a process or of a stage.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding

KINDS = (
    "electricity", "contract", "supplier", "recycled", "yield", "distance", "transport",
    "location", "amount",
)  # fmt: skip
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PATTERNS: Mapping[str, str] = {
    "electricity": r"(?P<place>[A-Za-z0-9 -]{1,40})",
    "location": r"(?P<place>[A-Za-z0-9 -]{1,40})",
    "contract": rf"(?P<kind>direct_line|ppa|certificate|supplier_mix):(?P<value>{_NUMBER})"
    rf"(?:@(?P<share>{_NUMBER}))?",
    "supplier": rf"factor:(?P<factor>\S.*)|(?P<value>{_NUMBER})\s*(?P<co2>kg|g|t)\s*/"
    r"\s*(?P<unit>[A-Za-z0-9]+)",
    "recycled": rf"(?P<share>{_NUMBER})",
    "yield": rf"(?:(?P<old>{_NUMBER}):)?(?P<new>{_NUMBER})",
    "distance": rf"(?P<times>{_NUMBER})\s*x|(?P<km>{_NUMBER})\s*km",
    "transport": rf"(?P<flow>[^@=]{{1,120}})(?:@(?P<value>{_NUMBER}))?",
    "amount": rf"(?P<times>{_NUMBER})\s*x|(?P<value>{_NUMBER})\s*(?P<unit>[A-Za-z0-9]*)",
}
_SHARES = {"recycled": ("share",), "contract": ("share",), "yield": ("old",)}
_POSITIVE = {"yield": ("old", "new")}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its kind, what it touches, the value as it was written, and its parts."""

    kind: str
    target: str
    value: str
    parts: Mapping[str, str]

    @property
    def text(self) -> str:
        """As it is written on the command line and in a record."""
        return f"{self.kind} {self.target}={self.value}"

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """A part as a number; ``otherwise`` where it was left out."""
        text = self.parts.get(name)
        return otherwise if text is None else float(text)


def parse_change(kind: str, text: str) -> Change:
    """The change that ``TARGET=VALUE`` of a kind means.

    Raises:
        FaultyInput: it does not read as one; the finding shows an example.
    """
    target, sign, value = (part.strip() for part in text.rpartition("="))
    match = re.fullmatch(_PATTERNS[kind], value) if sign and target else None
    if match is None:
        raise FaultyInput([finding(f"whatif.syntax-{kind}", text=text[:80])])
    parts = {name: found for name, found in match.groupdict().items() if found is not None}
    change = Change(kind, target, value, parts)
    for name in _SHARES.get(kind, ()):
        if change.number(name) > 1:
            raise FaultyInput([finding("whatif.share", text=text[:80])])
    for name in _POSITIVE.get(kind, ()):
        if change.number(name, 1.0) <= 0:
            raise FaultyInput([finding("whatif.yield-zero", text=text[:80])])
    return change


def scenario_record(changes: tuple[Change, ...], base_digest: str) -> dict[str, object]:
    """What a record says of a scenario: that it is one, from which inputs, and its changes."""
    return {
        "kind": "what-if",
        "base_inputs_digest": base_digest,
        "changes": [{"kind": c.kind, "target": c.target, "value": c.value} for c in changes],
    }
