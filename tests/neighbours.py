"""Companies in one process that know each other, with passports of the example: for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.testing.builders import (
    FixedClock,
    KnownDids,
    memory_world,
    node_profile,
    partner_of,
)
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

SERIALS: Final = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
GTIN: Final = "09521234567899"
LATER: Final = datetime(2029, 6, 1, tzinfo=UTC)
_NO_DATA: Final = {"not_applicable": "not recorded"}
USED: Final[Mapping[str, Any]] = {
    "attributes": dict.fromkeys(("A094", "A126", "A130", "A140", "A141"), _NO_DATA)
}
# What who remanufactures a battery states anew: it is another battery's maker.
REMADE: Final[Mapping[str, Any]] = {
    "A022": {"value": "Renewer GmbH (fictitious)"},
    "A023": {"value": "BPNL0000000RENEW"},
    "A024": {"value": {"street": "1 Werkstraße", "city": "Kiel", "country": "DE"}},
    "A028": {"value": {"city": "Kiel", "country": "DE"}},
    "A029": {"value": "2029-04"},
    "A031": {"not_applicable": "no warranty is given"},
    "A044": {"value": {"title": "Declaration R-4", "url": "https://renewer.example/r4.pdf"}},
    "A045": {"value": "R-4"},
    "A046": {"value": [{"title": "Report R-4", "url": "https://renewer.example/t4.pdf"}]},
}


@dataclass
class Neighbours:
    """Nodes by name; what one sends, the application of the other one answers."""

    clock: FixedClock = field(default_factory=FixedClock)
    http: InProcessHttp = field(default_factory=InProcessHttp)
    worlds: dict[str, World] = field(default_factory=dict)

    def __getitem__(self, name: str) -> World:
        return self.worlds[name]

    def meet(self, *worlds: World) -> None:
        """Let nodes in; everybody knows everybody and their keys."""
        for world in worlds:
            self.worlds[world.node.name] = replace(world, clock=self.clock, http=self.http)
        everybody = [*self.worlds.values()]
        keys = {w.node.did: w.keyring.did_document() for w in everybody}
        for world in everybody:
            partners = tuple(partner_of(w.node) for w in everybody if w is not world)
            self.worlds[world.node.name] = replace(
                world,
                node=replace(world.node, partners=partners),
                did_resolver=KnownDids({**keys}),
            )
        for world in self.worlds.values():
            self.http.applications[world.node.base_url] = create_app(world)

    def gone(self, name: str) -> None:
        """A node that nobody reaches any more, and whose keys nobody can fetch."""
        world = self.worlds[name]
        self.http.applications.pop(world.node.base_url, None)
        for other in self.worlds.values():
            resolver = other.did_resolver
            if isinstance(resolver, KnownDids) and other is not world:
                resolver.documents.pop(world.node.did, None)


def eu_node(name: str, port: int) -> World:
    """A node in the EU with an empty store."""
    return memory_world(node_profile(name, jurisdiction="EU", port=port))


def neighbours(examples: Path, *others: World, serials: Sequence[str] = SERIALS) -> Neighbours:
    """A carmaker that issued passports of the example, and others; it is June 2029."""
    town = Neighbours()
    cars = carmaker_world()
    town.meet(replace(cars, clock=town.clock), *others)
    put_delivery(town[cars.node.name], maker_profile(), example_record(examples))
    issue(town[cars.node.name], IssueRequest(**example_request(examples, serials)))
    town.clock.moment = LATER
    return town
