"""Keys of the node: rotate, add, revoke, seal. Every version of the DID document is logged.

The files in ``keys/`` say what is in force; the record ``key-history`` and its log leaf tell
everybody since when. Both are written in one go, the files as the last step before the commit.
Killed in between, the node works with what the files say, and the next call, or the next start
of the serving process, logs it (``record_keys``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.border_key import seal_border_key
from saltbridge.steps.changing_keys import ChangeableKeyring, KeyChange
from saltbridge.steps.passport_status import renew_at_once
from saltbridge.trust.did import iso
from saltbridge.trust.known_keys import KeyRole, KnownKey

RECORD = "key-history"


@dataclass(frozen=True)
class ListedKey:
    """A key with where its private half lies: sealed, open, token, archived or gone."""

    key: KnownKey
    where: str


@dataclass(frozen=True)
class ChangedKeys:
    """What a change did. ``log_index`` is the leaf that tells of it."""

    key: KnownKey
    successor: KnownKey | None
    log_index: int


@dataclass(frozen=True)
class Protected:
    """What was put under seal: private halves by name, and the border room's key.

    ``made`` is the file of a passphrase that had to be made, or empty.
    """

    names: Sequence[str]
    border_key: bool
    made: str


def list_keys(keyring: ChangeableKeyring) -> tuple[ListedKey, ...]:
    """All keys of the node, the oldest first."""
    return tuple(ListedKey(key, keyring.where(key)) for key in keyring.known_keys())


def rotate(
    world: World,
    keyring: ChangeableKeyring,
    role: KeyRole,
    *,
    archive: bool = False,
    token_label: str = "",
) -> ChangedKeys:
    """A new key for a role; the old one signs no more, and what it signed stays good.

    Its private half is destroyed, or kept in ``keys/archived`` (still sealed).

    Raises:
        Refused: no key of the role is in force.
        FaultyInput: a label of a token for another key than the one for claims.
        FaultyInput, Unavailable: the keys, their passphrase or the token cannot be used.
    """
    if token_label and role is not KeyRole.CLAIMS:
        raise FaultyInput([finding("key.token-for-claims", role=role.value)])
    now = world.clock.now()

    def draft() -> KeyChange:
        return keyring.draft_rotation(role, now, archive=archive, token_label=token_label)

    return _change(world, keyring, "key.rotated", draft, now)


def add(world: World, keyring: ChangeableKeyring, role: KeyRole) -> ChangedKeys:
    """The first key of a role, or a new one after the last was revoked.

    Raises:
        Refused: a key of the role is in force.
        Unavailable: SM2, and its library is not installed.
    """
    now = world.clock.now()
    return _change(world, keyring, "key.added", lambda: keyring.draft_addition(role, now), now)


def revoke(
    world: World,
    keyring: ChangeableKeyring,
    name: str,
    *,
    reason: str,
    since: datetime | None = None,
) -> ChangedKeys:
    """A key that may be in other hands since then: its signatures count only with log time.

    Raises:
        FaultyInput: no such key, no reason, or a time to come.
        Refused: it is revoked already.
    """
    now = world.clock.now()
    if not reason.strip():
        raise FaultyInput([finding("key.no-reason")])
    if since is not None and since > now:
        raise FaultyInput([finding("key.revoked-ahead", since=iso(since), now=iso(now))])

    def draft() -> KeyChange:
        return keyring.draft_revocation(name, since or now, reason.strip(), now)

    return _change(world, keyring, "key.revoked", draft, now)


def protect(world: World, keyring: ChangeableKeyring) -> Protected:
    """Put what lies open under seal: private keys, and the border room's key in the store.

    Safe to repeat, and to be killed at any point.

    Raises:
        FaultyInput, Refused, Unavailable: the passphrase or a key cannot be used.
    """
    names, made = keyring.protect()
    with world.store.unit_of_work() as work:
        sealed = seal_border_key(keyring, work)
    record_keys(world, keyring)
    return Protected(names, sealed, made)


def record_keys(world: World, keyring: ChangeableKeyring | None = None) -> int | None:
    """Log the DID document as it is, where its last logged version is another one.

    Returns the index of the new leaf, or None where nothing was new.
    """
    document = (keyring or world.keyring).did_document()
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        if _last_logged(world, work) == digest(canonical_bytes(dict(document))):
            return None
        return _log(world, work, "key.recorded", "", "", document, now)


def _change(
    world: World,
    keyring: ChangeableKeyring,
    event: str,
    draft: Callable[[], KeyChange],
    now: datetime,
) -> ChangedKeys:
    with keyring.changing():
        record_keys(world, keyring)  # what a killed process left untold comes first
        change = draft()
        with world.store.unit_of_work() as work:
            document, key = change.did_document(), change.key
            index = _log(world, work, event, key.name, key.reason, document, now)
            if event == "key.revoked":
                renew_at_once(world, work, now)
            change.put_in_force()  # last: if it fails, nothing was logged
        change.clean_up()
    return ChangedKeys(change.key, change.successor, index)


def _last_logged(world: World, work: UnitOfWork) -> str:
    stored = work.get(RECORD, world.node.did)
    return "" if stored is None else str(read_json(stored.body)["digest"])


def _log(
    world: World,
    work: UnitOfWork,
    event: str,
    name: str,
    reason: str,
    document: Mapping[str, Any],
    now: datetime,
) -> int:
    did = world.node.did
    subject = f"{did}#{name}" if name else did
    body = canonical_bytes(
        {
            "event": event,
            "key": subject,
            "reason": reason,
            "at": iso(now),
            "did_document": dict(document),
            "digest": digest(canonical_bytes(dict(document))),
        }
    )
    work.put(RECORD, did, body)
    return work.append_leaf(event, subject, body)
