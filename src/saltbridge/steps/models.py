"""The model behind a footprint: the files it was worked out from, kept on the maker's own node.

Inputs and evidence are stored byte for byte under their digest and stay at home: nothing that
leaves is made from them. Only people of this node read them, and every reading is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.inventory_sources import (
    EvidenceFile,
    InventorySources,
    render_sources,
)
from saltbridge.ports import UnitOfWork

if TYPE_CHECKING:  # the accounting comes with it, which who only reads a model is spared
    from saltbridge.steps.accounting import Accounted, FootprintRequest

MODEL: Final = "model"
MODEL_FILE: Final = "model-file"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a model, as its list names it; the bytes lie under the digest."""

    name: str
    digest: str
    bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Model:
    """What a footprint was worked out from. ``as_read`` False: the inventory came from no file,
    so that its files are a rendering and their digest is not the one in the receipt."""

    footprint: str
    digest: str  # of the list of files, as the footprint's record names it
    name: str
    as_read: bool
    files: tuple[KeptFile, ...]
    evidence: tuple[KeptFile, ...]
    factor_sets: tuple[str, ...] | None
    assumptions: Mapping[str, str]
    deliveries: tuple[str, ...]
    placed_on_market: date | None = None  # None: the day on which it was made chose the edition


def keep_model(
    work: UnitOfWork,
    footprint: str,
    request: "FootprintRequest",
    result: "Accounted",
    deliveries: Sequence[str],
) -> str:
    """Store the inputs and the evidence of a footprint; returns the digest of their list.

    The footprint's own record names that digest, so that one log leaf covers both.
    """
    read = request.sources is not None and request.sources.digest == request.inventory_digest
    sources = request.sources if read and request.sources else render_sources(request.inventory)
    files = [EvidenceFile(name, "text/plain", body) for name, body in sources.own.items()]
    body = canonical_bytes(
        {
            "footprint": footprint,
            "name": sources.name,
            "as_read": read,
            "files": [_kept(work, file) for file in files],
            "evidence": [_kept(work, file) for file in request.evidence],
            "factor_sets": None if request.factor_sets is None else list(request.factor_sets),
            "assumptions": dict(request.assumptions),
            "deliveries": sorted(deliveries),
            "placed_on_market": None
            if request.placed_on_market is None
            else request.placed_on_market.isoformat(),
            "supplier_records": list(result.supplier_records),
        }
    )
    work.put(MODEL, footprint, body, expected_version=0)
    return digest(body)


def _kept(work: UnitOfWork, file: EvidenceFile) -> dict[str, Any]:
    if work.get(MODEL_FILE, file.digest) is None:
        work.put(MODEL_FILE, file.digest, file.content, expected_version=0)
    return {
        "name": file.name,
        "digest": file.digest,
        "bytes": len(file.content),
        "media_type": file.media_type,
    }


def kept_model(view: UnitOfWork, footprint: str) -> Model | None:
    """The model of a footprint; None where none was kept (older footprints)."""
    stored = view.get(MODEL, footprint) if footprint else None
    if stored is None:
        return None
    record = read_json(stored.body)
    sets, placed = record["factor_sets"], record.get("placed_on_market")
    return Model(
        footprint=record["footprint"],
        digest=digest(stored.body),
        name=record["name"],
        as_read=record["as_read"],
        files=tuple(KeptFile(**file) for file in record["files"]),
        evidence=tuple(KeptFile(**file) for file in record["evidence"]),
        factor_sets=None if sets is None else tuple(sets),
        assumptions=record["assumptions"],
        deliveries=tuple(record["deliveries"]),
        placed_on_market=None if placed is None else date.fromisoformat(placed),
    )


def kept_bytes(view: UnitOfWork, file: KeptFile) -> bytes:
    """The bytes of a file of a model, their digest taken again.

    Raises:
        Refused: they are gone, or not those that were kept.
    """
    record = view.get(MODEL_FILE, file.digest)
    if record is None or digest(record.body) != file.digest:
        raise Refused.of("verification.file-damaged", name=file.name, digest=file.digest)
    return record.body


def sources_of(view: UnitOfWork, model: Model) -> InventorySources:
    """The inventory's files, as they were read.

    Raises:
        Refused: one of them is gone or damaged.
    """
    return InventorySources(
        model.name, {file.name: kept_bytes(view, file) for file in model.files}
    )
