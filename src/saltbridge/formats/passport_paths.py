"""Places in a JSON document: get, put, take away, list the leaves.

A path is written ``part/member/0/member``; a number is an index into a list. A leaf is a value
that holds no others: a text, a number, a flag, null, or an empty container.
"""

from collections.abc import Mapping
from enum import Enum
from itertools import pairwise
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


class Missing(Enum):
    """No such place: not the same as null."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def steps(path: str) -> Path:
    """The steps of a written path.

    >>> steps("P6/BatteryMaterials/0/Name")
    ('P6', 'BatteryMaterials', 0, 'Name')
    """
    return tuple(int(s) if s.isdigit() else s for s in path.split("/"))


def pointer(path: Path) -> str:
    """The RFC 6901 pointer of a path.

    >>> pointer(("a/b", 0))
    '/a~1b/0'
    """
    return "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in path)


def printable(text: str) -> str:
    r"""The text with everything escaped that no terminal should obey.

    >>> printable("a\u202eb\x1b[2J")
    'a\\u202eb\\x1b[2J'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def get(document: Any, path: str | Path) -> Any:
    """What stands at the path; ``MISSING`` where there is no such place."""
    node = document
    for step in steps(path) if isinstance(path, str) else path:
        if isinstance(step, int):
            if not isinstance(node, list) or step >= len(node):
                return MISSING
            node = node[step]
        else:
            if not isinstance(node, Mapping) or step not in node:
                return MISSING
            node = node[step]
    return node


def put(document: Any, path: str | Path, value: Any) -> bool:
    """Set the value at the path, with the containers on the way; False where that cannot be."""
    way = steps(path) if isinstance(path, str) else path
    node = document
    for step, following in pairwise(way):
        fresh: Any = [] if isinstance(following, int) else {}
        if not _settle(node, step, fresh):
            return False
        node = node[min(step, len(node) - 1) if isinstance(step, int) else step]
    last = way[-1]
    if isinstance(last, int):
        if not isinstance(node, list):
            return False
        node[last : last + 1] = [value]
        return True
    if not isinstance(node, dict):
        return False
    node[last] = value
    return True


def _settle(node: Any, step: str | int, fresh: Any) -> bool:
    """Make sure that a container stands at the step; an emptied place may become one."""
    if isinstance(step, int):
        if not isinstance(node, list):
            return False
        if step >= len(node):
            node.append(fresh)
        elif _emptied(node[step], fresh):
            node[step] = fresh
        return True
    if not isinstance(node, dict):
        return False
    if _emptied(node.get(step, MISSING), fresh):
        node[step] = fresh
    return True


def _emptied(node: Any, fresh: Any) -> bool:
    """Whether nothing is left at a place that has to hold another kind of container."""
    if type(node) is type(fresh):
        return False
    return not isinstance(node, dict | list) or all(
        leaf is MISSING for leaf in leaves(node).values()
    )


def swept(node: Any) -> Any:
    """The document without its emptied places, and without what held nothing else."""
    if isinstance(node, dict):
        kept = {k: swept(v) for k, v in node.items()}
        node_left = {k: v for k, v in kept.items() if v is not MISSING}
        return MISSING if node and not node_left else node_left
    if isinstance(node, list):
        entries = [e for e in map(swept, node) if e is not MISSING]
        return MISSING if node and not entries else entries
    return node


def leaves(document: Any) -> dict[Path, Any]:
    """The leaves of a document by path, in their order."""
    found: dict[Path, Any] = {}
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, Mapping) and node:
            waiting += [((*path, key), node[key]) for key in reversed(list(node))]
        elif isinstance(node, list) and node:
            waiting += [((*path, at), node[at]) for at in range(len(node) - 1, -1, -1)]
        elif path:
            found[path] = node
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two leaves say the same: 20 and 20.0 do, 1 and true do not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return type(one) is not Missing and type(other) is not Missing and bool(one == other)
