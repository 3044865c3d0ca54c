"""The tables are the official ones, and nothing ever leaves them."""

import re
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.exchange import messages as m
from saltbridge.exchange import negotiation, transfer
from saltbridge.exchange.model import (
    Agreement,
    Negotiation,
    NegotiationState,
    Offer,
    Refusal,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.process import Duty, Send, Step, acknowledged

C, P = "urn:uuid:c", "urn:uuid:p"
OFFER = Offer("o", {"permission": [{"action": "use"}]}, "d")
NEGOTIATION = Negotiation(Role.PROVIDER, NegotiationState.START, C, P, "B", "http://c", OFFER)
TRANSFER = Transfer(Role.PROVIDER, TransferState.START, C, P, "B", "http://c", "a", "d", "f")

NEGOTIATION_MESSAGES = (
    m.ContractRequest(C, OFFER, P),
    m.ContractOffer(P, OFFER, C),
    m.AgreementMessage(P, C, Agreement("a", "d", "p", "c", {})),
    m.AgreementVerification(P, C),
    m.NegotiationAccepted(P, C),
    m.NegotiationFinalized(P, C),
    m.NegotiationTermination(P, C, "x"),
)
TRANSFER_MESSAGES = (
    m.TransferRequest(C, "a", "f", "http://c"),
    m.TransferStart(P, C),
    m.TransferCompletion(P, C),
    m.TransferSuspension(P, C),
    m.TransferTermination(P, C),
)


def _official(text: str) -> set[tuple[str, str, str]]:
    found = set()
    for before, after, who in re.findall(r"(\S+)\s+-+>\s*(\w+): ([CP/]+)$", text, re.M):
        start = "START" if before == "[*]" else before
        found |= {(start, after, w) for w in who.split("/")}
    return found


def _ours(table) -> set[tuple[str, str, str]]:
    return {
        (str(before), str(after), "C" if role is Role.CONSUMER else "P")
        for (before, after), roles in table.arrows.items()
        for role in roles
    }


@pytest.mark.parametrize(
    ("table", "file", "count"),
    [
        (
            negotiation.TABLE,
            "negotiation/figures/contract.negotiation.state.machine.puml",
            16,
        ),
        (transfer.TABLE, "transfer/figures/transfer-process-state-machine.puml", 14),
    ],
)
def test_the_arrows_are_those_of_the_official_diagrams(shared: Path, table, file, count):
    official = _official((shared / "standards/dsp/specifications" / file).read_text())
    assert len(official) == count
    assert _ours(table) == official


def test_the_number_of_arrows():
    assert (len(_ours(negotiation.TABLE)), len(_ours(transfer.TABLE))) == (16, 14)


@pytest.mark.parametrize(
    ("message", "sender", "role"), list(product(NEGOTIATION_MESSAGES, Role, Role))
)
def test_each_negotiation_message_is_allowed_exactly_where_the_table_says(
    message, sender, role
):
    for state in NegotiationState:
        before = replace(NEGOTIATION, state=state, role=role)
        after = negotiation.step(before, message, sender)
        allowed = sender in negotiation.TABLE.arrows.get((state, message.target), ())
        if state is message.target in negotiation.TERMINAL and sender is not role:
            assert after == Step(before), "both say the same end"
            continue
        assert isinstance(after, Step) == allowed
        if not allowed:
            assert after.code == "exchange.illegal-transition"
            assert after.arguments["wanted"] == message.target
        elif sender is role:
            assert (after.process.state, after.process.outgoing) == (state, message.target)
            assert after.effects[0] == Send(message)
        else:
            assert after.process.state is message.target


@pytest.mark.parametrize(
    ("message", "sender", "role"), list(product(TRANSFER_MESSAGES, Role, Role))
)
def test_each_transfer_message_is_allowed_exactly_where_the_table_says(message, sender, role):
    for state in TransferState:
        before = replace(TRANSFER, state=state, role=role)
        after = transfer.step(before, message, sender)
        renewal = (state, message.target, sender) == (
            TransferState.STARTED,
            TransferState.STARTED,
            Role.PROVIDER,
        )
        allowed = sender in transfer.TABLE.arrows.get((state, message.target), ())
        if state is message.target in transfer.TERMINAL and sender is not role:
            assert after == Step(before), "both say the same end"
            continue
        refused = isinstance(after, Refusal) or after.refusal is not None
        # The other side may hold a pause of its own while ours holds.
        paused = state is message.target is TransferState.SUSPENDED and sender is not role
        assert refused != (allowed or renewal or paused)


def test_the_same_message_again_has_no_effects():
    request = m.ContractRequest(C, OFFER)
    once = negotiation.step(NEGOTIATION, request, Role.CONSUMER)
    again = negotiation.step(once.process, request, Role.CONSUMER)
    assert once.effects == (Duty.ANSWER_REQUEST,)
    assert again == Step(once.process)


def test_another_request_in_the_same_state_is_refused():
    once = negotiation.step(NEGOTIATION, m.ContractRequest(C, OFFER, P), Role.CONSUMER)
    other = replace(OFFER, id="o2")
    refused = negotiation.step(once.process, m.ContractRequest(C, other, P), Role.CONSUMER)
    assert isinstance(refused, Refusal)


def test_a_message_of_another_process_is_refused():
    refused = negotiation.step(
        replace(NEGOTIATION, state=NegotiationState.AGREED),
        m.AgreementVerification("urn:uuid:other", C),
        Role.CONSUMER,
    )
    assert refused.code == "exchange.other-process"


def test_the_next_message_of_the_peer_acknowledges_ours():
    asking = replace(
        NEGOTIATION,
        role=Role.CONSUMER,
        provider_pid="",
        outgoing=NegotiationState.REQUESTED,
    )
    agreed = negotiation.step(asking, NEGOTIATION_MESSAGES[2], Role.PROVIDER).process
    assert (agreed.state, agreed.outgoing) == (NegotiationState.AGREED, None)
    assert agreed.provider_pid == P


def test_nothing_else_is_said_while_a_message_waits_for_its_answer():
    waiting = replace(
        NEGOTIATION, state=NegotiationState.REQUESTED, outgoing=NegotiationState.AGREED
    )
    refused = negotiation.step(waiting, NEGOTIATION_MESSAGES[-1], Role.PROVIDER)
    assert refused.code == "exchange.still-sending"


def test_the_token_dies_with_every_way_a_transfer_can_stop():
    started = replace(TRANSFER, state=TransferState.STARTED)
    for message in TRANSFER_MESSAGES[2:]:
        for sender in Role:
            step = transfer.step(started, message, sender)
            assert Duty.REVOKE_TOKEN in step.effects, (message, sender)


def test_a_start_with_a_new_address_is_taken_and_changes_no_state():
    started = replace(TRANSFER, role=Role.CONSUMER, state=TransferState.STARTED)
    step = transfer.step(started, m.TransferStart(P, C, unknown={"n": 2}), Role.PROVIDER)
    assert step.process.state is TransferState.STARTED
    assert step.effects == (Duty.FETCH,)


MOVES = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(list(Role)), st.booleans()), max_size=25
)


@given(MOVES, st.sampled_from(list(Role)))
def test_no_sequence_of_messages_leaves_the_negotiation_table(moves, role):
    _walk(negotiation, NEGOTIATION_MESSAGES, replace(NEGOTIATION, role=role), moves)


@given(MOVES, st.sampled_from(list(Role)))
def test_no_sequence_of_messages_leaves_the_transfer_table(moves, role):
    _walk(transfer, TRANSFER_MESSAGES, replace(TRANSFER, role=role), moves)


def _walk(machine, messages, process, moves):
    arrows = {(a, b) for a, b in machine.TABLE.arrows}
    for number, (index, sender, acknowledge) in enumerate(moves):
        message = replace(messages[index % len(messages)], unknown={"n": number})
        before = process
        step = machine.step(process, message, sender)
        if isinstance(step, Step):
            process = step.process
        if acknowledge:
            process = acknowledged(process)
        if before.state in machine.TERMINAL:
            assert process.state is before.state
            assert isinstance(step, Refusal) or not step.effects, "nothing more"
        path = [before.state]
        direct = before.state is process.state or (before.state, process.state) in arrows
        if before.outgoing is not None and not direct:
            path.append(before.outgoing)  # acknowledged on the way
        path.append(process.state)
        for one, two in pairwise(path):
            assert one is two or (one, two) in arrows


@given(MOVES)
def test_two_nodes_that_hear_each_other_hold_the_same_state(moves):
    """Each message is delivered and answered before the next one is thought of."""
    sides = {
        role: replace(NEGOTIATION, role=role, state=NegotiationState.START) for role in Role
    }
    for number, (index, sender, lost) in enumerate(moves):
        message = replace(NEGOTIATION_MESSAGES[index], unknown={"n": number})
        said = negotiation.step(sides[sender], message, sender)
        if not isinstance(said, Step):
            continue
        heard = negotiation.step(sides[sender.peer], message, sender)
        assert isinstance(heard, Step)  # what one may say, the other may hear
        if lost:  # the answer got lost: the same message is told again
            heard = negotiation.step(heard.process, message, sender)
            assert heard.effects == ()
        sides[sender] = acknowledged(said.process)
        sides[sender.peer] = heard.process
        assert sides[Role.CONSUMER].state is sides[Role.PROVIDER].state
