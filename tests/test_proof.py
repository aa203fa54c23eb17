"""The proof: each line finds what it is there to find, on both databases."""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from hub import proof
from hub.clock import minsk, stamp
from hub.journal import Entry, enter
from hub.month import Month
from hub.posting.contract import REJECTED
from hub.posting.payments import post_payments, post_reversals
from hub.posting.registers import finish_payments
from hub.posting.statements import finish_statement, post_entries
from hub.proof import Line
from hub.settlement import distribute, plan_transfers
from hub.store import settlement
from hub.store.session import Store, Transaction
from hub.store.tables.exchange import Receipt, Record
from hub.store.tables.ledger import (
    AccountBalance,
    Balance,
    DemandRow,
    Opening,
    Penalty,
    Period,
    RunChunk,
)
from tests import books
from tests.books import NOON, OCTOBER, SEPTEMBER
from tests.posting.test_money import entry, reversal

NUMBER = "0100000017"
NONE: frozenset[int] = frozenset()
SENT = {"sha-1": [(NUMBER, 6000)], "sha-9": [("ZH-T-000001", 3465), ("ZH-T-000002", 2475)]}
"""What stands in the bytes of our files, by their hash."""


def read_back(object_sha: str, agreement: str) -> Iterable[tuple[str, int]]:
    return SENT[object_sha]


def remember(tx: Transaction, intake: int, rows: list[tuple[int, str, int]], state: str) -> None:
    """Record rows (line, key, amount) as the pipeline writes them."""
    kind = tx.value("SELECT kind FROM intake WHERE id = :id", id=intake)
    tx.insert(Record, [(intake, line, kind, key, state, a, None) for line, key, a in rows])
    tx.run(
        "UPDATE intake SET records = :n, sum_file = :sum WHERE id = :id",
        n=len(rows), sum=sum(amount for *_, amount in rows), id=intake,
    )  # fmt: skip


def decide(tx: Transaction, intake: int, state: str = "ACCEPTED", verb: str = "in.accept") -> None:
    """The journal's word and, for what is not a duplicate, the receipt of an intake."""
    enter(tx, NOON, [Entry(verb, f"intake:{intake}", state)])
    if state != "DUPLICATE":
        body = f"receipt {intake}".encode()
        books.put(
            tx, Receipt, intake_id=intake, partner="p", number=intake, name="", created_at="",
            body=body, sha256=hashlib.sha256(body).hexdigest(),
        )  # fmt: skip


def chunk(tx: Transaction, run: int, gross: int, penalty: int = 0) -> None:
    """The control sums of a run of one chunk."""
    books.put(
        tx, RunChunk, run=run, chunk=1, account_from=0, account_to=9, sum_gross=gross,
        sum_penalty=penalty,
    )  # fmt: skip


def close_september(tx: Transaction, water: int, heat: int) -> None:
    names = [name for name in Balance.model_fields if name not in ("contract", "month")]
    for contract, opening, charged in ((water, 1000, 2500), (heat, 0, 2500)):
        amounts = {"principal_in": opening, "charged": charged, "principal_out": opening + charged}
        zero = dict.fromkeys(names, 0)
        books.put(tx, Balance, contract=contract, month=202609, **{**zero, **amounts})
    books.put(tx, AccountBalance, account=1, month=202609, unallocated=0)


def town(tx: Transaction) -> None:
    """A month closed, its list accepted; in the next, paid, reversed, settled and transferred."""
    _, (water, heat) = books.account(tx, NUMBER)
    for month, state in ((SEPTEMBER, "closed"), (OCTOBER, "open")):
        books.put(tx, Period, scheme="DM0001", month=month.key, state=state, opened_at="")
    books.put(
        tx, Opening, contract=water, ledger="principal", about_period=202608,
        posted_period=202608, amount=1000, intake_id=1, line=2,
    )  # fmt: skip
    run = books.run(tx)
    books.charge(tx, run, water, 2500)
    books.charge(tx, run, heat, 2500)
    chunk(tx, run, 5000)
    tx.run("UPDATE charge SET price = 100000, q_num = gross * 10000, quantity = gross * 10000")
    close_september(tx, water, heat)
    books.dispatched(tx, 1, "erip.202", period=202609, ack_state="ACCEPTED")
    tx.insert(DemandRow, [(1, 1, 6000, 0)])
    receive(tx)
    distribute(tx, books.scheme(), NOON, OCTOBER)
    pass_on(tx)
    late = books.run(tx, OCTOBER)
    books.put(
        tx, Penalty, contract=water, about_period=202608, posted_period=202610, run=late,
        amount=30, total=30, segments="1000:3000:10",
    )  # fmt: skip
    chunk(tx, late, 0, 30)


def receive(tx: Transaction) -> None:
    """60.00 by 206 and 210, 1.00 by 206 and taken back, a credit of 59.40."""
    first = books.origin(tx, "erip.206")
    messages = [books.payment("1", NUMBER, 6000), books.payment("2", NUMBER, 100)]
    post_payments(tx, first, books.numbered(messages), NONE)
    remember(tx, first.intake_id, [(2, "1", 6000), (3, "2", 100)], "POSTED")
    back = books.origin(tx, "erip.216")
    post_reversals(tx, back, [(2, reversal("2", 100))], NONE)
    remember(tx, back.intake_id, [(2, "2", 100)], "POSTED")
    register = books.origin(tx, "erip.210", books.register_fields("59.40", "60.00"))
    told = books.payment("1", NUMBER, 6000, transferred=5940)
    post_payments(tx, register, [(2, told)], NONE)
    remember(tx, register.intake_id, [(2, "1", 6000)], "POSTED")
    finish_payments(tx, register)
    statement(tx, "2026-10-06", "0.00", "59.40", entry(amount=5940))


def statement(tx: Transaction, day: str, opening: str, closing: str, *entries: Any) -> None:
    head = books.statement_fields(statement_id=day, opening=opening, closing=closing, to=day)
    bank = books.origin(tx, "bank.camt.053", {**head, "from": day})
    post_entries(tx, bank, books.numbered(entries), NONE)
    finish_statement(tx, bank)


def pass_on(tx: Transaction) -> None:
    one = books.scheme()
    made = plan_transfers(tx, one, books.settings(one), date(2026, 10, 7), NOON)
    books.dispatched(tx, 9, amount=5940)
    settlement.mark_ordered(tx, [row.id for row in made], 9)
    debits = [
        entry(f"d{n}", "debit", row.net, end_to_end=row.end_to_end) for n, row in enumerate(made)
    ]
    statement(tx, "2026-10-07", "59.40", "0.00", *debits)


@pytest.fixture
def whole(store: Store) -> Store:
    """The books of the small town, with nothing wrong in them."""
    with store.transaction() as tx:
        town(tx)
        decided = tx.rows("SELECT id FROM intake ORDER BY id")
        for (number,) in decided:
            decide(tx, number)
    return store


def shown(store: Store, month: Month | None = None) -> list[Line]:
    return proof.lines(store, books.settings(), read_back, month)


def broken(store: Store) -> set[tuple[str, str, str]]:
    """(name, month, scope) of the lines with a difference."""
    return {line[:3] for line in shown(store) if line.difference not in ("0.00", "0")}


def test_all_lines_of_a_whole_month(whole: Store) -> None:
    """Every line of the table is there, with both sides, and none differs."""
    lines = shown(whole)

    assert proof.balanced(lines)
    assert [tuple(line)[:5] for line in lines if line.month == "2026-09"] == [
        ("balance", "2026-09", "service:cold_water", "35.00", "35.00"),
        ("balance", "2026-09", "service:heating", "25.00", "25.00"),
        ("chain", "2026-09", "all", "10.00", "10.00"),
        ("demands", "2026-09", "erip", "60.00", "60.00"),
        ("received", "2026-09", "all", "0.00", "0.00"),
        ("transfers", "2026-09", "supplier:heat", "0.00", "0.00"),
        ("transfers", "2026-09", "supplier:water", "0.00", "0.00"),
        ("contracts", "2026-09", "service:cold_water", "1", "1"),
        ("contracts", "2026-09", "service:heating", "1", "1"),
        ("accounts", "2026-09", "all", "1", "1"),
        ("lines", "2026-09", "all", "2", "2"),
        ("run", "2026-09", "gross", "50.00", "50.00"),
        ("run", "2026-09", "benefit", "0.00", "0.00"),
        ("run", "2026-09", "penalty", "0.00", "0.00"),
        ("demand_rows", "2026-09", "erip", "1", "1"),
    ]
    assert [tuple(line)[:5] for line in lines if line.month == "2026-10"] == [
        ("balance", "2026-10", "service:cold_water", "0.30", "0.30"),
        ("balance", "2026-10", "service:heating", "0.00", "0.00"),
        ("chain", "2026-10", "all", "60.00", "60.00"),
        ("registers", "2026-10", "register:7801", "60.00", "60.00"),
        ("received", "2026-10", "all", "60.00", "60.00"),
        ("transfers", "2026-10", "supplier:heat", "24.75", "24.75"),
        ("transfers", "2026-10", "supplier:water", "34.65", "34.65"),
        ("orders", "2026-10", "all", "59.40", "59.40"),
        ("statements", "2026-10", "bank", "0.00", "0.00"),
        ("debts", "2026-10", "all", "3", "3"),
        ("penalties", "2026-10", "all", "1", "1"),
        ("run", "2026-10", "gross", "0.00", "0.00"),
        ("run", "2026-10", "benefit", "0.00", "0.00"),
        ("run", "2026-10", "penalty", "0.30", "0.30"),
        ("register_heads", "2026-10", "all", "1", "1"),
        ("operations", "2026-10", "all", "4", "4"),
        ("payments", "2026-10", "all", "3", "3"),
        ("payouts", "2026-10", "all", "2", "2"),
        ("statement_days", "2026-10", "all", "2", "2"),
        ("files", "2026-10", "all", "6", "6"),
        ("receipts", "2026-10", "all", "6", "6"),
        ("records", "2026-10", "all", "4", "4"),
        ("receipt_bodies", "2026-10", "all", "6", "6"),
    ]


OCT = "2026-10"
DAMAGES = {
    "a charge that appears after the close": (
        "UPDATE charge SET gross = gross + 1 WHERE contract = 1",
        {("balance", "2026-09", "service:cold_water"), ("balance", OCT, "service:cold_water"),
         ("chain", OCT, "all"), ("demands", "2026-09", "erip"), ("run", "2026-09", "gross"),
         ("contracts", "2026-09", "service:cold_water"), ("lines", "2026-09", "all")},
    ),
    "a balance that was stored wrong": (
        "UPDATE balance SET principal_out = principal_out - 1 WHERE contract = 2",
        {("balance", OCT, "service:heating"), ("chain", OCT, "all"),
         ("contracts", "2026-09", "service:heating")},
    ),
    "an opening that is not what was taken over": (
        "UPDATE balance SET principal_in = 999 WHERE contract = 1",
        {("chain", "2026-09", "all"), ("contracts", "2026-09", "service:cold_water")},
    ),
    "a list that was rejected": (
        "UPDATE dispatch SET ack_state = 'REJECTED' WHERE kind = 'erip.202'",
        {("demands", "2026-09", "erip")},
    ),
    "a record without a payment": (
        "INSERT INTO record (intake_id, line, space, key, state, amount)"
        " SELECT min(id), 99, 'erip.206', '77', 'POSTED', 500 FROM intake WHERE kind = 'erip.206'",
        {("received", "2026-09", "all"), ("received", OCT, "all"), ("records", OCT, "all"),
         ("operations", OCT, "all")},
    ),
    "a credit that was never matched": (
        "UPDATE register SET entry = NULL",
        {("registers", OCT, "register:7801")},
    ),
    "an allocation that vanished": (
        "DELETE FROM allocation WHERE contract = 2",
        {("transfers", OCT, "supplier:heat"), ("payments", OCT, "all"), ("payouts", OCT, "all")},
    ),
    "a debit of another sum": (
        "UPDATE statement_entry SET amount = amount - 1 WHERE end_to_end = 'ZH-T-000001'",
        {("orders", OCT, "all"), ("statements", OCT, "bank"), ("payouts", OCT, "all"),
         ("statement_days", OCT, "all")},
    ),
    "a receipt that is missing": (
        "DELETE FROM receipt WHERE intake_id = 1", {("receipts", OCT, "all")},
    ),
    "a file in no known state": (
        "UPDATE intake SET state = 'CLAIMED' WHERE kind = 'ais.account'",
        {("files", OCT, "all")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_is_found(whole: Store, damage: str) -> None:
    """One damaged source shows exactly in the lines that read it."""
    act, lines = DAMAGES[damage]
    with whole.transaction() as tx:
        tx.run(act)

    assert broken(whole) == lines


ROW_DAMAGES = {
    "a file whose state is not what the journal told": (
        "UPDATE intake SET state = 'HELD' WHERE kind = 'erip.216'", "files",
    ),
    "a file of which the journal tells nothing": (
        "UPDATE journal SET action = 'in.release' WHERE object = 'intake:1'", "files",
    ),
    "a file that is gone while the journal tells of it": (
        "UPDATE journal SET object = 'intake:99' WHERE object = 'intake:1'", "files",
    ),
    "a refused file with posted records": (
        "UPDATE intake SET state = 'REJECTED', rejected = records WHERE kind = 'erip.206'",
        "records",
    ),
    "a file refused by its state alone": (
        "UPDATE intake SET state = 'REJECTED' WHERE kind = 'erip.206'", "records",
    ),
    "a receipt with another body": (
        "UPDATE receipt SET sha256 = '00' WHERE intake_id = 1", "receipt_bodies",
    ),
    "a charge moved to another contract": (
        "UPDATE charge SET contract = 1, tariff = 2 WHERE contract = 2", "contracts",
    ),
    "a balance with principal and penalty exchanged": (
        "UPDATE balance SET principal_out = penalty_out, penalty_out = principal_out"
        " WHERE contract = 1", "contracts",
    ),
    "an opening of the wrong ledger": (
        "UPDATE balance SET principal_in = principal_in - 1, penalty_in = penalty_in + 1"
        " WHERE contract = 1", "contracts",
    ),
    "balances that are wrong by one and minus one": (
        "UPDATE balance SET principal_out = principal_out + 3 - 2 * contract", "contracts",
    ),
    "a rest that nobody paid": (
        "UPDATE account_balance SET unallocated = 1", "accounts",
    ),
    "an allocation of the other ledger": (
        "UPDATE allocation SET ledger = 'penalty' WHERE contract = 2", "debts",
    ),
    "a quantity doubled": ("UPDATE charge SET quantity = quantity * 2 WHERE contract = 1", "lines"),
    "a fraction doubled": ("UPDATE charge SET q_num = q_num * 2 WHERE contract = 1", "lines"),
    "a benefit above the charge": (
        "UPDATE charge SET benefit = gross + 1 WHERE contract = 1", "lines",
    ),
    "a charge that the run does not know": ("UPDATE charge SET gross = gross + 1", "run"),
    "a penalty that the run does not know": ("UPDATE penalty SET amount = 29, total = 29", "run"),
    "a penalty total": ("UPDATE penalty SET total = 31", "penalties"),
    "an opening moved to another month": ("UPDATE opening SET about_period = 202607", "penalties"),
    "a demand row": ("UPDATE demand SET amount = 5999", "demand_rows"),
    "a demand row that is lost": ("DELETE FROM demand", "demand_rows"),
    "an allocation larger than its payment": (
        "UPDATE payment SET amount = amount - 1, transferred = transferred - 1"
        " WHERE operation = '1'", "payments",
    ),
    "an allocation moved to another payment": (
        "UPDATE allocation SET payment = (SELECT min(id) FROM payment WHERE operation = '2')"
        " WHERE contract = 2", "payments",
    ),
    "a payment moved to another account": (
        "UPDATE payment SET account = NULL WHERE operation = '1'", "payments",
    ),
    "a transferred sum": (
        "UPDATE payment SET transferred = transferred + 1 WHERE operation = '1'", "register_heads",
    ),
    "a payment in another state": (
        "UPDATE payment SET state = 'announced' WHERE operation = '1'", "payments",
    ),
    "a reversal without its mirror": (
        "UPDATE payment SET state = 'reversed' WHERE operation = '1'", "payments",
    ),
    "a payment that lost its bank day": (
        "UPDATE payment SET bank_date = NULL WHERE operation = '1'", "payments",
    ),
    "a register of another sum": (
        "UPDATE register SET amount = amount + 1", "register_heads",
    ),
    "a register that transferred another sum": (
        "UPDATE register SET transferred = transferred + 1", "register_heads",
    ),
    "a record of a 206": (
        "UPDATE record SET amount = amount + 1 WHERE space = 'erip.206' AND key = '1'",
        "operations",
    ),
    "a net sum": ("UPDATE transfer SET net = net + 1 WHERE id = 1", "payouts"),
    "a gross sum and its net": (
        "UPDATE transfer SET gross = gross + 1, net = net + 1 WHERE id = 1", "payouts",
    ),
    "an allocation moved to another transfer": (
        "UPDATE allocation SET transfer = 1 WHERE transfer = 2", "payouts",
    ),
    "a transfer confirmed by nothing": ("UPDATE transfer SET entry = NULL WHERE id = 1", "payouts"),
    "a debited transfer that is only ordered": (
        "UPDATE transfer SET state = 'ordered', entry = NULL WHERE id = 1", "payouts",
    ),
    "a transfer in no known state": ("UPDATE transfer SET state = 'x' WHERE id = 1", "payouts"),
    "statements that do not follow on each other": (
        "UPDATE statement SET opening = opening + 1, closing = closing + 1"
        " WHERE to_day = '2026-10-07'", "statement_days",
    ),
    "a statement that closes wrong in between": (
        "UPDATE statement SET closing = closing + 1 WHERE to_day = '2026-10-06'",
        "statement_days",
    ),
}  # fmt: skip
"""Each breaks one row, or two so that the sums still agree; the line that must see it."""


@pytest.mark.parametrize("damage", ROW_DAMAGES)
def test_one_broken_row_is_found(whole: Store, damage: str) -> None:
    """One row that does not fit the others leaves the proof unbalanced, in the line for it."""
    act, name = ROW_DAMAGES[damage]
    with whole.transaction() as tx:
        assert tx.run(act) > 0

    assert not proof.balanced(shown(whole))
    assert name in {line for line, *_ in broken(whole)}


def test_a_register_that_is_lost(whole: Store) -> None:
    """A register without its row shows in both its lines, told by the accepted file."""
    with whole.transaction() as tx:
        tx.run("UPDATE payment SET register_id = NULL")
        tx.run("DELETE FROM register")
        tx.run("UPDATE intake SET number = '7801' WHERE kind = 'erip.210'")

    assert {
        ("registers", OCT, "register:7801"), ("register_heads", OCT, "all"),
    } <= broken(whole)  # fmt: skip


def test_another_body_of_a_receipt(whole: Store) -> None:
    """A receipt whose bytes were replaced is not the one that was stored."""
    with whole.transaction() as tx:
        tx.run("UPDATE receipt SET body = :body WHERE intake_id = 2", body=b"another")

    assert broken(whole) == {("receipt_bodies", OCT, "all")}


def test_released_files_count_once(whole: Store) -> None:
    """Of a file that was held first the last word of the journal counts, in its own month."""
    with whole.transaction() as tx:
        held = books.intake(tx, at=minsk(2026, 9, 30, 23))
        enter(tx, NOON, [Entry("in.hold", f"intake:{held}", "HELD")])
        enter(tx, NOON, [Entry("in.release", f"intake:{held}", "ok")])
        decide(tx, held)

    files = [line[1:5] for line in shown(whole) if line.name == "files"]
    assert files == [("2026-09", "all", "1", "1"), (OCT, "all", "6", "6")]


def test_bytes_that_say_something_else(whole: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Demands and transfers are proved by the bytes sent, not by our own rows."""
    monkeypatch.setitem(SENT, "sha-1", [(NUMBER, 6001)])
    monkeypatch.setitem(SENT, "sha-9", [("ZH-T-000001", 3466), ("ZH-T-000002", 2475)])

    assert broken(whole) == {
        ("demands", "2026-09", "erip"), ("demand_rows", "2026-09", "erip"),
        ("transfers", OCT, "supplier:water"),
    }  # fmt: skip


def test_accounts_left_out(whole: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that went without an account still balances: its amount is added."""
    monkeypatch.setitem(SENT, "sha-1", [])
    with whole.transaction() as tx:
        tx.run("UPDATE demand SET left_out = 1")

    assert broken(whole) == set()


def test_only_the_list_that_holds(whole: Store) -> None:
    """Of two lists of a month the later counts; the rejected one before it does not."""
    with whole.transaction() as tx:
        tx.run("UPDATE dispatch SET ack_state = 'REJECTED', business_key = 'k' WHERE id = 1")
        books.dispatched(
            tx, 2, "erip.202", period=202609, ack_state="WAITING", business_key="k", effect=2,
            object_sha="sha-1",
        )  # fmt: skip
        tx.insert(DemandRow, [(2, 1, 6000, 0)])

    assert broken(whole) == set()


def test_orders_that_have_not_left(whole: Store) -> None:
    """What waits for its order stands on the left beside what was sent."""
    with whole.transaction() as tx:
        tx.run("UPDATE dispatch SET state = 'QUEUED' WHERE id = 9")

    assert broken(whole) == set()


def test_refused_and_repeated_files(whole: Store) -> None:
    """All records of a refused file are refused; a duplicate has neither record nor receipt."""
    with whole.transaction() as tx:
        bad = books.intake(tx, state=REJECTED, records=7, rejected=7)
        again = books.intake(tx, state="DUPLICATE", first_id=bad, records=7)
        decide(tx, bad, REJECTED, "in.reject")
        decide(tx, again, "DUPLICATE", "in.duplicate")

    found = {line.name: line.left for line in shown(whole, OCTOBER) if line.scope == "all"}
    assert broken(whole) == set()
    assert (found["files"], found["receipts"], found["records"]) == ("8", "7", "11")


def test_suspense_counts(whole: Store) -> None:
    """Money without owner is on both sides of what was received."""
    with whole.transaction() as tx:
        origin = books.origin(tx, "erip.206")
        message = books.payment("5", "0999999999", 700)
        post_payments(tx, origin, [(2, message)], NONE)
        remember(tx, origin.intake_id, [(2, "5", 700)], "SUSPENDED")
        decide(tx, origin.intake_id)

    line = next(found for found in shown(whole, OCTOBER) if found.name == "received")
    assert line[3:] == ("67.00", "67.00", "0.00")
    assert broken(whole) == set()


def test_one_month(whole: Store) -> None:
    """A month asked for is shown alone."""
    assert {line.month for line in shown(whole, SEPTEMBER)} == {"2026-09"}
    assert shown(whole, Month(2025, 1)) == []


def test_the_month_of_a_file_is_that_of_minsk(store: Store) -> None:
    """A file of 1 October, half past midnight in Minsk, counts in October."""
    with store.transaction() as tx:
        books.intake(tx, at=minsk(2026, 10, 1, 0, 30))

    assert stamp(minsk(2026, 10, 1, 0, 30)).startswith("2026-09-30")
    assert next((line.name, line.month) for line in shown(store)) == ("files", "2026-10")


def test_a_reversal_told_twice(whole: Store) -> None:
    """A reversal that comes again has no key and takes nothing back a second time."""
    with whole.transaction() as tx:
        again = books.intake(tx, "erip.216", records=1)
        tx.insert(Record, [(again, 2, None, None, "POSTED", 100, None)])
        decide(tx, again)

    assert broken(whole) == set()
