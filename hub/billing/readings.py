"""The checks of a reading (`billing.md`, 8.3): in the order of the table, the strongest wins.

Values 1e6, days ISO text. Checks that need a file other than a register of readings (units,
coefficients, sums of zones, windows of payments) belong to their own intake.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from hub.billing.prices import ordinal
from hub.money import QUANTITY, SHARE

ACCEPT, HOLD, REFUSE = "accept", "hold", "refuse"
ACTIONS = {
    "reading_digits": REFUSE,
    "reading_future": REFUSE,
    "reading_inactive_meter": REFUSE,
    "reading_conflict": HOLD,
    "reading_negative": HOLD,
    "reading_high": HOLD,
}
"""Findings that do more than warn."""
HISTORY_DAYS = 366
"""The daily mean is over about a year."""


class Gauge(NamedTuple):
    """What the checks ask of a meter."""

    digits: int
    installed_on: str | None = None
    removed_on: str | None = None
    verified_until: str | None = None


class Limits(NamedTuple):
    """Policies of section 17 about readings; `low_factor` 1e6."""

    high_factor: int
    low_factor: int
    rollover_part: int
    max_gap_days: int


class Taken(NamedTuple):
    """A value on a day."""

    day: str
    value: int


class Mean(NamedTuple):
    """Daily consumption: a volume over days."""

    volume: int
    days: int


class Checked(NamedTuple):
    """The findings in order, the strongest action, and the consumption where it was computed."""

    findings: tuple[str, ...]
    action: str
    consumption: int | None = None
    known: bool = False
    """The same value of the same day is stored already."""


def check(
    gauge: Gauge,
    reading: Taken,
    received_on: str,
    past: Sequence[Taken],
    limits: Limits,
    closed_until: str = "",
    mean: Mean | None = None,
) -> Checked:
    """Check a reading against the meter and the accepted readings before and on its day.

    `mean` replaces the daily mean of `past`; `closed_until` is the last day of closed months.
    """
    refused = next(_refusals(gauge, reading, received_on), None)
    if refused is not None:
        return Checked((refused,), REFUSE)
    same_day = [taken.value for taken in past if taken.day == reading.day]
    if reading.value in same_day:
        return Checked((), ACCEPT, known=True)
    findings = ["reading_conflict"] if same_day else []
    if reading.day <= closed_until:
        findings.append("reading_closed_period")
    before = [taken for taken in past if taken.day < reading.day]
    more, consumption = _compared(gauge, reading, before, limits, mean)
    findings += more
    actions = {ACTIONS.get(finding, ACCEPT) for finding in findings}
    return Checked(tuple(findings), HOLD if HOLD in actions else ACCEPT, consumption)


def _refusals(gauge: Gauge, reading: Taken, received_on: str) -> Iterator[str]:
    if not 0 <= reading.value < 10**gauge.digits * QUANTITY:
        yield "reading_digits"
    if reading.day > received_on:
        yield "reading_future"
    early = gauge.installed_on is not None and reading.day < gauge.installed_on
    late = gauge.removed_on is not None and reading.day > gauge.removed_on
    if early or late:
        yield "reading_inactive_meter"


def _compared(
    gauge: Gauge, reading: Taken, before: Sequence[Taken], limits: Limits, mean: Mean | None
) -> tuple[list[str], int | None]:
    """The checks against the reading before, and the consumption since."""
    if not before:
        return list(_dated(gauge, reading, None, limits)), None
    last, findings = before[-1], []
    consumption = reading.value - last.value
    if consumption < 0:
        capacity = 10**gauge.digits * QUANTITY
        consumption += capacity
        if consumption * limits.rollover_part > capacity:
            return ["reading_negative"], None
        findings.append("reading_rollover")
    days = ordinal(reading.day) - ordinal(last.day)
    findings += _unusual(consumption, days, mean or _mean(gauge, before), limits)
    return [*findings, *_dated(gauge, reading, last, limits)], consumption


def _unusual(consumption: int, days: int, mean: Mean | None, limits: Limits) -> Iterator[str]:
    if consumption == 0:
        yield "reading_zero"
    if mean is None or not mean.volume:
        return
    usual = mean.volume * days
    if consumption * mean.days > limits.high_factor * usual:
        yield "reading_high"
    if 0 < consumption * mean.days * SHARE < limits.low_factor * usual:
        yield "reading_low"


def _dated(gauge: Gauge, reading: Taken, last: Taken | None, limits: Limits) -> Iterator[str]:
    if gauge.verified_until is not None and reading.day > gauge.verified_until:
        yield "reading_unverified"
    if last is not None and ordinal(reading.day) - ordinal(last.day) > limits.max_gap_days:
        yield "reading_gap"


def _mean(gauge: Gauge, before: Sequence[Taken]) -> Mean | None:
    """The daily mean of the last year of history; None while there is none."""
    since = (date.fromisoformat(before[-1].day) - timedelta(days=HISTORY_DAYS)).isoformat()
    first = next(taken for taken in before if taken.day >= since)
    days = ordinal(before[-1].day) - ordinal(first.day)
    if not days:
        return None
    capacity = 10**gauge.digits * QUANTITY
    return Mean((before[-1].value - first.value) % capacity, days)
