"""Counting days: a month as ordinals, who lived in a flat, when a month falls due.

Days are ordinals (`date.toordinal`), spans half-open: arrival counts, departure does not (6.4).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from hub.billing.prices import ordinal
from hub.month import Month


class Window(NamedTuple):
    """A month as rating looks at it."""

    first: str
    last: str
    start: int
    stop: int
    days: int

    @classmethod
    def of(cls, month: Month) -> "Window":
        """The window of a month."""
        start = month.first.toordinal()
        first, last = month.first.isoformat(), month.last.isoformat()
        return cls(first, last, start, start + month.days, month.days)

    def clip(self, begins: str, ends: str | None) -> tuple[int, int]:
        """The part of [begins, ends) inside the month; empty when start >= stop."""
        start = self.start if begins <= self.first else ordinal(begins)
        stop = self.stop if ends is None or ends > self.last else ordinal(ends)
        return start, stop


class Stay(NamedTuple):
    """A run of days on which the same number of persons is registered."""

    start: int
    stop: int
    persons: int
    idle: bool
    """Whether a payer among them is not employed."""


class Resident(NamedTuple):
    """A person registered in an account; `idle`: a payer who is not employed."""

    person: str
    arrived_on: str
    left_on: str | None
    idle: bool


def stays(window: Window, residents: Iterable[Resident]) -> list[Stay]:
    """The days of a month by the persons registered; they cover the whole month."""
    spans = []
    borders = {window.start, window.stop}
    for _, arrived_on, left_on, idle in residents:
        start, stop = window.clip(arrived_on, left_on)
        if start < stop:
            spans.append((start, stop, idle))
            borders.add(start)
            borders.add(stop)
    if len(borders) == 2:
        return [Stay(window.start, window.stop, len(spans), any(idle for *_, idle in spans))]
    return [
        Stay(start, stop, len(here), any(here))
        for start, stop in pairwise(sorted(borders))
        for here in ([idle for begin, end, idle in spans if begin <= start and stop <= end],)
    ]


def person_days(found: Sequence[Stay], start: int, stop: int) -> int:
    """Σ days registered inside a span (6.4)."""
    return sum(
        stay.persons * days
        for stay in found
        if (days := min(stay.stop, stop) - max(stay.start, start)) > 0
    )


def due_date(month: Month, due_day: int, shift: str, is_working: Callable[[date], bool]) -> date:
    """Until when a month is paid without penalty: a day of the next month (12.1, 12.2).

    Under `next_working_day` a day that is not worked moves to the next one that is.
    """
    day = month.plus(1).first.replace(day=due_day)
    while shift == "next_working_day" and not is_working(day):
        day += timedelta(days=1)
    return day
