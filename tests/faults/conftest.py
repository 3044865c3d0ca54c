"""Three companies and a stranger in one process, walked from materials to passports.

Every field that must not reach somebody holds a canary that says who may have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from saltbridge.accounts.model import Role
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.footprint.model import Inventory
from saltbridge.formats.inventory_sources import EvidenceFile
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.services import approval
from saltbridge.services.account import FootprintRequest, account
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.compose_record import ComposeRequest, compose_record
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.people import account_named
from saltbridge.steps.sessions import begin_session
from saltbridge.testing.approvals import approve_all, two_approvers
from saltbridge.testing.aviary import (
    CARS,
    CELLS,
    STRANGER,
    SUPPLIER,
    Aviary,
    factors_of,
    material,
    recipe,
    restrict,
)
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.deliveries import example_record, example_request
from saltbridge.testing.peers import InProcessHttp
from saltbridge.testing.people import people_of
from saltbridge.trust.self_issued import self_issued_token
from saltbridge.web.app import create_app
from saltbridge.web.watch import Watch, watched

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")


@dataclass
class Line:
    """One company's way out: the shared HTTP, and who heard what."""

    name: str
    http: InProcessHttp
    names: Mapping[str, str]  # base URL → company
    heard: list[tuple[str, str, bytes]]  # (hearer, what, bytes)

    def send(self, method: str, url: str, **more: Any) -> HttpAnswer:
        callee = next(name for base, name in self.names.items() if url.startswith(f"{base}/"))
        said = f"{method} {url} {more.get('headers')}".encode() + (more.get("content") or b"")
        self.heard.append((callee, f"{self.name}: {method} {url}", said))
        answer = self.http.send(method, url, **more)
        back = repr(answer.headers).encode() + answer.content
        self.heard.append((self.name, f"answer to {method} {url}", back))
        return answer


@dataclass
class Companies:
    """The worlds by name, everything that was said, and every canary."""

    clock: FixedClock
    http: InProcessHttp
    worlds: dict[str, World]
    aviary: Aviary
    heard: list[tuple[str, str, bytes]]
    passports: tuple[str, ...] = ()

    def pump(self) -> None:
        """Let all outboxes work until nothing is due."""
        workers = [OutboxWorker(w, outbox_handlers()) for w in self.worlds.values()]
        for _ in range(60):
            if not sum(worker.run_once() for worker in workers):
                return
        raise AssertionError("the outboxes never come to rest")

    def fetch(self, asker: str, holder: str, kind: str) -> None:
        """Catalogue, negotiation, transfer, delivery."""
        world = self.worlds[asker]
        partner = self.partner(asker, holder)
        (offered,) = [d for d in request_catalogue(world, partner).datasets if d.kind == kind]
        start_negotiation(
            world,
            partner,
            offered.id,
            offered.offers[0],
            transfer_wanted=True,
            dataset_kind=kind,
        )
        self.pump()

    def partner(self, of: str, name: str) -> Partner:
        """A company as another one has entered it."""
        return next(p for p in self.worlds[of].node.partners if p.name == name)

    def token(self, caller: str, callee: str, **more: Any) -> str:
        """A self-issued token of one company for another."""
        world = self.worlds[caller]
        return self_issued_token(
            **{
                "caller": world.node.did,
                "called": self.worlds[callee].node.did,
                "jti": world.identifiers.urn_uuid(),
                "now": self.clock.now(),
                "signer": world.keyring.signer(),
                **more,
            }
        )

    def session(self, name: str) -> str:
        """The token of a new session of the company's operator."""
        world = self.worlds[name]
        with world.store.unit_of_work() as work:
            account = account_named(work, "operator")
            assert account is not None
            return begin_session(world, work, account, "password")

    def call(
        self,
        callee: str,
        method: str,
        path: str,
        *,
        caller: str = "",
        content: bytes | None = None,
        **headers: str,
    ) -> HttpAnswer:
        """One request to a company, signed in as another one or as nobody."""
        if caller:
            headers["authorization"] = f"Bearer {self.token(caller, callee)}"
        url = f"{self.worlds[callee].node.base_url}{path}"
        return self.http.send(method, url, headers=headers, content=content)

    def all(self, name: str, kind: str) -> list[Any]:
        """Every stored document of a kind."""
        with self.worlds[name].store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def stored(self, name: str) -> bytes:
        """Every byte the company holds, old versions included."""
        contents = self.worlds[name].store._contents  # type: ignore[attr-defined]
        parts: list[bytes] = []
        for versions in contents.records.values():
            for record in versions:
                parts += [f"{record.kind} {record.id}".encode(), record.body]
        parts += [r.content for r in contents.releases.values()]
        parts += [e.body + e.last_error.encode() for e in contents.outbox.values()]
        return b"\n".join(parts)

    def ids(self, *kinds: str) -> set[str]:
        """Every id of these kinds that any of the companies knows."""
        return {
            id
            for world in self.worlds.values()
            for kind, id in world.store._contents.records  # type: ignore[attr-defined]
            if kind in kinds
        }


def _worlds(what: Inventory, aviary: Aviary) -> Companies:
    clock, http = FixedClock(), InProcessHttp()
    profiles = {
        SUPPLIER: node_profile(SUPPLIER, jurisdiction="CN", port=8301),
        CELLS: node_profile(CELLS, jurisdiction="CN", port=8302),
        CARS: node_profile(CARS, jurisdiction="EU", port=8303),
        STRANGER: node_profile(STRANGER, jurisdiction="EU", port=8304),
    }
    known = {name: partner_of(node) for name, node in profiles.items()}
    nodes = {
        name: replace(node, partners=tuple(p for n, p in known.items() if n != name))
        for name, node in profiles.items()
    }
    documents = {n.did: memory_world(n).keyring.did_document() for n in nodes.values()}
    heard: list[tuple[str, str, bytes]] = []
    names = {node.base_url: name for name, node in nodes.items()}
    sets = {"test-set": factors_of(what, aviary)}
    worlds = {
        name: replace(
            memory_world(
                node,
                clock=clock,
                did_documents=documents,
                factor_sets=sets if name == CELLS else {},
                # Behind a proxy, so that nobody is an insider for coming from this machine.
                settings={
                    "trusted_proxies": ["127.0.0.1"],
                    # Everything is asked for.
                    "limits": {"passport_misses_per_minute": 0, "passport_reads_per_minute": 0},
                },
            ),
            http=Line(name, http, names, heard),
        )
        for name, node in nodes.items()
    }
    for world in worlds.values():
        watch = Watch()
        http.applications[world.node.base_url] = watched(create_app(world, watch=watch), watch)
        people_of(world, {"operator": frozenset({Role.OPERATOR})})
    return Companies(clock, http, worlds, aviary, heard)


def _mark_what_was_worked_out(companies: Companies) -> None:
    """Amounts, shares and exact totals are as secret as what they were worked out from."""
    (record,) = (kept["record"] for kept in companies.all(CELLS, "footprint"))
    exact = [value for line in record["lines"] for value in (line["amount"], line["kg_co2e"])]
    exact += [record["total_kg_co2e"], *record["stages"].values()]
    for value in exact:
        if len(repr(value)) > 10:
            companies.aviary.of[repr(value)] = frozenset({CELLS})


def _wait_and_refuse(companies: Companies, record: dict[str, Any]) -> None:
    """Two more publications: the partner asks for both, one waits, one is refused."""
    world, aviary = companies.worlds[CELLS], companies.aviary
    for name in ("zhang.min", "chen.yu"):  # who approves is the company's own affair
        aviary.of[name] = frozenset({CELLS})
    for title, reason in (
        ("Waiting", ""),
        ("Refused", aviary.text("refusal-reason", CELLS, CARS)),
    ):
        published = publish(
            world,
            PublishRequest(
                document=record,
                kind="battery-supplier-record",
                recipients=[CARS],
                title=title,
                person=aviary.text("export-officer", CELLS),
            ),
        )
        partner = companies.partner(CARS, CELLS)
        shown = request_catalogue(companies.worlds[CARS], partner).datasets
        (offered,) = [d for d in shown if d.id == published.dataset_id]
        start_negotiation(
            companies.worlds[CARS],
            partner,
            offered.id,
            offered.offers[0],
            transfer_wanted=True,
            dataset_kind=offered.kind,
        )
        companies.pump()
        if reason:
            (waiting,) = published.proposals
            first, _ = two_approvers(world)
            approval.refuse(world, first, waiting["id"], reason)
            companies.pump()


def walk(examples: Path) -> Companies:
    """The whole path: PCF → footprint → supplier record → passports."""
    aviary = Aviary()
    document, what = material(aviary), recipe(aviary)
    companies = _worlds(what, aviary)
    worlds = companies.worlds
    publish(
        worlds[SUPPLIER],
        PublishRequest(
            document=document,
            kind="pcf",
            recipients=[CELLS],
            title="Cathode",
            person=aviary.text("release-officer", SUPPLIER),
        ),
    )
    companies.fetch(CELLS, SUPPLIER, "pcf")
    account(
        worlds[CELLS],
        FootprintRequest(
            inventory=what,
            inventory_digest="sha256:1177",
            methodology="eu-cfb@draft-2024-04",
            evidence=[
                EvidenceFile(
                    aviary.text("evidence-file", CELLS),
                    "text/plain",
                    aviary.text("evidence-content", CELLS).encode(),
                )
            ],
        ),
    )
    _mark_what_was_worked_out(companies)
    stated = example_record(examples)
    attributes, items = stated["attributes"], stated["items"][: len(SERIALS)]
    restrict(attributes, items, aviary)
    record = compose_record(worlds[CELLS], ComposeRequest(attributes=attributes, items=items))
    record["plant"]["coordinates"] = {
        "latitude": aviary.number(31.1234567, CELLS),
        "longitude": aviary.number(119.6543219, CELLS),
    }
    record["manufacturer"]["contact"] = aviary.text("maker-contact", CELLS)
    record["footprint"]["assumptions"] = {aviary.text("assumption", CELLS): 1}
    publish(
        worlds[CELLS],
        PublishRequest(
            document=record,
            kind="battery-supplier-record",
            recipients=[CARS],
            title="Pack",
            person=aviary.text("export-officer", CELLS),
        ),
    )
    approve_all(worlds[CELLS], approval)
    companies.fetch(CARS, CELLS, "supplier-record")
    _wait_and_refuse(companies, record)
    request = example_request(examples, SERIALS) | {"distribution": None}
    request["facts"]["attributes"]["A079"] = {
        "value": {"title": aviary.text("dismantling", CARS), "url": "https://cars.example/d"}
    }
    # What was measured in use stayed with the maker, but counters show use: it is due.
    for id in ("A094", "A126", "A130", "A140", "A141"):
        request["facts"]["attributes"][id] = {"not_applicable": "not handed on"}
    named = request["facts"]["attributes"]["A026"]["value"]
    named["buyer"] = aviary.text("operator-note", CARS)
    issued = issue(
        worlds[CARS],
        IssueRequest(**request, person=aviary.text("issuing-person", CARS)),
    )
    companies.passports = tuple(p.id for p in issued.passports)
    return companies


@pytest.fixture(scope="session")
def companies(examples: Path) -> Companies:
    """One walk, shared by tests that only look."""
    return walk(examples)


@pytest.fixture
def walk_again() -> Any:
    """Walks anew, for tests that change something or watch the walking."""
    return walk
