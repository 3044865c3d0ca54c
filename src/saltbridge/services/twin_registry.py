"""The registry of our twins: what its owner writes into it, and what a reader is told.

A reader is a partner's BPN or the owner. To a partner there is nothing but what was released to
it: a twin it may not see is not there, whatever it asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.exchange.twins import (
    ADDRESS,
    EVERY_PARTNER,
    OWNER,
    Aspect,
    AssetId,
    AssetLink,
    Twin,
)
from saltbridge.formats.aas_answers import created_text
from saltbridge.formats.aas_registry import (
    parse_shell,
    render_shell,
    shell_bytes,
    with_aspect,
    without_aspect,
)
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.twin_index import find_twins, id_in
from saltbridge.steps.twin_keeping import (
    TWIN,
    KeptTwin,
    kept_twin,
    released_view,
    remove_twin,
    write_twin,
)


@dataclass(frozen=True, slots=True)
class Page:
    """Members of a listing, and the key after which it goes on; empty at its end."""

    members: tuple[bytes, ...]
    ids: tuple[str, ...]
    next: str


def descriptors(
    world: World, reader: str, links: Sequence[AssetLink], *, after: str = "", limit: int
) -> Page:
    """Descriptors with all the links, as the reader sees them, in the order of creation."""
    with world.store.reading() as view:
        found = find_twins(view, _lists(reader), links, after=after, limit=limit)
        ids = [id_in(key) for key in found.keys]
        stored = view.get_many(TWIN, ids)
        members = (_seen(view, _kept(read_json(stored[id].body)), reader) for id in ids)
        return Page(tuple(m for m in members if m is not None), tuple(ids), found.next)


def ids_of(
    world: World, reader: str, links: Sequence[AssetLink], *, after: str = "", limit: int
) -> Page:
    """Ids of twins with all the links, as the reader sees them."""
    with world.store.reading() as view:
        found = find_twins(view, _lists(reader), links, after=after, limit=limit)
    return Page((), tuple(id_in(key) for key in found.keys), found.next)


def descriptor(world: World, reader: str, id: str) -> bytes | None:
    """The descriptor of a twin as the reader sees it, or None."""
    with world.store.reading() as view:
        kept = kept_twin(view, id)
        return None if kept is None else _seen(view, kept, reader)


def seen_twin(world: World, reader: str, id: str) -> Twin | None:
    """The twin as the reader sees it, or None."""
    content = descriptor(world, reader, id)
    return None if content is None else parse_shell(read_json(content))


def own_twins(world: World) -> Iterator[Twin]:
    """The owner's twins in the order of their creation, read page by page."""
    after = ""
    while True:
        page = descriptors(world, OWNER, (), after=after, limit=200)
        yield from (parse_shell(read_json(member)) for member in page.members)
        if not page.next:
            return
        after = page.next


def may_ask(world: World, reader: str, url: str) -> bool:
    """Whether a twin the reader sees names this address for one of its aspects."""
    with world.store.reading() as view:
        links = [AssetLink(ADDRESS, url)]
        return bool(find_twins(view, _lists(reader), links, limit=1).keys)


def register(world: World, twin: Twin, person: str) -> Twin | None:
    """A new twin in the registry; None where one of that id is there already."""
    with world.store.unit_of_work() as work:
        if kept_twin(work, twin.id) is not None:
            return None
        return _write(world, work, twin, "", person)


def put(world: World, twin: Twin, person: str) -> tuple[Twin, bool]:
    """A twin as it is from now on, and whether it is new; a known one keeps its birthday."""
    with world.store.unit_of_work() as work:
        before = kept_twin(work, twin.id)
        created = before.twin.created_at if before else ""
        return _write(world, work, twin, created, person), before is None


def remove(world: World, id: str) -> bool:
    """Take a twin out of the registry; False where there is none."""
    with world.store.unit_of_work() as work:
        return remove_twin(work, id)


def put_aspect(
    world: World, twin_id: str, aspect: Aspect, person: str, *, new: bool = False
) -> bool | None:
    """An aspect of a twin, and whether it is new; None: no such twin.

    With ``new`` one that is there already is left as it is, and False says so.
    """
    with world.store.unit_of_work() as work:
        kept = kept_twin(work, twin_id)
        if kept is None:
            return None
        fresh = all(a.id != aspect.id for a in kept.twin.aspects)
        if fresh or not new:
            changed = with_aspect(kept.twin, aspect)
            _write(world, work, changed, kept.twin.created_at, person)
        return fresh


def remove_aspect(world: World, twin_id: str, aspect_id: str, person: str) -> bool | None:
    """Take an aspect from a twin; False where it has none of that id, None: no such twin."""
    with world.store.unit_of_work() as work:
        kept = kept_twin(work, twin_id)
        if kept is None:
            return None
        if all(a.id != aspect_id for a in kept.twin.aspects):
            return False
        changed = without_aspect(kept.twin, aspect_id)
        _write(world, work, changed, kept.twin.created_at, person)
        return True


def add_asset_ids(world: World, twin_id: str, ids: Sequence[AssetId], person: str) -> bool:
    """Add identifiers to a twin, or say anew who may see one; False: there is no such twin."""
    with world.store.unit_of_work() as work:
        kept = kept_twin(work, twin_id)
        if kept is None:
            return False
        given = {(a.name, a.value) for a in ids}
        left = (a for a in kept.twin.asset_ids if (a.name, a.value) not in given)
        changed = replace(kept.twin, asset_ids=(*left, *ids))
        _write(world, work, changed, kept.twin.created_at, person)
        return True


def remove_asset_ids(world: World, twin_id: str, person: str) -> bool:
    """Take all identifiers from a twin; False where there is no such twin."""
    with world.store.unit_of_work() as work:
        kept = kept_twin(work, twin_id)
        if kept is None:
            return False
        changed = replace(kept.twin, asset_ids=())
        _write(world, work, changed, kept.twin.created_at, person)
        return True


def _write(world: World, work: UnitOfWork, twin: Twin, created: str, person: str) -> Twin:
    dated = replace(twin, created_at=created or created_text(world.clock.now()))
    write_twin(world, work, dated, person)
    return dated


def _lists(reader: str) -> tuple[str, ...]:
    return (OWNER,) if reader == OWNER else (reader, EVERY_PARTNER)


def _kept(stored: Any) -> KeptTwin:
    return KeptTwin(parse_shell(stored["descriptor"]), stored["views"])


def _seen(view: UnitOfWork, kept: KeptTwin, reader: str) -> bytes | None:
    if reader == OWNER:
        return shell_bytes(render_shell(kept.twin))
    released = released_view(view, kept, reader)
    return None if released is None else released.content
