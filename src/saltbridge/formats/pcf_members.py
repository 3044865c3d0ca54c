"""How a data set's members are read and written: one row of a table for each field.

A row names the field (``footprint.supplier_figure``), the path of the member in the document
and how its value is spelled. What no row names stays in ``rest`` and is written back. Rendering
what was parsed gives an equal document; what a format cannot express is named, not dropped.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.quantity import is_number
from saltbridge.footprint.supplier_figure import Value

_DECIMAL = re.compile(r"-?\d{1,40}(\.\d{1,40})?")
_COMMA = re.compile(r"-?\d{1,40},\d{1,40}")


class Unreadable(Exception):
    """The value is not what the format says; ``code`` is the finding to make of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Carried(Exception):
    """The value is sound, yet no field of ours holds it whole: it stays where it is."""


class Inexpressible(Exception):
    """The format has no way to write this value."""


@dataclass(frozen=True)
class Spelling:
    """How one kind of value is read from JSON and written into it.

    ``loses`` names the parts of a value that writing leaves out.
    """

    read: Callable[[Any], Value]
    write: Callable[[Value], Any]
    loses: Callable[[Value], tuple[str, ...]] = lambda value: ()


@dataclass(frozen=True)
class Member:
    """A field and where it stands: ``a/0/b`` is the member b of the first entry of list a."""

    field: str
    path: str
    spelling: Spelling

    @property
    def steps(self) -> tuple[str | int, ...]:
        return tuple(int(s) if s.isdigit() else s for s in self.path.split("/"))


def parse_members(
    document: Any, members: Sequence[Member], name: str
) -> tuple[dict[str, Value], Any, tuple[Finding, ...]]:
    """The fields of a document, what is left of it, and everything that could not be read."""
    rest = deepcopy(document)
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    for pointer in _several(document, members):
        findings.append(finding("supplier.several-entries", Place(name, pointer=pointer)))
    for member in members:
        holder = _holder(rest, member.steps)
        if holder is None or member.steps[-1] not in holder:
            continue
        try:
            values[member.field] = member.spelling.read(holder[member.steps[-1]])
        except Carried:
            continue
        except Unreadable as fault:
            place = Place(name, pointer=f"/{member.path}")
            shown = str(holder[member.steps[-1]])[:60]
            findings.append(Finding(fault.code, {"value": shown}, place))
            continue
        del holder[member.steps[-1]]
    return values, rest, tuple(findings)


def render_members(values: Mapping[str, Value], rest: Any, members: Sequence[Member]) -> Any:
    """The document of these fields, with what was carried. Inexpressible values are left out:
    ``unexpressed`` names them."""
    document = deepcopy(rest) if rest is not None else {}
    for member in members:
        if member.field not in values:
            continue
        try:
            spelled = member.spelling.write(values[member.field])
        except Inexpressible:
            continue
        _set(document, member.steps, spelled)
    return document


def unexpressed(values: Mapping[str, Value], members: Sequence[Member]) -> tuple[str, ...]:
    """The fields, and the parts of fields, that these members cannot hold."""
    by_field = {m.field: m for m in members}
    lost: list[str] = []
    for field, value in values.items():
        member = by_field.get(field)
        if member is None:
            lost.append(field)
            continue
        try:
            member.spelling.write(value)
        except Inexpressible:
            lost.append(field)
            continue
        lost += [f"{field}/{part}" for part in member.spelling.loses(value)]
    return tuple(lost)


def leaves(rest: Any, pointer: str = "") -> Iterable[str]:
    """JSON pointers of the values in what was carried; empty containers hold none."""
    if isinstance(rest, Mapping):
        for key, value in rest.items():
            yield from leaves(value, f"{pointer}/{key}")
    elif isinstance(rest, list):
        for index, value in enumerate(rest):
            yield from leaves(value, f"{pointer}/{index}")
    else:
        yield pointer


def _several(document: Any, members: Sequence[Member]) -> list[str]:
    """Lists that hold more than the one entry that a data set about one product has."""
    found: dict[str, None] = {}
    for member in members:
        node: Any = document
        walked = ""
        for step in member.steps:
            if step == 0 and isinstance(node, list) and len(node) > 1:
                found[walked] = None
            node = _child(node, step)
            walked += f"/{step}"
    return list(found)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return node[step] if isinstance(node, list) and step < len(node) else None
    return node.get(step) if isinstance(node, Mapping) else None


def _holder(document: Any, steps: tuple[str | int, ...]) -> dict[str | int, Any] | None:
    node = document
    for step in steps[:-1]:
        node = _child(node, step)
    return node if isinstance(node, dict) else None


def _set(document: Any, steps: tuple[str | int, ...], value: Any) -> None:
    node = document
    for step, following in pairwise(steps):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if step == len(node):
                node.append(fresh)
            node = node[step]
        else:
            node = node.setdefault(step, fresh)
    node[steps[-1]] = value


# --- spellings ------------------------------------------------------------------------------


def _read_number(value: Any) -> Decimal:
    if isinstance(value, str):
        raise Unreadable("supplier.number-as-text")
    if not is_number(value):
        raise Unreadable("supplier.not-a-number")
    return Decimal(repr(value))


def _write_number(value: Value) -> Any:
    if not isinstance(value, Decimal):
        raise Inexpressible
    whole = value == value.to_integral_value() and abs(value) < 2**53
    return int(value) if whole else float(value)


def _digits_lost(value: Value) -> tuple[str, ...]:
    """A JSON number is a double: more than 17 digits do not survive it."""
    if isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
        return ("digits",)
    return ()


def _read_decimal(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise Unreadable("supplier.decimal-not-text")
    if _COMMA.fullmatch(value):
        raise Unreadable("supplier.decimal-comma")
    if not _DECIMAL.fullmatch(value):
        raise Unreadable("supplier.not-a-number")
    return Decimal(value)


def _write_decimal(value: Value) -> str:
    if not isinstance(value, Decimal):
        raise Inexpressible
    return f"{value:f}"


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unreadable("supplier.not-a-text")
    return value


def _write_text(value: Value) -> str:
    if not isinstance(value, str):
        raise Inexpressible
    return value


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("supplier.not-a-flag")
    return value


def _write_flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Inexpressible
    return value


def _read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Unreadable("supplier.not-a-list")
    if not all(isinstance(v, str) for v in value):
        raise Carried
    return tuple(value)


def _write_texts(value: Value) -> list[str]:
    if not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
        raise Inexpressible
    return [v for v in value if isinstance(v, str)]


def _read_single(value: Any) -> tuple[str, ...]:
    return (_read_text(value),)


def _write_single(value: Value) -> str:
    texts = _write_texts(value)
    if len(texts) != 1:
        raise Inexpressible
    return texts[0]


NUMBER = Spelling(_read_number, _write_number, _digits_lost)
DECIMAL = Spelling(_read_decimal, _write_decimal)
TEXT = Spelling(_read_text, _write_text)
FLAG = Spelling(_read_flag, _write_flag)
TEXTS = Spelling(_read_texts, _write_texts)
ONE_OF_TEXTS = Spelling(_read_single, _write_single)


def worded(base: Spelling, words: Mapping[str, str]) -> Spelling:
    """Texts whose words differ: ``words`` is this format's word -> ours. Others stay."""
    back = {ours: theirs for theirs, ours in words.items()}

    def read(value: Any) -> Value:
        found = base.read(value)
        if isinstance(found, tuple):
            return tuple(words.get(str(v), str(v)) for v in found)
        return words.get(str(found), str(found))

    def write(value: Value) -> Any:
        if isinstance(value, tuple):
            return base.write(tuple(back.get(str(v), str(v)) for v in value))
        return base.write(back.get(value, value) if isinstance(value, str) else value)

    return Spelling(read, write)


def attested(names: Mapping[str, str], *, single: bool) -> Spelling:
    """Statements of conformance: ``names`` is this format's member -> our name.

    ``single``: the format holds one object, else a list of them.
    """
    back = {ours: theirs for theirs, ours in names.items()}

    def read(value: Any) -> Value:
        entries = [value] if single else value
        if not isinstance(entries, list):
            raise Unreadable("supplier.not-a-list")
        found = []
        for entry in entries:
            if not isinstance(entry, Mapping):
                raise Unreadable("supplier.not-an-object")
            if not set(entry) <= set(names) or not all(
                isinstance(v, str) for v in entry.values()
            ):
                raise Carried
            found.append({names[k]: v for k, v in entry.items()})
        return tuple(found)

    def write(value: Value) -> Any:
        if not isinstance(value, tuple) or (single and len(value) != 1):
            raise Inexpressible
        entries = [
            {back[k]: v for k, v in entry.items() if k in back}
            for entry in value
            if isinstance(entry, Mapping)
        ]
        return entries[0] if single else entries

    def loses(value: Value) -> tuple[str, ...]:
        if not isinstance(value, tuple):
            return ()
        return tuple(
            f"{index}/{key}"
            for index, entry in enumerate(value)
            if isinstance(entry, Mapping)
            for key in entry
            if key not in back
        )

    return Spelling(read, write, loses)
