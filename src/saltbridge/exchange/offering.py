"""What a provider lets a partner do with data, and the two policies of CX-0152 that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.exchange.model import Json
from saltbridge.exchange.policy_check import FRAMEWORK
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1


def term(left: str, operator: str, right: Any) -> Json:
    """One constraint.

    >>> term("Membership", "eq", "active")["leftOperand"]
    'Membership'
    """
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


_MEMBER: Final = term("Membership", "eq", "active")
_KEPT: Final = term("UsageRestriction", "isAllOf", ["cx.thirdParty.forbidden:1"])


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """The terms of an offer as its provider sets them.

    ``purpose`` empty: the usual one of what is offered. ``permitted``, ``forbidden`` and
    ``owed`` stand in the usage policy beside membership, framework agreement and purpose;
    ``access`` narrows who of the named partners sees the offer.
    """

    purpose: str = ""
    framework: str = FRAMEWORK
    members_only: bool = True
    permitted: tuple[Json, ...] = ()
    forbidden: tuple[Json, ...] = (_KEPT,)
    owed: tuple[Json, ...] = ()
    access: tuple[Json, ...] = ()

    @property
    def contracts(self) -> tuple[str, ...]:
        """The contracts it refers to."""
        found = [t["rightOperand"] for t in self.permitted if _names_contract(t)]
        return tuple(str(id) for ids in found for id in ids)


USUAL: Final = OfferTerms()


def usage_policy(offer_id: str, purpose: str, terms: OfferTerms = USUAL) -> dict[str, Any]:
    """The offer: what may be done with the data, what may not, and what the provider owes."""
    permitted = [
        *([_MEMBER] if terms.members_only else []),
        term("FrameworkAgreement", "eq", terms.framework),
        term("UsagePurpose", "isAnyOf", [terms.purpose or purpose]),
        *terms.permitted,
    ]
    return {
        "@id": offer_id,
        "@type": "Offer",
        "profile": DSP_2025_1.policy_profile,
        "permission": [_rule("use", permitted)],
        **({"prohibition": [_rule("use", terms.forbidden)]} if terms.forbidden else {}),
        **({"obligation": [_rule("use", terms.owed)]} if terms.owed else {}),
    }


def access_policy(partners: Sequence[str], terms: OfferTerms = USUAL) -> dict[str, Any]:
    """Who sees the offer: these partners (BPN), as far as the further terms let them."""
    allowed = [
        *([_MEMBER] if terms.members_only else []),
        term("BusinessPartnerNumber", "isAnyOf", list(partners)),
        *terms.access,
    ]
    return {
        "@type": "Set",
        "profile": DSP_2025_1.policy_profile,
        "permission": [_rule("access", allowed)],
    }


def _rule(action: str, terms: Sequence[Json]) -> Mapping[str, Any]:
    return {"action": action, "constraint": [{"and": list(terms)}]}


def _names_contract(found: Json) -> bool:
    return bool(found["leftOperand"] == "ContractReference")
