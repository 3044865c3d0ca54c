"""Every process that has not ended says what it waits for."""

from itertools import product

import pytest

from saltbridge.exchange.model import (
    Negotiation,
    NegotiationState,
    Offer,
    Role,
    Transfer,
    TransferState,
)
from saltbridge.exchange.waiting import waits_for
from saltbridge.locales import text

ENDED = {"FINALIZED", "TERMINATED", "COMPLETED"}


def a_negotiation(role, state, outgoing=None):
    return Negotiation(role, state, "c", "p", "BPN", "", Offer("o", {}), outgoing)


def a_transfer(role, state, outgoing=None, format="HttpData-PULL", **more):
    return Transfer(role, state, "c", "p", "BPN", "", "a", "d", format, outgoing, **more)


PAUSES = [frozenset(held) for held in ((), (Role.CONSUMER,), (Role.PROVIDER,), tuple(Role))]


def every_process():
    for role, state in product(Role, NegotiationState):
        yield a_negotiation(role, state)
        yield a_negotiation(role, state, NegotiationState.TERMINATED)
    for role, state, format, delivery, by in product(
        Role, TransferState, ("HttpData-PULL", "HttpData-PUSH"), ("", "d"), PAUSES
    ):
        more = {"format": format, "delivery_id": delivery, "paused_by": by}
        yield a_transfer(role, state, **more)
        yield a_transfer(role, state, TransferState.TERMINATED, **more)


def test_whatever_has_not_ended_waits_for_something_that_can_be_said():
    seen = set()
    for process in every_process():
        for serves in (False, True):
            code = waits_for(process, serves=serves)
            over = str(process.state) in ENDED and process.outgoing is None
            assert bool(code) is not over, process
            seen.add(code)
    seen.discard("")
    assert len(seen) > 15
    for code in seen:
        for language in ("en", "de", "zh"):
            assert text(code, {"partner": "Cars"}, language)


@pytest.mark.parametrize(
    ("process", "code"),
    [
        (a_transfer(Role.PROVIDER, TransferState.SUSPENDED, paused_by={Role.CONSUMER}),
         "partner-resumption"),
        (a_transfer(Role.CONSUMER, TransferState.SUSPENDED, paused_by={Role.CONSUMER}),
         "own-resumption"),
        (a_transfer(Role.CONSUMER, TransferState.STARTED, format="HttpData-PUSH"),
         "partner-push"),
        (a_transfer(Role.PROVIDER, TransferState.STARTED, format="HttpData-PUSH"), "own-push"),
        (a_negotiation(Role.PROVIDER, NegotiationState.REQUESTED), "own-approval"),
    ],
)  # fmt: skip
def test_it_says_whose_move_it_is(process, code):
    assert waits_for(process) == f"exchange.waits.{code}"
