"""What the border room has decided at this node: decision records and manifests."""

from collections.abc import Mapping
from typing import Any

from saltbridge.border.export_statement import STATEMENT_KINDS
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import World
from saltbridge.steps.records import document, every


def decisions(world: World) -> tuple[Mapping[str, Any], ...]:
    """The decision records, the newest first; not those about export statements themselves."""
    with world.store.reading() as work:
        found = [(r.written_at, read_json(r.body)) for r in every(work, "decision")]
    found = [f for f in found if f[1]["document_kind"] not in STATEMENT_KINDS]
    return tuple(body for _, body in sorted(found, key=lambda f: f[0], reverse=True))


def manifests(world: World, id: str) -> tuple[Mapping[str, Any], ...]:
    """The manifests of a decision, or of every decision of a dataset.

    Raises:
        FaultyInput: this node knows neither a decision nor a dataset of that id.
    """
    with world.store.reading() as work:
        wanted = [id]
        dataset = document(work, "dataset", id)
        if dataset is not None:
            wanted = [release["decision_id"] for release in dataset["releases"].values()]
        found = [manifest for w in wanted if (manifest := document(work, "manifest", w))]
    if not found:
        raise FaultyInput.of("border.unknown-decision", id=id[:80])
    return tuple(found)
