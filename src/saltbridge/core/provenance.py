"""Where a number or a rule comes from, and how sure we are of it."""

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


@dataclass(frozen=True, slots=True)
class Source:
    """Citation, licence and confidence of a value.

    ``read_on`` is the ISO date on which the source was read, where known.
    """

    citation: str
    licence: str
    confidence: Confidence
    read_on: str = ""
