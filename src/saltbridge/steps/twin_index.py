"""Finding twins: a sorted list per reader and link, kept as records of the store.

A list's rows are ``<name of the list>:<created>#<id of the twin>``, so that the primary key of
the store is the index. Each reader has lists of its own: what somebody finds, and how long it
takes, depends on nothing that he may not see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.exchange.twins import AssetLink, Twin, links_of, list_name
from saltbridge.ports import UnitOfWork

LINK: Final = "twin-link"
HERE: Final = canonical_bytes({})
GONE: Final = canonical_bytes({"gone": True})
_PAGE: Final = 64
_FEW: Final = 2  # rows that tell a list of one twin from the long ones
_MOST_PAGES: Final = 500  # of one search


@dataclass(frozen=True, slots=True)
class Found:
    """Keys (``created#id``) of a page, ascending, and after which one the next begins."""

    keys: tuple[str, ...]
    next: str = ""


def key_of(twin: Twin) -> str:
    """The key of a twin in every list."""
    return f"{twin.created_at}#{twin.id}"


def id_in(key: str) -> str:
    """The id of the twin that a key names."""
    return key.partition("#")[2]


def rows_of(twin: Twin, reader: str) -> list[str]:
    """Ids of the rows by which a reader finds a twin, as it stands before that reader."""
    lists = (list_name(reader, None), *(list_name(reader, k) for k in links_of(twin)))
    return [f"{name}:{key_of(twin)}" for name in lists]


def change_rows(work: UnitOfWork, before: Iterable[str], after: Iterable[str]) -> None:
    """Have the rows of ``after`` there, and those that were there before them gone."""
    old, new = set(before), set(after)
    fresh = sorted(new - old)
    known = work.get_many(LINK, fresh)
    work.put_new(LINK, {id: HERE for id in fresh if id not in known})
    for id in fresh:
        if id in known:
            work.put(LINK, id, HERE)
    for id in sorted(old - new):
        work.put(LINK, id, GONE)


def find_twins(
    view: UnitOfWork,
    readers: Sequence[str],
    links: Sequence[AssetLink],
    *,
    after: str = "",
    limit: int,
) -> Found:
    """Twins that have all the links, as one of ``readers`` sees them; those after a key.

    Without links, all that these readers see.
    """
    keys: set[str] = set()
    complete: list[str] = []  # up to where each reader's lists were gone through
    for reader in readers:
        names = [list_name(reader, link) for link in links] or [list_name(reader, None)]
        found, upto = _common(view, names, after, limit + 1)
        keys |= set(found)
        complete += [upto] if upto else []
    bound = min(complete, default="")
    sure = sorted(key for key in keys if not bound or key <= bound)
    if len(sure) > limit:
        return Found(tuple(sure[:limit]), sure[limit - 1])
    return Found(tuple(sure), bound)


def _common(view: UnitOfWork, names: list[str], after: str, most: int) -> tuple[list[str], str]:
    """Keys that are in all the lists, ascending, and up to where that is all of them.

    Empty where the lists were gone through. ``most`` keys end it, and so do many pages without
    any: then somebody has to ask again.
    """
    first, others, page, ended = _shortest_first(view, names, after)
    keys: list[str] = []
    for _ in range(_MOST_PAGES):
        hits = _in_all(view, others, page)
        keys += hits
        if len(keys) >= most:
            return keys[:most], keys[most - 1]
        if ended:
            return keys, ""
        after = page[-1]
        if not hits and others:
            # No list has anything to say before its own next row: go on from the farthest.
            steps = [_page(view, name, after, 1) for name in others]
            if not all(steps):
                return keys, ""
            after = max(step[0] for step in steps)
            keys += _in_all(view, [first, *others], [after])
            if len(keys) >= most:
                return keys[:most], keys[most - 1]
        page = _page(view, first, after, _PAGE)
        ended = len(page) < _PAGE
    return keys, after


def _shortest_first(
    view: UnitOfWork, names: list[str], after: str
) -> tuple[str, list[str], list[str], bool]:
    """The list to go along, the others, its first page, and whether that is all of it.

    A list that ends soon is the best one: most often an identifier of one twin.
    """
    pages: dict[str, list[str]] = {}
    for most in (_FEW, _PAGE):
        for name in names:
            pages[name] = _page(view, name, after, most)
            if len(pages[name]) < most:
                return name, [n for n in names if n != name], pages[name], True
    # All are sorted by one key: the list that gets farthest in a page has the fewest rows.
    first = max(names, key=lambda name: pages[name][-1])
    return first, [n for n in names if n != first], pages[first], False


def _page(view: UnitOfWork, name: str, after: str, limit: int) -> list[str]:
    """Keys of one list after a key; rows that are gone are passed over."""
    keys: list[str] = []
    start, skip = f"{name}:", f"{name}:{after}"
    while len(keys) < limit:
        rows = view.find(LINK, after=skip, limit=limit - len(keys))
        for row in rows:
            if not row.id.startswith(start):
                return keys
            if row.body == HERE:
                keys.append(row.id[len(start) :])
        if not rows:
            return keys
        skip = rows[-1].id
    return keys


def _in_all(view: UnitOfWork, names: list[str], keys: Sequence[str]) -> list[str]:
    left = list(keys)
    for name in names:
        there = view.get_many(LINK, [f"{name}:{key}" for key in left])
        left = [
            key
            for key in left
            if (row := there.get(f"{name}:{key}")) is not None and row.body == HERE
        ]
        if not left:
            break
    return left
