"""A dataspace in one process: two nodes and a test issuer, joined without sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import HttpAnswer, Partner, World
from saltbridge.services.own_credentials import request_credentials
from saltbridge.steps.identity import token_for
from saltbridge.testing.builders import (
    CountingIdentifiers,
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.issuer import TestIssuer
from saltbridge.testing.issuer_app import issuer_app
from saltbridge.testing.issuer_state import admit, create
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

ISSUER_URL = "http://127.0.0.1:8290"


@dataclass
class Dataspace:
    """Both nodes know their callers by credentials; the issuer's folder is ``folder``."""

    clock: FixedClock
    http: InProcessHttp
    issuer: TestIssuer
    provider: World
    consumer: World
    delivered: list[str] = field(default_factory=list)

    @property
    def to_provider(self) -> Partner:
        return self.consumer.node.partners[0]

    @property
    def to_consumer(self) -> Partner:
        return self.provider.node.partners[0]

    def all(self, world: World, kind: str) -> list[dict[str, Any]]:
        with world.store.reading() as view:
            return [read_json(record.body) for record in view.find(kind)]

    def said(self, path: str) -> int:
        """How often something was asked at a path."""
        return sum(direction.endswith(path) for direction, _ in self.http.said)

    def catalogue(self, token: str = "") -> HttpAnswer:
        """The consumer asks the provider for its catalogue."""
        bearer = token or token_for(self.consumer, self.to_provider)
        return self.http.send(
            "POST",
            f"{self.provider.node.base_url}/2025-1/catalog/request",
            headers={"authorization": f"Bearer {bearer}"},
            content=canonical_bytes(
                {
                    "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
                    "@type": "CatalogRequestMessage",
                }
            ),
        )

    def refusal(self) -> str:
        """The code of the last stored reason for which the provider refused the consumer."""
        (record,) = self.all(self.provider, "sign-in-refused")
        return str(record["findings"][0]["code"])


def dataspace(
    folder: Path,
    *,
    members: bool = True,
    settings: Mapping[str, Any] | None = None,
    wrap: Callable[[World], World] = lambda world: world,
) -> Dataspace:
    """A dataspace; with ``members`` both nodes already hold their credentials."""
    clock, http = FixedClock(), InProcessHttp()
    supplier = node_profile("supplier", jurisdiction="CN", port=8201)
    cellmaker = node_profile("cellmaker", jurisdiction="CN", port=8202)
    supplier = replace(supplier, partners=(partner_of(cellmaker),))
    cellmaker = replace(cellmaker, partners=(partner_of(supplier),))
    create(folder, ISSUER_URL)
    known = KnownDids()
    issuer = TestIssuer(folder, clock, CountingIdentifiers(seed=7), http, known)
    known.documents[issuer.did] = issuer.did_document()
    chosen = {
        "identity": "dcp",
        "credentials": {"trusted_issuers": {issuer.did: ["*"]}},
        **(settings or {}),
    }
    worlds = []
    for node in (supplier, cellmaker):
        world = memory_world(node, clock=clock, settings=chosen)
        known.documents[node.did] = world.keyring.did_document()
        worlds.append(wrap(replace(world, http=http, did_resolver=known)))
        admit(folder, node.did, node.bpn)
    made = Dataspace(clock, http, issuer, *worlds)
    for world in worlds:
        http.applications[world.node.base_url] = create_app(world)
    http.applications[ISSUER_URL] = issuer_app(issuer, deliver=made.delivered.append)
    if members:
        for world in worlds:
            become_member(made, world)
    return made


def become_member(space: Dataspace, world: World) -> None:
    """The node asks the issuer, and the issuer delivers."""
    request_credentials(world, space.issuer.did)
    status = space.issuer.deliver(space.delivered.pop())
    assert status == 200, status
