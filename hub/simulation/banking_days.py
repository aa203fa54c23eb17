"""The days on which the banks of the simulation work (`exchange.md`, 11.2)."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import holidays

MOVED_OFF = {date(2026, 4, 20)}
MOVED_WORK = {date(2026, 4, 25)}
"""Days moved by the Council of Ministers in the years that a demo can reach."""


@cache
def _public(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("BY", years=year))


def is_banking(day: date) -> bool:
    """Whether banks work on `day`."""
    if day in MOVED_WORK:
        return True
    return day.weekday() < 5 and day not in MOVED_OFF and day not in _public(day.year)


def banking_days(first: date, last: date) -> Iterator[date]:
    """The banking days from `first` to `last`, both included."""
    days = (first + timedelta(days=at) for at in range((last - first).days + 1))
    return filter(is_banking, days)
