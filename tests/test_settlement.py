"""Distribution of payments to debts and transfers to suppliers, on both databases."""

from datetime import date
from typing import Any

import pytest

from hub.clock import minsk, stamp
from hub.errors import Inconsistent
from hub.month import Month
from hub.posting.payments import post_payments
from hub.posting.statements import finish_statement, post_entries
from hub.settlement import distribute, plan_transfers
from hub.store import demands, settlement
from hub.store.session import Store, Transaction
from hub.store.settlement import TransferRow
from hub.store.tables.ledger import AccountBalance, Allocation, Balance
from tests import books
from tests.books import NOON, OCTOBER, SEPTEMBER
from tests.posting.test_money import entry

NUMBER = "0100000017"
NONE: frozenset[int] = frozenset()


@pytest.fixture
def town(store: Store) -> Store:
    """One account that owes 60.00 for water and 40.00 for heating of September."""
    with store.transaction() as tx:
        _, (water, heat) = books.account(tx, NUMBER)
        run = books.run(tx)
        books.charge(tx, run, water, 6000)
        books.charge(tx, run, heat, 4000)
    return store


def pay(tx: Transaction, amount: int, operation: str = "1", **changed: Any) -> None:
    """A payment of a 206."""
    origin = books.origin(tx, "erip.206")
    message = books.payment(operation, NUMBER, amount, **changed)
    post_payments(tx, origin, [(2, message)], NONE)


def settle(tx: Transaction, *paid: tuple[str, int, int], day: str = "2026-10-06") -> None:
    """A 210 with (operation, amount, transferred) and its bank credit."""
    total, sent = sum(a for _, a, _ in paid), sum(s for *_, s in paid)
    fields = books.register_fields(f"{sent / 100:.2f}", f"{total / 100:.2f}")
    register = books.origin(tx, "erip.210", fields)
    messages = [books.payment(op, NUMBER, amount, transferred=net) for op, amount, net in paid]
    post_payments(tx, register, books.numbered(messages), NONE)
    head = books.statement_fields(statement_id=f"{day}-{paid[0][0]}", closing="0.00")
    bank = books.origin(tx, "bank.camt.053", head)
    credit = entry(f"c{paid[0][0]}", amount=sent, booked_on=day)
    post_entries(tx, bank, [(1, credit)], NONE)
    finish_statement(tx, bank)


def spread_out(tx: Transaction, month: Month = OCTOBER, method: str = "", **policies: Any) -> int:
    return distribute(tx, books.scheme(**policies), NOON, month, method)


def parts(tx: Transaction) -> list[tuple[Any, ...]]:
    """(operation, contract, about, ledger, amount, method) in order."""
    return tx.rows(
        "SELECT p.operation, a.contract, a.about_period, a.ledger, a.amount, a.method"
        " FROM allocation a JOIN payment p ON p.id = a.payment ORDER BY a.id"
    )


class TestDistribution:
    """Payments pay the open balances of their account (13.3)."""

    def test_proportional_inside_a_period(self, town: Store) -> None:
        """50.00 of 100.00 pays each contract its half; the ledger follows."""
        with town.transaction() as tx:
            pay(tx, 5000)
            assert spread_out(tx) == 2
            assert parts(tx) == [
                ("1", 1, 202609, "principal", 3000, "oldest"),
                ("1", 2, 202609, "principal", 2000, "oldest"),
            ]
            assert tx.value("SELECT allocated FROM payment") == 1
            ledgers = "SELECT ledger, sum(amount) FROM ledger_entry GROUP BY ledger ORDER BY ledger"
            assert [(name, int(a)) for name, a in tx.rows(ledgers)] == [
                ("principal", 5000), ("unallocated", 0),
            ]  # fmt: skip

    def test_again_nothing_happens(self, town: Store) -> None:
        """What was distributed is not distributed again."""
        with town.transaction() as tx:
            pay(tx, 5000)
            spread_out(tx)
            assert spread_out(tx) == 0

    def test_the_order_is_that_of_payments_not_of_files(self, town: Store) -> None:
        """Day first, then operation number: 9 before 10, whatever file came first."""
        with town.transaction() as tx:
            pay(tx, 6000, "10")
            pay(tx, 6000, "9")
            pay(tx, 100, "11", paid_at=stamp(minsk(2026, 10, 4)))
            spread_out(tx)
            assert [row[0] for row in parts(tx)] == ["11", "11", "9", "9", "10", "10"]
            assert tx.rows("SELECT operation FROM payment WHERE allocated = 0") == [("10",)]

    def test_oldest_debt_first(self, town: Store) -> None:
        """A debt of an earlier month is paid before a later one."""
        with town.transaction() as tx:
            run = books.run(tx, Month(2026, 8))
            books.charge(tx, run, 2, 500, Month(2026, 8))
            pay(tx, 600)
            spread_out(tx)
            assert [row[1:5] for row in parts(tx)] == [
                (2, 202608, "principal", 500), (1, 202609, "principal", 60),
                (2, 202609, "principal", 40),
            ]  # fmt: skip

    def test_the_rest_is_carried(self, town: Store) -> None:
        """An excess waits and pays the charges of a run that is not sealed yet, as `carry`."""
        with town.transaction() as tx:
            pay(tx, 10_500)
            spread_out(tx)
            assert tx.value("SELECT allocated FROM payment") == 0
            running = books.run(tx, OCTOBER, "running")
            books.charge(tx, running, 1, 300, OCTOBER)
            assert spread_out(tx, method="carry") == 1
            assert parts(tx)[-1] == ("1", 1, 202610, "principal", 300, "carry")

    def test_a_void_run_is_no_debt(self, town: Store) -> None:
        """Charges of a run that was made void attract nothing."""
        with town.transaction() as tx:
            books.charge(tx, books.run(tx, OCTOBER, "void"), 1, 300, OCTOBER)
            pay(tx, 10_500)
            spread_out(tx)
            assert sum(row[4] for row in parts(tx)) == 10_000

    @pytest.mark.parametrize(("excess", "paid"), [("unallocated", 0), ("penalty", 25)])
    def test_penalty(self, town: Store, excess: str, paid: int) -> None:
        """The policy says whether an excess pays penalty."""
        with town.transaction() as tx:
            books.fine(tx, books.run(tx, OCTOBER), 1, 25, OCTOBER)
            pay(tx, 10_030)
            spread_out(tx, service_excess=excess)
            found = [row for row in parts(tx) if row[3] == "penalty"]
            assert sum(row[4] for row in found) == paid
            assert all(row[5] == "penalty" for row in found)

    def test_the_wish_of_the_payer_is_kept(self, town: Store) -> None:
        """A penalty part that finds no penalty today goes to principal, not twice."""
        with town.transaction() as tx:
            pay(tx, 11_000, penalty=500)
            spread_out(tx)
            books.fine(tx, books.run(tx, OCTOBER), 1, 700, OCTOBER)
            spread_out(tx)
            assert parts(tx)[-1][3:5] == ("penalty", 500)

    def test_suspense_is_not_distributed(self, town: Store) -> None:
        """A payment without account pays nothing."""
        with town.transaction() as tx:
            pay(tx, 5000, service_number="9")
            assert spread_out(tx) == 0

    def test_more_than_was_paid(self, town: Store) -> None:
        """Allocations above the amount stop the distribution."""
        with town.transaction() as tx:
            pay(tx, 100)
            books.put(
                tx, Allocation, id=99, payment=1, contract=1, about_period=202609,
                posted_period=202610, ledger="principal", amount=101, method="x", fee=0,
                recorded_at="",
            )  # fmt: skip
            with pytest.raises(Inconsistent):
                spread_out(tx)

    def test_chunks_change_nothing(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Many accounts in small chunks are all served."""
        monkeypatch.setattr("hub.settlement.CHUNK", 2)
        with store.transaction() as tx:
            run = books.run(tx)
            for n in range(5):
                _, (water, _) = books.account(tx, f"A{n}")
                books.charge(tx, run, water, 100)
                message = books.payment(str(n), f"A{n}", 100)
                post_payments(tx, books.origin(tx, "erip.206"), [(2, message)], NONE)
            assert spread_out(tx) == 5
            assert tx.value("SELECT count(*) FROM payment WHERE allocated = 0") == 0


def plan(tx: Transaction, day: str = "2026-10-07") -> list[TransferRow]:
    one = books.scheme()
    return plan_transfers(tx, one, books.settings(one), date.fromisoformat(day), NOON)


def figures(rows: list[TransferRow]) -> list[tuple[Any, ...]]:
    return [(row.supplier, row.gross, row.refunds, row.fee, row.net) for row in rows]


class TestTransfers:
    """Per supplier and day over allocations whose money has come (14)."""

    def test_one_order_for_each_supplier(self, town: Store) -> None:
        """Gross, fee and net by supplier, numbered on, and the allocations name the transfer."""
        with town.transaction() as tx:
            settle(tx, ("1", 5000, 4950))
            spread_out(tx)
            made = plan(tx)
            assert figures(made) == [("water", 3000, 0, 30, 2970), ("heat", 2000, 0, 20, 1980)]
            assert [(row.order_number, row.end_to_end, row.state) for row in made] == [
                (1, "ZH-T-000001", "planned"), (2, "ZH-T-000002", "planned"),
            ]  # fmt: skip
            assert tx.rows("SELECT transfer, fee FROM allocation ORDER BY id") == [(1, 30), (2, 20)]
            assert settlement.planned_transfers(tx, "DM0001") == made
            assert plan(tx) == []
            assert plan(tx, "2026-10-08") == []

    def test_money_that_has_not_come(self, town: Store) -> None:
        """Announced payments, and credits of the day itself, are not passed on."""
        with town.transaction() as tx:
            pay(tx, 5000)
            settle(tx, ("2", 1000, 990))
            spread_out(tx)
            assert plan(tx, "2026-10-06") == []
            assert sum(row.gross for row in plan(tx)) == 1000

    def test_the_fee_over_the_life_of_a_payment(self, town: Store) -> None:
        """The rest keeps its part of the fee until it is allocated; all parts are the fee."""
        with town.transaction() as tx:
            settle(tx, ("1", 20_000, 19_800))
            spread_out(tx)
            assert sum(row.fee for row in plan(tx)) == 100
            books.charge(tx, books.run(tx, OCTOBER), 1, 7333, OCTOBER)
            spread_out(tx)
            assert figures(plan(tx, "2026-10-08")) == [("water", 7333, 0, 73, 7260)]
            books.charge(tx, books.run(tx, Month(2026, 11)), 2, 9999, Month(2026, 11))
            spread_out(tx)
            assert figures(plan(tx, "2026-10-09")) == [("heat", 2667, 0, 27, 2640)]
            assert tx.value("SELECT sum(fee) FROM allocation") == 200

    def test_who_settles_for_himself(self, store: Store) -> None:
        """A supplier that settles for itself gets no order, yet bears its part of the fee."""
        with store.transaction() as tx:
            _, (water, gas) = books.account(tx, NUMBER, [("cold_water", "501"), ("gas", "503")])
            run = books.run(tx)
            books.charge(tx, run, water, 1000)
            books.charge(tx, run, gas, 1000)
            settle(tx, ("1", 2000, 1980))
            spread_out(tx)
            assert figures(plan(tx)) == [("water", 1000, 0, 10, 990)]
            assert tx.rows("SELECT transfer, fee FROM allocation ORDER BY id") == [
                (1, 10), (None, 10),
            ]  # fmt: skip
            assert plan(tx, "2026-10-08") == []

    def test_nothing_left_after_the_fee(self, town: Store) -> None:
        """A net of zero is carried: no order, the allocations wait."""
        with town.transaction() as tx:
            settle(tx, ("1", 1, 0))
            spread_out(tx)
            assert plan(tx) == []
            settle(tx, ("2", 100, 99))
            spread_out(tx)
            made = plan(tx, "2026-10-08")
            assert sum(row.gross for row in made) == 101
            assert sum(row.fee for row in made) == 2

    def test_ordered(self, town: Store) -> None:
        """A transfer that stands in a file is no longer planned."""
        with town.transaction() as tx:
            settle(tx, ("1", 5000, 4950))
            spread_out(tx)
            made = plan(tx)
            books.dispatched(tx, 7)
            settlement.mark_ordered(tx, [row.id for row in made], 7)
            assert settlement.planned_transfers(tx, "DM0001") == []
            assert tx.rows("SELECT DISTINCT state, dispatch FROM transfer") == [("ordered", 7)]


def closed(tx: Transaction, contract: int, month: Month, **amounts: int) -> None:
    names = [name for name in Balance.model_fields if name not in ("contract", "month")]
    zero = dict.fromkeys(names, 0)
    books.put(tx, Balance, contract=contract, month=month.key, **{**zero, **amounts})


class TestDemands:
    """What the 202 asks for: max(0, principal - unallocated) + penalty, at the close."""

    @pytest.mark.parametrize(
        ("principal", "unallocated", "amount"), [(1000, 300, 725), (1000, 2000, 25), (-50, 0, 25)]
    )
    def test_the_formula(self, town: Store, principal: int, unallocated: int, amount: int) -> None:
        """An overpayment lowers the principal to nothing, never the penalty."""
        with town.transaction() as tx:
            closed(tx, 1, SEPTEMBER, principal_out=principal - 10, penalty_out=25)
            closed(tx, 2, SEPTEMBER, principal_out=10)
            books.put(tx, AccountBalance, account=1, month=202609, unallocated=unallocated)
            assert demands.demand_amounts(tx, "DM0001", SEPTEMBER) == [
                (1, NUMBER, "Иванов И.", "Примерск, 1", amount)
            ]

    @pytest.mark.parametrize(("closed_on", "asked"), [("2026-09-30", 1), ("2026-10-01", 2)])
    def test_only_open_accounts(self, town: Store, closed_on: str, asked: int) -> None:
        """An account closed by the last day of the month is not asked."""
        with town.transaction() as tx:
            books.account(tx, "0100000025", closed_on=closed_on)
            assert len(demands.demand_amounts(tx, "DM0001", SEPTEMBER)) == asked

    def test_the_latest_state_counts(self, town: Store) -> None:
        """A payer recorded later replaces the former one."""
        with town.transaction() as tx:
            tx.run(
                "INSERT INTO account_state (account, valid_from, recorded_at, payer, address,"
                " intake_id, line) VALUES (1, '2026-09-15', '2026-09-28', 'Новый', 'Там', 1, 1)"
            )
            assert demands.demand_amounts(tx, "DM0001", SEPTEMBER)[0][2] == "Новый"
            assert demands.demand_amounts(tx, "DM0001", Month(2026, 8))[0][2] == "Иванов И."


def test_the_register_of_a_supplier(town: Store) -> None:
    """One line per account and service, both ledgers together, fees as charged so far."""
    with town.transaction() as tx:
        _, (first, second, _) = books.account(
            tx, "0100000009", [("cold_water", "501"), ("cold_water", "501"), ("heating", "502")]
        )
        usual = {"principal_in": 100, "penalty_in": 5, "charged": 50, "benefit": 10, "penalty": 1,
                 "paid": 30, "penalty_paid": 2, "principal_out": 110, "penalty_out": 4}  # fmt: skip
        closed(tx, first, OCTOBER, **usual)
        closed(tx, second, OCTOBER, charged=7, principal_out=7)
        settle(tx, ("1", 5000, 4950))
        spread_out(tx)
        plan(tx)
        closed(tx, 1, OCTOBER, principal_in=6000, paid=3000, principal_out=3000)

        found = demands.supplier_register(tx, "DM0001", "501", OCTOBER)

        assert [tuple(line) for line in found] == [
            ("2026-10", "0100000009", "cold_water", 105, 57, 10, 0, 1, 32, 0, 121),
            ("2026-10", NUMBER, "cold_water", 6000, 0, 0, 0, 0, 3000, 30, 3000),
        ]
