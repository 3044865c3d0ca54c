"""``keys/keys.toml``: every key the node ever had, with its public half and its life.

An entry is never taken out and a name never used twice, so that what an old key signed can
still be checked after its private half is gone.
"""

import fcntl
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import tomli_w

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.trust.did import KeyUse, VerificationKey
from saltbridge.trust.known_keys import KeyRole, KnownKey
from saltbridge.trust.suites import SUITES

HISTORY_FILE: Final = "keys.toml"
LOCK_FILE: Final = ".lock"
_PREFIX: Final = {
    KeyRole.CLAIMS: "key",
    KeyRole.LOG: "log",
    KeyRole.ARCHIVE: "archive",
    KeyRole.PARALLEL: "sm2",
}
_USES: Final = {
    KeyRole.CLAIMS: frozenset(KeyUse),
    KeyRole.LOG: frozenset[KeyUse](),
    KeyRole.ARCHIVE: frozenset[KeyUse](),
    KeyRole.PARALLEL: frozenset({KeyUse.ASSERTION}),
}


def read_history(folder: Path) -> tuple[KnownKey, ...]:
    """The keys of a node, the oldest first.

    Raises:
        FaultyInput: the file cannot be read.
    """
    path = folder / HISTORY_FILE
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["keys"]
        return tuple(_entry(row) for row in listed)
    except OSError as fault:
        raise unreadable(path, str(fault.strerror)) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise unreadable(path, str(fault)) from fault
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise unreadable(path, f"keys {fault}") from fault


def write_history(folder: Path, keys: Sequence[KnownKey]) -> None:
    """Write the list whole or not at all, durably."""
    rows = [_row(key) for key in keys]
    write_for_owner(folder / HISTORY_FILE, tomli_w.dumps({"keys": rows}).encode("utf-8"))


def verification_key(did: str, key: KnownKey) -> VerificationKey:
    """The key as the DID document lists it."""
    return VerificationKey(
        id=f"{did}#{key.name}",
        jwk=key.jwk,
        uses=_USES[key.role],
        expires=key.expires,
        revoked=key.revoked,
    )


def next_name(folder: Path, keys: Sequence[KnownKey], role: KeyRole) -> str:
    """A name that no key of the node ever had, nor a private half that was left over."""
    prefix = f"{_PREFIX[role]}-"
    taken = {key.name for key in keys} | {path.stem for path in folder.glob(f"{prefix}*")}
    numbers = [int(n.removeprefix(prefix)) for n in taken if _numbered(n, prefix)]
    return f"{prefix}{max(numbers, default=0) + 1}"


def write_for_owner(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, durably, for its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()  # left by a process of this number that was killed
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def only_changer(folder: Path) -> Iterator[None]:
    """Held while keys are changed: one process at a time. It ends with the process."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def unreadable(path: Path, reason: str) -> FaultyInput:
    """The list of keys cannot be read."""
    place = Place(file=str(path))
    return FaultyInput([finding("key.history-unreadable", place, reason=reason)])


def _entry(row: Mapping[str, Any]) -> KnownKey:
    kind = row["kty"]
    suite = next(
        s for s in SUITES.values()
        if s.key_type == kind
        and (row["alg"] == s.name if kind == "AKP" else row["crv"] == s.curve)
    )  # fmt: skip
    return KnownKey(
        name=row["name"],
        role=KeyRole(row.get("for", "claims")),
        suite=suite.name,
        jwk={member: row[member] for member in suite.members},
        created=_zoned(row.get("created")),
        expires=_zoned(row.get("expires")),
        revoked=_zoned(row.get("revoked")),
        reason=str(row.get("reason", "")),
        token_label=str(row.get("token_label", "")),
    )


def _row(key: KnownKey) -> dict[str, Any]:
    row: dict[str, Any] = {"name": key.name}
    if key.role is not KeyRole.CLAIMS:
        row["for"] = key.role.value
    for member in ("created", "expires", "revoked"):
        moment = getattr(key, member)
        if moment is not None:
            row[member] = moment.astimezone(UTC).replace(microsecond=0)
    for member in ("reason", "token_label"):
        if getattr(key, member):
            row[member] = getattr(key, member)
    return row | dict(key.jwk)


def _zoned(moment: datetime | None) -> datetime | None:
    if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
        raise TypeError("times have a zone")
    return moment


def _numbered(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
