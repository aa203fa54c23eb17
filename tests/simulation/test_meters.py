"""Meter registers: 21 columns, meters that only go up, three readings wrong on purpose."""

from datetime import date

from hub.month import Month
from hub.simulation.meters import COLUMNS, Meters, register, spoilt
from hub.simulation.town import Town

TOWN = Town.make(30, 4)
EVE, DAY = date(2026, 8, 31), date(2026, 9, 25)


def test_a_register_has_21_columns() -> None:
    """Header and rows have 21 cells; the first register makes the meters known."""
    lines = register(Meters(TOWN, "gas").at_start(EVE)).decode("cp1251").split("\r\n")

    assert lines.pop() == ""
    assert len(lines) == 1 + 30
    assert {len(line.split(";")) for line in lines} == {len(COLUMNS)} == {21}
    assert all(line.split(";")[14] == "31.08.2026" for line in lines[1:])


def test_meters_go_up() -> None:
    """Every reading is above the one before it."""
    meters = Meters(TOWN, "cold_water")
    shown = [
        [float(reading.value.replace(",", ".")) for reading in readings]
        for readings in (
            meters.at_start(EVE),
            meters.after(Month(2026, 9), DAY),
            meters.after(Month(2026, 10), date(2026, 10, 25)),
        )
    ]

    assert all(a < b < c for a, b, c in zip(*shown, strict=True))


def test_three_are_spoilt() -> None:
    """Exactly three readings differ, each in one way, and the right ones are given back."""
    right = Meters(TOWN, "cold_water").after(Month(2026, 9), DAY)
    bad, corrected = spoilt(right)

    wrong = [(b, r) for b, r in zip(bad, right, strict=True) if b != r]
    assert [r for _, r in wrong] == corrected
    assert [sum(x != y for x, y in zip(b, r, strict=True)) for b, r in wrong] == [1, 1, 1]
    assert all(b.installed_on is None for b, _ in wrong)
