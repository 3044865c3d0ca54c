"""Two nodes of which one pushes: the same network, people and deaths as in ``two_nodes``."""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tests.faults.two_nodes import Broken, Killed, Letter, Node, Town

from saltbridge.core.canonical import digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.exchange.model import Offer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.ports import HttpAnswer
from saltbridge.services import negotiate, receive_pushed
from saltbridge.services.receive_pushed import Door, Push, Taken
from saltbridge.web.pushed import _ANSWERS

_DOORS: Final = {Door.SHUT: 403, Door.NOT_NOW: 503}


@dataclass
class PushTown(Town):
    """A town whose provider pushes. Every token that is said opens one door, once."""

    bodies: set[str] = field(default_factory=set)  # digests of what was ever pushed
    pushed_in: list[str] = field(default_factory=list)  # the provider's state at each push

    def listen(self, content: bytes | None) -> None:
        """Nobody pulls: of messages nothing is to be remembered. A push is looked at."""
        if content is None or "saltbridge" not in read_json(content):
            return
        self.bodies.add(digest(content))
        for kind, record in self.records(self.provider):
            if kind == "transfer":
                self.pushed_in.append(record["outgoing"] or record["state"])
        if self.pushed_in[-1] != "STARTED":
            raise Broken(f"seed {self.seed}: pushed in {self.pushed_in[-1]}")

    def deliver(self, letter: Letter) -> HttpAnswer | None:
        """What is pushed goes to the consumer's door; all else its usual way."""
        path = urlsplit(letter.url).path
        if not path.startswith("/pushed/"):
            return super().deliver(letter)
        node = self.consumer
        if node.up_again > self.step:
            return None
        try:
            return self._at_the_door(node, unquote(path.split("/")[2]), letter)
        except Killed:
            self._fall(node)
            return None

    def _at_the_door(self, node: Node, pid: str, letter: Letter) -> HttpAnswer:
        token = letter.token.removeprefix("Bearer ")
        shut = _DOORS.get(receive_pushed.door_of(node.world, pid, token))
        if shut is not None:
            return HttpAnswer(shut, {}, b"")
        content = letter.content or b""
        push = Push(content, digest(content), self._statement_url())
        ours = next(r for k, r in self.records(node) if k == "transfer")
        try:
            taken = receive_pushed.take(node.world, pid, token, push)
        except Unavailable:
            return HttpAnswer(503, {}, b"")
        paused = (ours["state"], ours["outgoing"]) != ("STARTED", "") and not ours[
            "delivery_id"
        ]
        if paused and taken in (Taken.VERIFIED, Taken.REFUSED):
            raise Broken(f"seed {self.seed}: taken in {ours['outgoing'] or ours['state']}")
        if taken is Taken.OTHER:
            raise Broken(f"seed {self.seed}: other bytes came for the same transfer")
        return HttpAnswer(_ANSWERS[taken][0], {}, b"")

    def _statement_url(self) -> str:
        pid = next(r["provider_pid"] for k, r in self.records(self.provider) if k == "transfer")
        return f"{self.provider.world.node.base_url}/data/{pid}/statement"


def consumer_wants_a_push(town: Town) -> None:
    """The consumer asks for the dataset and wants its bytes sent."""
    with town.provider.store.reading() as view:
        offer = read_json(view.get("dataset", town.dataset_id).body)["offer"]
    negotiate.start_negotiation(
        town.consumer.world,
        town.consumer.world.node.partners[0],
        town.dataset_id,
        Offer(offer["@id"], offer),
        transfer_wanted=True,
        transfer_format=DSP_2025_1.push_format,
        dataset_kind="pcf",
    )


def judge_pushes(town: Any) -> None:
    """What must hold besides the promises of every exchange.

    Raises:
        Broken: with the seed and what does not hold.
    """
    if len(town.bodies) > 1:
        raise Broken(f"seed {town.seed}: two pushes differ")
    for node in town.both:
        for kind, record in town.records(node):
            over = record["state"] in ("COMPLETED", "TERMINATED")
            if kind == "transfer" and over and record["push_to"] is not None:
                raise Broken(f"seed {town.seed}: the token outlives {record['state']}")
    with town.consumer.store.reading() as view:
        delivered = [read_json(r.body) for r in view.find("delivery")]
    for one in delivered:
        if one["digest"] not in town.bodies:
            raise Broken(f"seed {town.seed}: delivered what nobody pushed")
