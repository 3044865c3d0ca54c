"""Who sees a dataset, under which policy it is offered, and whether two policies are one.

The usage policy has the shape of CX-0152 1.1.0 (Catena-X policy constraints): profile, one
permission ``use`` with FrameworkAgreement and UsagePurpose joined by ``and``. Constraints
that a machine cannot check (most of them) bind by contract and count as met.

Source: CX-0152 as transcribed in careful secondary notes and its schemas (CC BY 4.0). Read:
2026-11-23; confidence: secondary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.identifiers import is_bpn
from saltbridge.exchange.ends import in_force as in_force
from saltbridge.exchange.model import Agreement, Json, Offer, Refusal
from saltbridge.exchange.offering import OfferTerms, term, usage_policy
from saltbridge.exchange.policy_check import FRAMEWORK as FRAMEWORK
from saltbridge.exchange.policy_reading import bare_name, first_text

PURPOSE_PCF = "cx.pcf.base:1"
PURPOSE_PASSPORT = "cx.circular.dpp:1"
PURPOSE_TWINS = "cx.core.digitalTwinRegistry:1"

# These name a policy or bind it to its parties; they are no terms.
_NOT_TERMS = frozenset(
    {"@id", "@type", "@context", "target", "assigner", "assignee", "timestamp", "profile"}
)
# Lists whose order carries no meaning in ODRL.
_SETS = frozenset({"permission", "prohibition", "obligation", "constraint", "and", "or"})
_LISTS = frozenset({*_SETS, "xone", "andSequence", "rightOperand"})
_NAMES = frozenset({"leftOperand", "operator", "action"})
_SET_OPERATORS = frozenset({"isAnyOf", "isAllOf", "isNoneOf"})


def usage_offer(
    offer_id: str, purpose: str, *, contract_reference: str = ""
) -> Mapping[str, Any]:
    """An offer of the CX-0152 shape: members only, one purpose, not for third parties.

    >>> usage_offer("urn:uuid:1", PURPOSE_PCF)["permission"][0]["action"]
    'use'
    """
    contract = [term("ContractReference", "isAllOf", [contract_reference])]
    permitted = tuple(contract) if contract_reference else ()
    return usage_policy(offer_id, purpose, OfferTerms(permitted=permitted))


def may_see(access: Sequence[str], bpn: str) -> bool:
    """Whether the access list names the caller. Closed by default: an empty list, nobody.

    >>> may_see(["BPNL00000000OEM1"], "BPNL00000000OEM1"), may_see([], "BPNL00000000OEM1")
    (True, False)
    """
    return is_bpn(bpn) and bpn in access


def same_terms(one: Json, other: Json) -> bool:
    """Whether two policies say exactly the same; order in sets, ids and spelling aside.

    A connector that reads policies into a model of its own (EDC does) writes them anew: lists
    of one without their list, names in full, empty parts left out or put in, and in some
    versions without ``profile``. A profile that both name has to be one.

    >>> a = usage_offer("urn:uuid:1", PURPOSE_PCF)
    >>> same_terms(a, usage_offer("urn:uuid:2", PURPOSE_PCF))
    True
    >>> same_terms(a, usage_offer("urn:uuid:1", PURPOSE_PASSPORT))
    False
    """
    profiles = {_profile(policy) for policy in (one, other)} - {""}
    return len(profiles) < 2 and _normal_policy(one) == _normal_policy(other)


def judge_request(offered: Sequence[Offer], asked: Offer) -> Refusal | None:
    """Why a request for this offer cannot be agreed to, or None if it can."""
    mine = next((o for o in offered if o.id == asked.id), None)
    if mine is None:
        return Refusal("exchange.offer-unknown", {"offer": asked.id})
    if not same_terms(mine.policy, asked.policy):
        return Refusal("exchange.offer-altered", {"offer": asked.id})
    return None


def judge_agreement(
    agreement: Agreement, asked: Offer, *, assigner: str, assignee: str
) -> Refusal | None:
    """Why an agreement is not the one we asked for, or None if it is."""
    if agreement.dataset_id != asked.target:
        return Refusal("exchange.agreement-other-dataset", {"dataset": agreement.dataset_id})
    if agreement.assigner != assigner or agreement.assignee != assignee:
        return Refusal(
            "exchange.agreement-other-parties",
            {"assigner": agreement.assigner, "assignee": agreement.assignee},
        )
    if not same_terms(agreement.policy, asked.policy):
        return Refusal("exchange.agreement-altered", {"agreement": agreement.id})
    return None


def _profile(policy: Json) -> str:
    return next((first_text(v) for k, v in policy.items() if bare_name(k) == "profile"), "")


def _normal_policy(policy: Json) -> bytes:
    named = {bare_name(key): value for key, value in policy.items()}
    terms = {key: value for key, value in named.items() if key not in _NOT_TERMS}
    return canonical_bytes(_normal(terms))


def _normal(value: Any) -> Any:
    """The terms in one spelling: bare names, every list a list, no empty ones."""
    if isinstance(value, Mapping):
        if len(value) == 1 and (bare := next(iter(value))) in ("@id", "@value", "@list"):
            return _normal(value[bare])
        normal = {bare_name(key): _normal(inner) for key, inner in value.items()}
        for key in _NAMES & normal.keys():
            normal[key] = bare_name(first_text(normal[key]))
        for key in _LISTS & normal.keys():
            found = normal[key]
            normal[key] = found if isinstance(found, list) else [found]
        for key in _SETS & normal.keys():
            normal[key] = sorted(normal[key], key=canonical_bytes)
        if normal.get("operator") in _SET_OPERATORS and "rightOperand" in normal:
            normal["rightOperand"] = sorted(normal["rightOperand"], key=canonical_bytes)
        return {key: inner for key, inner in normal.items() if inner != []}
    return [_normal(inner) for inner in value] if isinstance(value, list) else value
