"""What rating reads: the world as it was known at a snapshot."""

from hub.clock import minsk, stamp
from hub.month import Month
from hub.store import rates
from hub.store.rating import EVERYBODY, Reach, accounts
from hub.store.session import Store, Transaction
from tests import facts
from tests.facts import benefit, card, post, resident, service

EARLY, LATE = minsk(2026, 9, 1), minsk(2026, 9, 20)
SEPTEMBER = Month(2026, 9)


def reach(at: str, low: int = EVERYBODY[0], high: int = EVERYBODY[1]) -> Reach:
    return Reach("DM0001", SEPTEMBER, at, low, high)


def test_what_was_learnt_later_is_not_seen(store: Store) -> None:
    """Area, contract and residents are those known at the snapshot, now and then."""
    facts.filled(store)
    with store.transaction() as tx:
        post(tx, [card(2, area=1_000_000)], LATE)
        post(tx, [service(20, 2, "maintenance", valid_to="2026-09-10")], LATE)
        post(tx, [resident(20, 2, left_on="2026-09-05"), resident(29, 2)], LATE)
    with store.reading() as tx:
        then = list(accounts(tx, reach(stamp(EARLY)), ()))[1]
        now = list(accounts(tx, reach(stamp(LATE)), ()))[1]

    assert (then.area, then.contracts[0].valid_to, len(then.residents)) == (48_000_000, None, 2)
    assert (now.area, now.contracts[0].valid_to) == (1_000_000, "2026-09-10")
    assert [r.left_on for r in now.residents] == ["2026-09-05", None, None]


def test_only_accounts_of_the_month_and_range(store: Store) -> None:
    """Closed accounts and those of other ranges are left out; the order is that of the ids."""
    facts.filled(store, accounts=4)
    with store.transaction() as tx:
        post(tx, [card(2, closed_on="2026-09-01"), card(3, closed_on="2026-09-02")], LATE)
    with store.reading() as tx:
        everybody = [a.id for a in accounts(tx, reach(stamp(LATE)), ())]
        some = [a.id for a in accounts(tx, reach(stamp(LATE), 3, 3), ())]

    assert (everybody, some) == ([1, 3, 4], [3])


def test_a_resident_who_moved_counts_where_the_last_file_says(store: Store) -> None:
    """A registration belongs to one account, also for a range that holds only the other."""
    facts.filled(store)
    with store.transaction() as tx:
        post(tx, [resident(10, 3)], LATE)
    with store.reading() as tx:
        first = next(accounts(tx, reach(stamp(LATE), 1, 1), ()))
        third = next(accounts(tx, reach(stamp(LATE), 3, 3), ()))

    assert (len(first.residents), len(third.residents)) == (0, 4)


def test_benefits_come_with_their_holder(store: Store) -> None:
    """A benefit without an end is ended by the next of the same law."""
    facts.filled(store)
    with store.transaction() as tx:
        rows = [benefit(20), benefit(20, valid_from="2026-09-16", percent=1_000_000)]
        post(tx, rows, EARLY)
    with store.reading() as tx:
        second = list(accounts(tx, reach(stamp(LATE)), ()))[1]

    assert [(b.person, b.percent, b.spans[0]) for b in second.benefits] == [
        ("P20", 500_000, ("2026-01-01", "2026-09-16")),
        ("P20", 1_000_000, ("2026-09-16", None)),
    ]


def test_national_rates_are_stored_once(store: Store) -> None:
    """Seeding again adds nothing; a value that changed is added and holds from then on."""
    with store.transaction() as tx:
        first, again = rates.seed(tx, stamp(EARLY)), rates.seed(tx, stamp(LATE))
        tx.run("UPDATE rate SET value = 1 WHERE name = 'water_person_day'")
        changed = rates.seed(tx, stamp(LATE))

    assert (first > 5, again, changed) == (True, 0, 1)
    assert water_norm(store) == 140_000


def water_norm(store: Store) -> int:
    def read(tx: Transaction) -> int:
        found = rates.load_rates(tx, "DM0001", stamp(LATE))
        return found.national("water_person_day", SEPTEMBER.first.toordinal())

    with store.reading() as tx:
        return read(tx)


def test_the_penalty_windows_of_2016_are_there(store: Store) -> None:
    """0.3 % a day, and three windows of zero for debts formed later than 01.10.2016."""
    with store.transaction() as tx:
        rates.seed(tx, stamp(EARLY))
        found = rates.penalty_rates(tx, stamp(EARLY))

    assert [(row.rate, str(row.debt_date_after)) for row in found] == [
        (3000, "None"),
        (0, "2016-10-01"),
        (0, "2016-10-01"),
        (0, "2016-10-01"),
    ]
    assert [str(row.stop) for row in found[1:]] == ["2016-11-06", "2016-12-06", "2017-01-06"]
