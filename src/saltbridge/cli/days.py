"""Days as they are given in the terminal: YYYY-MM-DD, and no other way ISO 8601 knows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


def day_of(text: str) -> "date":
    """The day.

    Raises:
        FaultyInput: it is none.
    """
    from datetime import date

    from saltbridge.core.errors import FaultyInput
    from saltbridge.passport.part_types import is_day

    if not is_day(text):
        raise FaultyInput.of("passport.bad-date", found=text[:40])
    return date.fromisoformat(text)
