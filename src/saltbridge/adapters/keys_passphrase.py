"""Where the passphrase of a node's keys comes from. It is looked for in this order:

1. the environment variable ``SALTBRIDGE_PASSPHRASE``;
2. the file that ``passphrase_file`` of node.toml names;
3. the credential ``saltbridge-passphrase`` that systemd hands to the service;
4. ``<folder>.passphrase`` beside the node's folder, made with the node where nothing else was
   given.

Never inside the folder: whoever gets the folder, or its backup, opens nothing with it.
"""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Finding, Place, Severity, finding

VARIABLE: Final = "SALTBRIDGE_PASSPHRASE"
CREDENTIAL: Final = "saltbridge-passphrase"
SHORTEST: Final = 12  # characters, of one that a person chose


@dataclass(frozen=True)
class Passphrase:
    """A passphrase and where it was found. ``made``: 256 random bits, by us."""

    secret: bytes = field(repr=False)
    found: str
    made: bool = False


@dataclass(frozen=True)
class PassphraseSource:
    """The places to look for one node's passphrase."""

    folder: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def beside(self) -> Path:
        """The file beside the node's folder."""
        whole = Path(os.path.abspath(self.folder))
        return whole.with_name(f"{whole.name}.passphrase")

    def find(self) -> Passphrase | None:
        """The passphrase, or None where nobody gave one.

        Raises:
            FaultyInput: a file was named that cannot be read.
            Refused: other users of this machine can read the file.
        """
        given = os.environ.get(VARIABLE, "").encode("utf-8", "surrogateescape")
        if given:
            return Passphrase(given, VARIABLE)
        for path, must_be in self._files():
            if must_be or path.exists():
                return Passphrase(_read(path), str(path))
        return None

    def must_find(self) -> Passphrase:
        """The passphrase.

        Raises:
            Unavailable: nobody gave one.
            FaultyInput, Refused: as ``find``.
        """
        found = self.find()
        if found is None:
            looked = ", ".join((VARIABLE, *(str(path) for path, _ in self._files())))
            raise Unavailable.of(
                "key.passphrase-missing", Place(file=str(self.folder)), looked=looked
            )
        return found

    def find_or_make(self) -> Passphrase:
        """The passphrase; where nobody gave one, a new random one in the file beside.

        Raises:
            FaultyInput, Refused: as ``find``, or one that a person chose is too short.
        """
        found = self.find()
        if found is None:
            return self._make()
        return _long_enough(found)

    def warnings(self) -> Iterator[Finding]:
        """What is unwise about where the passphrase lies."""
        inside = Path(os.path.abspath(self.folder))
        for path, _ in self._files():
            if path.exists() and inside in Path(os.path.abspath(path)).parents:
                yield finding(
                    "key.passphrase-inside", Place(file=str(path)), severity=Severity.WARNING
                )

    def _files(self) -> Iterator[tuple[Path, bool]]:
        named = self.settings.get("passphrase_file")
        if named:
            yield self.folder / str(named), True
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        if credentials:
            yield Path(credentials) / CREDENTIAL, False
        yield self.beside, False

    def _make(self) -> Passphrase:
        text = secrets.token_urlsafe(32)
        named = self.settings.get("passphrase_file")
        path = self.folder / str(named) if named else self.beside
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        return Passphrase(text.encode("ascii"), str(path), made=True)


def read_passphrase(path: Path) -> Passphrase:
    """A new passphrase from a file.

    Raises:
        FaultyInput: the file cannot be read, or what it holds is too short.
        Refused: other users of this machine can read the file.
    """
    return _long_enough(Passphrase(_read(path), str(path)))


def _long_enough(found: Passphrase) -> Passphrase:
    if len(found.secret) < SHORTEST:
        raise FaultyInput([finding("key.passphrase-short", least=SHORTEST)])
    return found


def _read(path: Path) -> bytes:
    place = Place(file=str(path))
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Refused([finding("key.passphrase-open", place)])
            secret = file.read(4096).rstrip(b"\r\n")
    except OSError as fault:
        reason = str(fault.strerror)
        raise FaultyInput(
            [finding("key.passphrase-unreadable", place, reason=reason)]
        ) from fault
    if not secret:
        raise FaultyInput([finding("key.passphrase-unreadable", place, reason="0 B")])
    return secret
