"""The footprint estimate, kept apart from what the law asks for.

Until the acts behind Art. 7 apply, the passport may not carry a carbon footprint. What the
companies know is shown as *company information*: an estimate, with its rule set, stages, and
the party and record behind every stage. The distribution stage is the operator's own.
"""

from collections.abc import Iterable, Mapping
from math import fsum, isclose
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.provenance import Confidence, weakest
from saltbridge.core.quantity import is_number, round_significant
from saltbridge.passport.model import Origin

STAGES: Final = (
    "raw_material_acquisition",
    "main_production",
    "distribution",
    "end_of_life",
)
DISTRIBUTION: Final = "distribution"
_PASSED_ON: Final[Mapping[str, frozenset[str]]] = {
    "unit": frozenset({"kind", "amount", "unit"}),
    "methodology": frozenset({"id", "edition", "title", "status"}),
    "period": frozenset({"start", "end"}),
    "coverage": frozenset({"mass_share", "mass_without_factor_kg"}),
    "data_quality": frozenset({"TeR", "GeR", "TiR", "DQR"}),
}


def footprint_estimate(
    supplied: Mapping[str, Any],
    supplied_by: Origin,
    own: Mapping[str, Any] | None,
    own_by: Origin,
) -> dict[str, Any]:
    """The estimate of one battery [kg CO2e], distribution replaced by the operator's own.

    ``supplied`` and ``own`` are footprint records; ``own`` covers the distribution of the
    same product under the same edition of the same rule set. None: nothing is replaced.
    Where the supplier told distribution only together with other stages, its sum stands and
    nothing is added, since transport would be counted twice.

    Raises:
        FaultyInput: the two do not fit together, or a number is missing. All findings.
    """
    found = _check(supplied, "/footprint")
    if own is not None:
        found += _check(own, "/distribution")
    if not found and own is not None:
        found += _check_fit(supplied, own)
    if found:
        raise FaultyInput(found)
    parts = _parts(supplied, supplied_by)
    replaced = own is not None and all(
        DISTRIBUTION not in p["stages"] or len(p["stages"]) == 1 for p in parts
    )
    if own is not None and replaced:
        parts = [p for p in parts if not _is_distribution(p)]
        parts += [p for p in _parts(own, own_by) if _is_distribution(p)]
    parts.sort(key=lambda p: STAGES.index(p["stages"][0]))
    total = fsum(p["kg_co2e"] for p in parts)
    shift = total - float(supplied["total_kg_co2e"])
    unit, share = supplied.get("unit"), supplied.get("primary_data_share")
    estimate: dict[str, Any] = {
        "kind": "estimate",
        "total_kg_co2e": total,
        "declared_unit": _declared(total, unit, supplied.get("significant_digits")),
        "unit": _known(supplied, "unit"),
        "stages": parts,
        "distribution_replaced": replaced,
        "methodology": _known(supplied, "methodology"),
        "period": _known(supplied, "period"),
        "coverage": _known(supplied, "coverage"),
        "primary_data_share": share if is_number(share) else None,
        "data_quality": _known(supplied, "data_quality"),
        "range_kg_co2e": _shifted(supplied.get("range_kg_co2e"), shift),
    }
    return {member: value for member, value in estimate.items() if value not in (None, {})}


def _known(record: Mapping[str, Any], member: str) -> dict[str, Any]:
    """A part of the record with the members that everybody may read."""
    stated = record.get(member)
    if not isinstance(stated, Mapping):
        return {}
    return {
        name: value
        for name, value in stated.items()
        if name in _PASSED_ON[member] and (isinstance(value, str) or is_number(value))
    }


def _is_distribution(part: Mapping[str, Any]) -> bool:
    """Whether the part is the distribution stage alone."""
    return list(part["stages"]) == [DISTRIBUTION]


def _parts(record: Mapping[str, Any], origin: Origin) -> list[dict[str, Any]]:
    """Stage totals of a record; stages its border room told only together stay together."""
    told = [([s], kg) for s, kg in (record.get("stages") or {}).items() if s in STAGES]
    merged = record.get("stages_merged")
    if isinstance(merged, Mapping):
        told.append(([s for s in STAGES if s in merged["stages"]], merged["kg_co2e"]))
    if not told:
        told = [(list(STAGES), record["total_kg_co2e"])]
    return [
        {
            "stages": stages,
            "kg_co2e": float(kg),
            "confidence": _confidence(record, stages),
            "origin": {
                "kind": origin.kind.value,
                "party": origin.party,
                "reference": origin.reference,
            },
        }
        for stages, kg in told
    ]


def _declared(total: float, unit: Any, digits: Any) -> dict[str, Any] | None:
    """Per unit of the rule set, rounded as the rule set rounds what is declared."""
    if not isinstance(unit, Mapping) or not unit.get("amount"):
        return None
    value = total / float(unit["amount"])
    if isinstance(digits, int) and 1 <= digits <= 15:
        value = round_significant(value, digits)
    return {"value": value, "unit": f"kg CO2e/{unit['unit']}"}


def _shifted(limits: Any, shift: float) -> dict[str, float] | None:
    """The range of the supplier's record, moved by what the own stage changed."""
    if not isinstance(limits, Mapping) or limits.get("low") is None:
        return None
    if isclose(float(limits["low"]), float(limits["high"]), rel_tol=1e-9):
        return None  # no hole: the total is all there is to say
    return {"low": float(limits["low"]) + shift, "high": float(limits["high"]) + shift}


def _confidence(record: Mapping[str, Any], stages: list[str]) -> str:
    """The weakest confidence the record states for the stages; empty if it states none."""
    stated = record.get("stage_confidence")
    if not isinstance(stated, Mapping):
        return ""
    known = {mark.value for mark in Confidence}
    mark = weakest(Confidence(stated[s]) for s in stages if stated.get(s) in known)
    return "" if mark is None else mark.value


def _check(record: Mapping[str, Any], pointer: str) -> list[Finding]:
    place = Place(pointer=pointer)
    stages, merged = record.get("stages", {}), record.get("stages_merged")
    sound = isinstance(stages, Mapping) and all(is_number(v) for v in stages.values())
    if merged is not None:
        sound = sound and (
            isinstance(merged, Mapping)
            and is_number(merged.get("kg_co2e"))
            and isinstance(merged.get("stages"), list)
            and bool(merged["stages"])
            and set(merged["stages"]) <= set(STAGES)
        )
    found = []
    if not sound:
        found.append(finding("passport.footprint-incomplete", place, member="stages"))
    if not is_number(record.get("total_kg_co2e")):
        found.append(finding("passport.footprint-incomplete", place, member="total_kg_co2e"))
    methodology = record.get("methodology")
    if not isinstance(methodology, Mapping) or not methodology.get("id"):
        found.append(finding("passport.footprint-incomplete", place, member="methodology"))
    if not found and (stages or merged):
        told = [float(v) for v in stages.values()]
        told += [float(merged["kg_co2e"])] if merged else []
        # What crosses a border is rounded to six digits, so the sum may differ in the sixth.
        if not isclose(fsum(told), float(record["total_kg_co2e"]), rel_tol=2e-5, abs_tol=1e-9):
            found.append(finding("passport.footprint-sum", place))
    return found


def _check_fit(supplied: Mapping[str, Any], own: Mapping[str, Any]) -> list[Finding]:
    found = []
    theirs, ours = supplied["methodology"], own["methodology"]
    place = Place(pointer="/distribution")
    if (theirs.get("id"), theirs.get("edition")) != (ours.get("id"), ours.get("edition")):
        found.append(
            finding(
                "passport.footprint-other-method",
                place,
                theirs=f"{theirs.get('id')}@{theirs.get('edition')}",
                ours=f"{ours.get('id')}@{ours.get('edition')}",
            )
        )
    if DISTRIBUTION not in (own.get("stages") or {}):
        found.append(finding("passport.footprint-no-distribution", place))
    strange = sorted(_other_stages((own.get("stages") or {}).items()))
    if strange:
        found.append(
            finding("passport.footprint-other-stages", place, stages=", ".join(strange))
        )
    for hole in own.get("holes") or []:
        found.append(
            finding("passport.footprint-hole", place, flow=str(hole.get("flow", ""))[:80])
        )
    return found


def _other_stages(stages: Iterable[tuple[str, Any]]) -> list[str]:
    return [name for name, kg in stages if name != DISTRIBUTION and float(kg) != 0.0]
