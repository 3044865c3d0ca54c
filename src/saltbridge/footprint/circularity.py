"""The circular footprint formula, and the recycling cut-off, per unit of a material.

Material = (1−R1)·Ev + R1·(A·Erecycled + (1−A)·Ev·Qsin/Qp)            acquisition
         + (1−A)·R2·(ErecyclingEoL − Ev*·Qsout/Qp)                    end of life
Energy   = (1−B)·R3·(EER − LHV·XER,heat·ESE,heat − LHV·XER,elec·ESE,elec)   end of life
Disposal = (1−R2−R3)·Ed                                               end of life

Commission Recommendation (EU) 2021/2279, annex; as printed in the open case study of the
CFB-EV rules and in the LCA-as-Code tutorial (secondary, read 2026-11). The cut-off takes the
recycled share at the burden of its recycling and gives no credit at end of life. Energy
recovery is charged to whoever hands over the waste (polluter pays, Catena-X; secondary), or
to whoever takes the energy (cut-off, PACT; recalled): then it counts 0 here.

A term that is needed and unknown is named in ``missing``; it is never taken as zero. A term
that is multiplied by zero is not needed.
"""

from dataclasses import dataclass

from saltbridge.footprint.methodology import RecyclingRule
from saltbridge.footprint.model import CircularTerms

# Who bears the burning of waste for energy where no circular footprint formula does.
POLLUTER_PAYS, TAKER_PAYS = "polluter_pays", "cut_off"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the formula [kg CO2e per unit of material], or the terms it lacks."""

    value: float | None
    missing: tuple[str, ...] = ()


class _Terms:
    """Reads terms and remembers those that were needed and not there."""

    def __init__(self, terms: CircularTerms, replaced: dict[str, float | None]) -> None:
        self._terms = terms
        self._replaced = replaced
        self.missing: list[str] = []

    def get(self, name: str) -> float:
        value = getattr(self._terms, name)
        if value is None:
            value = self._replaced.get(name)
        if value is None:
            if name not in self.missing:
                self.missing.append(name)
            return 0.0
        return float(value)

    def part(self, value: float) -> Part:
        return Part(None, tuple(self.missing)) if self.missing else Part(value)


def acquisition(
    terms: CircularTerms, rule: RecyclingRule, flow_factor: float | None = None
) -> Part:
    """Burden of taking in one unit of the material [kg CO2e / unit].

    ``flow_factor`` is the factor of the flow itself; it stands in for a missing ``Ev``.
    """
    t = _Terms(terms, {"Ev": flow_factor})
    recycled = t.get("R1")
    virgin = (1 - recycled) * t.get("Ev") if recycled < 1 else 0.0
    if recycled == 0:
        return t.part(virgin)
    if rule.name == "cut_off":
        return t.part(virgin + recycled * t.get("Erecycled"))
    a = t.get("A")
    own = a * t.get("Erecycled") if a > 0 else 0.0
    shared = (1 - a) * t.get("Ev") * t.get("Qsin_Qp") if a < 1 else 0.0
    return t.part(virgin + recycled * (own + shared))


def end_of_life(
    terms: CircularTerms,
    rule: RecyclingRule,
    flow_factor: float | None = None,
    waste: str = POLLUTER_PAYS,
) -> Part:
    """Recycling and energy recovery of one unit at end of life [kg CO2e / unit].

    Negative where the avoided production outweighs the recycling. ``Ev_star`` falls back on
    ``Ev`` and then on the factor of the flow: the avoided material is the same material.
    """
    ev = terms.Ev if terms.Ev is not None else flow_factor
    t = _Terms(terms, {"Ev_star": ev})
    material = 0.0
    if rule.name != "cut_off":
        a, sent = t.get("A"), t.get("R2")
        if a < 1 and sent > 0:
            credit = t.get("Ev_star") * t.get("Qsout_Qp")
            material = (1 - a) * sent * (t.get("ErecyclingEoL") - credit)
    burned = t.get("R3")
    if burned == 0:
        return t.part(material)
    if rule.name == "cut_off":
        paid = burned * t.get("EER") if waste == POLLUTER_PAYS else 0.0
        return t.part(material + paid)
    b = t.get("B")
    if b == 1:
        return t.part(material)
    heat = t.get("LHV") * t.get("XER_heat") * t.get("ESE_heat")
    power = t.get("LHV") * t.get("XER_elec") * t.get("ESE_elec")
    return t.part(material + (1 - b) * burned * (t.get("EER") - heat - power))


def disposal(terms: CircularTerms) -> Part:
    """Disposal of what is neither recycled nor burned [kg CO2e / unit]."""
    t = _Terms(terms, {})
    rest = 1 - t.get("R2") - t.get("R3")
    if not t.missing and rest <= 1e-15:
        return Part(0.0)
    return t.part(rest * t.get("Ed"))
