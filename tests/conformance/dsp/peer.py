"""A peer of our own that walks a case with a node of the same process, message by message."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse
from tests.conformance.dsp.cases import FORMAT, KIT_PARTICIPANT, KNOWN, NOT_THERE, offer_id
from tests.conformance.dsp.node import AUTHORIZATION, POLICY, application, kit_node, seed
from tests.conformance.dsp.script import ACT, Scripted, act
from tests.conformance.dsp.walks import WALKS

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Agreement, DataAddress, Offer
from saltbridge.formats.dsp import SCHEMA_OF, parse_document, render_message
from saltbridge.formats.dsp_answers import parse_versions
from saltbridge.ports import HttpAnswer
from saltbridge.services import negotiate, transfer
from saltbridge.testing.builders import memory_world
from saltbridge.testing.peers import InProcessHttp

PEER_URL: Final = "http://127.0.0.1:8083"
PEER_PID: Final = "urn:uuid:99999999-0000-4000-8000-000000000001"
# what a walk calls it → end of the path, and @type
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "negotiations": {
        "request": "request",
        "offer": "offers",
        "agree": "agreement",
        "verify": "agreement/verification",
        "accept": "events",
        "finalize": "events",
        "terminate": "termination",
    },
    "transfers": {
        "request": "request",
        "start": "start",
        "suspend": "suspension",
        "complete": "completion",
        "terminate": "termination",
    },
}


class Strayed(AssertionError):
    """The node did something else than the case prescribes."""


@dataclass
class Peer:
    """The kit's side of one case, and the node it walks with."""

    case: str
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    pid: str = ""  # the node's own
    spoken: int = 0

    def __post_init__(self) -> None:
        family, _, number = self.case.partition(":")
        self.consumes = family.endswith("_C")  # the node does
        self.family = "transfers" if family.startswith("TP") else "negotiations"
        self.subject = f"A{family.replace('_', '')}{number.replace('-', '')}"
        self.http = InProcessHttp()
        built = memory_world(kit_node(8282, 8083))
        self.world = replace(built, http=self.http, decider=Scripted())
        seed(self.world)
        handlers = {
            **outbox_handlers(),
            ACT: lambda world, entry: act(world, entry, pause_seconds=0),
        }
        self.worker = OutboxWorker(self.world, handlers)
        self.http.applications = {
            self.world.node.base_url: application(self.world, self.worker),
            PEER_URL: self._listen,
        }

    def walk(self) -> None:
        """Walk the case.

        Raises:
            Strayed: with the place in the walk where it went another way.
        """
        *steps, state = WALKS[self.case].split()
        if self.consumes:
            self._trigger()
        for n, step in enumerate(steps):
            try:
                self._step(step[0], step[1:])
            except Strayed as fault:
                raise Strayed(f"{self.case}, at {' '.join(steps[: n + 1])}: {fault}") from fault
        self._pump()
        if self.heard:
            raise Strayed(f"{self.case}: the node also said {self.heard[0][0]}")
        found = self._get(f"{self._root}/{self.family}/{quote(self.pid, safe=':')}")
        reached = read_json(found.content).get("state")
        if reached != state:
            raise Strayed(f"{self.case}: it is {reached}, not {state}")

    def _step(self, sign: str, what: str) -> None:
        if sign == "<":
            return self._expect(what)
        answer = self._say(what)
        if sign == ">" and answer.status not in (200, 201):
            raise Strayed(f"{what} was answered {answer.status} {answer.content[:200]!r}")
        if sign == "!":
            if not 400 <= answer.status < 500 or answer.status == 404:
                raise Strayed(f"{what} should have been refused, and got {answer.status}")
            parse_document(answer.content, "TransferError", "ContractNegotiationError")
        if what == "request" and not self.pid:
            self.pid = read_json(answer.content)["providerPid"]
        return None

    def _expect(self, what: str) -> None:
        self._pump(until_heard=True)
        if not self.heard:
            raise Strayed("the node said nothing")
        path, document = self.heard.pop(0)
        due = f"/{self.family}/{_WORDS[self.family][what]}"
        if what != "request" or self.pid:
            due = f"/{self.family}/{quote(PEER_PID, safe=':')}/{_WORDS[self.family][what]}"
        if path != due:
            raise Strayed(f"the node said {path}")
        parse_document(document, *SCHEMA_OF)
        self.pid = self.pid or document["consumerPid"]
        event = {"accept": "ACCEPTED", "finalize": "FINALIZED"}.get(what)
        if event and document["eventType"] != event:
            raise Strayed(f"the event is {document['eventType']}")

    @property
    def _root(self) -> str:
        return f"/2025-1{'/callback' if self.consumes else ''}"

    def _say(self, what: str) -> HttpAnswer:
        path = f"{self._root}/{self.family}/{quote(self.pid, safe=':')}".rstrip("/")
        # Like the kit's, every message has an id of its own: two alike are no redelivery.
        self.spoken += 1
        document = {"@id": f"urn:uuid:{self.spoken}", **render_message(self._message(what))}
        return self._post(f"{path}/{_WORDS[self.family][what]}", document)

    def _message(self, what: str) -> Any:
        ours, theirs = self.pid, PEER_PID
        pids = (theirs, ours) if self.consumes else (ours, theirs)
        if self.family == "transfers":
            address = DataAddress("http://127.0.0.1:8083/data", "token")
            return {
                "request": lambda: m.TransferRequest(theirs, self.subject, FORMAT, PEER_URL),
                "start": lambda: m.TransferStart(*pids, address if self.consumes else None),
                "suspend": lambda: m.TransferSuspension(*pids, "1"),
                "complete": lambda: m.TransferCompletion(*pids),
                "terminate": lambda: m.TransferTermination(*pids, "1"),
            }[what]()
        offer = Offer(offer_id(self.subject), POLICY, self.subject)
        # The kit's counter-offers name their parties.
        named = {**POLICY, "assigner": "SALTBRIDGE", "assignee": KIT_PARTICIPANT}
        counter = replace(offer, policy=named)
        agreement = Agreement(
            f"urn:uuid:{self.subject:0>8}", self.subject, KIT_PARTICIPANT, "SALTBRIDGE", POLICY
        )
        return {
            "request": lambda: (
                m.ContractRequest(theirs, counter, ours)
                if ours
                else m.ContractRequest(theirs, offer, callback_address=PEER_URL + "/")
            ),
            "offer": lambda: m.ContractOffer(theirs, counter, ours),
            "agree": lambda: m.AgreementMessage(
                *pids, replace(agreement, timestamp="2026-11-23T12:00:00Z")
            ),
            "verify": lambda: m.AgreementVerification(*pids),
            "accept": lambda: m.NegotiationAccepted(*pids),
            "finalize": lambda: m.NegotiationFinalized(*pids),
            "terminate": lambda: m.NegotiationTermination(*pids, "1"),
        }[what]()

    def _trigger(self) -> None:
        kit = self.world.node.partners[0]
        if self.family == "transfers":
            transfer.request_transfer(self.world, self.subject)
        else:
            offer = Offer(offer_id(self.subject), POLICY, self.subject)
            negotiate.ask(self.world, kit, offer)

    def _pump(self, *, until_heard: bool = False) -> None:
        """One entry after the other, so that the peer can speak between two of them."""
        for _ in range(20):
            if (until_heard and self.heard) or not self.worker.run_once():
                return

    async def _listen(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        document = await request.json()
        self.heard.append((request.url.path, document))
        body: dict[str, Any] = {}
        status = 200
        if request.url.path.endswith("s/request"):
            status = 201
            kind = "TransferProcess" if self.family == "transfers" else "ContractNegotiation"
            body = {
                "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                "@type": kind,
                "providerPid": PEER_PID,
                "consumerPid": document["consumerPid"],
                "state": "REQUESTED",
            }
        await JSONResponse(body, status)(scope, receive, send)

    def _post(self, path: str, document: Mapping[str, Any]) -> HttpAnswer:
        return self.http.send(
            "POST",
            f"{self.world.node.base_url}{path}",
            headers={"authorization": AUTHORIZATION, "content-type": "application/json"},
            content=canonical_bytes(document),
        )

    def _get(self, path: str) -> HttpAnswer:
        return self.http.send(
            "GET",
            f"{self.world.node.base_url}{path}",
            headers={"authorization": AUTHORIZATION},
        )

    # ── metadata and catalogue ──────────────────────────────────────────────────────────

    def look(self) -> None:
        """The cases that read: version document, catalogue, dataset, no dataset.

        Raises:
            Strayed: the answer is another one.
        """
        match self.case:
            case "MET:01-01":
                paths = parse_versions(self._get("/.well-known/dspace-version").content)
                if paths.get("2025-1") != "/2025-1":
                    raise Strayed(f"the versions are {paths}")
            case "CAT:01-01":
                asked = {
                    "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                    "@type": "CatalogRequestMessage",
                }
                answer = self._post("/2025-1/catalog/request", asked)
                catalogue = parse_document(answer.content, "Catalog")
                if KNOWN not in [d["@id"] for d in catalogue["dataset"]]:
                    raise Strayed("the dataset is not listed")
            case "CAT:01-02":
                answer = self._get(f"/2025-1/catalog/datasets/{KNOWN}")
                if parse_document(answer.content, "Dataset")["@id"] != KNOWN:
                    raise Strayed("another dataset")
            case "CAT:01-03":
                answer = self._get(f"/2025-1/catalog/datasets/{NOT_THERE}")
                parse_document(answer.content, "CatalogError")
                if answer.status != 404:
                    raise Strayed(f"{answer.status} for a dataset that is not there")


def play(case: str) -> None:
    """One case, whichever it is.

    Raises:
        Strayed: the node did something else.
    """
    peer = Peer(case) if case in WALKS else Peer("CN:01-01")
    if case in WALKS:
        peer.walk()
    else:
        peer.case = case
        peer.look()
