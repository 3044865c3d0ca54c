"""The two policies of an offer, and whether its terms can hold for those it goes to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, finding
from saltbridge.exchange.evaluation import judge_usage
from saltbridge.exchange.offering import OfferTerms, access_policy, usage_policy
from saltbridge.exchange.standing import Standing


def policies(
    offer_id: str, purpose: str, terms: OfferTerms, partners: Sequence[str]
) -> Mapping[str, Any]:
    """The members of a dataset that say what may be done with it, and who may know of it."""
    return {
        "offer": usage_policy(offer_id, purpose, terms),
        "access": list(partners),
        "access_policy": access_policy(partners, terms),
    }


def check_terms(terms: OfferTerms, partners: Sequence[str], now: datetime) -> None:
    """Return if an offer of these terms can be made to these partners now.

    Raises:
        FaultyInput: one contract for several partners (the offer would show it to the others),
            or an end that has passed.
    """
    faults = []
    if terms.contracts and len(partners) > 1:
        contracts = ", ".join(terms.contracts)
        faults.append(
            finding(
                "offer.contract-needs-one-partner",
                contracts=contracts[:160],
                partners=", ".join(partners),
            )
        )
    judged = judge_usage(usage_policy("", "", terms), Standing(""), now)
    for point in judged.failed:
        if point.code == "policy.end-passed":
            told = point.arguments
            faults.append(Finding("offer.over-already", told))
    if faults:
        raise FaultyInput(faults)
