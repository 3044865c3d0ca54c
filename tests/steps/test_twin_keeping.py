"""Many new twins at once are kept as each by itself would be: to the last byte."""

import sqlite3
from dataclasses import replace

import pytest

from saltbridge.adapters.stores.sqlite import SqliteStore
from saltbridge.border.decide import alike, decide, release_member_alike
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.piece import piece, whole
from saltbridge.exchange.twins import AssetId, seen_by
from saltbridge.formats.aas_registry import parse_shell, render_shell, shell_bytes
from saltbridge.steps.rules import rule_book
from saltbridge.steps.twin_index import LINK
from saltbridge.steps.twin_keeping import (
    _context,
    _terms,
    kept_twin,
    released_view,
    write_new_twins,
    write_twin,
)
from saltbridge.testing.builders import memory_world, node_profile, partner_of

CARS = node_profile("carmaker", jurisdiction="EU", port=8103)
CELLS = node_profile("cellmaker", jurisdiction="CN", port=8102, partners=(partner_of(CARS),))


def twin(number, **others):
    """A battery's twin with an aspect, as a registry's client would write it."""
    document = {
        "id": f"urn:uuid:{number:032x}",
        "createdAt": "2026-11-23T12:00:00.000000Z",
        "globalAssetId": f"urn:uuid:b{number:031x}",
        "specificAssetIds": [
            {
                "name": "partInstanceId",
                "value": f"S-{number}",
                "externalSubjectId": {
                    "type": "ExternalReference",
                    "keys": [{"type": "GlobalReference", "value": CARS.bpn}],
                },
            },
            {"name": "ours", "value": "only"},
        ],
        "submodelDescriptors": [
            {
                "id": f"urn:uuid:a{number:031x}",
                "endpoints": [
                    {
                        "interface": "SUBMODEL-3.0",
                        "protocolInformation": {"href": f"http://127.0.0.1:1/{number}"},
                    }
                ],
            }
        ],
        **others,
    }
    return parse_shell(document)


def test_many_at_once_are_kept_as_one_by_one():
    twins = [twin(n) for n in range(5)]
    one, many = memory_world(CELLS), memory_world(CELLS)
    with one.store.unit_of_work() as work:
        for each in twins:
            write_twin(one, work, each, "p")
    with many.store.unit_of_work() as work:
        write_new_twins(many, work, twins, "p")
    with one.store.reading() as by_one, many.store.reading() as at_once:
        for each in twins:
            alone, together = kept_twin(by_one, each.id), kept_twin(at_once, each.id)
            assert alone.twin == together.twin == each
            views = [
                released_view(view, kept, CARS.bpn).content
                for view, kept in ((by_one, alone), (at_once, together))
            ]
            assert views[0] == views[1] == shell_bytes(render_shell(seen_by(each, CARS.bpn)))
            assert b'"ours"' not in views[1]
            body = at_once.get("twin", each.id).body
            assert canonical_bytes(read_json(body)) == body
        links = [sorted(r.id for r in view.find(LINK)) for view in (by_one, at_once)]
        assert links[0] == links[1]


def test_a_member_of_another_shape_is_not_let_go():
    world = memory_world(CELLS)
    with world.store.unit_of_work() as work:
        at = world.clock.now()
        terms = _terms(world, work, at, twin(1))[CARS.bpn]
        context, book = _context(world, work, CARS.bpn, terms, "p", at), rule_book(work)

        def members(of):
            return {"kind": piece("digital-twin"), "descriptor": piece(render_shell(of))}

        seen = seen_by(twin(1), CARS.bpn)
        first = whole(members(seen))
        given = read_json(first.content)
        decision = decide(given, context, book.catalogue(given["kind"], context), book.packs)
    shared = alike(decision, first)
    like = members(seen_by(twin(2), CARS.bpn))
    let_go = release_member_alike(shared, like, "descriptor", "application/json")
    assert let_go.content == like["descriptor"].content
    more = replace(seen, asset_ids=(*seen.asset_ids, AssetId("secret", "s", (CARS.bpn,))))
    with pytest.raises(Refused):
        release_member_alike(shared, members(more), "descriptor", "application/json")


def test_rows_of_a_batch_go_in_by_the_order_of_the_index(tmp_path):
    world = memory_world(CELLS)
    store = SqliteStore(f"sqlite:///{tmp_path / 'node.sqlite'}", world.clock)
    world = replace(world, store=store)
    with world.store.unit_of_work() as work:
        write_new_twins(world, work, [twin(n) for n in (7, 3, 5, 1, 9)], "p")
    store.close()
    with sqlite3.connect(tmp_path / "node.sqlite") as file:
        told = "SELECT id FROM records WHERE kind = ? ORDER BY rowid"
        for kind in ("twin", LINK):
            ids = [id for (id,) in file.execute(told, (kind,))]
            assert ids == sorted(ids)
            assert len(ids) >= 5
    file.close()
