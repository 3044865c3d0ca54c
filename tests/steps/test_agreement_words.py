"""The agreement is in the words of the offer, however the consumer spelled its request."""

from dataclasses import replace

from saltbridge.exchange.model import Negotiation, NegotiationState, Offer, Role
from saltbridge.exchange.policy import PURPOSE_PCF, usage_offer
from saltbridge.steps.negotiation_rules import agreement_message
from saltbridge.testing.builders import memory_world, node_profile, partner_of

OURS = Offer("urn:uuid:o", usage_offer("urn:uuid:o", PURPOSE_PCF))
ASKED = {key: value for key, value in OURS.policy.items() if key != "profile"}
PARTNER = partner_of(node_profile("consumer", port=8202))


def agreed(policy: dict) -> dict:
    process = Negotiation(
        role=Role.PROVIDER,
        state=NegotiationState.REQUESTED,
        consumer_pid="urn:uuid:c",
        provider_pid="urn:uuid:p",
        counterparty=PARTNER.bpn,
        peer_address="http://127.0.0.1:8202/2025-1",
        offer=Offer("urn:uuid:o", policy, "urn:uuid:d"),
    )
    offered = (replace(OURS, target="urn:uuid:d"),)
    return dict(agreement_message(memory_world(), PARTNER, process, offered).agreement.policy)


def test_a_request_without_the_profile_is_agreed_to_with_it():
    # EDC reads the profile, does not write it, and compares what it read with the agreement.
    assert agreed(ASKED)["profile"] == OURS.policy["profile"]


def test_what_was_not_offered_is_not_put_in_its_place():
    other = {**ASKED, "prohibition": []}
    assert agreed(other)["prohibition"] == []
