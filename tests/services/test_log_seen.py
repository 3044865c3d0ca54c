"""After a restore: what partners witnessed is compared with the log, and a fork is said."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.ports import World
from saltbridge.services.log_seen import Seen, seen_by_partners
from saltbridge.services.log_witnesses import ask_all
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.testing.peers import InProcessHttp
from saltbridge.web.app import create_app

CLOCK = FixedClock()


def leaves(world: World, *bodies: bytes) -> None:
    for body in bodies:
        with world.store.unit_of_work() as work:
            work.append_leaf("event", "subject", body)


@pytest.fixture
def worlds() -> Any:
    """A node whose log of three leaves a partner has witnessed."""
    http = InProcessHttp()
    cells, cars = node_profile("cellmaker", port=8401), node_profile("carmaker", port=8402)
    cells = replace(cells, partners=(partner_of(cars),))
    cars = replace(cars, partners=(partner_of(cells),))
    documents = {n.did: memory_world(n).keyring.did_document() for n in (cells, cars)}
    made = [
        replace(memory_world(n, clock=CLOCK, did_documents=documents), http=http)
        for n in (cells, cars)
    ]
    for world in made:
        http.applications[world.node.base_url] = create_app(world)
    leaves(made[0], b"1", b"2", b"3")
    assert [asked.size for asked in ask_all(made[0])] == [3]
    return made


def seen(world: World) -> tuple[Seen, int]:
    (found,) = seen_by_partners(world)
    return found.seen, found.size


def test_a_log_that_went_on_continues(worlds: Any) -> None:
    assert seen(worlds[0]) == (Seen.CONTINUES, 3)
    leaves(worlds[0], b"4")
    assert seen(worlds[0]) == (Seen.CONTINUES, 3)


def test_a_log_restored_too_short_or_written_anew_is_a_fork(worlds: Any) -> None:
    restored = replace(worlds[0], store=MemoryStore(CLOCK))
    assert seen(restored) == (Seen.AHEAD, 3)
    leaves(restored, b"a", b"b", b"c", b"d")
    assert seen(restored) == (Seen.DIFFERS, 3)


def test_who_saw_nothing_or_cannot_be_asked_is_named_so(worlds: Any) -> None:
    assert seen(worlds[1]) == (Seen.NOTHING, 0)
    alone = replace(worlds[0], http=memory_world().http)
    assert seen(alone) == (Seen.UNKNOWN, 0)


def test_what_this_node_did_not_sign_says_nothing(worlds: Any) -> None:
    class Liar:
        def send(self, *arguments: Any, **more: Any) -> Any:
            answer = worlds[0].http.send(*arguments, **more)
            return replace(answer, content=answer.content.replace(b"\n3\n", b"\n9\n"))

    assert seen(replace(worlds[0], http=Liar())) == (Seen.UNKNOWN, 0)
