"""Where a number or a rule comes from, and how sure we are of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How the text behind a number or rule was seen. The mark travels into every result."""

    READ = "read"  # read in the source itself
    SECONDARY = "secondary"  # read in a careful source that quotes it
    COMPUTED = "computed"  # worked out here from values that carry their own sources
    MEASURED = "measured"  # company-specific activity data
    RECALLED = "recalled"  # from memory: to be checked before anyone relies on it
    ILLUSTRATIVE = "illustrative"  # invented to show the path; never a claim about the world


_WEAKEST_FIRST = (
    Confidence.ILLUSTRATIVE,
    Confidence.RECALLED,
    Confidence.SECONDARY,
    Confidence.COMPUTED,
    Confidence.READ,
    Confidence.MEASURED,
)


def weakest(marks: Iterable[Confidence]) -> Confidence | None:
    """The weakest of the marks: a sum is as sure as the weakest number in it. None of none.

    >>> weakest([Confidence.READ, Confidence.RECALLED]).value
    'recalled'
    """
    found = set(marks)
    return next((mark for mark in _WEAKEST_FIRST if mark in found), None)


@dataclass(frozen=True, slots=True)
class Source:
    """Citation, licence and confidence of a value.

    ``read_on`` is the ISO date on which the source was read, where known.
    """

    citation: str
    licence: str
    confidence: Confidence
    read_on: str = ""
