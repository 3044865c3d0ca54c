"""Two nodes in one process, a network that loses and doubles, and a clock that only it moves.

Everything a node does is the shipped code: state machines, rules, steps, services, handlers of
the outbox, wire format with its schemas, store. Left out are sockets, signatures of sign-in and
the HTTP framework: ``Wire`` leads a request to the service that its path names. A schedule is
one seed: the same seed gives the same faults in the same order.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tests.web.conftest import a_pair_of_nodes

from saltbridge.adapters.outbox_worker import delay
from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Offer, Refusal, Role
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.formats.dsp import parse_message
from saltbridge.formats.dsp_answers import render_error, render_process
from saltbridge.ports import HttpAnswer, OutboxEntry, World
from saltbridge.services import negotiate
from saltbridge.services import transfer as moving
from saltbridge.services import unasked_offers as offers
from saltbridge.steps.log import WITNESS
from saltbridge.steps.witnessing import INQUIRE
from saltbridge.testing.builders import CountingIdentifiers, FixedClock

KINDS: Final = ("negotiation", "transfer")
WITHOUT: Final = {WITNESS, INQUIRE}  # another protocol; see tests/web/test_log.py
_STEPS: Final = 120
_BEGINNINGS: Final = {"negotiations/request", "negotiations/offers", "transfers/request"}


class Killed(BaseException):
    """The process ends here: nothing after this line happens."""


class Broken(AssertionError):
    """Something that must hold does not."""


@dataclass
class KillableStore:
    """A store whose node may die before a commit, or right after it."""

    inner: MemoryStore
    die: Callable[[], bool] = lambda: False

    @contextmanager
    def unit_of_work(self) -> Iterator[Any]:
        with self.inner.unit_of_work() as work:
            yield work
            if self.die():
                raise Killed
        if self.die():
            raise Killed

    def reading(self) -> Any:
        return self.inner.reading()


@dataclass
class Node:
    """One company, up or down."""

    world: World
    up_again: int = 0  # the step at which it is started anew

    @property
    def store(self) -> KillableStore:
        return self.world.store  # type: ignore[return-value]


@dataclass(frozen=True)
class Weather:
    """How likely each fault is, per request, commit or step."""

    lose_request: float = 0.0
    lose_answer: float = 0.0
    double: float = 0.0
    late: float = 0.0  # delivered some steps later, after others
    kill: float = 0.0  # per commit
    person: float = 0.0  # per step: somebody pauses, goes on or ends
    nobody_ends: bool = False  # people pause and go on only


@dataclass
class Letter:
    """A request that is still on its way."""

    due: int
    method: str
    url: str
    content: bytes | None
    token: str


@dataclass
class Wire:
    """The network between the two."""

    town: "Town"

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Any = None,
        content: bytes | None = None,
        limit_bytes: int = 0,
        timeout_seconds: float = 0.0,
    ) -> HttpAnswer:
        """One request under today's weather."""
        town, weather = self.town, self.town.weather
        town.listen(content)
        letter = Letter(
            town.step, method, url, content, (headers or {}).get("authorization", "")
        )
        lost = Unavailable.of("http.unreachable", url=url, reason="simulated")
        if town.chance(weather.lose_request):
            raise lost
        if town.chance(weather.late):
            town.letters.append(replace(letter, due=town.step + town.dice.randint(1, 25)))
            raise lost
        answer = town.deliver(letter)
        if answer is None:
            raise lost
        if town.chance(weather.double):
            town.deliver(letter)
        if town.chance(weather.lose_answer):
            raise lost
        return answer


@dataclass
class Town:
    """Both nodes, the wire, the clock, and what happened."""

    seed: int
    weather: Weather
    dice: random.Random = field(init=False)
    clock: FixedClock = field(init=False)
    step: int = 0
    letters: list[Letter] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    tokens: set[tuple[str, str]] = field(default_factory=set)
    acting: Node | None = None

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        template = _template()
        self.clock = FixedClock(template.clock.moment)
        wire = Wire(self)
        nodes = []
        for number, world in enumerate((template.provider, template.consumer)):
            inner = MemoryStore(self.clock)
            inner._contents = world.store._contents.copy()  # type: ignore[attr-defined]
            store = KillableStore(inner, self._dies)
            nodes.append(
                Node(
                    replace(
                        world,
                        clock=self.clock,
                        identifiers=CountingIdentifiers(seed=7000 + number),
                        store=store,  # type: ignore[arg-type]
                        http=wire,
                    )
                )
            )
        self.provider, self.consumer = nodes
        self.handlers = outbox_handlers()
        self.dataset_id = template.dataset_id

    # ── what the weather does ───────────────────────────────────────────────────────────

    def chance(self, likely: float) -> bool:
        return likely > 0 and self.dice.random() < likely

    def _dies(self) -> bool:
        return self.chance(self.weather.kill)

    def listen(self, content: bytes | None) -> None:
        """Remember every token that is said."""
        if content and b"dataAddress" in content:
            said = read_json(content)
            address = said["dataAddress"]
            stated = {p["name"]: p["value"] for p in address["endpointProperties"]}
            self.tokens.add((said["providerPid"], stated["authorization"]))

    def open_doors(self) -> int:
        """How many of the tokens ever said open something now."""
        with_answer = (moving.open_data(self.provider.world, *one) for one in self.tokens)
        return sum(release is not None for release in with_answer)

    def deliver(self, letter: Letter) -> HttpAnswer | None:
        """The answer of whom the letter is for; None where nobody answers."""
        node = next(n for n in self.both if letter.url.startswith(n.world.node.base_url))
        if node.up_again > self.step:
            return None
        peer = self.consumer if node is self.provider else self.provider
        try:
            return _answer(node.world, peer.world, letter)
        except Killed:
            self._fall(node)
            return None

    def _fall(self, node: Node) -> None:
        node.up_again = self.step + self.dice.randint(1, 20)
        for kind, state in self.states(node):
            self.deaths[f"{kind}.{state}"] += 1

    # ── how time goes on ────────────────────────────────────────────────────────────────

    @property
    def both(self) -> tuple[Node, Node]:
        return (self.provider, self.consumer)

    def run(self, begin: Callable[["Town"], None]) -> None:
        """A stormy time, then calm until nothing moves."""
        sky, self.weather = self.weather, Weather()  # nobody dies before there is anything
        begin(self)
        self.weather = sky
        for self.step in range(1, _STEPS):
            self._one_step()
        self.weather = Weather()
        for letter in self.letters:
            self.deliver(replace(letter, due=0))
        self.letters = []
        for self.step in range(_STEPS + 30, _STEPS + 3000):
            if not self._one_step():
                return
        raise Broken(f"seed {self.seed}: still busy after a long calm")

    def _one_step(self) -> bool:
        """One letter, one person or one outbox entry; whether anything is left to do."""
        for letter in [one for one in self.letters if one.due <= self.step]:
            self.letters.remove(letter)
            self.deliver(letter)
        if self.chance(self.weather.person):
            self._person()
        busy = False
        for node in self.dice.sample(self.both, 2):
            if node.up_again > self.step:
                busy = True
                continue
            busy = self._work(node) or busy
        self.clock.advance(seconds=self.dice.choice((0.05, 0.3, 2.0)))
        return busy

    def _work(self, node: Node) -> bool:
        with node.store.reading() as view:
            due = view.due(self.clock.now())
        due = [entry for entry in due if entry.kind not in WITHOUT]
        if not due:
            return self._waits(node)
        entry = self.dice.choice(due)
        try:
            self._handle(node, entry)
        except Killed:
            self._fall(node)
        return True

    def _handle(self, node: Node, entry: OutboxEntry) -> None:
        try:
            self.handlers[entry.kind](node.world, entry)
        except SaltbridgeError as error:
            with node.store.unit_of_work() as work:
                work.postpone(entry.id, self.clock.now() + delay(entry.attempts), str(error))
        else:
            with node.store.unit_of_work() as work:
                work.done(entry.id)

    def _waits(self, node: Node) -> bool:
        """Whether an entry waits for its time to come."""
        return any(not entry.failed for entry in self.outbox(node))

    def _person(self) -> None:
        node = self.dice.choice(self.both)
        if node.up_again > self.step:
            return
        for kind, record in self.records(node):
            pid = record["consumer_pid" if record["role"] == "consumer" else "provider_pid"]
            deed = self.dice.choice(_DEEDS[kind])
            if self.weather.nobody_ends and deed in (_end, _end_talks):
                continue
            try:
                deed(node.world, pid)
                if kind == "transfer" and deed is not moving.resume and node is self.provider:
                    self._shut_at_once()
            except (Refused, FaultyInput):
                continue  # not now: the person is told so
            except Killed:
                self._fall(node)

    def _shut_at_once(self) -> None:
        if self.open_doors():
            raise Broken(f"seed {self.seed}: the provider shut its door, and a token opens it")

    # ── what is seen of it ──────────────────────────────────────────────────────────────

    def records(self, node: Node) -> list[tuple[str, dict[str, Any]]]:
        """Every process of a node, as stored."""
        with node.store.reading() as view:
            return [(k, read_json(r.body)) for k in KINDS for r in view.find(k)]

    def states(self, node: Node) -> list[tuple[str, str]]:
        return [(kind, record["state"]) for kind, record in self.records(node)]

    def leaves(self, node: Node) -> list[tuple[str, str]]:
        """Event and subject of every leaf."""
        with node.store.reading() as view:
            found = [view.log_leaf(i) for i in range(view.log_size())]
        return [(leaf.event, leaf.subject) for leaf in found if leaf is not None]

    def outbox(self, node: Node) -> list[OutboxEntry]:
        """Everything that waits or has failed."""
        entries = node.store.inner._contents.outbox.values()
        return [entry for entry in entries if entry.kind not in WITHOUT]


@cache
def _template() -> Any:
    return a_pair_of_nodes()


def _end_talks(world: World, pid: str) -> None:
    negotiate.terminate(world, pid, "exchange.offer-declined")


def _pause(world: World, pid: str) -> None:
    moving.suspend(world, pid, "simulated")


def _end(world: World, pid: str) -> None:
    moving.terminate(world, pid, "exchange.offer-declined")


_DEEDS: Final[dict[str, tuple[Callable[[World, str], Any], ...]]] = {
    "negotiation": (_end_talks,),
    "transfer": (_pause, moving.resume, _pause, moving.resume, moving.resume, _end),
}

# the end of a path → what may come there, for a process
_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    "request": (m.ContractRequest,),
    "offers": (m.ContractOffer,),
    "agreement": (m.AgreementMessage,),
    "verification": (m.AgreementVerification,),
    "events": (m.NegotiationAccepted, m.NegotiationFinalized),
    "start": (m.TransferStart,),
    "completion": (m.TransferCompletion,),
    "suspension": (m.TransferSuspension,),
}


def _answer(world: World, caller: World, letter: Letter) -> HttpAnswer:
    """What the node answers, led past sign-in to the service the path names."""
    path = urlsplit(letter.url).path
    if path.startswith("/data/"):
        return _data(world, path, letter.token)
    if path == DSP_2025_1.refresh_path:
        return HttpAnswer(400, {}, b"")  # nobody renews tokens in this town: time is short
    if letter.method == "GET" or "/log" in path:
        return HttpAnswer(404, {}, b"")
    partner = world.node.partner(caller.node.bpn)
    assert partner is not None
    path = path.removeprefix("/2025-1").removeprefix("/callback").strip("/")
    parts = [unquote(part) for part in path.split("/")]
    moves = parts[0] == "transfers"
    try:
        if path in _BEGINNINGS:
            outcome = _begin(world, partner, path, letter.content)
        else:
            kinds = _KINDS.get(parts[-1]) or (
                (m.TransferTermination,) if moves else (m.NegotiationTermination,)
            )
            message: Any = parse_message(letter.content or b"", *kinds)
            if moves:
                # As on the wire: the consumer hears at its callback, the provider at its base.
                role = Role.CONSUMER if "/callback/" in letter.url else Role.PROVIDER
                outcome = moving.hear(world, partner, role, parts[1], message)
            else:
                outcome = negotiate.hear(world, partner, None, parts[1], message)
    except FaultyInput as fault:
        raise Broken(f"one of our own messages is not valid: {fault}") from fault
    if outcome is None:
        return HttpAnswer(404, {}, b"")
    if isinstance(outcome, Refusal):
        kind: Any = "TransferError" if moves else "ContractNegotiationError"
        body = render_error(kind, outcome.code, [str(dict(outcome.arguments))])
        return HttpAnswer(400, {}, canonical_bytes(body))
    status = 201 if path in _BEGINNINGS else 200
    return HttpAnswer(status, {}, canonical_bytes(render_process(outcome)))


def _begin(world: World, partner: Any, path: str, content: bytes | None) -> Any:
    if path == "negotiations/request":
        asked: Any = parse_message(content or b"", m.ContractRequest)
        return negotiate.begin(world, partner, asked)
    if path == "negotiations/offers":
        offered: Any = parse_message(content or b"", m.ContractOffer)
        return offers.begin_offered(world, partner, offered)
    wanted: Any = parse_message(content or b"", m.TransferRequest)
    return moving.begin(world, partner, wanted)


def _data(world: World, path: str, token: str) -> HttpAnswer:
    pid = unquote(path.split("/")[2])
    bare = token.removeprefix("Bearer ")
    open_one = moving.open_statement if path.endswith("/statement") else moving.open_data
    release = open_one(world, pid, bare)
    return HttpAnswer(403, {}, b"") if release is None else HttpAnswer(200, {}, release.content)


# ── how an exchange begins ──────────────────────────────────────────────────────────────


def consumer_asks(town: Town) -> None:
    """The consumer asks for the dataset and wants its bytes."""
    with town.provider.store.reading() as view:
        offer = read_json(view.get("dataset", town.dataset_id).body)["offer"]
    negotiate.start_negotiation(
        town.consumer.world,
        town.consumer.world.node.partners[0],
        town.dataset_id,
        Offer(offer["@id"], offer),
        transfer_wanted=True,
        dataset_kind="pcf",
    )


def provider_offers(town: Town) -> None:
    """The provider offers of itself; whoever is asked says yes as soon as it can."""
    world = town.provider.world
    offers.offer_dataset(world, world.node.partners[0], town.dataset_id)
    saying_yes = town._one_step

    def and_says_yes() -> bool:
        busy = saying_yes()
        node = town.consumer
        if node.up_again <= town.step:
            for waiting in offers.waiting_offers(node.world):
                try:
                    offers.accept_offer(
                        node.world, waiting.pid, dataset_kind="pcf", transfer_wanted=True
                    )
                except Killed:
                    town._fall(node)
                busy = True
        return busy

    town._one_step = and_says_yes  # type: ignore[method-assign]
