"""What the border room has decided at this node: decision records and manifests."""

from collections.abc import Iterator, Mapping
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import UnitOfWork, World


def decisions(world: World) -> tuple[Mapping[str, Any], ...]:
    """All decision records, the newest first."""
    with world.store.reading() as work:
        found = [(r.written_at, read_json(r.body)) for r in all_records(work, "decision")]
    return tuple(body for _, body in sorted(found, key=lambda f: f[0], reverse=True))


def manifests(world: World, id: str) -> tuple[Mapping[str, Any], ...]:
    """The manifests of a decision, or of every decision of a dataset.

    Raises:
        FaultyInput: this node knows neither a decision nor a dataset of that id.
    """
    with world.store.reading() as work:
        wanted = [id]
        dataset = work.get("dataset", id)
        if dataset is not None:
            releases = read_json(dataset.body)["releases"].values()
            wanted = [release["decision_id"] for release in releases]
        found = [record for record in (work.get("manifest", w) for w in wanted) if record]
    if not found:
        raise FaultyInput.of("border.unknown-decision", id=id[:80])
    return tuple(read_json(record.body) for record in found)


def all_records(work: UnitOfWork, kind: str) -> Iterator[Any]:
    """Every record of a kind, page by page."""
    after = ""
    while page := work.find(kind, after=after):
        yield from page
        after = page[-1].id
