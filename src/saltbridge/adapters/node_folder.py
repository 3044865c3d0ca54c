"""A node is a folder: ``node.toml`` (who it is, whom it knows), ``keys/``, ``node.sqlite``.

The passphrase of the keys lies elsewhere: see ``keys_passphrase``.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, overload

import tomli_w

from saltbridge.adapters.keys import create_first_keys
from saltbridge.adapters.keys_passphrase import Passphrase, PassphraseSource
from saltbridge.adapters.settings import check as check_settings
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.identifiers import is_bpn
from saltbridge.ports import NodeProfile, Partner

NODE_FILE = "node.toml"
KEYS = "keys"
STORE_FILE = "node.sqlite"
_HEADING = "# One company's node. The sealed keys lie in keys/, the documents in node.sqlite.\n"
_OPTIONAL = {
    NodeProfile: frozenset({"address", "country", "partners", "allow_loopback_http"}),
    Partner: frozenset({"dsp_url", "participant_id"}),
}


@dataclass(frozen=True)
class NodeFolder:
    """What ``node.toml`` says. ``settings``: see ``adapters.settings``."""

    path: Path
    profile: NodeProfile
    settings: Mapping[str, Any]

    @property
    def store_url(self) -> str:
        """The store of this node; a SQLite file in the folder unless another is named."""
        return str(self.settings.get("store") or f"sqlite:///{self.path / STORE_FILE}")


def read(folder: Path) -> NodeFolder:
    """The node in a folder.

    Raises:
        FaultyInput: no node is there, or its file is faulty; all findings at once.
    """
    path = folder / NODE_FILE
    here = Place(file=str(path))
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise FaultyInput([finding("node.absent", here, folder=str(folder))]) from fault
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FaultyInput([finding("node.unreadable", here, reason=str(fault))]) from fault
    faults: list[Finding] = []
    for name in sorted(tables.keys() - {"node", "partners", "settings"}):
        faults.append(finding("node.unknown-member", here, member=name))
    node = _members(tables.get("node"), NodeProfile, "node", here, faults)
    listed = tables.get("partners", [])
    if not isinstance(listed, list):
        faults.append(finding("node.wrong-value", here, member="partners"))
        listed = []
    partners = [
        _members(entry, Partner, f"partners[{index}]", here, faults)
        for index, entry in enumerate(listed)
    ]
    settings = tables.get("settings", {})
    if not isinstance(settings, dict):
        faults.append(finding("node.wrong-value", here, member="settings"))
    else:
        faults += check_settings(settings, here)
    if faults:
        raise FaultyInput(faults)
    profile = NodeProfile(**{**node, "partners": tuple(Partner(**p) for p in partners)})
    faults = [*_check(profile, here)]
    if faults:
        raise FaultyInput(faults)
    return NodeFolder(folder, profile, settings)


def create(
    folder: Path, profile: NodeProfile, settings: Mapping[str, Any], now: datetime
) -> Passphrase:
    """Make a node in a new or empty folder: file and keys.

    Returns the passphrase of its keys: the one given for it, else a new one in a file beside
    the folder (``<folder>.passphrase``).

    Raises:
        FaultyInput: the profile is faulty; nothing was written.
        Refused: a node, or something else, is there already; nothing was touched.
    """
    path = folder / NODE_FILE
    faults = _check(profile, Place(file=str(path)))
    if faults:
        raise FaultyInput(faults)
    if path.exists():
        there = read(folder).profile
        raise Refused.of("node.exists", folder=str(folder), name=there.name, did=there.did)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused.of("node.folder-not-empty", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    passphrase = PassphraseSource(folder, settings).find_or_make()
    create_first_keys(folder / KEYS, now, passphrase)
    _write(NodeFolder(folder, profile, settings))  # last: with it the node is complete
    return passphrase


def add_partner(folder: Path, partner: Partner) -> bool:
    """Enter a partner, or replace the entry of the same BPN; whether anything changed.

    Raises:
        FaultyInput: no node is there, or the partner is faulty.
        Refused: the DID belongs to another partner, or it is the node itself.
    """
    there = read(folder)
    place = Place(file=str(folder / NODE_FILE))
    faults = _check_partner(partner, "partner", place)
    if faults:
        raise FaultyInput(faults)
    profile = there.profile
    if partner.bpn == profile.bpn or partner.did == profile.did:
        raise Refused.of("node.partner-is-itself", bpn=partner.bpn)
    others = tuple(p for p in profile.partners if p.bpn != partner.bpn)
    if any(p.did == partner.did for p in others):
        raise Refused.of("node.did-taken", did=partner.did)
    if partner in profile.partners:
        return False
    position = next(
        (i for i, p in enumerate(profile.partners) if p.bpn == partner.bpn), len(others)
    )
    entered = (*others[:position], partner, *others[position:])
    _write(replace(there, profile=replace(profile, partners=entered)))
    return True


def move(folder: Path, base_url: str, did: str) -> None:
    """Give the node another public address, and the DID it has from then on.

    Raises:
        FaultyInput: no node is there, or it cannot have that address.
    """
    there = read(folder)
    profile = replace(there.profile, base_url=base_url, did=did)
    faults = _check(profile, Place(file=str(folder / NODE_FILE)))
    if faults:
        raise FaultyInput(faults)
    _write(replace(there, profile=profile))


def choose_store(folder: Path, url: str) -> None:
    """Have the node keep its store at the URL; without one, in its folder.

    Raises:
        FaultyInput: no node is there.
    """
    there = read(folder)
    others = {name: v for name, v in there.settings.items() if name != "store"}
    settings = {**others, "store": url} if url else others
    if settings != dict(there.settings):
        _write(replace(there, settings=settings))


def choose_identity(
    folder: Path,
    *,
    mode: str = "",
    trusted: Mapping[str, Sequence[str]] | None = None,
) -> bool:
    """Have the node know its callers by ``did`` or ``dcp``, and believe these issuers too.

    An issuer without a type is believed no longer. Returns whether anything changed.

    Raises:
        FaultyInput: no node is there, or the choice is none.
    """
    there = read(folder)
    settings: dict[str, Any] = {**there.settings}
    if mode:
        settings["identity"] = mode
    if trusted:
        table = dict(settings.get("credentials") or {})
        issuers = {**(table.get("trusted_issuers") or {}), **trusted}
        table["trusted_issuers"] = {did: list(types) for did, types in issuers.items() if types}
        settings["credentials"] = table
    faults = check_settings(settings, Place(file=str(folder / NODE_FILE)))
    if faults:
        raise FaultyInput(faults)
    if settings == dict(there.settings):
        return False
    _write(replace(there, settings=settings))
    return True


class PartnersOnFile(Sequence[Partner]):
    """The partners of ``node.toml`` as it is now, so that a served node learns of new ones.

    A file that is faulty at the moment (somebody is editing it) changes nothing: the partners
    read last stay until it is sound again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp = self._stamp_now()
        self._read: tuple[Partner, ...] = tuple(read(folder).profile.partners)

    def _stamp_now(self) -> tuple[int, int, int]:
        try:
            status = (self._folder / NODE_FILE).stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    def _now(self) -> tuple[Partner, ...]:
        stamp = self._stamp_now()
        if stamp != self._stamp:
            try:
                self._read = tuple(read(self._folder).profile.partners)
            except SaltbridgeError:
                return self._read
            self._stamp = stamp
        return self._read

    def __iter__(self) -> Iterator[Partner]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    @overload
    def __getitem__(self, place: int) -> Partner: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Partner]: ...
    def __getitem__(self, place: int | slice) -> Partner | Sequence[Partner]:
        return self._now()[place]


def _write(node: NodeFolder) -> None:
    """Write ``node.toml`` whole or not at all."""
    members = asdict(node.profile)
    partners = members.pop("partners")
    tables: dict[str, Any] = {"node": members}
    if node.settings:
        tables["settings"] = dict(node.settings)
    if partners:
        tables["partners"] = list(partners)
    draft = node.path / f".{NODE_FILE}.{os.getpid()}"
    draft.write_text(_HEADING + tomli_w.dumps(tables), encoding="utf-8")
    os.replace(draft, node.path / NODE_FILE)


def _members(
    table: object, made: type, where: str, here: Place, faults: list[Finding]
) -> dict[str, Any]:
    """The members of a dataclass from a TOML table, of the right types."""
    if not isinstance(table, dict):
        faults.append(finding("node.missing-member", here, member=where))
        return {}
    known = {f.name: f.type for f in fields(made) if f.name != "partners"}
    for name in sorted(table.keys() - known.keys()):
        faults.append(finding("node.unknown-member", here, member=f"{where}.{name}"))
    for name in known.keys() - table.keys() - _OPTIONAL[made]:
        faults.append(finding("node.missing-member", here, member=f"{where}.{name}"))
    for name, value in table.items():
        if name in known and type(value) is not known[name]:
            faults.append(finding("node.wrong-value", here, member=f"{where}.{name}"))
    return {name: value for name, value in table.items() if name in known}


def _check(profile: NodeProfile, here: Place) -> list[Finding]:
    faults: list[Finding] = []
    if not is_bpn(profile.bpn):
        faults.append(finding("node.wrong-bpn", here, bpn=profile.bpn))
    if profile.jurisdiction not in ("CN", "EU"):
        faults.append(finding("node.wrong-jurisdiction", here, found=profile.jurisdiction))
    if not profile.did.startswith("did:web:"):
        faults.append(finding("node.wrong-did", here, did=profile.did))
    faults += _check_url(profile.base_url, profile.allow_loopback_http, here)
    for name in ("name", "legal_name"):
        if not getattr(profile, name).strip():
            faults.append(finding("node.missing-member", here, member=f"node.{name}"))
    seen: set[str] = {profile.bpn, profile.did}
    for index, partner in enumerate(profile.partners):
        faults += _check_partner(partner, f"partners[{index}]", here)
        for identifier in (partner.bpn, partner.did):
            if identifier in seen:
                faults.append(finding("node.twice", here, identifier=identifier))
            seen.add(identifier)
    return faults


def _check_partner(partner: Partner, where: str, here: Place) -> list[Finding]:
    faults: list[Finding] = []
    if not is_bpn(partner.bpn):
        faults.append(finding("node.wrong-bpn", here, bpn=partner.bpn))
    if not partner.did.startswith("did:web:"):
        faults.append(finding("node.wrong-did", here, did=partner.did))
    if not (partner.jurisdiction.isalpha() and len(partner.jurisdiction) == 2):
        faults.append(finding("node.wrong-jurisdiction", here, found=partner.jurisdiction))
    if partner.dsp_url and not partner.dsp_url.startswith(("https://", "http://127.0.0.1")):
        faults.append(finding("node.wrong-url", here, url=partner.dsp_url))
    if not partner.name.strip():
        faults.append(finding("node.missing-member", here, member=f"{where}.name"))
    return faults


def _check_url(url: str, allow_loopback_http: bool, here: Place) -> list[Finding]:
    if url.startswith("https://") and not url.endswith("/"):
        return []
    loopback = url == "http://127.0.0.1" or url.startswith("http://127.0.0.1:")
    if loopback and allow_loopback_http and not url.endswith("/"):
        return []
    return [finding("node.wrong-url", here, url=url)]
