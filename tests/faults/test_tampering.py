"""Somebody with hands on the store: every altered row is noticed, and nothing leaves by it."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from saltbridge.adapters.stores.sqlite import SqliteStore
from saltbridge.border.export_statement import STATEMENT_KINDS
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.exchange import messages as m
from saltbridge.formats.dsp import render_message
from saltbridge.services.transfer import open_data
from saltbridge.steps.processes import keep_process
from saltbridge.steps.release import kept_release
from saltbridge.testing.aviary import CARS, CELLS, SUPPLIER
from saltbridge.testing.builders import FixedClock

PATH = "/01/09521234567899/21/MJC24-7K2MQ9"
FORGED = b'{"recipe":"everything"}'


@pytest.fixture
def walked(walk_again: Any, examples: Path) -> Any:
    return walk_again(examples)


def rewrite(
    companies: Any, name: str, kind: str, id: str, change: Callable[[Any], Any]
) -> None:
    """A new version of a record, written as the node itself would write it."""
    with companies.worlds[name].store.unit_of_work() as work:
        body = change(read_json(work.get(kind, id).body))
        work.put(kind, id, canonical_bytes(body))


def forged(content: bytes, audience: str, decision_id: str) -> Release:
    """What somebody gets who writes a row of released bytes by hand."""
    return reopen(
        content,
        expected_digest=digest(content),
        media_type="application/json",
        decision_id=decision_id,
        audience=audience,
        purpose="any",
    )


# ── releases ────────────────────────────────────────────────────────────────────────────


def test_a_release_is_not_made_by_calling_its_name() -> None:
    with pytest.raises(TypeError):
        Release(FORGED, "application/json", digest(FORGED), "urn:uuid:1", "public", "any")
    real = forged(FORGED, "public", "urn:uuid:1")
    with pytest.raises(TypeError):
        replace(real, _seal=object())
    with pytest.raises(Refused):
        reopen(
            FORGED,
            expected_digest=digest(b"other"),
            media_type="",
            decision_id="urn:uuid:1",
            audience="public",
            purpose="",
        )
    with pytest.raises(Refused):
        forged(FORGED, "public", "")


@pytest.mark.parametrize("decision", ["none", "refused", "for another"])
def test_no_bytes_without_a_decision_that_let_them_go(walked: Any, decision: str) -> None:
    """A row of released bytes and a dataset that names it, both written by hand."""
    cells = walked.worlds[CELLS]
    audience = walked.partner(CELLS, CARS).bpn
    (real,) = (
        d
        for d in walked.all(CELLS, "decision")
        if d["document_kind"] not in STATEMENT_KINDS and d["verdict"] == "released"
    )
    id = "urn:uuid:00000000-0000-4000-8000-00000000f04e"
    changed: dict[str, Any] = {
        "refused": {"verdict": "refused"},
        "for another": {"recipient": {"bpn": "BPNL0000SOMEBODY", "name": "x"}},
    }
    with cells.store.unit_of_work() as work:
        named = work.put_release(forged(FORGED, audience, id))
        if decision != "none":
            body = {**real, "id": id, "digest": named, **changed[decision]}
            work.put("decision", id, canonical_bytes(body))
        assert kept_release(work, named, id, audience) is None
        good = {**real, "id": id, "digest": named}
        work.put("decision", id, canonical_bytes(good))
        assert kept_release(work, named, id, audience) is not None


def test_a_dataset_pointed_at_other_bytes_serves_nothing(walked: Any) -> None:
    """The transfer is running and its token good; the record was edited in between."""
    cells, audience = walked.worlds[CELLS], walked.partner(CELLS, CARS).bpn
    (dataset,) = [d for d in walked.all(CELLS, "dataset") if d["releases"]]
    (transfer,) = [t for t in walked.all(CELLS, "transfer") if t["role"] == "provider"]
    token = "T" * 43
    with cells.store.unit_of_work() as work:
        body = {**transfer, "state": "STARTED", "token_digest": digest(token.encode())}
        work.put("transfer", transfer["provider_pid"], canonical_bytes(body))
        binding = {
            "transfer_id": transfer["provider_pid"],
            "agreement_id": transfer["agreement_id"],
            "bpn": audience,
            "generation": transfer.get("token_floor", 0),
            "expires_at": "2026-11-23T13:00:00Z",
        }
        work.put("token", digest(token.encode()), canonical_bytes(binding))
    assert open_data(cells, transfer["provider_pid"], token) is not None
    with cells.store.unit_of_work() as work:
        named = work.put_release(forged(FORGED, audience, "urn:uuid:f"))
        release = {"digest": named, "decision_id": "urn:uuid:f", "media_type": ""}
        body = {**dataset, "releases": {audience: release}}
        work.put("dataset", dataset["id"], canonical_bytes(body))
    assert open_data(cells, transfer["provider_pid"], token) is None


# ── passports ───────────────────────────────────────────────────────────────────────────


def test_a_passport_pointed_at_another_battery_is_missing(walked: Any) -> None:
    one, other = walked.passports
    assert walked.call(CARS, "GET", PATH).status == 200
    held = {p["id"]: p for p in walked.all(CARS, "passport")}
    rewrite(walked, CARS, "passport", one, lambda p: {**p, "public": held[other]["public"]})
    for address in (PATH, f"{PATH}?format=json", f"/passports/{one}/claim.json"):
        assert walked.call(CARS, "GET", address).status == 404


def test_an_address_pointed_at_another_battery_is_missing(walked: Any) -> None:
    id = "09521234567899/MJC24-7K2MQ9"
    other = {"passport_id": walked.passports[1]}
    rewrite(walked, CARS, "passport-address", id, lambda _: other)
    assert walked.call(CARS, "GET", PATH).status == 404


@pytest.mark.parametrize("kind", ["passport", "passport-address", "decision"])
def test_a_flipped_bit_in_a_record_gives_the_one_answer(walked: Any, kind: str) -> None:
    """Not a server error: whoever scans the code learns no more than that it is missing."""
    missing = walked.call(CARS, "GET", "/01/09521234567899/21/UNKNOWN")
    store = walked.worlds[CARS].store
    ids = [id for k, id in store._contents.records if k == kind]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saltbridge.adapters.stores.memory.MemoryUnitOfWork.get", refusing(kind))
        answer = walked.call(CARS, "GET", PATH)
    assert ids
    assert (answer.status, answer.content) == (404, missing.content)


def refusing(altered: str) -> Callable[..., Any]:
    """``get`` as the SQL stores do it where the digest of a body does not fit."""
    from saltbridge.adapters.stores.memory import MemoryUnitOfWork

    get = MemoryUnitOfWork.get

    def checked(self: Any, kind: str, id: str) -> Any:
        if kind == altered:
            raise Refused.of("store.altered", kind=kind, id=id)
        return get(self, kind, id)

    return checked


# ── rows of the SQLite file ─────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "node.sqlite"
    store = SqliteStore(f"sqlite:///{path}", FixedClock())
    with store.unit_of_work() as work:
        work.put("dataset", "urn:uuid:1", b'{"access":["BPNL1"]}')
        work.put_release(forged(FORGED, "BPNL1", "urn:uuid:2"))
    store.close()
    return path


@pytest.mark.parametrize("position", [0, 7, len(FORGED) - 1])
def test_every_flipped_bit_of_released_bytes_is_noticed(file: Path, position: int) -> None:
    for bit in range(8):
        flipped = bytearray(FORGED)
        flipped[position] ^= 1 << bit
        with sqlite3.connect(file) as connection:
            _unlocked(connection)
            connection.execute("update releases set content=?", (bytes(flipped),))
        connection.close()
        store = SqliteStore(f"sqlite:///{file}", FixedClock())
        with store.reading() as view, pytest.raises(Refused) as refused:
            view.get_release(digest(FORGED), "urn:uuid:2")
        assert refused.value.findings[0].code == "release.altered"
        store.close()


def test_a_dataset_edited_by_hand_is_refused(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        _unlocked(connection)
        connection.execute("update records set body=?", (b'{"access":["BPNL1","BPNL2"]}',))
    connection.close()
    store = SqliteStore(f"sqlite:///{file}", FixedClock())
    with store.reading() as view, pytest.raises(Refused) as refused:
        view.get("dataset", "urn:uuid:1")
    assert refused.value.findings[0].code == "store.altered"
    store.close()


def _unlocked(connection: sqlite3.Connection) -> None:
    """Triggers keep statements from rewriting history; an intruder drops them first."""
    for (name,) in connection.execute(
        "select name from sqlite_master where type='trigger'"
    ).fetchall():
        connection.execute(f'drop trigger "{name}"')


# ── agreements and the log ──────────────────────────────────────────────────────────────


def test_a_provider_cannot_take_over_an_agreement_by_its_id(walked: Any) -> None:
    """The provider chooses the id: one that is taken ends the negotiation."""
    before = {a["id"]: a for a in walked.all(CELLS, "agreement")}
    (sold,) = [a for a in before.values() if a["role"] == "provider"]
    supplier = walked.worlds[SUPPLIER]

    taken = type(supplier.identifiers)(seed=99)

    class SameAgain:
        """The supplier's next agreement gets the id of one it knows of."""

        def __init__(self) -> None:
            self.calls = 0

        def urn_uuid(self) -> str:
            self.calls += 1
            return str(sold["id"]) if self.calls == 2 else taken.urn_uuid()

        def token(self) -> str:
            return taken.token()

    earlier = _ended(walked, CELLS)  # an approver refused one of the carmaker's requests
    object.__setattr__(supplier, "identifiers", SameAgain())
    walked.fetch(CELLS, SUPPLIER, "pcf")
    assert len(_ended(walked, CELLS) - earlier) == 1
    assert {a["id"]: a for a in walked.all(CELLS, "agreement")} == before
    theirs = [n for n in walked.all(SUPPLIER, "negotiation") if n["state"] == "TERMINATED"]
    assert theirs[0]["refusal"]["code"] == "exchange.agreement-id-taken"


def _ended(walked: Any, company: str) -> set[str]:
    return {
        n["consumer_pid"]
        for n in walked.all(company, "negotiation")
        if n["state"] == "TERMINATED"
    }


def test_of_two_negotiations_under_one_id_the_first_has_it(walked: Any) -> None:
    """Both were verified before either was finalized."""
    cells = walked.worlds[CELLS]
    bought = next(n for n in walked.all(CELLS, "negotiation") if n["role"] == "consumer")
    pid = "urn:uuid:00000000-0000-4000-8000-000000000ba2"
    twin = {**bought, "consumer_pid": pid, "state": "VERIFIED", "last_received": ""}
    with cells.store.unit_of_work() as work:
        work.put("negotiation", pid, canonical_bytes(twin))
    final = render_message(m.NegotiationFinalized(bought["provider_pid"], pid))
    answer = walked.call(
        CELLS,
        "POST",
        f"/2025-1/callback/negotiations/{pid}/events",
        caller=SUPPLIER,
        content=canonical_bytes(final),
    )
    assert (answer.status, read_json(answer.content)["code"]) == (
        400,
        "exchange.agreement-id-taken",
    )
    with cells.store.reading() as view:
        agreement = read_json(view.get("agreement", bought["agreement"]["id"]).body)
        assert agreement["negotiation_id"] != pid
        assert read_json(view.get("negotiation", pid).body)["state"] == "VERIFIED"


def test_every_state_a_process_comes_to_has_its_leaf(tmp_path: Path, walked: Any) -> None:
    """What was refused and ended too: the log tells it, not only what went well."""
    from saltbridge.exchange.records import negotiation_of, transfer_of

    store = SqliteStore(f"sqlite:///{tmp_path / 'node.sqlite'}", FixedClock())
    (negotiation,) = walked.all(SUPPLIER, "negotiation")
    (transfer,) = walked.all(SUPPLIER, "transfer")
    with store.unit_of_work() as work:
        for state in ("REQUESTED", "AGREED", "AGREED", "TERMINATED"):
            keep_process(work, negotiation_of({**negotiation, "state": state}))
        for state, token in (
            ("REQUESTED", ""),
            ("REQUESTED", "sha256:1"),
            ("STARTED", "sha256:1"),
            ("STARTED", "sha256:2"),
            ("SUSPENDED", ""),
            ("TERMINATED", ""),
        ):
            keep_process(work, transfer_of({**transfer, "state": state, "token_digest": token}))
        rows = work._connection.execute(  # type: ignore[attr-defined]
            text("select event from log_leaves order by leaf_index")
        )
        assert [event for (event,) in rows] == [
            "negotiation.requested",
            "negotiation.agreed",
            "negotiation.terminated",
            "transfer.requested",
            "transfer.opened",
            "transfer.started",
            "transfer.opened",
            "transfer.suspended",
            "transfer.terminated",
        ]
    store.close()
