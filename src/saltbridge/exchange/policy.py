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

PURPOSE_PCF = "cx.pcf.base:1"
PURPOSE_PASSPORT = "cx.circular.dpp:1"
PURPOSE_TWINS = "cx.core.digitalTwinRegistry:1"

# These name a policy or bind it to its parties; they are no terms.
_NOT_TERMS = frozenset(
    {"@id", "@type", "@context", "target", "assigner", "assignee", "timestamp"}
)
# Lists whose order carries no meaning in ODRL.
_SETS = frozenset({"permission", "prohibition", "obligation", "constraint", "and", "or"})
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
    """Whether two policies say exactly the same; order in sets and ids aside.

    >>> a = usage_offer("urn:uuid:1", PURPOSE_PCF)
    >>> same_terms(a, usage_offer("urn:uuid:2", PURPOSE_PCF))
    True
    >>> same_terms(a, usage_offer("urn:uuid:1", PURPOSE_PASSPORT))
    False
    """
    return _normal_policy(one) == _normal_policy(other)


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


def _normal_policy(policy: Json) -> bytes:
    terms = {key: value for key, value in policy.items() if key not in _NOT_TERMS}
    if isinstance(terms.get("profile"), str):
        terms["profile"] = [terms["profile"]]
    return canonical_bytes(_normal(terms))


def _normal(value: Any) -> Any:
    if isinstance(value, Mapping):
        normal = {key: _normal(inner) for key, inner in value.items()}
        for key in _SETS & normal.keys():
            if isinstance(normal[key], list):
                normal[key] = sorted(normal[key], key=canonical_bytes)
        if normal.get("operator") in _SET_OPERATORS and isinstance(
            normal.get("rightOperand"), list
        ):
            normal["rightOperand"] = sorted(normal["rightOperand"], key=canonical_bytes)
        return normal
    if isinstance(value, list):
        return [_normal(inner) for inner in value]
    return value
