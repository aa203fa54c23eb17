"""Working and banking days of Belarus (`exchange.md`, 11.2).

Public holidays come from the `holidays` package; days moved by the Council of Ministers from
the table here, which the instance's own `days_off` overrides. `BY-bank` equals `BY-work`.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache

import holidays

from hub.clock import MINSK
from hub.settings import Cutoff

MOVED_OFF = ("2025-01-06", "2025-04-28", "2025-07-04", "2025-12-26", "2026-04-20")
MOVED_WORK = ("2025-01-11", "2025-04-26", "2025-07-12", "2025-12-20", "2026-04-25")
_OFF = {date.fromisoformat(day) for day in MOVED_OFF}
_WORK = {date.fromisoformat(day) for day in MOVED_WORK}
LAST_MOVED_YEAR = 2026
"""The latest year for which moved days were published and entered here."""


@cache
def _public(year: int) -> frozenset[date]:
    # names that speak of moved days off are left to our own table, which is dated and sourced
    days = holidays.country_holidays("BY", years=year, language="en_US")
    return frozenset(day for day, name in days.items() if "substituted" not in name.lower())


def is_open(day: date, calendar: str, overrides: Mapping[str, str]) -> bool:
    """Whether a day counts in a calendar: `calendar` (all days), `BY-work`, `BY-bank`."""
    if calendar == "calendar":
        return True
    decided = overrides.get(day.isoformat())
    if decided is not None:
        return decided == "work"
    if day in _WORK:
        return True
    return day.weekday() < 5 and day not in _OFF and day not in _public(day.year)


def next_cutoff(at: datetime, cutoff: Cutoff, overrides: Mapping[str, str]) -> datetime:
    """The first cut-off not earlier than `at`; at its very second a file is in time (11.3)."""
    times = sorted(time.fromisoformat(text) for text in cutoff.times)
    day = at.astimezone(MINSK).date()
    while True:
        if is_open(day, cutoff.calendar, overrides):
            for hour in times:
                instant = datetime.combine(day, hour, MINSK)
                if instant >= at:
                    return instant
        day += timedelta(days=1)
