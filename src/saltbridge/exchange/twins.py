"""Digital twins: what a partner may know of one, and by which of its identifiers it is found.

An identifier names who may see it (business partner numbers), or that every partner with an
agreement about the registry may; without either it is the owner's own. Rules: CX-0002 2.4.0
with the behaviour of the Tractus-X registry 0.12 as transcribed in careful secondary notes.
Read: 2026-11; confidence: secondary.

What the descriptors look like on the wire is known to ``formats.aas_registry`` only.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from saltbridge.core.identifiers import is_bpn
from saltbridge.exchange.model import Json

OWNER: Final = "owner"  # our own people and systems
EVERY_PARTNER: Final = "every-partner"  # whoever has an agreement about the registry
PUBLIC_READABLE: Final = "PUBLIC_READABLE"  # how an identifier says so
# The only identifiers that may be open to every partner (CX-0002).
MAY_BE_OPEN: Final = frozenset({"manufacturerPartId", "assetLifecyclePhase"})
GLOBAL_ASSET_ID: Final = "globalAssetId"
# Properties and addresses are found in the same way; no identifier can have such a name.
ASSET_KIND: Final = "\x00assetKind"
ASSET_TYPE: Final = "\x00assetType"
ADDRESS: Final = "\x00address"


@dataclass(frozen=True, slots=True)
class AssetLink:
    """A name and a value under which somebody looks for a twin."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AssetId:
    """One identifier of a twin. ``readers``: BPNs, or ``PUBLIC_READABLE``; of nobody: ours."""

    name: str
    value: str
    readers: tuple[str, ...] = ()
    subject: Json = field(default_factory=dict)  # how the readers were named
    unknown: Json = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether every partner may see it."""
        return PUBLIC_READABLE in self.readers and self.name in MAY_BE_OPEN


@dataclass(frozen=True, slots=True)
class Aspect:
    """One part of a twin that can be asked for: its id, what it means, and where it lies."""

    id: str
    semantic_id: str
    addresses: tuple[str, ...]
    document: Json  # the descriptor as it was registered


@dataclass(frozen=True, slots=True)
class Twin:
    """A twin as its owner registered it. ``document`` holds what is said of it otherwise."""

    id: str
    asset_ids: tuple[AssetId, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    global_asset_id: str = ""
    asset_kind: str = ""
    asset_type: str = ""
    created_at: str = ""
    document: Json = field(default_factory=dict)


def readers(twin: Twin) -> tuple[str, ...]:
    """Who sees something of a twin besides its owner: partners by BPN, or every partner."""
    named = {r for a in twin.asset_ids for r in a.readers if is_bpn(r)}
    open_to_all = any(a.open for a in twin.asset_ids)
    return (*sorted(named), *((EVERY_PARTNER,) if open_to_all else ()))


def seen_by(twin: Twin, reader: str) -> Twin | None:
    """What a reader may know of a twin; None where it may not know that there is one.

    A partner named by an identifier sees the twin with those identifiers that name it or are
    open; of who else is named it learns nothing. Every other partner sees the id, the open
    identifiers and the aspects, where an identifier is open at all.

    >>> twin = Twin("t", (AssetId("partInstanceId", "1", ("BPNL00000000OEM1",)),))
    >>> seen_by(twin, "BPNL00000000OEM2") is None
    True
    >>> seen_by(twin, "BPNL00000000OEM1").asset_ids[0].value
    '1'
    """
    if reader == OWNER:
        return twin
    if reader == EVERY_PARTNER:
        shown = tuple(
            replace(a, readers=(PUBLIC_READABLE,), unknown={}) for a in twin.asset_ids if a.open
        )
        return Twin(
            twin.id, shown, twin.aspects, created_at=twin.created_at
        ) if shown else None  # fmt: skip
    if not any(reader in a.readers for a in twin.asset_ids):
        return None
    own = tuple(
        replace(a, readers=(reader,) if reader in a.readers else (PUBLIC_READABLE,))
        for a in twin.asset_ids
        if reader in a.readers or a.open
    )
    return replace(twin, asset_ids=own)


def links_of(twin: Twin) -> tuple[AssetLink, ...]:
    """Everything by which the twin is found, as it stands before one reader, each once."""
    stated = [AssetLink(a.name, a.value) for a in twin.asset_ids]
    for name, value in (
        (GLOBAL_ASSET_ID, twin.global_asset_id),
        (ASSET_KIND, twin.asset_kind),
        (ASSET_TYPE, twin.asset_type),
    ):
        if value:
            stated.append(AssetLink(name, value))
    stated += [AssetLink(ADDRESS, url) for aspect in twin.aspects for url in aspect.addresses]
    return tuple(dict.fromkeys(stated))


def list_name(reader: str, link: AssetLink | None) -> str:
    """The name of the list of twins that a reader finds by a link; of all it sees, without one.

    A digest (128 bits): it says nothing of reader or value, and all names have one length.
    """
    parts = (reader,) if link is None else (reader, link.name, link.value)
    told = "\x1f".join(p.replace("\\", "\\\\").replace("\x1f", "\\u") for p in parts)
    return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class TwinEvent:
    """News of one aspect of a twin: created, updated or deleted."""

    kind: str  # CreateSubmodel, UpdateSubmodel, DeleteSubmodel
    global_asset_id: str
    semantic_id: str
