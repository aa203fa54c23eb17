"""When the other side acts, and what it does then (`architecture.md`, 10.2 and 10.5)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from hub.clock import MINSK
from hub.month import Month
from hub.simulation.banking_days import banking_days
from hub.simulation.payments import FIRST_DAY, LAST_DAY

FIRST_MONTH = Month(2026, 9)
"""The first charged month, p1."""


class Act(Enum):
    """What can be due; acts of one instant are done in the order in which they stand here."""

    LOAD = "the first load of the town"
    EXPORT = "the three exports of АИС again"
    READINGS = "readings of water and gas"
    SIGNED_READINGS = "the gas readings again, now signed"
    CORRECTED_READINGS = "the three bad water readings, right"
    FORGED_READINGS = "water readings that the heating supplier signs"
    TRANSFERS = "registers of transferred payments, 210"
    REPLY = "replies to lists of demands, 204"
    NOTICES = "notices of payments, 206"
    REVERSAL = "a reversal, 216"
    STATEMENT = "the bank statement, camt.053"
    COLLECT = "a last look into the outboxes"


class Due(NamedTuple):
    """An act and its instant."""

    instant: datetime
    act: Act


def timetable(months: int) -> list[Due]:
    """All acts of a demo of so many charged months, in order."""
    order = list(Act)
    return sorted(_acts(months), key=lambda due: (due.instant, order.index(due.act)))


def _acts(months: int) -> Iterator[Due]:
    start, last = FIRST_MONTH.plus(-1).last, FIRST_MONTH.plus(months).last
    yield Due(_at(start, 9), Act.LOAD)
    for month in map(FIRST_MONTH.plus, range(months)):
        yield Due(_at(month.first.replace(day=25), 12), Act.READINGS)
    for month in map(FIRST_MONTH.plus, range(months + 1)):
        yield Due(_at(month.first.replace(day=28), 9), Act.EXPORT)
    yield from _bad_readings()
    for month in map(FIRST_MONTH.plus, range(1, months + 1)):
        yield from _collecting(month)
    for day in banking_days(start, last):
        yield Due(_at(day, 9), Act.TRANSFERS)
        yield Due(_at(day, 19), Act.STATEMENT)
    yield Due(_at(last, 22), Act.COLLECT)


def _bad_readings() -> Iterator[Due]:
    read = FIRST_MONTH.first.replace(day=25)
    yield Due(_at(read, 12, 20), Act.SIGNED_READINGS)
    yield Due(_at(read + timedelta(days=1), 12), Act.CORRECTED_READINGS)
    yield Due(_at(read + timedelta(days=2), 12), Act.FORGED_READINGS)


def _collecting(month: Month) -> Iterator[Due]:
    yield Due(_at(month.first, 1, 10), Act.REPLY)
    yield Due(_at(month.first, 1, 20), Act.REPLY)
    for number in range(FIRST_DAY, LAST_DAY + 1):
        day = month.first.replace(day=number)
        yield Due(_at(day, 12), Act.NOTICES)
        yield Due(_at(day, 16), Act.NOTICES)
        if month == FIRST_MONTH.plus(1):
            yield Due(_at(day, 17), Act.REVERSAL)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=MINSK)
