"""One cell of an inventory: text to value and back, driven by the types of the model.

A column is a field of a dataclass in ``footprint.model``; its type hint says how a cell is
read, so that a new field needs no change here. What the type cannot say (bounds and
vocabularies) stands in ``inventory_columns``.
"""

import math
import re
import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.quantity import is_unit
from saltbridge.formats.inventory_columns import note_on

LIST_SEPARATOR = ";"
NOT_COLUMNS = frozenset({"place", "unknown"})

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WITH_COMMA = re.compile(r"[+-]?[0-9][0-9., ']*,[0-9., ']*[0-9](?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = frozenset({"nan", "inf", "infinity", "-nan", "1.#inf", "1.#qnan"})
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# What XML cannot hold, and no person types on purpose; tab and line feed are fine.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_MAX_DIGITS = 400  # longer than any float written out in full


class Kind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    FLAG = "true/false"
    CHOICE = "choice"
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the model, as a column of a table or a key of the TOML file."""

    name: str
    kind: Kind
    required: bool
    default: Any
    read: Callable[[str], Any]  # for a choice: its type
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class CellFault(Exception):
    """The cell cannot be read; ``finding`` says why."""

    def __init__(self, fault: Finding) -> None:
        super().__init__(fault.code)
        self.finding = fault


def columns_of(owner: Any, table: str, leaving_out: tuple[str, ...] = ()) -> tuple[Column, ...]:
    """The columns of a dataclass of the model, required ones first.

    ``table`` is the table or section name under which the columns are documented.
    """
    return _columns_of(owner, table, leaving_out)


@lru_cache(maxsize=64)
def _columns_of(owner: Any, table: str, leaving_out: tuple[str, ...]) -> tuple[Column, ...]:
    hints = get_type_hints(owner)
    columns = [
        _column(f.name, hints[f.name], f.default, f.default_factory, table)
        for f in fields(owner)
        if f.name not in NOT_COLUMNS and f.name not in leaving_out
    ]
    # What a person must fill in comes first; what every row has (source, licence) comes last.
    common = {f.name for base in owner.__mro__[1:-1] for f in fields(base)}
    return tuple(sorted(columns, key=lambda c: (not c.required, c.name in common)))


def _column(name: str, hint: Any, default: Any, factory: Any, table: str) -> Column:
    parts = (hint,)
    if get_origin(hint) in (Union, types.UnionType):
        parts = tuple(p for p in get_args(hint) if p is not type(None))
    (kind_of_value,) = parts
    note = note_on(table, name)
    choices = note.choices
    if get_origin(kind_of_value) is tuple:
        kind = Kind.LIST
    elif issubclass(kind_of_value, Enum):
        kind = Kind.CHOICE
        choices = tuple(str(member.value) for member in kind_of_value if member.value)
    else:
        kind = {
            bool: Kind.FLAG,
            int: Kind.INTEGER,
            float: Kind.NUMBER,
            date: Kind.DATE,
            str: Kind.CHOICE if choices else Kind.TEXT,
        }[kind_of_value]
    if factory is not MISSING:
        default = factory()
    return Column(
        name=name,
        kind=kind,
        required=default is MISSING,
        default=default,
        read=kind_of_value if kind is Kind.CHOICE else str,
        choices=choices,
        minimum=note.minimum,
        maximum=note.maximum,
    )


def read_cell(text: str, column: Column, place: Place) -> Any:
    """The value of a text cell; the default of the column where the cell is empty.

    Raises:
        CellFault: the cell holds no value of this column.
    """
    text = plain(text, place)
    if not text:
        if column.required:
            raise _fault("inventory.missing-value", place, column=column.name)
        return column.default
    match column.kind:
        case Kind.TEXT:
            if column.name == "unit" and not is_unit(text):
                raise _fault("inventory.unknown-unit", place, unit=shortened(text))
            return text
        case Kind.CHOICE:
            if text not in column.choices:
                allowed = ", ".join(column.choices)
                raise _fault(
                    "inventory.unknown-value", place, value=shortened(text), allowed=allowed
                )
            return column.read(text)
        case Kind.NUMBER:
            return _in_bounds(text, column, place)
        case Kind.INTEGER:
            number = _in_bounds(text, column, place)
            if number != int(number):
                raise _fault("inventory.not-an-integer", place, value=shortened(text))
            return int(number)
        case Kind.FLAG:
            if text.lower() not in _FLAGS:
                raise _fault("inventory.not-a-flag", place, value=shortened(text))
            return _FLAGS[text.lower()]
        case Kind.DATE:
            return _date(text, place)
        case Kind.LIST:
            items = (item.strip() for item in text.split(LIST_SEPARATOR))
            return tuple(item for item in items if item)


def read_value(value: object, column: Column, place: Place) -> Any:
    """The value of a TOML key; texts are read like cells.

    Raises:
        CellFault: the value is none of this key.
    """
    if column.kind is Kind.LIST:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _fault("inventory.not-a-list", place, value=shortened(str(value)))
        items = (plain(item, place) for item in value)
        return tuple(item for item in items if item)
    if isinstance(value, str):
        return read_cell(value, column, place)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if column.kind in (Kind.NUMBER, Kind.INTEGER) and is_number:
        return read_cell(repr(value), column, place)
    if column.kind is Kind.FLAG and isinstance(value, bool):
        return value
    if column.kind is Kind.DATE and isinstance(value, date) and not isinstance(value, datetime):
        return value
    code = {
        Kind.NUMBER: "inventory.not-a-number",
        Kind.INTEGER: "inventory.not-an-integer",
        Kind.FLAG: "inventory.not-a-flag",
        Kind.DATE: "inventory.bad-date",
    }.get(column.kind, "inventory.not-text")
    raise _fault(code, place, value=shortened(str(value)))


def write_cell(value: Any) -> str:
    """The text of a value; ``read_cell`` gives the value back (floats exactly).

    Raises:
        FaultyInput: an item of a list holds the separator of lists.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case float():
            return repr(value)
        case date():
            return value.isoformat()
        case tuple():
            if any(LIST_SEPARATOR in item for item in value):
                raise FaultyInput([finding("inventory.separator-in-list", value=str(value))])
            return LIST_SEPARATOR.join(value)
        case _:
            return str(value)


def plain(text: str, place: Place) -> str:
    """The text without surrounding blanks, its lines ended by a line feed.

    Raises:
        CellFault: the text holds a control character.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip().strip("\ufeff")
    if match := _CONTROL.search(text):
        raise _fault("inventory.control-character", place, character=f"U+{ord(match[0]):04X}")
    return text


def shortened(text: str) -> str:
    """The text as it is quoted in a finding: one line, at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def _number(text: str, place: Place) -> float:
    if len(text) <= _MAX_DIGITS and _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
        raise _fault("inventory.not-finite", place, value=shortened(text))
    if text.lower().lstrip("+-") in _NOT_FINITE:
        raise _fault("inventory.not-finite", place, value=text)
    if _WITH_COMMA.fullmatch(text):
        raise _fault("inventory.decimal-comma", place, value=shortened(text))
    raise _fault("inventory.not-a-number", place, value=shortened(text))


def _in_bounds(text: str, column: Column, place: Place) -> float:
    number = _number(text, place)
    low, high = column.minimum, column.maximum
    if high is None and low == 0 and number < 0:
        raise _fault(
            "inventory.negative-amount", place, column=column.name, value=shortened(text)
        )
    if (low is not None and number < low) or (high is not None and number > high):
        raise _fault(
            "inventory.out-of-range",
            place,
            column=column.name,
            value=shortened(text),
            low="" if low is None else f"{low:g}",
            high="" if high is None else f"{high:g}",
        )
    return number


def _date(text: str, place: Place) -> date:
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # 2026-02-30: the same finding as any other bad date
    raise _fault("inventory.bad-date", place, value=shortened(text))


def _fault(code: str, place: Place, **arguments: Any) -> CellFault:
    return CellFault(finding(code, place, **arguments))
