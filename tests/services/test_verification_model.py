"""The model behind a footprint: kept whole, shown to whom it was granted, worked out again."""

from typing import Any

import pytest

from saltbridge.accounts.model import Person
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.footprint.model import FactorSet
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.ports import World
from saltbridge.services.account import Accounted, account
from saltbridge.services.verification_access import (
    GrantRequest,
    accesses,
    all_grants,
    grant,
    revoke,
)
from saltbridge.services.verification_model import (
    footprints,
    open_file,
    open_footprint,
    replay,
)
from saltbridge.steps.replaying import Replay
from saltbridge.testing.inventories import factor, row
from saltbridge.testing.verification import (
    FACTORS,
    INVOICE,
    OPERATOR,
    OTHER_VERIFIER,
    UNTIL,
    VERIFIER,
    VIEWER,
    battery,
    footprint_request,
    maker_world,
    read_again,
)


def account_for(world: World, *what: Any, **more: Any) -> Accounted:
    return account(world, footprint_request(*what, **more))


def granted(world: World, person: Person = VERIFIER, **more: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "person": person,
        "footprints": None,
        "until": UNTIL,
        "reads_from": "CN",
    }
    return grant(world, OPERATOR, GrantRequest(**(arguments | more)))


def stored(world: World, kind: str) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(r.body) for r in view.find(kind)]


def bad(result: Replay) -> list[tuple[str, str]]:
    for point in result.points:  # every point has words in every language
        for language in LANGUAGES:
            assert has_text(point.code, language), point.code
            assert has_text(f"verification.replay.{point.name}", language)
    return [(p.name, p.code) for p in result.points if not p.good]


# ── what is kept ────────────────────────────────────────────────────────────────────────


def test_inputs_and_evidence_are_kept_byte_for_byte_under_their_digest() -> None:
    world = maker_world()
    made = account_for(world)
    with world.store.reading() as view:
        files = {r.id: r.body for r in view.find("model-file")}
        assert len(view.leaf_hashes()) == 3  # two signings, and one leaf over all of it
    assert files[INVOICE.digest] == INVOICE.content
    (model,), (footprint,) = stored(world, "model"), stored(world, "footprint")
    assert footprint["model"] == digest(canonical_bytes(model))
    assert [f["name"] for f in model["evidence"]] == [INVOICE.name]
    names = {f["name"]: files[f["digest"]] for f in model["files"]}
    assert names == dict(read_again(battery()).files)
    assert made.id == model["footprint"]


def test_two_footprints_of_one_inventory_share_its_files() -> None:
    world = maker_world()
    account_for(world)
    account_for(world)
    assert len(stored(world, "model")) == 2
    with world.store.reading() as view:
        assert {r.version for r in view.find("model-file")} == {1}


# ── who may see it ──────────────────────────────────────────────────────────────────────


def test_a_verifier_sees_what_was_granted_and_nothing_else() -> None:
    world = maker_world()
    one, other = account_for(world), account_for(world, battery(200.0))
    assert footprints(world, VERIFIER) == []
    granted(world, footprints=[one.id])
    assert [f.id for f in footprints(world, VERIFIER)] == [one.id]
    assert footprints(world, OTHER_VERIFIER) == []
    assert open_footprint(world, VERIFIER, one.id).inventory == _read(battery())
    for person, id in ((VERIFIER, other.id), (OTHER_VERIFIER, one.id), (VERIFIER, "")):
        with pytest.raises(FaultyInput):
            open_footprint(world, person, id)
        with pytest.raises(FaultyInput):
            open_file(world, person, id, INVOICE.digest)
        with pytest.raises(FaultyInput):
            replay(world, person, id)


def _read(what: Any) -> Any:
    from saltbridge.formats.inventory_sources import parse_sources

    return parse_sources(read_again(what))[0]


def test_access_ends_with_its_last_day_and_with_its_revocation() -> None:
    world = maker_world()
    made = account_for(world)
    first = granted(world)
    assert footprints(world, VERIFIER) != []
    world.clock.advance(days=(UNTIL - world.clock.now().date()).days)  # type: ignore[attr-defined]
    assert footprints(world, VERIFIER) != []  # the last day is included
    world.clock.advance(days=1)  # type: ignore[attr-defined]
    assert footprints(world, VERIFIER) == []
    world.clock.advance(days=-30)  # type: ignore[attr-defined]
    revoke(world, OPERATOR, first["id"])
    assert footprints(world, VERIFIER) == []
    with pytest.raises(FaultyInput):
        open_footprint(world, VERIFIER, made.id)
    assert [g["revoked_by"]["name"] for g in all_grants(world, OPERATOR)] == [OPERATOR.name]
    with world.store.reading() as view:
        events = [view.log_leaf(n).event for n in range(view.log_size())]  # type: ignore[union-attr]
    assert events == [
        *("claim.signed", "claim.signed", "footprint.estimate"),
        *("verification.granted", "verification.revoked"),
    ]


@pytest.mark.parametrize("country", ["DE", "US", "", "CNX", "EU"])
def test_nobody_is_let_read_from_abroad(country: str) -> None:
    world = maker_world()
    account_for(world)
    with pytest.raises(Refused) as caught:
        granted(world, reads_from=country)
    assert [f.code for f in caught.value.findings] == ["verification.reads-from-abroad"]
    assert stored(world, "verifier-grant") == []


def test_only_an_operator_grants_and_only_to_somebody_who_reads_models() -> None:
    world = maker_world()
    account_for(world)
    request = GrantRequest(person=VERIFIER, footprints=None, until=UNTIL, reads_from="CN")
    with pytest.raises(Refused):
        grant(world, VERIFIER, request)
    with pytest.raises(Refused):
        granted(world, VIEWER)
    with pytest.raises(FaultyInput):
        granted(world, footprints=["urn:uuid:00000000-0000-4000-8000-000000000000"])
    with pytest.raises(FaultyInput):
        granted(world, until=world.clock.now().date().replace(year=2020))
    for refused in (VERIFIER, VIEWER):
        with pytest.raises(Refused):
            revoke(world, refused, "urn:uuid:1")
    with pytest.raises(Refused):
        footprints(world, VIEWER)


def test_every_reading_is_recorded_and_logged() -> None:
    world = maker_world()
    made = account_for(world)
    granted(world)
    open_footprint(world, VERIFIER, made.id)
    file, content = open_file(world, VERIFIER, made.id, INVOICE.digest)
    assert (file.media_type, content) == ("application/pdf", INVOICE.content)
    replay(world, VERIFIER, made.id)
    seen = [(a["person"]["id"], a["what"], a["detail"]) for a in accesses(world, OPERATOR)]
    assert sorted(seen) == [
        (VERIFIER.id, "evidence-opened", INVOICE.digest),
        (VERIFIER.id, "read", ""),
        (VERIFIER.id, "replayed", ""),
    ]
    assert accesses(world, OPERATOR, "other") == []
    with pytest.raises(Refused):
        accesses(world, VERIFIER)
    with world.store.reading() as view:
        assert view.log_size() == 7


def test_a_file_of_another_model_is_not_there() -> None:
    world = maker_world()
    made = account_for(world, evidence=())
    account_for(world, battery(200.0))
    with pytest.raises(FaultyInput) as caught:
        open_file(world, OPERATOR, made.id, INVOICE.digest)
    assert [f.code for f in caught.value.findings] == ["verification.no-file"]


# ── working it out again ────────────────────────────────────────────────────────────────


def test_a_replay_gives_the_same_to_the_last_byte() -> None:
    world = maker_world()
    made = account_for(world)
    result = replay(world, OPERATOR, made.id)
    assert bad(result) == []
    assert [p.name for p in result.points] == [
        *("log", "receipt", "inputs", "factors", "suppliers", "result", "declared"),
    ]
    assert result.points[5].code == "verification.replay-result"


def test_a_replay_takes_the_supplier_records_of_then() -> None:
    world = maker_world()
    what = battery()
    what = type(what)(**(vars(what) | {"exchanges": (*what.exchanges, _glue())}))
    put_pcf(world, "d1", 2.5)
    made = account_for(world, what)
    put_pcf(world, "d2", 9.9)  # came later: the replay must not use it
    assert made.supplier_records == (digest(b"d1"),)
    assert bad(replay(world, OPERATOR, made.id)) == []


def _glue() -> Any:
    return row("pack", "input", "glue", 40.0)


def put_pcf(world: World, id: str, value: float) -> None:
    document = {
        "kind": "pcf",
        "records": [{"id": id, "flow": "glue", "unit": "kg", "kg_co2e_per_unit": value}],
        "delivery": {"id": id, "digest": digest(id.encode()), "provider": {"bpn": "B"}},
    }
    with world.store.unit_of_work() as work:
        work.put("pcf", id, canonical_bytes(document))


def test_a_factor_set_that_changed_is_named_and_so_is_what_it_moved() -> None:
    world = maker_world()
    made = account_for(world)
    changed = FactorSet("set-1", "test", (factor("cell", 11.0),), "sha256:other")
    world.factor_library.sets["set-1"] = changed  # type: ignore[attr-defined]
    result = replay(world, OPERATOR, made.id)
    assert ("factors", "verification.replay-factors-differ") in bad(result)
    assert ("result", "verification.replay-result-differs") in bad(result)
    moved = {d.pointer: (d.stored, d.replayed) for d in result.differences}
    assert moved["/total_kg_co2e"] == (3000, 3300)
    del world.factor_library.sets["set-1"]  # type: ignore[attr-defined]
    gone = bad(replay(world, OPERATOR, made.id))
    assert ("factors", "factors.unknown-set") in gone
    world.factor_library.sets["set-1"] = FACTORS  # type: ignore[attr-defined]


def rewrite(world: World, kind: str, id: str, body: bytes) -> None:
    with world.store.unit_of_work() as work:
        work.put(kind, id, body)


def test_a_changed_input_is_found_by_its_digest() -> None:
    world = maker_world()
    made = account_for(world)
    table = next(f for f in stored(world, "model")[0]["files"] if f["name"] == "exchanges.csv")
    rewrite(world, "model-file", table["digest"], b"process,flow\n")
    result = replay(world, OPERATOR, made.id)
    assert bad(result) == [("inputs", "verification.file-damaged")]
    with pytest.raises(Refused):
        open_file(world, OPERATOR, made.id, table["digest"])
    opened = open_footprint(world, OPERATOR, made.id)
    assert [f.code for f in opened.findings] == ["verification.file-damaged"]


def test_a_changed_evidence_file_is_found_too() -> None:
    world = maker_world()
    made = account_for(world)
    rewrite(world, "model-file", INVOICE.digest, INVOICE.content + b"!")
    assert bad(replay(world, OPERATOR, made.id)) == [("inputs", "verification.file-damaged")]


def test_a_list_of_files_that_was_exchanged_is_found() -> None:
    world = maker_world()
    made, other = account_for(world), account_for(world, battery(200.0))
    with world.store.reading() as view:
        wrong = view.get("model", other.id)
    assert wrong is not None
    rewrite(world, "model", made.id, wrong.body)
    assert bad(replay(world, OPERATOR, made.id)) == [
        ("inputs", "verification.replay-model-differs")
    ]


def test_a_changed_record_is_found_by_the_receipt_and_by_the_numbers() -> None:
    world = maker_world()
    made = account_for(world)
    with world.store.reading() as view:
        body = read_json(view.get("footprint", made.id).body)  # type: ignore[union-attr]
    body["record"]["total_kg_co2e"] = 2999.0
    rewrite(world, "footprint", made.id, canonical_bytes(body))
    result = replay(world, OPERATOR, made.id)
    assert bad(result)[:2] == [
        ("log", "verification.replay-log-differs"),
        ("receipt", "verification.replay-receipt-differs"),
    ]
    assert [(d.pointer, d.stored, d.replayed) for d in result.differences] == [
        ("/total_kg_co2e", 2999, 3000)
    ]


@pytest.mark.parametrize("named", [{"set-1": "sha256:other"}, {}])
def test_the_signed_receipt_says_which_factor_sets_were_used(named: dict[str, str]) -> None:
    """The stored list can be rewritten to fit a changed set; what was signed cannot."""
    world = maker_world()
    made = account_for(world)
    with world.store.reading() as view:
        body = read_json(view.get("footprint", made.id).body)  # type: ignore[union-attr]
    rewrite(world, "footprint", made.id, canonical_bytes(body | {"factor_sets": named}))
    same_numbers = FactorSet("set-1", "test", FACTORS.factors, "sha256:other")
    world.factor_library.sets["set-1"] = same_numbers  # type: ignore[attr-defined]
    try:
        found = bad(replay(world, OPERATOR, made.id))
    finally:
        world.factor_library.sets["set-1"] = FACTORS  # type: ignore[attr-defined]
    assert found == [
        ("log", "verification.replay-log-differs"),
        ("factors", "verification.replay-factors-differ"),
    ]


def test_the_first_difference_is_the_line_and_not_the_sums_that_follow() -> None:
    world = maker_world()
    made = account_for(world)
    dearer = FactorSet("set-1", "test", (factor("cell", 11.0),), FACTORS.digest)
    world.factor_library.sets["set-1"] = dearer  # type: ignore[attr-defined]
    try:
        found = replay(world, OPERATOR, made.id).differences
    finally:
        world.factor_library.sets["set-1"] = FACTORS  # type: ignore[attr-defined]
    assert [d.pointer for d in found][:2] == ["/lines/0/factor/value", "/lines/0/kg_co2e"]


def test_an_inventory_that_came_from_no_file_cannot_show_its_digest() -> None:
    world = maker_world()
    made = account_for(world, sources=None, inventory_digest="sha256:1177")
    assert bad(replay(world, OPERATOR, made.id)) == [
        ("inputs", "verification.replay-inputs-rendered")
    ]


def test_an_older_footprint_without_a_model_says_so() -> None:
    world = maker_world()
    made = account_for(world)
    with world.store.reading() as view:
        body = read_json(view.get("footprint", made.id).body)  # type: ignore[union-attr]
    del body["model"]
    old = "urn:uuid:00000000-0000-4000-8000-00000000abcd"
    rewrite(world, "footprint", old, canonical_bytes(body | {"id": old}))
    assert bad(replay(world, OPERATOR, old)) == [
        ("log", "verification.replay-log-missing"),  # it was put there by hand
        ("inputs", "verification.replay-no-model"),
    ]
    assert open_footprint(world, OPERATOR, old).model is None


def test_a_difference_beyond_the_compared_digits_is_none() -> None:
    from saltbridge.steps.replaying import _differences

    assert list(_differences({"a": [1.0]}, {"a": [1.0 + 1e-13]}, "")) == []
    found = list(_differences({"a": [1.0], "b": 1}, {"a": [1.0, 2.0], "c": 1}, ""))
    assert [(d.pointer, d.stored, d.replayed) for d in found] == [
        ("/a/1", None, 2.0), ("/b", 1, None), ("/c", None, 1),
    ]  # fmt: skip
