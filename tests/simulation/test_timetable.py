"""The time-table of the demo month and the banking days it stands on."""

from collections import Counter
from datetime import date, datetime

from hub.clock import minsk
from hub.simulation.banking_days import is_banking
from hub.simulation.timetable import Act, timetable


def instants(act: Act, months: int = 2) -> list[datetime]:
    return [due.instant for due in timetable(months) if due.act is act]


def test_when_the_charging_organisation_sends() -> None:
    """The first load on 31.08 at 09:00, then the exports on every 28th."""
    assert instants(Act.LOAD) == [minsk(2026, 8, 31, 9)]
    assert instants(Act.EXPORT) == [minsk(2026, month, 28, 9) for month in (9, 10, 11)]


def test_when_meters_are_read() -> None:
    """On the 25th of every charged month at 12:00; what was wrong follows in the first."""
    assert instants(Act.READINGS) == [minsk(2026, month, 25, 12) for month in (9, 10)]
    assert instants(Act.SIGNED_READINGS) == [minsk(2026, 9, 25, 12, 20)]
    assert instants(Act.CORRECTED_READINGS) == [minsk(2026, 9, 26, 12)]


def test_when_erip_acts() -> None:
    """Replies on the 1st, notices twice a day from the 3rd to the 24th, one reversal at 17:00."""
    replies = [minsk(2026, month, 1, 1, minute) for month in (10, 11) for minute in (10, 20)]
    assert instants(Act.REPLY) == replies
    notices = [
        minsk(2026, month, day, hour)
        for month in (10, 11) for day in range(3, 25) for hour in (12, 16)
    ]  # fmt: skip
    assert instants(Act.NOTICES) == notices
    assert instants(Act.REVERSAL) == [minsk(2026, 10, day, 17) for day in range(3, 25)]


def test_when_banks_act() -> None:
    """Registers at 09:00 and a statement at 19:00 of every banking day and of no other."""
    days = [instant.date() for instant in instants(Act.STATEMENT)]

    assert [i.date() for i in instants(Act.TRANSFERS)] == days
    assert days[0] == date(2026, 8, 31)
    assert days[-1] == date(2026, 11, 30)
    assert all(is_banking(day) for day in days)
    assert Counter(day.month for day in days) == {8: 1, 9: 22, 10: 22, 11: 21}


def test_it_is_in_order_and_ends_at_22() -> None:
    """Acts stand in the order of time; the last is a look into the outboxes."""
    acts = timetable(3)

    assert [due.instant for due in acts] == sorted(due.instant for due in acts)
    assert acts[-1] == (minsk(2026, 12, 31, 22), Act.COLLECT)


def test_banking_days() -> None:
    """Weekends, holidays and moved days off are none; a moved Saturday is one."""
    closed = ("2026-10-03", "2026-12-25", "2026-04-20", "2026-04-21", "2027-01-01", "2026-11-07")
    open_ = ("2026-10-05", "2026-04-25", "2026-11-06")

    assert not any(is_banking(date.fromisoformat(day)) for day in closed)
    assert all(is_banking(date.fromisoformat(day)) for day in open_)
