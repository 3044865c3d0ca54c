"""Findings: faults in data, as data.

Faulty data gives findings and all of them come at once; faulty calls raise. A finding
carries no text: its code and its remedy are message ids of the catalogues in
``saltbridge.locales``, so that a person reads it in English, German or Chinese.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Argument: TypeAlias = str | int | float


class Severity(StrEnum):
    """How much a finding weighs: an error stops the work, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file with its row and column, or a pointer into a document.

    ``row`` is the line a person sees in an editor or a spreadsheet (the first line is 1);
    ``column`` is the heading; ``pointer`` is an RFC 6901 JSON pointer.
    """

    file: str = ""
    row: int | None = None
    column: str = ""
    pointer: str = ""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"{self.row}")
        text = ":".join(parts)
        if self.column:
            text = f"{text} [{self.column}]" if text else f"[{self.column}]"
        if self.pointer:
            text = f"{text} {self.pointer}" if text else self.pointer
        return text


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should know about the data: what, where, and what to do."""

    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    place: Place = NOWHERE
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", MappingProxyType(dict(self.arguments)))
        if not self.remedy:
            object.__setattr__(self, "remedy", f"{self.code}.remedy")

    def __reduce__(self) -> tuple[type["Finding"], tuple[object, ...]]:
        """For another process: a mapping that nobody can write to does not travel."""
        told = dict(self.arguments)
        return Finding, (self.code, told, self.place, self.remedy, self.severity)


def finding(
    code: str,
    place: Place = NOWHERE,
    *,
    severity: Severity = Severity.ERROR,
    remedy: str = "",
    **arguments: Argument,
) -> Finding:
    """A finding whose remedy is the message ``<code>.remedy`` unless one is named.

    >>> finding("inventory.unknown-unit", Place("exchanges.csv", 7, "unit"), unit="kgg").remedy
    'inventory.unknown-unit.remedy'
    """
    return Finding(code, arguments, place, remedy, severity)


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop the work, in their order."""
    return tuple(f for f in findings if f.severity is Severity.ERROR)
