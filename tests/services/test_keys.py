"""Keys change with their history: what old and revoked keys signed verifies as it should."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from saltbridge.adapters.keys import FileKeyring, create_first_keys
from saltbridge.adapters.keys_passphrase import VARIABLE, Passphrase
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services import keys
from saltbridge.services.verify import status_lists_of
from saltbridge.steps.passport_status import status_place
from saltbridge.testing.builders import NOON, FixedClock, memory_world, node_profile
from saltbridge.trust import claims, status_list
from saltbridge.trust.claims import Receipt
from saltbridge.trust.known_keys import KeyRole
from saltbridge.trust.suites import NotVerified, signature_fits

SECRET = Passphrase(b"a passphrase for tests", "here")
NODE = node_profile()
ID = "urn:uuid:00000000-0000-4000-8000-000000000001"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, SECRET.secret.decode())
    (tmp_path / "node").mkdir()
    create_first_keys(tmp_path / "node" / "keys", NOON, SECRET, cost=2)
    return tmp_path / "node" / "keys"


def ring(folder: Path) -> FileKeyring:
    return FileKeyring(folder, NODE.did, f"{NODE.base_url}/.well-known/dspace-version")


def world_of(folder: Path, clock: FixedClock | None = None) -> World:
    return replace(memory_world(NODE, clock=clock or FixedClock()), keyring=ring(folder))


def receipt(keyring: FileKeyring, clock: FixedClock) -> Receipt:
    return claims.sign(
        Receipt, {}, id=ID, issued_at=clock.now(), issuer=NODE.did, signer=keyring.signer()
    )


def history(world: World) -> dict:
    with world.store.reading() as view:
        return read_json(view.get(keys.RECORD, NODE.did).body)


def leaves(world: World) -> list[tuple[str, str]]:
    with world.store.reading() as view:
        found = [view.log_leaf(index) for index in range(view.log_size())]
    return [(leaf.event, leaf.subject) for leaf in found]


def test_after_a_rotation_both_signatures_verify_and_the_log_tells(folder: Path) -> None:
    clock = FixedClock()
    world, keyring = world_of(folder, clock), ring(folder)
    old = receipt(keyring, clock)
    clock.advance(hours=1)
    done = keys.rotate(world, keyring, KeyRole.CLAIMS)
    assert (done.key.name, done.log_index) == ("key-2", 1)
    clock.advance(hours=1)
    new = receipt(keyring, clock)
    document = keyring.did_document()
    for claim, key in ((old, "key-1"), (new, "key-2")):
        assert claims.verify(claim, document).header["kid"] == f"{NODE.did}#{key}"
    assert leaves(world) == [("key.recorded", NODE.did), ("key.rotated", f"{NODE.did}#key-2")]
    told = history(world)
    assert told["did_document"] == document
    assert told["digest"] == digest(canonical_bytes(dict(document)))
    assert keyring.where(keyring.known_keys()[0]) == "gone"


def test_an_old_key_signs_nothing_that_is_issued_later(folder: Path) -> None:
    clock = FixedClock()
    world, keyring = world_of(folder, clock), ring(folder)
    thief = keyring.signer()
    keys.rotate(world, keyring, KeyRole.CLAIMS)
    late = clock.advance(minutes=5)
    forged = claims.sign(Receipt, {}, id=ID, issued_at=late, issuer=NODE.did, signer=thief)
    with pytest.raises(NotVerified) as refused:
        claims.verify(forged, keyring.did_document())
    assert refused.value.findings[0].code == "trust.key-expired"


def test_a_revoked_key_counts_only_with_log_time_from_before(folder: Path) -> None:
    clock = FixedClock()
    world, keyring = world_of(folder, clock), ring(folder)
    old = receipt(keyring, clock)
    clock.advance(days=2)
    since = NOON + timedelta(days=1)
    done = keys.revoke(world, keyring, "key-1", reason="laptop lost", since=since)
    assert done.key.revoked == since
    assert done.successor is not None and done.successor.name == "key-2"
    document = keyring.did_document()
    with pytest.raises(NotVerified) as refused:
        claims.verify(old, document)
    assert refused.value.findings[0].code == "trust.key-revoked"
    assert claims.verify(old, document, witnessed_at=NOON + timedelta(hours=1))
    with pytest.raises(NotVerified):
        claims.verify(old, document, witnessed_at=since)
    assert claims.verify(receipt(keyring, clock), document)  # the node goes on with its new key
    assert history(world)["reason"] == "laptop lost"
    assert keyring.where(done.key) == "gone"


def test_status_lists_are_signed_anew_once_a_key_is_revoked(folder: Path) -> None:
    """Nobody believes a list whose key may be in other hands."""
    clock = FixedClock()
    world, keyring = world_of(folder, clock), ring(folder)
    with world.store.unit_of_work() as work:
        place = status_place(world, work, clock.now())["uri"]
    clock.advance(days=2)
    (before,) = status_lists_of(world)
    keys.rotate(world, keyring, KeyRole.CLAIMS)
    OutboxWorker(world, outbox_handlers()).run_once()
    assert status_lists_of(world) == [before]  # a rotated key is as good as it was
    keys.revoke(world, keyring, "key-1", reason="laptop lost")
    now, document = clock.now(), keyring.did_document()
    with pytest.raises(NotVerified):
        status_list.verify(before.decode(), document, address=place, now=now)
    OutboxWorker(world, outbox_handlers()).run_once()
    (after,) = status_lists_of(world)
    assert status_list.verify(after.decode(), document, address=place, now=now).at(0) == 0


def test_a_revocation_is_sound_or_refused(folder: Path) -> None:
    world, keyring = world_of(folder), ring(folder)
    for name, reason, since, code in (
        ("key-9", "lost", None, "key.unknown"),
        ("key-1", " ", None, "key.no-reason"),
        ("key-1", "lost", NOON + timedelta(seconds=1), "key.revoked-ahead"),
    ):
        with pytest.raises(FaultyInput) as fault:
            keys.revoke(world, keyring, name, reason=reason, since=since)
        assert fault.value.findings[0].code == code
    keys.revoke(world, keyring, f"{NODE.did}#key-1", reason="lost")
    with pytest.raises(Refused):
        keys.revoke(world, keyring, "key-1", reason="lost")


def test_the_logs_key_rotates_apart_from_the_other(folder: Path) -> None:
    world, keyring = world_of(folder), ring(folder)
    before = keyring.signer().key_id
    keys.rotate(world, keyring, KeyRole.LOG)
    assert keyring.log_signer().key_id == f"{NODE.did}#log-2"
    assert keyring.signer().key_id == before
    for role in (KeyRole.ARCHIVE, KeyRole.PARALLEL):
        with pytest.raises(Refused):
            keys.rotate(world, keyring, role)


def test_a_key_is_added_once(folder: Path) -> None:
    world, keyring = world_of(folder), ring(folder)
    assert keyring.parallel_signer() is None
    assert keys.add(world, keyring, KeyRole.PARALLEL).key.name == "sm2-1"
    signer = keyring.parallel_signer()
    assert signer is not None and signer.suite == "SM2"
    jwk = keyring.known_keys()[-1].jwk
    assert signature_fits(jwk, b"content", signer.sign(b"content"))
    with pytest.raises(Refused):
        keys.add(world, keyring, KeyRole.PARALLEL)
    keys.revoke(world, keyring, "sm2-1", reason="no longer wanted")
    assert keyring.parallel_signer() is None
    assert keys.add(world, keyring, KeyRole.PARALLEL).key.name == "sm2-2"


def test_an_archived_half_stays_sealed_and_goes_with_a_revocation(folder: Path) -> None:
    world, keyring = world_of(folder), ring(folder)
    keys.rotate(world, keyring, KeyRole.CLAIMS, archive=True)
    assert [entry.where for entry in keys.list_keys(keyring)] == [
        "archived",
        "sealed",
        "sealed",
    ]
    keys.revoke(world, keyring, "key-1", reason="found in a bin")
    assert keys.list_keys(keyring)[0].where == "gone"


@pytest.mark.parametrize("role", [r for r in KeyRole if r is not KeyRole.CLAIMS])
def test_only_the_key_for_claims_may_come_from_a_token(folder: Path, role: KeyRole) -> None:
    world, keyring = world_of(folder), ring(folder)
    before = leaves(world)
    with pytest.raises(FaultyInput) as refused:
        keys.rotate(world, keyring, role, token_label="elsewhere")
    assert [f.code for f in refused.value.findings] == ["key.token-for-claims"]
    assert leaves(world) == before


def test_a_served_node_learns_of_a_rotated_key(folder: Path) -> None:
    """Two keyrings over one folder, as the serving process and a command have them."""
    serving = ring(folder)
    assert serving.signer().key_id.endswith("#key-1")
    keys.rotate(world_of(folder), ring(folder), KeyRole.CLAIMS)
    assert serving.signer().key_id.endswith("#key-2")
    assert len(serving.did_document()["verificationMethod"]) == 3


def test_what_the_files_say_untold_is_logged_at_the_next_call(folder: Path) -> None:
    world, keyring = world_of(folder), ring(folder)
    assert keys.record_keys(world, keyring) == 0
    assert keys.record_keys(world, keyring) is None
    keyring.archive_signer()  # made on demand, without the store
    assert keys.record_keys(world, keyring) == 1
    assert history(world)["did_document"] == keyring.did_document()


DYING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from saltbridge.adapters import keys as room, keys_files, keys_history
from saltbridge.adapters.stores import open_store
from saltbridge.trust.known_keys import KeyRole
from saltbridge.services import keys
from saltbridge.testing.builders import FixedClock, memory_world, node_profile

folder, url, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
steps = 0
def counted(step):
    def taken(*given, **named):
        global steps
        for moment in ("before", "after"):
            if steps == at:
                os.kill(os.getpid(), signal.SIGKILL)
            steps += 1
            if moment == "before":
                answer = step(*given, **named)
        return answer
    return taken
keys_files.write_for_owner = counted(keys_files.write_for_owner)
room.write_history = counted(room.write_history)
keys_files._overwrite = counted(keys_files._overwrite)
node = node_profile()
keyring = room.FileKeyring(folder, node.did, f"{node.base_url}/.well-known/dspace-version")
store = open_store(url, FixedClock())
world = replace(memory_world(node, store=store), keyring=keyring)
keys.rotate(world, keyring, KeyRole.CLAIMS)
store.close()
"""


@pytest.mark.parametrize(
    "at",
    [
        at if at in (2, 5) else pytest.param(at, marks=pytest.mark.full("a minute of kills"))
        for at in range(7)
    ],
)
def test_killed_between_any_two_steps_the_node_signs_and_catches_up(
    folder: Path, tmp_path: Path, at: int
) -> None:
    from saltbridge.adapters.stores import open_store

    url = f"sqlite:///{tmp_path}/node.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(folder), url, str(at)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if at < 6 else 0), done.stderr
    keyring, clock = ring(folder), FixedClock(NOON + timedelta(minutes=1))
    claim = receipt(keyring, clock)
    assert claims.verify(claim, keyring.did_document())
    store = open_store(url, clock)
    world = replace(memory_world(NODE, clock=clock, store=store), keyring=keyring)
    keys.record_keys(world, keyring)
    assert history(world)["did_document"] == keyring.did_document()
    names = [key.name for key in keyring.known_keys()]
    rotated = keys.rotate(world, keyring, KeyRole.CLAIMS).key.name
    assert rotated not in names  # a name is never used twice
    listed = keys.list_keys(keyring)
    assert all((entry.where == "sealed") == entry.key.in_force for entry in listed)
    named = {f"{entry.key.name}.sealed" for entry in listed if entry.where == "sealed"}
    assert {path.name for path in folder.glob("*.sealed")} == named
    store.close()
