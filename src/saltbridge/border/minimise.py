"""Transforms: what leaves in place of a field that must not leave as it is.

A transform answers ``WITHHELD`` whenever it cannot be sure: no key, a value of another type
than expected, too few contributors. Nothing here sees more of the world than its arguments.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Any, Final

from saltbridge.border.context import Context, Secrets
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.quantity import is_number, round_significant
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified

MIN_CONTRIBUTORS: Final = 3
DOMINANCE: Final = 0.85  # one contributor with more than this share of a sum is told by it
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FACTOR_SET = re.compile(r"[a-z0-9][a-z0-9._@:/-]{0,79}")
# Distribution is no secret before the one who takes delivery (see the catalogue).
_STAGES = ("raw_material_acquisition", "main_production", "end_of_life")


class _Withheld:
    def __repr__(self) -> str:
        return "WITHHELD"


WITHHELD: Final = _Withheld()


@dataclass(frozen=True, slots=True)
class StagePlan:
    """Which stage totals may be told apart, and which are told as one sum only."""

    apart: frozenset[str]
    merged: tuple[str, ...]  # two or more stages, three or more contributors together; or none


@dataclass(frozen=True)
class Circumstances:
    """What a transform may look at: the document, the context, and the key, if there is one."""

    document: Mapping[str, Any]
    context: Context
    secrets: Secrets | None
    claim_may_leave: Callable[[Any], bool]

    @cached_property
    def stage_plan(self) -> StagePlan:
        return plan_stages(self.document.get("footprint"))


def plan_stages(footprint: Any) -> StagePlan:
    """Which stages of a footprint record, distribution aside, may be told apart.

    A stage needs three contributors: two would let either of them work out the other, one is
    told outright. Contributors are different flows of different processes with a share that
    is not zero; the gases that one process emits rise and fall together and count as one.
    No contributor may make up more than 85 % of a stage, signs aside: the stage total would
    tell it (the dominance rule of statistical disclosure control with n = 1 [1]).
    Stages that fail are told as one sum; while that sum fails too, as a single stage always
    does (the total minus the others would tell it), the stage with the smallest share joins.
    Where nothing says who contributes, or even the whole is dominated, no stage is told.

    [1] ESSNet SDC, Handbook on Statistical Disclosure Control, version 1.2 (2010), (n,k) rule;
        read in a glossary that quotes it, 2026-11-27. The (2,k) form guards a contributor
        against another one that knows its own share; here only the maker knows any.
    """
    stages = footprint.get("stages") if isinstance(footprint, Mapping) else None
    lines = footprint.get("lines") if isinstance(footprint, Mapping) else None
    if not isinstance(stages, Mapping) or not isinstance(lines, list):
        return StagePlan(frozenset(), ())
    values = {s: v for s, v in stages.items() if s in _STAGES and is_number(v)}
    shares: dict[str, dict[tuple[str, str], float]] = {s: {} for s in values}
    for line in lines:
        if not isinstance(line, Mapping) or line.get("stage") not in shares:
            continue
        if is_number(line.get("kg_co2e")) and line["kg_co2e"] != 0:
            emitted = line.get("term") == "direct_emission"
            flow = "" if emitted else str(line.get("flow"))
            of_stage, key = shares[line["stage"]], (str(line.get("process")), flow)
            of_stage[key] = of_stage.get(key, 0.0) + line["kg_co2e"]
    empty = {s for s in values if values[s] == 0 and not shares[s]}
    few = [s for s in values if s not in empty and _tells([shares[s]])]
    enough = sorted(set(values) - empty - set(few), key=lambda s: (abs(values[s]), s))
    while few and _tells([shares[s] for s in few]):
        if not enough:
            return StagePlan(frozenset(), ())
        few.append(enough.pop(0))
    merged = tuple(s for s in _STAGES if s in few)
    return StagePlan(frozenset(enough) | empty, merged)


def _tells(stages: Iterable[Mapping[tuple[str, str], float]]) -> bool:
    """Whether the sum of these stages tells a contributor: too few, or one dominates."""
    amounts = [abs(kg) for stage in stages for kg in stage.values()]
    return len(amounts) < MIN_CONTRIBUTORS or max(amounts) > DOMINANCE * fsum(amounts)


def pseudonym(name: str, recipient_bpn: str, secrets: Secrets) -> str:
    """A name that stays the same for one recipient and tells two recipients nothing.

    Keyed with HMAC-SHA-256; 60 bits, so that two suppliers never share one by chance.
    """
    mac = _keyed(secrets, "pseudonym", recipient_bpn, name)
    return "supplier-" + base64.b32encode(mac).decode("ascii")[:12].lower()


def commitment(value: Any, context: Context, secrets: Secrets) -> str:
    """A salted commitment to a value: it binds, and tells nothing (``sha256:<hex>``).

    The salt depends on the decision, so that two releases cannot be compared.
    """
    return digest(commitment_salt(context.decision_id, secrets) + canonical_bytes(value))


def commitment_salt(decision_id: str, secrets: Secrets) -> bytes:
    """The 32 bytes that open the commitment of a decision: given to a verifier, nobody else."""
    return _keyed(secrets, "commitment", decision_id)


def _keyed(secrets: Secrets, *parts: str) -> bytes:
    message = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)
    return hmac.new(secrets.key, message, hashlib.sha256).digest()


# Transforms of one field: (value, path, circumstances) -> what leaves instead.


def _rounded(digits: int) -> "Transform":
    """The transform ``round-<digits>``: that many significant digits."""

    def transform(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
        if value is None:
            return None
        return round_significant(value, digits) if is_number(value) else WITHHELD

    return transform


def _stage_total(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
    if not is_number(value) or path[-1] not in given.stage_plan.apart:
        return WITHHELD
    return round_significant(value, 6)


def _pseudonym(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
    if not isinstance(value, str) or not value or given.secrets is None:
        return WITHHELD
    return pseudonym(value, given.context.recipient.bpn, given.secrets)


def _signed_whole(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
    """A signed receipt cannot be cut: it leaves if every member may leave."""
    if not isinstance(value, str):
        return WITHHELD
    statement = open_jws_payload(value)
    named = statement.get("type") if isinstance(statement, Mapping) else None
    if named != "receipt" or not given.claim_may_leave(statement):
        return WITHHELD
    return value


def _signed_statement(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
    """A verifier's statement cannot be cut either: it leaves if every member may leave."""
    if not isinstance(value, str):
        return WITHHELD
    statement = open_jws_payload(value)
    named = statement.get("type") if isinstance(statement, Mapping) else None
    if named != "verification-statement" or not given.claim_may_leave(statement):
        return WITHHELD
    return value


def _digest_value(value: Any, path: tuple[str, ...], given: Circumstances) -> Any:
    """A digest under the id of a factor set; an id that names a partner would name it."""
    named = _FACTOR_SET.fullmatch(path[-1]) and "did:" not in path[-1]
    return value if named and isinstance(value, str) and _DIGEST.fullmatch(value) else WITHHELD


def open_jws_payload(jws: str) -> Any:
    """The JSON payload of a compact JWS with our three header members; None if it is not one.

    This only looks at what would leave; whether the signature holds is the trust room's work.
    """
    try:
        opened = open_jws(jws)
        statement = read_json(opened.payload)
        exact = canonical_bytes(statement) == opened.payload and len(opened.signature) <= 128
    except (NotVerified, FaultyInput):
        return None
    return statement if exact else None


Transform = Callable[[Any, tuple[str, ...], Circumstances], Any]
TRANSFORMS: Final[Mapping[str, Transform]] = {
    **{f"round-{digits}": _rounded(digits) for digits in range(2, 7)},
    "stage-total": _stage_total,
    "pseudonym": _pseudonym,
    "signed-whole": _signed_whole,
    "signed-statement": _signed_statement,
    "digest-value": _digest_value,
}

# These change nothing: the value leaves as it is, or not at all.
GATES: Final = frozenset({"signed-whole", "signed-statement", "digest-value"})

# Derivations: (source value, circumstances) -> the value that leaves in its place.


def _count(source: Any, given: Circumstances) -> Any:
    return len(source) if isinstance(source, list) else WITHHELD


def _licences(source: Any, given: Circumstances) -> Any:
    """The licences of the factors, each once: the recipient has to know them."""
    if not isinstance(source, list):
        return WITHHELD
    return sorted(set(_licences_of(source)))


def _licences_of(lines: Iterable[Any]) -> Iterable[str]:
    for line in lines:
        factor = line.get("factor") if isinstance(line, Mapping) else None
        licence = factor.get("licence") if isinstance(factor, Mapping) else None
        if isinstance(licence, str) and licence:
            yield licence


def _commitment(source: Any, given: Circumstances) -> Any:
    if given.secrets is None:
        return WITHHELD
    return commitment(source, given.context, given.secrets)


def _merged_stages(source: Any, given: Circumstances) -> Any:
    merged = given.stage_plan.merged
    if not merged:
        return WITHHELD
    total = fsum(source[s] for s in merged)
    return {"stages": list(merged), "kg_co2e": round_significant(total, 6)}


def _province(source: Any, given: Circumstances) -> Any:
    """The province in place of the coordinates, where the document names it."""
    plant = given.document.get("plant")
    province = plant.get("province") if isinstance(plant, Mapping) else None
    return province if isinstance(province, str) and province else WITHHELD


Derive = Callable[[Any, Circumstances], Any]
DERIVATIONS: Final[Mapping[str, Derive]] = {
    "count": _count,
    "licences": _licences,
    "commitment": _commitment,
    "merged-stages": _merged_stages,
    "province": _province,
}
