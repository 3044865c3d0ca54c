"""Documents are stored small, and come back byte for byte or not at all."""

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.adapters.stores import open_store
from saltbridge.adapters.stores.packing import (
    ALONE,
    as_dictionary,
    packed_alike,
    packed_alone,
    unpacked,
)
from saltbridge.border.release import Release, reopen
from saltbridge.core.canonical import digest
from saltbridge.core.errors import Refused
from saltbridge.services.log_audit import audit_store
from saltbridge.testing.builders import FixedClock

DECISION = "urn:uuid:1"


def random_text(seed: int, size: int) -> bytes:
    """Text that no packing makes much smaller by itself."""
    return random.Random(seed).randbytes(size).hex().encode()


def alike(count: int, size: int = 4000) -> list[bytes]:
    """Documents of one model: the same but for a serial number and a salt."""
    model = random_text(0, size)
    return [b'{"serial":"%06d","salt":"%b","model":"%b"}' % (n, random_text(n, 16), model)
            for n in range(count)]  # fmt: skip


@given(st.lists(st.binary(max_size=3000), max_size=12))
def test_what_was_packed_comes_back(contents: list[bytes]) -> None:
    packed, base = packed_alike(contents)
    shared = None if base is None else as_dictionary(base.content)
    for content, (stored, packing) in zip(contents, packed, strict=True):
        alone = packing in (None, ALONE)
        assert unpacked(stored, packing, None if alone else shared) == content
        assert len(stored) <= len(content)


def test_a_document_of_a_batch_costs_what_is_its_own() -> None:
    contents = alike(100)
    packed, base = packed_alike(contents)
    assert base is not None
    assert {packing for _, packing in packed} == {base.number}
    assert max(len(stored) for stored, _ in packed) < 120, "of more than 8,000 bytes"
    assert len(base.content) < 2 * len(contents[0])


def test_two_kinds_of_documents_share_one_base() -> None:
    views = [b'{"view":"%b"}' % random_text(1, 3000) for _ in range(50)]
    mixed = [d for pair in zip(alike(50), views, strict=True) for d in pair]
    packed, _ = packed_alike(mixed)
    assert max(len(stored) for stored, _ in packed) < 120


def test_few_or_small_documents_need_no_base() -> None:
    assert packed_alike([b"x"] * 50) == ([(b"x", None)] * 50, None)
    packed, base = packed_alike([b"x" * 5000] * 3)
    assert base is None
    assert [packing for _, packing in packed] == [ALONE] * 3
    assert packed_alone(random.Random(3).randbytes(3000)).packing is None


@pytest.mark.parametrize("stored", [b"", b"no frame", packed_alone(b"x" * 900).content[:-1]])
def test_what_is_no_whole_frame_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):
        unpacked(stored, ALONE, None)


def released(content: bytes) -> Release:
    return reopen(
        content,
        expected_digest=digest(content),
        media_type="application/json",
        decision_id=DECISION,
        audience="public",
        purpose="passport",
    )


def test_an_altered_base_hands_out_nothing_and_is_found(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock())
    with store.unit_of_work() as work:
        work.put_new("passport-version", {f"p{n}": d for n, d in enumerate(alike(10))})
    assert audit_store(store).clean
    with sqlite3.connect(tmp_path / "s.sqlite") as raw:
        guard = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'bases_no_update'")
        (kept,) = guard.fetchone()
        raw.execute("DROP TRIGGER bases_no_update")
        raw.execute("UPDATE bases SET content = substr(content, 1, length(content) - 9)")
        raw.execute(kept)
    with store.reading() as view, pytest.raises(Refused):
        view.get("passport-version", "p3")
    found = audit_store(store).found
    assert found == {"audit.row-altered": 11}, "the base, and each of ten that lean on it"
    store.close()


def test_erased_bytes_are_in_no_base_either(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.sqlite", FixedClock())
    with store.unit_of_work() as work:
        work.put_releases(map(released, alike(10)))
        work.put_new("passport-version", {f"p{n}": d for n, d in enumerate(alike(10))})
        work.put_new("manifest", {f"m{n}": d for n, d in enumerate(alike(10))})
        work.put("erased", DECISION, b"{}")
    with sqlite3.connect(tmp_path / "s.sqlite") as raw:
        of = [d for (d,) in raw.execute("SELECT decision_id FROM bases ORDER BY decision_id")]
    assert of == ["", DECISION], "manifests may have to go, and are in no base"
    with store.unit_of_work() as work:
        assert work.erase(DECISION) == 10
    with sqlite3.connect(tmp_path / "s.sqlite") as raw:
        assert raw.execute("SELECT decision_id FROM bases").fetchall() == [("",)]
    with store.reading() as view:
        kept = view.get("passport-version", "p1")
        assert kept is not None and kept.body == alike(10)[1]
    told = audit_store(store).found  # that no leaf names the tombstone, and nothing else
    assert told == {"audit.document-unlogged": 1}
    store.close()
