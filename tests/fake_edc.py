"""EDC connectors of one dataspace in memory, for quick tests: what the management API answers.

The shapes are those that EDC 0.14.0 answered (``tests/adapters/edc_recorded``; the tests in
``tests/edc`` drive the real one). A negotiation and a transfer go on by one step each time they
are looked at, as EDC's state machines do meanwhile.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Unavailable
from saltbridge.ports import HttpAnswer, HttpClient
from saltbridge.testing.peers import InProcessHttp

ODRL: Final = "http://www.w3.org/ns/odrl/2/"
ROOT: Final = "http://127.0.0.1:9"
_JSON: Final = {"content-type": "application/json"}


@dataclass
class FakeEdc:
    """One connector. ``down``, ``key`` and ``refuses`` are what a test sets."""

    name: str
    participant: str
    space: "FakeDataspace"
    key: str = "key"
    down: bool = False
    refuses: str = ""  # the reason for which negotiations end
    loses_answers: int = 0  # so many answers to new negotiations and transfers get lost
    checks_policies: bool = False
    holds: bool = False  # its negotiations do not go on
    asked: list[str] = field(default_factory=list)
    things: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.space.root}/{self.name}/management"

    @property
    def dsp(self) -> str:
        return f"{self.space.root}/{self.name}/protocol/2025-1"

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        return self.things.setdefault(kind, {})

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit_bytes: int = 0,
        timeout_seconds: float = 0,
    ) -> HttpAnswer:
        """A request to the management API."""
        path = unquote(url.removeprefix(self.url).partition("?")[0])
        self.asked.append(f"{method} {path}")
        if self.down:
            raise Unavailable.of("http.unreachable", url=url, reason="connection refused")
        if (headers or {}).get("x-api-key") != self.key:
            return _answer(401, [{"message": "Request could not be authenticated"}])
        body = read_json(content) if content else {}
        _, _, kind, *rest = path.split("/")
        handler: Callable[..., HttpAnswer] = getattr(self, f"_{kind}")
        return handler(method, rest, body)

    # Provider

    def _kept(self, kind: str, method: str, rest: list[str], body: Any) -> HttpAnswer:
        there = self.of(kind)
        id = body.get("@id") or (rest[0] if rest else "")
        if method == "POST" and rest == ["request"]:
            return _answer(200, list(there.values()))
        if method == "POST" and id in there:
            return _answer(409, [{"message": f"{kind} {id} already exists"}])
        if method in ("POST", "PUT"):
            there[id] = body
            return _answer(200, {"@type": "IdResponse", "@id": id})
        if method == "DELETE":
            return _answer(204 if there.pop(id, None) else 404, [])
        return _answer(200, there[id]) if id in there else _missing(id)

    def _assets(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        return self._kept("assets", method, rest, body)

    def _contractdefinitions(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        return self._kept("contractdefinitions", method, rest, body)

    def _policydefinitions(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        if self.checks_policies and method != "DELETE":
            says = "leftOperand 'Membership' is not bound to any functions: Rule {…}"
            return _answer(400, [{"message": says, "type": "InvalidRequest"}])
        return self._kept("policydefinitions", method, rest, body)

    # Consumer

    def _catalog(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        other = self.space.at(body["counterPartyAddress"])
        if other is None or other.down:
            says = "Failed to connect to the counter-party"
            return _answer(502, [{"message": says, "type": "BadGateway"}])
        shown = [other.shown(c) for c in other.of("contractdefinitions").values()]
        catalogue: dict[str, Any] = {
            "@id": "catalogue",
            "@type": "Catalog",
            "participantId": other.participant,
            "service": [{"@id": "s", "@type": "DataService", "endpointURL": other.dsp}],
            "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
        }
        if shown:
            catalogue["dataset"] = shown
        return _answer(200, catalogue)

    def shown(self, contract: Mapping[str, Any]) -> dict[str, Any]:
        asset_id = contract["assetsSelector"][0]["operandRight"]
        asset = self.of("assets")[asset_id]
        policy = self.of("policydefinitions")[contract["contractPolicyId"]]["policy"]
        parts = (contract["@id"], asset_id, "random")
        offer = ":".join(base64.b64encode(p.encode()).decode() for p in parts)
        access = {"@id": "s", "@type": "DataService", "endpointURL": self.dsp}
        return {
            "@id": asset_id,
            "@type": "Dataset",
            "hasPolicy": [{"@id": offer, "@type": "Offer", **_compacted(policy)}],
            "distribution": [
                {"@type": "Distribution", "format": "HttpData-PULL", "accessService": access}
            ],
            **{k.replace("http://purl.org/dc/terms/", "dct:"): v
               for k, v in asset["properties"].items()},
            "id": asset_id,
        }  # fmt: skip

    def _contractnegotiations(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        there = self.of("negotiations")
        if rest == ["request"]:
            wanted = body["filterExpression"][0]["operandRight"]
            found = [n for n in there.values() if n["counterPartyId"] == wanted]
            return _answer(200, found[::-1])
        if method == "POST" and not rest:
            return self._begin(body)
        if rest[1:] == ["terminate"]:
            there[rest[0]] |= {"state": "TERMINATED", "errorDetail": body["reason"]}
            return HttpAnswer(204, {}, b"")
        if rest[0] not in there:
            return _missing(rest[0])
        return _answer(200, self._gone_on(there[rest[0]]))

    def _begin(self, body: Any) -> HttpAnswer:
        id = f"negotiation-{self.name}-{len(self.of('negotiations'))}"
        (mark,) = body["callbackAddresses"]
        self.of("negotiations")[id] = {
            "@type": "ContractNegotiation",
            "@id": id,
            "type": "CONSUMER",
            "state": "REQUESTED",
            "counterPartyId": body["counterPartyId"],
            "counterPartyAddress": body["counterPartyAddress"],
            "callbackAddresses": mark,
            "correlationId": f"provider-{id}",
            "asked": body["policy"],
        }
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unavailable.of("http.too-slow", url=self.url, seconds=30)
        return _answer(200, {"@type": "IdResponse", "@id": id})

    def _gone_on(self, negotiation: dict[str, Any]) -> dict[str, Any]:
        """As it is told now; the next look finds it further."""
        told = {k: v for k, v in negotiation.items() if k != "asked"}
        if negotiation["state"] == "REQUESTED" and not self.holds:
            other = self.space.at(negotiation["counterPartyAddress"])
            assert other is not None
            if other.refuses:
                negotiation |= {"state": "TERMINATED", "errorDetail": other.refuses}
            else:
                agreed = f"agreement-{len(self.of('agreements'))}-{self.name}"
                policy = negotiation["asked"]
                agreement = {
                    "@type": "ContractAgreement",
                    "@id": agreed,
                    "assetId": policy[f"{ODRL}target"]["@id"],
                    "policy": _agreed(policy),
                    "contractSigningDate": self.space.now,
                    "consumerId": self.participant,
                    "providerId": other.participant,
                }
                self.of("agreements")[agreed] = agreement
                other.of("agreements")[agreed] = agreement
                negotiation |= {"state": "FINALIZED", "contractAgreementId": agreed}
        return told

    def _contractagreements(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        there = self.of("agreements")
        if rest == ["request"]:
            wanted = body["filterExpression"][0]["operandRight"]
            return _answer(200, [a for a in there.values() if a["assetId"] == wanted])
        return _answer(200, there[rest[0]]) if rest[0] in there else _missing(rest[0])

    def _transferprocesses(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        there = self.of("transfers")
        if rest == ["request"]:
            wanted = body["filterExpression"][0]["operandRight"]
            return _answer(200, [t for t in there.values() if t["assetId"] == wanted])
        if method == "POST" and not rest:
            return self._pull(body)
        if rest[0] not in there:
            return _missing(rest[0])
        if method == "POST":
            states = {"terminate": "TERMINATED", "suspend": "SUSPENDED", "resume": "STARTED"}
            for edc, id in self.space.both(self, rest[0]):
                moved = edc.of("transfers")[id]
                moved["state"] = states[rest[1]]
                if rest[1] != "resume":
                    moved["errorDetail"] = body["reason"]
            return HttpAnswer(204, {}, b"")
        return _answer(200, there[rest[0]])

    def _pull(self, body: Any) -> HttpAnswer:
        id, agreement = body["@id"], self.of("agreements")[body["contractId"]]
        if id in self.of("transfers"):
            return _answer(200, {"@type": "IdResponse", "@id": id})
        other = next(e for e in self.space.all if e.participant == agreement["providerId"])
        common = {
            "@type": "TransferProcess",
            "state": "STARTED",
            "assetId": agreement["assetId"],
            "contractId": body["contractId"],
            "transferType": "HttpData-PULL",
        }
        theirs = f"provider-{id}"
        self.of("transfers")[id] = {
            **common, "@id": id, "type": "CONSUMER", "correlationId": theirs,
        }  # fmt: skip
        other.of("transfers")[theirs] = {
            **common, "@id": theirs, "type": "PROVIDER", "correlationId": id,
        }  # fmt: skip
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unavailable.of("http.too-slow", url=self.url, seconds=30)
        return _answer(200, {"@type": "IdResponse", "@id": id})

    def _edrs(self, method: str, rest: list[str], body: Any) -> HttpAnswer:
        transfer = self.of("transfers").get(rest[0])
        if transfer is None or transfer["state"] != "STARTED":
            return _missing(rest[0])
        other = self.space.at_agreement(transfer["contractId"])
        return _answer(
            200,
            {
                "@type": "DataAddress",
                "type": "https://w3id.org/idsa/v4.1/HTTP",
                "endpointType": "https://w3id.org/idsa/v4.1/HTTP",
                "endpoint": f"{self.space.root}/{other.name}/public",
                "authorization": f"token-{transfer['correlationId']}",
            },
        )

    def pulled(self, token: str, path: str) -> HttpAnswer:
        """The data plane: it asks the address of the asset, with the headers it is to show."""
        transfer = self.of("transfers").get(token.removeprefix("token-"))
        if transfer is None or transfer["state"] != "STARTED":
            return HttpAnswer(403, {}, b"")
        address = self.of("assets")[transfer["assetId"]]["dataAddress"]
        headers = {
            name.removeprefix("header:"): value
            for name, value in address.items()
            if name.startswith("header:")
        }
        url = f"{address['baseUrl']}{path}"
        found = self.space.nodes.send("GET", url, headers=headers)
        return found if found.status == 200 else HttpAnswer(502, {}, found.content)


@dataclass
class FakeDataspace:
    """The connectors, and the nodes that their data planes reach."""

    nodes: HttpClient = field(default_factory=InProcessHttp)
    root: str = ROOT
    all: list[FakeEdc] = field(default_factory=list)
    now: int = 1_790_000_000

    def edc(self, name: str, participant: str) -> FakeEdc:
        made = FakeEdc(name, participant, self)
        self.all.append(made)
        return made

    def at(self, address: str) -> FakeEdc | None:
        return next((edc for edc in self.all if edc.dsp == address), None)

    def at_agreement(self, id: str) -> FakeEdc:
        (provider,) = {a["providerId"] for e in self.all for a in e.of("agreements").values()
                       if a["@id"] == id}  # fmt: skip
        return next(edc for edc in self.all if edc.participant == provider)

    def both(self, edc: FakeEdc, id: str) -> list[tuple[FakeEdc, str]]:
        other = edc.of("transfers")[id]["correlationId"]
        return [(e, i) for e in self.all for i in (id, other) if i in e.of("transfers")]

    def send(self, method: str, url: str, **asked: Any) -> HttpAnswer:
        """What a node reaches: other nodes, and the data planes."""
        for edc in self.all:
            door = f"{self.root}/{edc.name}/public"
            if url.startswith(door):
                token = (asked.get("headers") or {}).get("authorization", "")
                return edc.pulled(token, urlsplit(url).path.removeprefix(urlsplit(door).path))
        return self.nodes.send(method, url, **asked)


def _answer(status: int, body: Any) -> HttpAnswer:
    return HttpAnswer(status, _JSON, json.dumps(body).encode())


def _missing(id: str) -> HttpAnswer:
    says = f"Object with ID={id} was not found"
    return _answer(404, [{"message": says, "type": "ObjectNotFound"}])


def _compacted(value: Any) -> Any:
    """As EDC shows a policy by DSP 2025-1: bare ODRL names, a list of one without its list."""
    if isinstance(value, Mapping):
        if set(value) == {"@id"}:
            return str(value["@id"]).removeprefix(ODRL)
        return {
            key.removeprefix(ODRL): _compacted(inner)
            for key, inner in value.items()
            if key != "@type" and inner != [] and key != f"{ODRL}profile"
        }
    if isinstance(value, list):
        found = [_compacted(entry) for entry in value]
        return found[0] if len(found) == 1 else found
    return value


def _agreed(policy: Mapping[str, Any]) -> dict[str, Any]:
    """As the API tells the policy of an agreement: names with the prefix of ODRL."""

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k.replace(ODRL, "odrl:"): told(v) for k, v in value.items()
                    if k != f"{ODRL}profile"}  # fmt: skip
        if isinstance(value, list):
            found = [told(entry) for entry in value]
            return found[0] if len(found) == 1 else found
        return value.replace(ODRL, "odrl:") if isinstance(value, str) else value

    return {**told(policy), "@id": "policy", "@type": "odrl:Agreement"}
