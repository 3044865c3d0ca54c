"""What the chemistry of a battery rules out: shares of metals its active materials lack.

Recycled shares are those of a metal that is present in the active materials [1]. The metals of
a family of chemistries are common knowledge of the trade [2]; a code that no row begins with
is not judged.

[1] Regulation (EU) 2023/1542, Art. 8(1). Read: 2026-11-23.
[2] Recalled.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.passport.model import Values, number_of

# Beginning of the code in upper case -> which of nickel, cobalt, lithium it contains.
FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "NMC": frozenset({"nickel", "cobalt", "lithium"}),
    "NCM": frozenset({"nickel", "cobalt", "lithium"}),
    "NCA": frozenset({"nickel", "cobalt", "lithium"}),
    "LNMO": frozenset({"nickel", "lithium"}),
    "LCO": frozenset({"cobalt", "lithium"}),
    "LMFP": frozenset({"lithium"}),
    "LFP": frozenset({"lithium"}),
    "LMO": frozenset({"lithium"}),
    "NIMH": frozenset({"nickel", "cobalt"}),
    "NICD": frozenset({"nickel", "cobalt"}),
    "PB": frozenset(),
}
# Metal -> its recycled shares, from manufacturing waste and from post-consumer waste [%].
# Lead is that of the whole battery, solder included [1]: no chemistry rules it out.
SHARES: Final[Mapping[str, tuple[str, str]]] = {
    "nickel": ("A069", "A070"),
    "cobalt": ("A071", "A072"),
    "lithium": ("A073", "A074"),
}


def metals_of(code: str) -> frozenset[str] | None:
    """Those of the three metals in the active materials; None for a code nobody here knows.

    A blend is named with a plus sign or a slash and holds the metals of its parts.

    >>> sorted(metals_of("LFP")), sorted(metals_of("NMC811+LMFP"))
    (['lithium'], ['cobalt', 'lithium', 'nickel'])
    >>> metals_of("unheard-of") is None
    True
    """
    held: frozenset[str] = frozenset()
    for part in code.upper().replace("/", "+").split("+"):
        family = next((f for f in FAMILIES if part.strip().startswith(f)), None)
        if family is None:
            return None
        held |= FAMILIES[family]
    return held


def chemistry_findings(values: Values) -> Iterator[Finding]:
    """A finding for every recycled share of a metal that the chemistry does not contain."""
    stated = values.get("A063")
    if stated is None or not isinstance(stated.value, Mapping):
        return
    code = str(stated.value.get("code", ""))
    held = metals_of(code)
    if held is None:
        return
    for metal, attributes in SHARES.items():
        for id in attributes if metal not in held else ():
            share = number_of(values, id)
            if share:
                place = Place(pointer=f"/attributes/{id}")
                yield finding(
                    "passport.wrong-chemistry",
                    place,
                    attribute=id,
                    found=share,
                    material=metal,
                    chemistry=code[:40],
                )
