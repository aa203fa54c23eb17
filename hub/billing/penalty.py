"""Penalty (пеня) on overdue principal, cumulative and exact (`billing.md`, 12.4 and 23).

The total of a debt period is computed anew up to a day; what is posted is the total less what
was posted before. Amounts are kopecks, rates a day 1e6.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from hub.billing.line import CannotRate
from hub.money import SHARE, half_up
from hub.month import Month

ONE_DAY = timedelta(days=1)


class RateRow(NamedTuple):
    """A rate a day, 1e6, from a day up to a day (exclusive; None = open)."""

    first: date
    stop: date | None
    rate: int
    debt_date_after: date | None = None
    """When given, it holds only for debts formed later."""


class Paid(NamedTuple):
    """Principal paid on a day; what was taken back is negative."""

    day: date
    amount: int


class Overdue(NamedTuple):
    """The debt of one month: what was unpaid at its due date, and what was paid, whenever."""

    base: int
    due: date
    payments: Sequence[Paid] = ()


class Segment(NamedTuple):
    """A run of days with the same base and rate."""

    base: int
    rate: int
    days: int


class Run(NamedTuple):
    """A segment inside one posting month, with its first day."""

    start: date
    segment: Segment


def runs(
    debt: Overdue, first: date, last: date, rates: Sequence[RateRow], counted: bool = True
) -> list[Run]:
    """The days from `first` to `last` (inclusive) by base, rate and month, without a zero base.

    A payment lowers the base from the day after it, or from its own day when that is not
    `counted`. Raises `CannotRate` `no_rate` for a day that no row covers.
    """
    effective = sorted((paid.day + ONE_DAY * counted, paid.amount) for paid in debt.payments)
    found = []
    for start, days in _even(first, last, [day for day, _ in effective], rates):
        base = debt.base - sum(amount for day, amount in effective if day <= start)
        if base > 0:
            rate = rate_on(start, debt.due + ONE_DAY, rates)
            found.append(Run(start, Segment(base, rate, days)))
    return found


def _even(
    first: date, last: date, changes: Sequence[date], rates: Sequence[RateRow]
) -> Iterator[tuple[date, int]]:
    """(first day, days) of spans in which neither base nor rate can change, nor the month."""
    borders = {first, *changes}
    for row in rates:
        borders |= {row.first} if row.stop is None else {row.first, row.stop}
    month = Month.of(first).plus(1)
    while month.first <= last:
        borders.add(month.first)
        month = month.plus(1)
    inside = sorted(day for day in borders if first <= day <= last)
    for start, following in zip(inside, [*inside[1:], last + ONE_DAY], strict=True):
        yield start, (following - start).days


def rate_on(day: date, debt_date: date, rates: Sequence[RateRow]) -> int:
    """The rate of a day for a debt formed on a day: the last row that fits.

    Raises `CannotRate` `no_rate`.
    """
    for row in reversed(rates):
        fits = row.first <= day and (row.stop is None or day < row.stop)
        if fits and (row.debt_date_after is None or debt_date > row.debt_date_after):
            return row.rate
    raise CannotRate("no_rate", f"penalty {day}")


def segments(found: Sequence[Run]) -> list[Segment]:
    """Runs joined where base and rate go on."""
    joined = groupby((run.segment for run in found), key=lambda s: (s.base, s.rate))
    return [Segment(base, rate, sum(s.days for s in same)) for (base, rate), same in joined]


def total(found: Sequence[Run], rounding: str) -> int:
    """The penalty of a debt, kopecks, under a policy `penalty_rounding`.

    `per_posting` rounds once a month, for that is how often it is posted.
    """
    if rounding == "per_posting":
        exact: defaultdict[Month, int] = defaultdict(int)
        for start, (base, rate, days) in found:
            exact[Month.of(start)] += base * rate * days
        return sum(half_up(amount, SHARE) for amount in exact.values())
    parts = segments(found)
    if rounding == "per_segment":
        return sum(half_up(s.base * s.rate * s.days, SHARE) for s in parts)
    if rounding == "per_day":
        return sum(half_up(s.base * s.rate, SHARE) * s.days for s in parts)
    return half_up(sum(s.base * s.rate * s.days for s in parts), SHARE)
