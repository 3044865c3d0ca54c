"""The part that the DSP TCK prescribes: what we say when a process reaches a state.

Dataset ids (negotiations) and agreement ids (transfers) are those of the kit's sample settings;
the reactions were read in the kit's test classes, 1.0.1. A list holds one entry for each time
the state is reached; a state without an entry is waited in.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Negotiation, Refusal, Transfer
from saltbridge.exchange.process import Duty
from saltbridge.ports import OutboxEntry, Partner, UnitOfWork, World
from saltbridge.services import transfer
from saltbridge.steps import negotiating, transferring
from saltbridge.steps.negotiation_rules import agreement_message
from saltbridge.steps.negotiation_rules import termination as end_of_negotiation
from saltbridge.steps.speak import enqueue
from saltbridge.steps.transfer_rules import termination as end_of_transfer

ACT: Final = "conformance.act"
PAUSE_SECONDS: Final = 0.25  # the kit listens for our message a moment after it was answered

_SCRIPTED = Refusal("exchange.offer-unknown", {"offer": "scripted"})

OFFER = {"REQUESTED": ["offer"]}
AGREE = {"REQUESTED": ["agree"]}
START = {"REQUESTED": ["start"]}
Reactions = Mapping[str, list[str]]

NEGOTIATIONS: Final[Mapping[str, Reactions]] = {
    # we provide
    "ACN0101": OFFER,
    "ACN0102": {"REQUESTED": ["offer", "terminate"]},
    "ACN0103": {**OFFER, "ACCEPTED": ["agree"], "VERIFIED": ["finalize"]},
    "ACN0104": {**AGREE, "VERIFIED": ["finalize"]},
    "ACN0201": {"REQUESTED": ["terminate"]},
    "ACN0202": {},
    "ACN0203": AGREE,
    "ACN0204": OFFER,
    "ACN0205": {**OFFER, "OFFERED": ["terminate"]},
    "ACN0206": {**OFFER, "ACCEPTED": ["terminate"]},
    "ACN0207": {**AGREE, "VERIFIED": ["terminate"]},
    "ACN0301": {**AGREE, "VERIFIED": ["finalize"]},
    "ACN0302": OFFER,
    "ACN0303": OFFER,
    "ACN0304": OFFER,
    # we consume
    "ACNC0101": {"OFFERED": ["accept"], "AGREED": ["verify"]},
    "ACNC0102": {"OFFERED": ["counter"]},
    "ACNC0103": {"OFFERED": ["terminate"]},
    "ACNC0104": {"AGREED": ["verify"]},
    "ACNC0201": {},
    "ACNC0202": {"REQUESTED": ["terminate"]},
    "ACNC0203": {"AGREED": ["terminate"]},
    "ACNC0204": {},
    "ACNC0205": {"OFFERED": ["accept"]},
    "ACNC0206": {"AGREED": ["verify"]},
    "ACNC0301": {},
    "ACNC0302": {},
    "ACNC0303": {},
    "ACNC0304": {"OFFERED": ["accept"]},
    "ACNC0305": {"OFFERED": ["accept"]},
    "ACNC0306": {"OFFERED": ["accept"]},
}
TRANSFERS: Final[Mapping[str, Reactions]] = {
    # we provide
    "ATP0101": {**START, "STARTED": ["terminate"]},
    "ATP0102": {**START, "STARTED": ["complete"]},
    "ATP0103": {**START, "STARTED": ["suspend"], "SUSPENDED": ["terminate"]},
    "ATP0104": {**START, "STARTED": ["suspend", "complete"], "SUSPENDED": ["start"]},
    "ATP0105": {"REQUESTED": ["terminate"]},
    "ATP0201": START,
    "ATP0202": START,
    "ATP0203": START,
    "ATP0204": START,
    "ATP0205": {},
    "ATP0301": {},
    "ATP0302": {},
    "ATP0303": START,
    "ATP0304": START,
    "ATP0305": START,
    "ATP0306": START,
    # we consume
    "ATPC0101": {},
    "ATPC0102": {},
    "ATPC0103": {},
    "ATPC0104": {},
    "ATPC0105": {},
    "ATPC0201": {"STARTED": ["terminate"]},
    "ATPC0202": {"STARTED": ["complete"]},
    "ATPC0203": {"STARTED": ["suspend"], "SUSPENDED": ["terminate"]},
    "ATPC0204": {"STARTED": ["suspend", "complete"], "SUSPENDED": ["start"]},
    "ATPC0205": {"REQUESTED": ["terminate"]},
    "ATPC0301": {},
    "ATPC0302": {},
    "ATPC0303": {},
    "ATPC0304": {},
    "ATPC0305": {},
    "ATPC0306": {},
}


@dataclass
class Scripted:
    """A decider that says nothing itself: it leaves what the script asks for in the outbox."""

    reached: defaultdict[str, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def negotiation(
        self, world: World, work: UnitOfWork, partner: Partner, process: Negotiation, duty: Duty
    ) -> None:
        self._leave(world, work, NEGOTIATIONS[process.offer.target], process)

    def transfer(
        self,
        world: World,
        work: UnitOfWork,
        process: Transfer,
        duty: Duty,
        message: m.TransferMessage,
    ) -> None:
        self._leave(world, work, TRANSFERS[process.agreement_id], process)

    def _leave(
        self,
        world: World,
        work: UnitOfWork,
        reactions: Reactions,
        process: Negotiation | Transfer,
    ) -> None:
        state = str(process.state)
        time_of_it = self.reached[process.pid][state]
        self.reached[process.pid][state] += 1
        due = reactions.get(state, [])[time_of_it : time_of_it + 1]
        for what in due:
            body = {"pid": process.pid, "do": what, "transfer": isinstance(process, Transfer)}
            enqueue(world, work, ACT, canonical_bytes(body), process.pid)


def act(world: World, entry: OutboxEntry, *, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Say what the script asks for, a moment later.

    Raises:
        Unavailable: our last message is still on its way.
    """
    time.sleep(pause_seconds)
    body: Mapping[str, Any] = read_json(entry.body)
    pid, what = body["pid"], body["do"]
    try:
        if body["transfer"]:
            transfer.say(world, pid, _of_transfer(world, pid, what))
        else:
            negotiating.say_now(world, pid, _of_negotiation(world, pid, what))
    except Refused as refused:
        if refused.findings[0].code != "exchange.still-sending":
            raise
        raise Unavailable(refused.findings) from refused


def _of_negotiation(world: World, pid: str, what: str) -> m.NegotiationMessage:
    with world.store.reading() as view:
        process = negotiating.load(view, pid)
    assert process is not None
    partner = world.node.partner(process.counterparty)
    assert partner is not None
    pids = (process.provider_pid, process.consumer_pid)
    match what:
        case "offer":
            return m.ContractOffer(pids[0], process.offer, pids[1])
        case "counter":
            return m.ContractRequest(pids[1], process.offer, pids[0])
        case "accept":
            return m.NegotiationAccepted(*pids)
        case "agree":
            return agreement_message(world, partner, process)
        case "verify":
            return m.AgreementVerification(*pids)
        case "finalize":
            return m.NegotiationFinalized(*pids)
    return end_of_negotiation(process, _SCRIPTED)


def _of_transfer(world: World, pid: str, what: str) -> m.TransferMessage:
    with world.store.reading() as view:
        process = transferring.load(view, pid)
    assert process is not None
    pids = (process.provider_pid, process.consumer_pid)
    match what:
        case "start":
            return m.TransferStart(*pids)
        case "suspend":
            return m.TransferSuspension(*pids, "scripted")
        case "complete":
            return m.TransferCompletion(*pids)
    return end_of_transfer(process, _SCRIPTED)
