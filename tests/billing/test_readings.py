"""The checks of a reading, in their order, and what they lead to."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.billing.readings import ACCEPT, HOLD, REFUSE, Checked, Gauge, Limits, Mean, Taken, check
from hub.money import QUANTITY
from tests.billing.test_golden import WHOLE, scaled, six

LIMITS = Limits(high_factor=5, low_factor=100_000, rollover_part=10, max_gap_days=100)
INACTIVE = ("reading_inactive_meter",)
BEFORE = Taken("2026-05-31", 1250 * QUANTITY)


def reckoned(given: dict[str, Any]) -> dict[str, Any]:
    """A golden case of kind `reading_check`."""
    mean = given["average_per_day"]
    found = check(
        Gauge(given["digits"]),
        Taken(given["reading"]["date"], scaled(given["reading"]["value"], QUANTITY)),
        given["received_on"],
        [Taken(given["previous"]["date"], scaled(given["previous"]["value"], QUANTITY))],
        LIMITS._replace(high_factor=int(given["high_factor"])),
        mean=mean and Mean(scaled(mean, QUANTITY), 1),
    )
    got: dict[str, Any] = {"findings": list(found.findings), "action": found.action}
    return got if found.consumption is None else {**got, "consumption": six(found.consumption)}


def golden() -> list[dict[str, Any]]:
    every = json.loads(WHOLE.read_text(encoding="utf-8")) if WHOLE.exists() else []
    return [case for case in every if case["kind"] == "reading_check"]


@pytest.mark.parametrize("case", golden(), ids=lambda case: case["id"])
def test_the_worked_examples(case: dict[str, Any]) -> None:
    """Findings, action and consumption are those of the example."""
    assert reckoned(case["given"]) == case["expect"]


def checked(value: str, day: str = "2026-06-30", **gauge: Any) -> Checked:
    """A reading against 1250 m³ on 31 May and a mean of 0.1 m³ a day."""
    meter = Gauge(5)._replace(**gauge)
    taken = Taken(day, scaled(value, QUANTITY))
    return check(meter, taken, "2026-07-01", [BEFORE], LIMITS, mean=Mean(QUANTITY, 10))


@pytest.mark.parametrize(
    ("value", "day", "gauge", "findings", "action"),
    [
        ("1253.4", "2026-06-30", {}, (), ACCEPT),
        ("1240", "2026-06-30", {}, ("reading_negative",), HOLD),
        ("1266", "2026-06-30", {}, ("reading_high",), HOLD),
        ("1250", "2026-06-30", {}, ("reading_zero",), ACCEPT),
        ("1250.2", "2026-06-30", {}, ("reading_low",), ACCEPT),
        ("123456", "2026-06-30", {}, ("reading_digits",), REFUSE),
        ("1253.4", "2026-07-02", {}, ("reading_future",), REFUSE),
        ("1253.4", "2026-06-30", {"installed_on": "2026-07-01"}, INACTIVE, REFUSE),
        ("1253.4", "2026-06-30", {"removed_on": "2026-06-29"}, INACTIVE, REFUSE),
        ("1251", "2026-05-31", {}, ("reading_conflict",), HOLD),
        ("1253.4", "2026-06-30", {"verified_until": "2026-06-01"}, ("reading_unverified",), ACCEPT),
    ],
)  # fmt: skip
def test_each_finding_has_its_action(
    value: str, day: str, gauge: dict[str, Any], findings: tuple[str, ...], action: str
) -> None:
    """What is doubtful is held, what is impossible refused, what is odd told."""
    found = checked(value, day, **gauge)

    assert (found.findings, found.action) == (findings, action)


def test_the_same_reading_again_has_no_effect() -> None:
    """The value of the day that is stored already is accepted and known."""
    assert checked("1250", "2026-05-31") == Checked((), ACCEPT, known=True)


def test_history_gives_the_daily_mean() -> None:
    """High and low are measured against the meter's own year; without history they are skipped."""
    past = [Taken("2026-03-31", 1240 * QUANTITY), Taken("2026-05-30", 1250 * QUANTITY)]
    jump = Taken("2026-06-29", 1290 * QUANTITY)

    known = check(Gauge(5), jump, "2026-07-01", past, LIMITS)
    fresh = check(Gauge(5), jump, "2026-07-01", past[1:], LIMITS)

    assert (known.findings, fresh.findings) == (("reading_high",), ())


def test_a_long_gap_and_a_closed_month_are_told() -> None:
    """Both are accepted: nothing that was counted is lost."""
    old = [Taken("2026-01-31", 1250 * QUANTITY)]
    late = Taken("2026-06-30", 1260 * QUANTITY)

    found = check(Gauge(5), late, "2026-07-01", old, LIMITS, closed_until="2026-06-30")

    assert found.findings == ("reading_closed_period", "reading_gap")
    assert found.action == ACCEPT


@given(before=st.integers(0, 10**11 - 1), now=st.integers(0, 10**11 - 1))
def test_a_fall_is_a_roll_over_or_is_held(before: int, now: int) -> None:
    """Consumption is never negative, and a wrapped one is at most a tenth of the dial."""
    found = check(Gauge(5), Taken("2026-06-30", now), "2026-07-01",
                  [Taken("2026-05-31", before)], LIMITS)  # fmt: skip

    assert ("reading_negative" in found.findings) == (found.consumption is None)
    if found.consumption is not None:
        assert 0 <= found.consumption < 10**11
        assert now >= before or found.consumption <= 10**10
