"""Belarusian working days, with the days that were moved."""

from datetime import date, datetime

import pytest

from hub.clock import MINSK
from hub.exchange.calendar import is_open, next_cutoff
from hub.settings import Cutoff


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-04-17", True),  # Friday
        ("2026-04-20", False),  # moved to the 25th
        ("2026-04-21", False),  # Radunitsa
        ("2026-04-25", True),  # a worked Saturday
        ("2026-05-01", False),
        ("2026-07-03", False),
        ("2026-11-07", False),
        ("2026-12-25", False),
        ("2026-03-09", True),  # a holiday on Sunday the 8th does not move by itself
    ],
)
def test_working_days(day: str, works: bool) -> None:
    """Weekends, public holidays and moved days are told from working days."""
    assert is_open(date.fromisoformat(day), "BY-work", {}) is works


def test_the_override_table_wins() -> None:
    """A day that the instance declares off or worked is what it says."""
    assert not is_open(date(2026, 9, 1), "BY-bank", {"2026-09-01": "off"})
    assert is_open(date(2026, 9, 5), "BY-bank", {"2026-09-05": "work"})


def test_all_days_count_in_the_plain_calendar() -> None:
    """The plain calendar has no days off."""
    assert is_open(date(2026, 1, 1), "calendar", {})


@pytest.mark.parametrize(
    ("received", "window"),
    [
        ("2026-04-17T18:00:00", "2026-04-17T18:00:00"),
        ("2026-04-17T18:00:01", "2026-04-22T18:00:00"),
        ("2026-04-24T18:30:00", "2026-04-25T18:00:00"),
        ("2026-04-30T18:05:00", "2026-05-04T18:00:00"),
        ("2026-07-02T18:00:01", "2026-07-06T18:00:00"),
        ("2026-12-24T19:00:00", "2026-12-28T18:00:00"),
    ],
)
def test_the_window_of_a_file(received: str, window: str) -> None:
    """The cases of the specification: a cut-off at 18:00 on working days."""
    at = datetime.fromisoformat(received).replace(tzinfo=MINSK)
    expected = datetime.fromisoformat(window).replace(tzinfo=MINSK)
    assert next_cutoff(at, Cutoff(times=("18:00",)), {}) == expected
