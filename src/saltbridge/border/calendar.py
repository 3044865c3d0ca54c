"""The day and the year on which a rule looks: those of the law's own clock."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

# China has one time zone and no summer time. The yearly counters of the 2024 provisions begin
# on 1 January there (Art. 7 and 8), which is 31 December, 16:00 UTC.
BEIJING: Final = timezone(timedelta(hours=8))


def legal_day(at: datetime, jurisdiction: str) -> date:
    """The calendar day at that moment where the law holds; UTC outside of China.

    >>> legal_day(datetime(2026, 12, 31, 16, tzinfo=UTC), "CN")
    datetime.date(2027, 1, 1)
    """
    return at.astimezone(BEIJING if jurisdiction == "CN" else UTC).date()


def counter_year(at: datetime) -> int:
    """The year whose counters of personal data hold at that moment: Beijing time.

    >>> counter_year(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    2026
    """
    return legal_day(at, "CN").year
