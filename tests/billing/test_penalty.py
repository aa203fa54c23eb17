"""Penalty: cumulative, exact, and the same day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.billing.line import CannotRate
from hub.billing.penalty import Overdue, Paid, RateRow, rate_on, runs, segments, total
from hub.money import SHARE, half_up

DUE = date(2026, 3, 25)
RATES = [
    RateRow(date(2014, 1, 1), None, 3000),
    RateRow(date(2026, 4, 10), date(2026, 4, 15), 0),
    RateRow(date(2026, 4, 20), date(2026, 4, 22), 1000, debt_date_after=date(2026, 6, 1)),
]


def after(days: int) -> date:
    return DUE + timedelta(days=days)


@given(
    base=st.integers(-1000, 10**7),
    payments=st.lists(st.tuples(st.integers(-30, 90), st.integers(1, 10**6)), max_size=5),
    days=st.integers(1, 80),
    counted=st.booleans(),
)
def test_segments_equal_counting_each_day(
    base: int, payments: list[tuple[int, int]], days: int, counted: bool
) -> None:
    """Runs of days give what each day by itself gives, and an overpaid debt accrues nothing."""
    debt = Overdue(base, DUE, [Paid(after(day), amount) for day, amount in payments])
    found = runs(debt, after(1), after(days), RATES, counted)

    exact = 0
    for day in range(1, days + 1):
        paid = sum(amount for on, amount in payments if on + counted <= day)
        exact += max(0, base - paid) * rate_on(after(day), after(1), RATES)
    assert total(found, "per_debt_period") == half_up(exact, SHARE)
    assert all(s.base > 0 for s in segments(found))


@given(base=st.integers(1, 10**6), cuts=st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_postings_add_up_to_the_total(base: int, cuts: list[int]) -> None:
    """However often it is posted, what was posted is the rounded total: no drift."""
    debt, posted = Overdue(base, DUE), 0
    for cut in sorted(cuts):
        posted += total(runs(debt, after(1), after(cut), RATES), "per_debt_period") - posted

    assert posted == total(runs(debt, after(1), after(max(cuts)), RATES), "per_debt_period")


def test_a_payment_taken_back_is_as_if_it_never_was() -> None:
    """The mirrored payment has the day of the first; the pair changes nothing."""
    pair = [Paid(after(3), 500), Paid(after(3), -500)]

    with_pair = segments(runs(Overdue(900, DUE, pair), after(1), after(9), RATES))

    assert with_pair == segments(runs(Overdue(900, DUE), after(1), after(9), RATES))


def test_the_day_of_payment_may_be_free() -> None:
    """Under `not_counted` a payment lowers the base on its own day."""
    debt = Overdue(10_000, DUE, [Paid(after(5), 10_000)])

    assert total(runs(debt, after(1), after(9), RATES), "per_debt_period") == 150
    assert total(runs(debt, after(1), after(9), RATES, counted=False), "per_debt_period") == 120


def test_each_posting_may_be_rounded() -> None:
    """Under `per_posting` each month is rounded: 6 days of March, 9 of April."""
    found = runs(Overdue(1_501, DUE), after(1), after(15), RATES)

    assert total(found, "per_posting") == half_up(1501 * 6 * 3, 1000) + half_up(1501 * 9 * 3, 1000)
    assert total(found, "per_debt_period") == half_up(1501 * 15 * 3, 1000)


def test_a_day_without_rate_holds_the_account() -> None:
    """What the table does not say is not guessed."""
    with pytest.raises(CannotRate) as held:
        runs(Overdue(100, date(2010, 1, 1)), date(2010, 1, 2), date(2010, 1, 3), RATES)

    assert held.value.code == "no_rate"
