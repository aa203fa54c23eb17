"""One month of a scheme: what opens, what is rated, what closes, and what is refused."""

import random
from datetime import datetime
from typing import Any

import pytest

from hub import closing
from hub.clock import minsk, stamp
from hub.errors import Inconsistent, Refused
from hub.explaining import explain
from hub.month import Month
from hub.posting.payments import post_payments
from hub.settings import Scheme
from hub.settlement import distribute
from hub.store.periods import publish
from hub.store.session import Row, Store, Transaction
from hub.store.settlement import TransferRow
from hub.store.tables.ledger import Transfer
from tests import books, facts
from tests.books import OCTOBER, SEPTEMBER

AUGUST = Month(2026, 8)
OPENED, READ = minsk(2026, 9, 1, 0, 40), minsk(2026, 9, 25, 12)
EARLY, MENDED = minsk(2026, 9, 28), minsk(2026, 9, 29)
RATED, CLOSED = minsk(2026, 10, 1, 0, 10), minsk(2026, 10, 1, 0, 30)


def opened(store: Store, accounts: int = 3, debt: int = 0, **policies: Any) -> Scheme:
    """The town with its first month open and the water meter read."""
    facts.filled(store, accounts, debt)
    scheme = books.scheme(**policies)
    closing.open_period(store, scheme, SEPTEMBER, OPENED)
    with store.transaction() as tx:
        facts.post(tx, [facts.reading(1, 110_000, "2026-09-25")], READ)
    return scheme


def rows(store: Store, sql: str) -> list[Row]:
    with store.reading() as tx:
        return tx.rows(sql)


def charges(store: Store, account: int, service: str) -> list[Row]:
    """(component, quantity, gross, benefit) of an account and service in all final runs."""
    with store.reading() as tx:
        return tx.rows(
            "SELECT h.component, h.quantity, h.gross, h.benefit FROM charge h"
            " JOIN run r ON r.id = h.run AND r.state <> 'void'"
            " JOIN contract c ON c.id = h.contract JOIN account a ON a.id = c.account"
            " WHERE a.account_id = :account AND c.service = :service"
            " ORDER BY h.period, h.component DESC",
            account=str(account),
            service=service,
        )


def pay(tx: Transaction, operation: str, account: int, amount: int, at: datetime) -> None:
    """A payment told of by ERIP."""
    message = books.payment(operation, f"01000{account:05d}", amount, paid_at=stamp(at))
    month = Month.of(at.date())
    origin = books.origin(tx, "erip.206", at=at, period=month)
    post_payments(tx, origin, books.numbered([message]), frozenset())


# --- opening -----------------------------------------------------------------------------------


def test_balances_taken_over_end_before_the_first_period(store: Store) -> None:
    """Whatever month opens first, what was taken over belongs to the month before it."""
    facts.filled(store, debt=1000)

    closing.open_period(store, books.scheme(), Month(2026, 11), OPENED)

    assert rows(store, "SELECT DISTINCT about_period, posted_period FROM opening") == [
        (202610, 202610)
    ]


def test_a_card_that_differs_from_its_services_forbids_the_first_month(store: Store) -> None:
    """The first month opens only when every card equals the sum of its services."""
    facts.filled(store)
    with store.transaction() as tx:
        tx.run("UPDATE account SET balance_in = 500 WHERE account_id = '2'")

    with pytest.raises(Refused, match=r"0100000002: 5\.00, 0\.00") as refused:
        closing.open_period(store, books.scheme(), SEPTEMBER, OPENED)

    assert refused.value.code == "opening_differs"
    assert rows(store, "SELECT count(*) FROM period") == [(0,)]


def test_months_open_in_order(store: Store) -> None:
    """A month opens after the one before it is rated, never twice, and none is left out."""
    scheme = opened(store)
    for month in (SEPTEMBER, OCTOBER, Month(2026, 11)):
        with pytest.raises(Refused) as refused:
            closing.open_period(store, scheme, month, OPENED)
        assert refused.value.code == "period_state"

    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.open_period(store, scheme, OCTOBER, RATED)

    assert [row.state for row in closing.status(store, scheme)] == ["rated", "open"]


# --- rating ------------------------------------------------------------------------------------


def test_a_month_of_every_basis(store: Store) -> None:
    """Area, norm of area, norm of persons and meter give the lines of the rules."""
    scheme = opened(store)
    with store.transaction() as tx:
        facts.post(tx, [facts.benefit(20)], READ)

    summary = closing.rate(store, scheme, SEPTEMBER, RATED)

    assert (summary.accounts, summary.errors) == (3, 0)
    assert charges(store, 1, "maintenance") == [("sub", 48_000_000, 994, 0)]
    assert charges(store, 2, "maintenance") == [("sub", 48_000_000, 994, 207)]
    assert charges(store, 3, "waste") == [("sub", 670_000, 777, 0)]
    assert charges(store, 3, "heating") == [("sub", 595_200, 1471, 0)]
    assert charges(store, 1, "cold_water") == [
        ("sub", 4_200_000, 850, 0),
        ("full", 5_800_000, 1518, 0),
    ]
    assert charges(store, 1, "sewerage") == [
        ("sub", 4_200_000, 474, 0),
        ("full", 5_800_000, 1341, 0),
    ]
    assert charges(store, 2, "cold_water") == [
        ("sub", 8_400_000, 1701, 0),
        ("full", 7_600_000, 1989, 0),
    ]


def test_nothing_a_meter_counted_is_lost_or_doubled(store: Store) -> None:
    """A month without a reading charges zero; the next reading charges the whole span."""
    scheme = opened(store)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.close(store, scheme, SEPTEMBER, CLOSED)
    for month, at in ((OCTOBER, minsk(2026, 11, 1)), (Month(2026, 11), minsk(2026, 12, 1))):
        closing.open_period(store, scheme, month, CLOSED)
        if month != OCTOBER:
            with store.transaction() as tx:
                late = facts.reading(1, 113_500, "2026-10-25")
                facts.post(tx, [late, facts.reading(1, 114_200, "2026-11-25")], at)
        closing.rate(store, scheme, month, at)
        closing.close(store, scheme, month, at)

    october, november = charges(store, 1, "cold_water")[2:]

    assert october == ("sub", 0, 0, 0)
    assert november == ("sub", 4_200_000, 850, 0)
    assert rows(store, "SELECT count(*) FROM charge WHERE trace LIKE '%!no_reading%'") == [(2,)]


def test_a_run_that_was_killed_is_finished_with_the_same_rows(store: Store) -> None:
    """Finished chunks are skipped, and rows and hashes are those of an unbroken run."""
    scheme = opened(store, accounts=5, debt=1000, chunk_accounts=2)
    whole = closing.rate(store, scheme, SEPTEMBER, RATED)
    everything = "SELECT contract, component, quantity, gross, trace FROM charge WHERE run = {}"
    expected = sorted(rows(store, everything.format(1)))
    bodies = rows(store, "SELECT body_sha256 FROM run_chunk WHERE run = 1 ORDER BY chunk")
    closing.unrate(store, scheme, SEPTEMBER, RATED)

    def killed(done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        closing.rate(store, scheme, SEPTEMBER, RATED, killed)
    finished = rows(store, "SELECT count(*) FROM run_chunk WHERE run = 2 AND accounts > 0")
    again = closing.rate(store, scheme, SEPTEMBER, CLOSED)

    assert finished == [(2,)]
    assert sorted(rows(store, everything.format(2))) == expected
    assert rows(store, "SELECT body_sha256 FROM run_chunk WHERE run = 2 ORDER BY chunk") == bodies
    assert again == whole


def test_rating_again_changes_nothing(store: Store) -> None:
    """A sealed run answers that it is done: the same summary, no further row."""
    scheme = opened(store, debt=1000)
    first = closing.rate(store, scheme, SEPTEMBER, RATED)
    before = rows(store, "SELECT count(*) FROM charge UNION ALL SELECT count(*) FROM penalty")

    assert closing.rate(store, scheme, SEPTEMBER, CLOSED) == first
    assert (
        rows(store, "SELECT count(*) FROM charge UNION ALL SELECT count(*) FROM penalty") == before
    )


def test_an_account_that_cannot_be_rated_does_not_stop_the_others(store: Store) -> None:
    """It gets an error row, no charges and no penalty; the limit of errors stops the run."""
    scheme = opened(store, debt=1000, max_error_share=400_000)
    with store.transaction() as tx:
        tx.run("UPDATE account_state SET area = NULL WHERE account = 2")

    summary = closing.rate(store, scheme, SEPTEMBER, RATED)

    assert (summary.accounts, summary.errors) == (3, 1)
    assert rows(store, "SELECT account, code FROM run_error") == [(2, "no_area")]
    assert charges(store, 2, "waste") == []
    assert len(rows(store, "SELECT contract FROM penalty")) == 2


def test_too_many_errors_stop_the_run(store: Store) -> None:
    """More errors than the policy allows leave the month open, and say how many."""
    scheme = opened(store)
    with store.transaction() as tx:
        tx.run("DELETE FROM tariff WHERE service = 'waste'")

    with pytest.raises(Refused, match="3 of 3") as refused:
        closing.rate(store, scheme, SEPTEMBER, RATED)

    assert refused.value.code == "max_error_share"
    assert closing.status(store, scheme)[0].state == "open"


def test_a_stopped_run_begins_anew_once_the_facts_are_mended(store: Store) -> None:
    """What was learnt after the stop counts; nothing of the stopped run stays in the ledger."""
    scheme = opened(store)
    with store.transaction() as tx:
        tx.run("UPDATE account_state SET area = NULL WHERE account = 2")
    with pytest.raises(Refused, match="0100000002: no_area"):
        closing.rate(store, scheme, SEPTEMBER, EARLY)
    with store.transaction() as tx:
        facts.post(tx, [facts.card(2)], MENDED)

    summary = closing.rate(store, scheme, SEPTEMBER, CLOSED)

    assert (summary.accounts, summary.errors) == (3, 0)
    assert rows(store, "SELECT state FROM run ORDER BY id") == [("void",), ("sealed",)]
    assert charges(store, 2, "maintenance") == [("sub", 48_000_000, 994, 0)]


# --- accounts in error -------------------------------------------------------------------------


def rated_with_an_error(store: Store) -> Scheme:
    """September rated; account 2 has no area and no charges."""
    scheme = opened(store, max_error_share=400_000)
    with store.transaction() as tx:
        tx.run("UPDATE account_state SET area = NULL WHERE account = 2")
    closing.rate(store, scheme, SEPTEMBER, EARLY)
    return scheme


OPEN_TODOS = "SELECT kind, object FROM todo WHERE done_at IS NULL"


def test_an_account_in_error_is_left_to_a_person(store: Store) -> None:
    """Each has a task that names it and the reason; taking the rating back ends the task."""
    scheme = rated_with_an_error(store)

    assert rows(store, OPEN_TODOS) == [("rating.no_area", "account:2")]
    assert "0100000002" in rows(store, "SELECT text FROM todo")[0][0]
    closing.unrate(store, scheme, SEPTEMBER, CLOSED)
    assert rows(store, OPEN_TODOS) == []


def test_an_account_in_error_holds_the_close(store: Store) -> None:
    """The refusal says how many and which; nothing is stored until they are parked."""
    scheme = rated_with_an_error(store)

    with pytest.raises(Refused, match=r"^1 accounts .* 0100000002: no_area") as refused:
        closing.close(store, scheme, SEPTEMBER, CLOSED)
    assert refused.value.code == "held_accounts"
    assert rows(store, "SELECT count(*) FROM balance") == [(0,)]

    closing.close(store, scheme, SEPTEMBER, CLOSED, parked=True)
    assert rows(store, "SELECT state FROM period") == [("closed",)]
    assert rows(store, OPEN_TODOS) == [("rating.no_area", "account:2")]


def test_a_mended_account_is_rated_after_the_rating_was_taken_back(store: Store) -> None:
    """Mend, take back, rate again: everybody has charges and the month closes."""
    scheme = rated_with_an_error(store)
    with store.transaction() as tx:
        facts.post(tx, [facts.card(2)], MENDED)

    closing.unrate(store, scheme, SEPTEMBER, CLOSED)
    summary = closing.rate(store, scheme, SEPTEMBER, CLOSED)
    closing.close(store, scheme, SEPTEMBER, CLOSED)

    assert summary.errors == 0
    assert charges(store, 2, "maintenance") == [("sub", 48_000_000, 994, 0)]


# --- penalty -----------------------------------------------------------------------------------


def test_penalty_is_the_total_less_what_was_posted(store: Store) -> None:
    """A debt taken over is overdue from its due date; each month posts the rest of the total."""
    scheme = opened(store, accounts=1, debt=100_000)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.close(store, scheme, SEPTEMBER, CLOSED)
    closing.open_period(store, scheme, OCTOBER, CLOSED)
    with store.transaction() as tx:
        pay(tx, "1", 1, 40_000, minsk(2026, 10, 10, 12))
    closing.rate(store, scheme, OCTOBER, minsk(2026, 11, 1))

    posted = rows(
        store,
        "SELECT posted_period, amount, total, segments FROM penalty WHERE about_period = 202608"
        " ORDER BY posted_period",
    )

    # 26-30 September: 5 days; then 10 days to the payment, 21 days on the rest
    assert posted == [
        (202609, 1500, 1500, "100000:3000:5"),
        (202610, 6780, 8280, "100000:3000:15 60000:3000:21"),
    ]


def test_money_without_debt_pays_the_new_charges(store: Store) -> None:
    """What lies unallocated when a month is rated pays its charges, as method `carry`."""
    scheme = opened(store, accounts=1)
    with store.transaction() as tx:
        pay(tx, "1", 1, 2000, minsk(2026, 9, 10, 12))

    closing.rate(store, scheme, SEPTEMBER, RATED)

    assert rows(store, "SELECT method, about_period, posted_period, sum(amount) FROM allocation"
                " GROUP BY method, about_period, posted_period") == [
        ("carry", 202609, 202609, 2000)
    ]  # fmt: skip


# --- taking back and closing -------------------------------------------------------------------


def test_a_rating_taken_back_leaves_only_what_was_before(store: Store) -> None:
    """The ledger is as before the run, and rating again gives the same ledger again."""
    scheme = opened(store, accounts=1, debt=500)
    with store.transaction() as tx:
        pay(tx, "1", 1, 2000, minsk(2026, 9, 10, 12))
    sums = (
        "SELECT ledger, about_period, sum(amount) FROM ledger_entry"
        " GROUP BY ledger, about_period HAVING sum(amount) <> 0"
    )
    closing.rate(store, scheme, SEPTEMBER, RATED)
    rated = sorted(rows(store, sums), key=str)

    closing.unrate(store, scheme, SEPTEMBER, RATED)
    assert sorted(rows(store, sums), key=str) == [("unallocated", None, -1500)]

    closing.rate(store, scheme, SEPTEMBER, CLOSED)
    assert sorted(rows(store, sums), key=str) == rated


LEDGER = (
    "SELECT ledger, about_period, sum(amount) FROM ledger_entry"
    " GROUP BY ledger, about_period HAVING sum(amount) <> 0"
)


def with_a_paid_penalty(store: Store) -> Scheme:
    """September closed with a penalty about August of 15.00, paid in October before the rating."""
    scheme = opened(store, accounts=1, debt=100_000)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.close(store, scheme, SEPTEMBER, CLOSED)
    closing.open_period(store, scheme, OCTOBER, CLOSED)
    with store.transaction() as tx:
        message = books.payment("1", "0100000001", 1500, penalty=1500,
                                paid_at=stamp(minsk(2026, 10, 2, 12)))  # fmt: skip
        origin = books.origin(tx, "erip.206", at=minsk(2026, 10, 2, 12), period=OCTOBER)
        post_payments(tx, origin, books.numbered([message]), frozenset())
        distribute(tx, scheme, minsk(2026, 10, 3), OCTOBER)
    return scheme


def test_taking_back_leaves_what_pays_earlier_debts(store: Store) -> None:
    """A penalty of an earlier month stays paid, although the run adds to the same debt."""
    scheme, at = with_a_paid_penalty(store), minsk(2026, 11, 1)
    paid = "SELECT ledger, about_period, amount FROM allocation"
    before, ledger = rows(store, paid), sorted(rows(store, LEDGER), key=str)
    assert before == [("penalty", 202608, 1500)]
    closing.rate(store, scheme, OCTOBER, at)
    plain = sorted(rows(store, LEDGER), key=str)

    closing.unrate(store, scheme, OCTOBER, at)
    assert rows(store, paid) == before
    assert sorted(rows(store, LEDGER), key=str) == ledger

    closing.rate(store, scheme, OCTOBER, at)
    assert sorted(rows(store, LEDGER), key=str) == plain


def test_of_an_allocation_to_two_months_the_part_of_the_run_is_taken_back(store: Store) -> None:
    """What pays an earlier penalty and one of the run at once is divided to the kopeck."""
    scheme, at = with_a_paid_penalty(store), minsk(2026, 11, 1)
    closing.rate(store, scheme, OCTOBER, at)
    with store.transaction() as tx:
        tx.run("DELETE FROM allocation")
        tx.run("UPDATE payment SET amount = 4000, penalty = 4000, allocated = 0")
        distribute(tx, scheme, at, OCTOBER)
    paid = "SELECT sum(amount), sum(CASE WHEN mirrors IS NULL THEN 0 ELSE 1 END) FROM allocation"
    assert rows(store, paid) == [(4000, 0)]

    closing.unrate(store, scheme, OCTOBER, at)

    assert rows(store, paid) == [(1500, 1)]
    assert rows(store, "SELECT allocated FROM payment") == [(0,)]


def test_what_went_to_a_supplier_is_not_taken_back(store: Store) -> None:
    """Money that was passed on for the charges of a run keeps the run; nothing changes."""
    scheme = opened(store, accounts=1)
    with store.transaction() as tx:
        pay(tx, "1", 1, 2000, minsk(2026, 9, 10, 12))
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        transfer = TransferRow(1, scheme.code, "gas", "2026-10-01", 2000, 0, 0, 2000, 1, "E1",
                               "planned", None, None)  # fmt: skip
        tx.insert(Transfer, [transfer], TransferRow._fields)
        tx.run("UPDATE allocation SET transfer = 1")

    with pytest.raises(Refused, match=r"20\.00") as refused:
        closing.unrate(store, scheme, SEPTEMBER, RATED)

    assert refused.value.code == "published"
    assert rows(store, "SELECT state FROM period") == [("rated",)]
    assert rows(store, "SELECT sum(amount) FROM allocation") == [(2000,)]


def test_what_was_published_is_not_taken_back(store: Store) -> None:
    """Once a demand left, or the next month is open, a rating stays."""
    scheme = opened(store)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        publish(tx, scheme.code, SEPTEMBER, "now")

    with pytest.raises(Refused, match="demand"):
        closing.unrate(store, scheme, SEPTEMBER, RATED)


def test_a_close_stores_balances_that_chain(store: Store) -> None:
    """Closing = opening + turnovers, and it is the opening of the next month."""
    scheme = opened(store, debt=100_000)
    for month, at in ((SEPTEMBER, RATED), (OCTOBER, minsk(2026, 11, 1))):
        with store.transaction() as tx:
            pay(tx, f"{month.key}", 1, 7_777, minsk(2026, month.number, 20, 12))
        closing.rate(store, scheme, month, at)
        closing.close(store, scheme, month, at)
        closing.open_period(store, scheme, month.plus(1), at)

    balances = rows(
        store,
        "SELECT contract, month, principal_in, charged, benefit, paid, principal_out, penalty_in,"
        " penalty, penalty_paid, penalty_out FROM balance",
    )

    closing_of = {(row[0], row[1]): (row[6], row[10]) for row in balances}
    assert len(balances) == 30
    for contract, month, opening, charged, benefit, paid, out, *penalty in balances:
        assert out == opening + charged - benefit - paid
        assert penalty[3] == penalty[0] + penalty[1] - penalty[2]
        if month == OCTOBER.key:
            assert (opening, penalty[0]) == closing_of[contract, SEPTEMBER.key]


def test_a_month_whose_rows_were_changed_does_not_close(store: Store) -> None:
    """A charge that differs from the control sums of its run is found, and nothing is stored."""
    scheme = opened(store)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        tx.run("UPDATE charge SET gross = gross + 1 WHERE component = 'sub' AND contract = 1")

    with pytest.raises(Inconsistent, match="control sums"):
        closing.close(store, scheme, SEPTEMBER, CLOSED)

    assert rows(store, "SELECT count(*) FROM balance") == [(0,)]


def test_a_month_closes_once_and_only_when_rated(store: Store) -> None:
    """An open month and a closed one refuse to close."""
    scheme = opened(store)
    with pytest.raises(Refused):
        closing.close(store, scheme, SEPTEMBER, CLOSED)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.close(store, scheme, SEPTEMBER, CLOSED)

    with pytest.raises(Refused):
        closing.close(store, scheme, SEPTEMBER, CLOSED)


def test_an_act_and_what_its_caller_adds_are_one(store: Store) -> None:
    """When the caller's part fails, the month stays in its state."""
    scheme = opened(store)

    def fails(tx: Transaction) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        closing.rate(store, scheme, SEPTEMBER, RATED, also=fails)
    assert closing.status(store, scheme)[0].state == "open"

    closing.rate(store, scheme, SEPTEMBER, RATED)
    with pytest.raises(RuntimeError):
        closing.close(store, scheme, SEPTEMBER, CLOSED, also=fails)
    assert rows(store, "SELECT state FROM period") == [("rated",)]


# --- the hashes of the runs --------------------------------------------------------------------


def test_the_rows_of_every_run_meet_their_hashes(store: Store) -> None:
    """Charges, penalties and errors of two months are hashed again to the sealed chains."""
    scheme = opened(store, accounts=5, debt=100_000, chunk_accounts=2)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.unrate(store, scheme, SEPTEMBER, RATED)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    closing.open_period(store, scheme, OCTOBER, RATED)
    closing.rate(store, scheme, OCTOBER, minsk(2026, 11, 1))

    assert closing.broken_run(store) is None


@pytest.mark.parametrize(
    ("change", "chunk"),
    [
        ("UPDATE charge SET benefit = benefit + 1 WHERE contract = 11", 3),
        ("UPDATE charge SET trace = '' WHERE contract = 6", 2),
        ("DELETE FROM penalty WHERE contract = 1", 1),
        ("UPDATE run SET snapshot = 'later'", None),
    ],
)
def test_a_changed_row_is_found_by_its_chunk(store: Store, change: str, chunk: int | None) -> None:
    """The first chunk whose rows are not those that were sealed is named."""
    scheme = opened(store, debt=100_000, chunk_accounts=1)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        assert tx.run(change)

    assert closing.broken_run(store) == ("DM0001", "2026-09", chunk)


# --- explaining --------------------------------------------------------------------------------


def test_every_account_explains_itself(store: Store) -> None:
    """The explanation reckons from the stored facts and meets the stored rows, also later."""
    scheme = opened(store, debt=1000)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        facts.post(tx, [facts.card(n, area=99_000_000) for n in (1, 2, 3)], CLOSED)

    found = [explain(store, scheme, f"010000000{n}", None, SEPTEMBER, "en") for n in (1, 2, 3)]

    assert [e.agrees for e in found] == [True] * 3
    water = next(s for s in found[0].sections if s.title == "Cold water, full tariff")
    assert "5.8 m³ x 2.6172 BYN = 15.18 BYN" in water.sentences
    assert "reading 110 on 2026-09-25" in water.sentences
    assert any("penalty" in section.title for section in found[0].sections)


def test_an_explanation_that_differs_says_so(store: Store) -> None:
    """A stored row that the facts do not give is told, not smoothed over."""
    scheme = opened(store)
    closing.rate(store, scheme, SEPTEMBER, RATED)
    with store.transaction() as tx:
        tx.run("UPDATE charge SET gross = gross + 1 WHERE contract = 1")

    found = explain(store, scheme, "0100000001", "maintenance", SEPTEMBER, "ru")

    assert not found.agrees
    assert any("ВНИМАНИЕ" in remark for remark in found.remarks)
    assert len(found.sections) == 1


def test_any_month_keeps_its_invariants(store: Store) -> None:
    """Random debts and payments over three months: each month closes and each account explains."""
    scheme, rng = opened(store, accounts=4, debt=30_000, chunk_accounts=3), random.Random(7)
    for number in range(3):
        month = SEPTEMBER.plus(number)
        with store.transaction() as tx:
            for n in range(6):
                day = minsk(month.year, month.number, rng.randint(1, 28), 12)
                pay(tx, f"{number}{n}", rng.randint(1, 4), rng.randint(1, 60_000), day)
        at = minsk(2026, month.number + 1, 1, 1)
        closing.rate(store, scheme, month, at)
        closing.close(store, scheme, month, at)
        closing.open_period(store, scheme, month.plus(1), at)
        for account in range(1, 5):
            assert explain(store, scheme, f"010000000{account}", None, month, "ru").agrees

    assert rows(store, "SELECT count(*) FROM balance WHERE principal_out < 0") == [(0,)]
