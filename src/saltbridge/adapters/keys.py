"""The keys of a node: private halves under seal, and the history of all of them.

``keys/keys.toml`` lists every key with its public half; ``keys/<name>.sealed`` is a private
half, ``keys/vault.toml`` the secret that seals them, wrapped by the passphrase. The files are
looked at again whenever they changed, so that a served node learns of a key that was rotated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from saltbridge.adapters import keys_files as files
from saltbridge.adapters.keys_history import (
    HISTORY_FILE,
    next_name,
    only_changer,
    read_history,
    verification_key,
    write_for_owner,
    write_history,
)
from saltbridge.adapters.keys_passphrase import Passphrase, PassphraseSource, read_passphrase
from saltbridge.adapters.keys_vault import VAULT_FILE, Vault, new_vault, open_vault
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Place, Severity, finding
from saltbridge.ports import Signer
from saltbridge.trust.did import (
    CREDENTIAL_SERVICE,
    DATA_SERVICE,
    LOG_SERVICE,
    DidDocument,
    ServiceEndpoint,
    build_did_document,
)
from saltbridge.trust.known_keys import ROLE_OF_SUITE, KeyRole, KnownKey
from saltbridge.trust.suites import SM2

SUITE_OF_ROLE = {role: suite for suite, role in ROLE_OF_SUITE.items()}
# Without these a node cannot work, so that one revoked gets a successor at once.
_NEEDED = frozenset({KeyRole.CLAIMS, KeyRole.LOG})
TokenSigner = Callable[[str, str], Signer]  # key id, label in the token


@dataclass(frozen=True)
class FileKeyChange:
    """A change that waits. The new private half lies in the folder, and nobody names it yet."""

    key: KnownKey
    successor: KnownKey | None
    keys: tuple[KnownKey, ...]
    ring: "FileKeyring"
    archive: bool = False

    def did_document(self) -> Mapping[str, Any]:
        """The DID document as it will be."""
        return self.ring.document_of(self.keys)

    def put_in_force(self) -> None:
        """Replace the history; the new key signs from now on."""
        write_history(self.ring.folder, self.keys)

    def clean_up(self) -> None:
        """Destroy the private halves that sign no more, or put them into ``archived``.

        With them go halves that no key has: what a killed change made and never named.
        """
        known = self.ring.known_keys()
        for name in files.halves_in(self.ring.folder) - {key.name for key in known}:
            files.put_away(self.ring.folder, name, archive=False)
        for key in known:
            if not key.in_force:
                keep = self.archive and key.revoked is None
                files.put_away(self.ring.folder, key.name, archive=keep)
            if key.revoked is not None:
                files.destroy_archived(self.ring.folder, key.name)


class FileKeyring:
    """The keys in a node's ``keys`` folder. Nothing is unlocked before something is signed."""

    def __init__(
        self,
        folder: Path,
        did: str,
        dsp_version_url: str,
        log_url: str = "",
        *,
        credential_url: str = "",
        passphrase: PassphraseSource | None = None,
        token_signer: TokenSigner | None = None,
    ) -> None:
        self.folder = folder
        self._did = did
        self._dsp_version_url = dsp_version_url
        self._log_url = log_url
        self._credential_url = credential_url
        self._passphrase = passphrase or PassphraseSource(folder.parent)
        self._token_signer = token_signer
        self._stamp: tuple[int, int, int] | None = None
        self._known: tuple[KnownKey, ...] = ()
        self._signers: dict[str, Signer] = {}
        self._vault: Vault | None = None
        self.known_keys()

    def signer(self) -> Signer:
        """The newest key for claims that is neither rotated nor revoked.

        Raises:
            FaultyInput: its file is missing or is of another kind, or no key is left.
            Refused: other users of this machine can read it, or the passphrase is wrong.
            Unavailable: the passphrase is missing.
        """
        return self._must_have(KeyRole.CLAIMS)

    def log_signer(self) -> Signer:
        """The newest key of the log that is neither rotated nor revoked.

        Raises:
            As ``signer``.
        """
        return self._must_have(KeyRole.LOG)

    def parallel_signer(self) -> Signer | None:
        """The newest SM2 key in force, or None.

        Raises:
            As ``signer``; Unavailable also where the library for SM2 is not installed.
        """
        return self._signer_of(KeyRole.PARALLEL)

    def archive_signer(self) -> Signer:
        """The newest key for archives that is in force, made if there is none.

        Raises:
            As ``signer``.
        """
        if self._in_force(KeyRole.ARCHIVE) is None:
            with self.changing():
                if self._in_force(KeyRole.ARCHIVE) is None:
                    self.draft_addition(KeyRole.ARCHIVE, datetime.now(UTC)).put_in_force()
        return self._must_have(KeyRole.ARCHIVE)

    def did_document(self) -> Mapping[str, Any]:
        """This node's DID document, with every key it ever used."""
        return self.document_of(self.known_keys())

    def document_of(self, keys: Sequence[KnownKey]) -> Mapping[str, Any]:
        """The DID document of this node with these keys."""
        services = [ServiceEndpoint(f"{self._did}#dsp", DATA_SERVICE, self._dsp_version_url)]
        if self._credential_url:
            services.append(
                ServiceEndpoint(
                    f"{self._did}#credentials", CREDENTIAL_SERVICE, self._credential_url
                )
            )
        if self._log_url:
            services.append(ServiceEndpoint(f"{self._did}#log", LOG_SERVICE, self._log_url))
        listed = tuple(verification_key(self._did, key) for key in keys)
        return build_did_document(DidDocument(self._did, listed, tuple(services)))

    @property
    def protected(self) -> bool:
        """Whether the node has a vault."""
        return (self.folder / VAULT_FILE).exists()

    def seal(self, content: bytes, purpose: str = "") -> bytes:
        """A secret of this node, sealed for the store.

        Raises:
            Refused: the node has no vault yet, or the passphrase is wrong.
            Unavailable: the passphrase is missing.
        """
        return self._opened_vault().seal(content, f"record/{purpose}")

    def unseal(self, sealed: bytes, purpose: str = "") -> bytes:
        """What was sealed for this purpose.

        Raises:
            Refused: changed, sealed for something else, by another node, or as ``seal``.
            Unavailable: the passphrase is missing.
        """
        return self._opened_vault().unseal(sealed, f"record/{purpose}")

    def warnings(self) -> Iterator[Finding]:
        """What a person should know about how the keys lie; nothing here stops the work."""
        lying_open = [key.name for key in self.known_keys() if self.where(key) == "open"]
        if lying_open or not self.protected:
            yield finding(
                "key.lies-open",
                Place(file=str(self.folder)),
                severity=Severity.WARNING,
                names=", ".join(lying_open),
                node=str(self.folder.parent),
            )
        yield from self._passphrase.warnings()

    # Changing them

    def known_keys(self) -> tuple[KnownKey, ...]:
        """All keys, the oldest first, as the file lists them now."""
        stamp = self._stamp_now()
        if stamp != self._stamp or stamp is None:
            self._known = read_history(self.folder)
            self._signers.clear()
            self._stamp = stamp
        return self._known

    def where(self, key: KnownKey) -> str:
        """Where the private half of a key lies: sealed, open, token, archived or gone."""
        if key.token_label:
            return "token"
        for ending, place in ((files.SEALED, "sealed"), (files.OPEN, "open")):
            if (self.folder / f"{key.name}{ending}").exists():
                return place
        archived = files.has_private_half(self.folder / files.ARCHIVED, key.name)
        return "archived" if archived else "gone"

    def changing(self) -> AbstractContextManager[None]:
        """Held during a change: one process at a time."""
        return only_changer(self.folder)

    def draft_rotation(
        self, role: KeyRole, now: datetime, *, archive: bool = False, token_label: str = ""
    ) -> FileKeyChange:
        """A new key for a role; the one in force expires.

        Raises:
            Refused: no key of the role is in force, so there is none to rotate.
        """
        old = self._in_force(role)
        if old is None:
            raise Refused.of("key.none-to-rotate", role=role.value)
        new = self._new(role, now, token_label)
        # What was issued within this second is still the old key's.
        ends = now.replace(microsecond=0) + timedelta(seconds=1)
        kept = tuple(replace(k, expires=ends) if k is old else k for k in self.known_keys())
        return FileKeyChange(new, None, (*kept, new), self, archive)

    def draft_addition(self, role: KeyRole, now: datetime) -> FileKeyChange:
        """The first key of a role, or one after the last was revoked.

        Raises:
            Refused: a key of the role is in force: rotate it instead.
            Unavailable: SM2, and its library is not installed.
        """
        there = self._in_force(role)
        if there is not None:
            raise Refused.of("key.there-already", name=there.name, role=role.value)
        new = self._new(role, now)
        return FileKeyChange(new, None, (*self.known_keys(), new), self)

    def draft_revocation(
        self, name: str, since: datetime, reason: str, now: datetime
    ) -> FileKeyChange:
        """A key that may be in other hands since then; a successor where the node needs one.

        Raises:
            FaultyInput: there is no such key.
            Refused: it is revoked already.
        """
        known = self.known_keys()
        key = next((k for k in known if k.name == name.rpartition("#")[2]), None)
        if key is None:
            names = ", ".join(k.name for k in known)
            raise FaultyInput([finding("key.unknown", name=name[:80], known=names)])
        if key.revoked is not None:
            raise Refused.of("key.revoked-already", name=key.name)
        revoked = replace(key, revoked=since, reason=reason)
        kept = tuple(revoked if k is key else k for k in known)
        successor = None
        if key.in_force and key.role in _NEEDED:
            successor = self._new(key.role, now)
            kept = (*kept, successor)
        return FileKeyChange(revoked, successor, kept, self)

    def protect(self, *, cost: int | None = None) -> tuple[Sequence[str], str]:
        """Put every private half that lies open under seal.

        Returns the names of their keys, and the file of a passphrase that had to be made (or
        an empty text).

        Raises:
            FaultyInput, Refused: the passphrase cannot be read or is wrong, or a key cannot.
        """
        made = ""
        with self.changing():
            if not self.protected:
                passphrase = self._passphrase.find_or_make()
                made = passphrase.found if passphrase.made else ""
                _write_vault(self.folder, new_vault(), passphrase, cost)
            vault = self._opened_vault()
            names = [
                key.name
                for key in self.known_keys()
                if files.seal_open_half(self.folder, key.name, vault)
            ]
        return names, made

    def change_passphrase(self, file: Path) -> None:
        """Wrap the vault by the passphrase in another file.

        Raises:
            FaultyInput: the new one cannot be read, or is too short.
            Refused: the node has no vault yet, or the present passphrase is wrong.
            Unavailable: the present passphrase is missing.
        """
        with self.changing():
            _write_vault(self.folder, self._opened_vault(), read_passphrase(file))

    def _new(self, role: KeyRole, now: datetime, token_label: str = "") -> KnownKey:
        known = self.known_keys()
        name = next_name(self.folder, known, role)
        suite, created = SUITE_OF_ROLE[role], now.astimezone(UTC).replace(microsecond=0)
        if token_label:
            signer: Any = self._in_token(name, token_label)
            jwk = signer.public_jwk()
            return KnownKey(name, role, suite, jwk, created, token_label=token_label)
        private, jwk = files.new_private_half(suite)
        if self.protected:
            files.seal_private_half(self.folder, name, private, self._opened_vault())
        elif suite == SM2:  # a bare number has no place in an open file
            raise Refused.of("key.not-protected", node=str(self.folder.parent))
        else:
            files.write_open_private_half(self.folder, name, private)
        return KnownKey(name, role, suite, jwk, created)

    def _in_force(self, role: KeyRole) -> KnownKey | None:
        return next(
            (k for k in reversed(self.known_keys()) if k.role is role and k.in_force), None
        )

    def _must_have(self, role: KeyRole) -> Signer:
        signer = self._signer_of(role)
        if signer is None:
            place = Place(file=str(self.folder / HISTORY_FILE))
            raise FaultyInput([finding("key.none-left", place)])
        return signer

    def _signer_of(self, role: KeyRole) -> Signer | None:
        key = self._in_force(role)
        if key is None:
            return None
        if key.name not in self._signers:
            key_id = f"{self._did}#{key.name}"
            if key.token_label:
                self._signers[key.name] = self._in_token(key.name, key.token_label, key.jwk)
            else:
                private = files.read_private_half(self.folder, key.name, self._opened_vault)
                path = self.folder / f"{key.name}{files.SEALED}"
                self._signers[key.name] = files.signer_of(key, key_id, private, path)
        return self._signers[key.name]

    def _in_token(self, name: str, label: str, due: Mapping[str, str] | None = None) -> Signer:
        if self._token_signer is None:
            raise FaultyInput([finding("key.no-token-set", label=label)])
        signer: Any = self._token_signer(f"{self._did}#{name}", label)
        if due is not None and signer.public_jwk() != dict(due):
            raise FaultyInput([finding("key.not-its-pair", Place(file=label))])
        return signer  # type: ignore[no-any-return]

    def _opened_vault(self) -> Vault:
        if self._vault is None:
            path = self.folder / VAULT_FILE
            if not path.exists():
                raise Refused.of("key.not-protected", node=str(self.folder.parent))
            self._vault = open_vault(path, self._passphrase.must_find())
        return self._vault

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            status = (self.folder / HISTORY_FILE).stat()
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size, status.st_ino)


def create_first_keys(
    folder: Path, now: datetime, passphrase: Passphrase, *, cost: int | None = None
) -> None:
    """Generate ``key-1`` (claims, signing in) and ``log-1`` (log), sealed, in a new folder."""
    folder.mkdir(mode=0o700)
    vault = new_vault()
    keys: list[KnownKey] = []
    _write_vault(folder, vault, passphrase, cost)
    created = now.astimezone(UTC).replace(microsecond=0)
    for role in (KeyRole.CLAIMS, KeyRole.LOG):
        name = next_name(folder, keys, role)
        private, jwk = files.new_private_half(SUITE_OF_ROLE[role])
        files.seal_private_half(folder, name, private, vault)
        keys.append(KnownKey(name, role, SUITE_OF_ROLE[role], jwk, created))
    write_history(folder, keys)


def _write_vault(
    folder: Path, vault: Vault, passphrase: Passphrase, cost: int | None = None
) -> None:
    write_for_owner(folder / VAULT_FILE, vault.wrapped(passphrase, cost))
