"""Queries of payments, registers and statements: what the posters of money read and write."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.session import Row, Transaction
from hub.store.tables.exchange import Todo
from hub.store.tables.ledger import Allocation, Payment, Register, Statement, StatementEntry

ERIP = "erip"
"""Who numbers the operations of all ERIP messages, whatever bank took the money."""


class PaymentRow(NamedTuple):
    """A row of `payment`, in the order of the table."""

    id: int
    scheme: str
    agent: str
    operation: str
    source_payment: int | None
    account: int | None
    amount: int
    penalty: int
    paid_at: str | None
    paid_on: str
    posted_period: int
    state: str
    register_id: int | None
    transferred: int | None
    fee: int
    bank_date: str | None
    allocated: int
    file_account: str | None
    file_payer: str | None
    file_address: str | None
    service_number: str
    asked_period: str | None
    demand_time: str | None
    intake_id: int
    line: int
    recorded_at: str


class Known(NamedTuple):
    """What is known of an operation that a message names again."""

    id: int
    operation: str
    state: str
    account: str | None
    """As the file named it."""
    amount: int
    penalty: int


# --- accounts ----------------------------------------------------------------------------------


def accounts_by_number(tx: Transaction, scheme: str, numbers: Sequence[str]) -> dict[str, int]:
    """Number -> account id; a number that fits two accounts fits none (`formats-erip.md`, A10)."""
    rows = tx.rows(
        f"SELECT number, id FROM account WHERE scheme = :scheme AND {tx.among('number')}",
        scheme=scheme,
        keys=tx.listed(numbers),
    )
    found: dict[str, int] = dict(rows)
    if len(found) < len(rows):
        counts = Counter(number for number, _ in rows)
        found = {number: account for number, account in rows if counts[number] == 1}
    return found


def closing_days(tx: Transaction, accounts: Sequence[int]) -> dict[int, str]:
    """Account -> first day on which it is no longer open, by its latest state."""
    rows = tx.rows(
        "SELECT account, closed_on FROM account_state s WHERE closed_on IS NOT NULL"
        f" AND {tx.among('account')} AND NOT EXISTS (SELECT 1 FROM account_state l"
        " WHERE l.account = s.account AND (l.recorded_at > s.recorded_at"
        " OR (l.recorded_at = s.recorded_at AND l.valid_from > s.valid_from)))",
        keys=tx.listed(accounts),
    )
    return dict(rows)


# --- payments ----------------------------------------------------------------------------------


def known_payments(tx: Transaction, scheme: str, operations: Sequence[str]) -> dict[str, Known]:
    """Operation -> the payment that ERIP told of before."""
    rows = tx.rows(
        "SELECT id, operation, state, file_account, amount, penalty FROM payment"
        f" WHERE scheme = :scheme AND agent = '{ERIP}' AND {tx.among('operation')}"
        " AND source_payment IS NULL",
        scheme=scheme,
        keys=tx.listed(operations),
    )
    return {row[1]: Known(*row) for row in rows}


def payments(tx: Transaction, ids: Sequence[int]) -> list[PaymentRow]:
    """Whole rows of payments, in the order of their ids."""
    rows = tx.rows(
        f"SELECT {', '.join(PaymentRow._fields)} FROM payment WHERE {tx.among('id')} ORDER BY id",
        keys=tx.listed(ids),
    )
    return [PaymentRow(*row) for row in rows]


def add_payments(tx: Transaction, rows: Iterable[Row]) -> int:
    """Insert payments, in the order of the table; gives their count."""
    return tx.insert(Payment, rows, PaymentRow._fields)


def transfer_payments(tx: Transaction, rows: Sequence[dict[str, object]]) -> None:
    """Announced payments become transferred; keys id, register, transferred, fee, bank_date."""
    tx.run_many(
        "UPDATE payment SET state = 'transferred', register_id = :register,"
        " transferred = :transferred, fee = :fee, bank_date = :bank_date WHERE id = :id",
        rows,
    )


def fill_payments(tx: Transaction, rows: Sequence[dict[str, object]]) -> None:
    """Fill in what is still empty; keys id, payer, address, period, demand_time."""
    tx.run_many(
        "UPDATE payment SET file_payer = coalesce(file_payer, :payer),"
        " file_address = coalesce(file_address, :address),"
        " asked_period = coalesce(asked_period, :period),"
        " demand_time = coalesce(demand_time, :demand_time) WHERE id = :id",
        rows,
    )


def close_payments(tx: Transaction, ids: Sequence[int]) -> None:
    """Mark payments as reversed: they are never distributed again."""
    tx.run(
        f"UPDATE payment SET state = 'reversed', allocated = 1 WHERE {tx.among('id')}",
        keys=tx.listed(ids),
    )


def allocations_of(tx: Transaction, payment_ids: Sequence[int]) -> list[Row]:
    """(id, payment, contract, about_period, ledger, amount) of payments, by id."""
    return tx.rows(
        "SELECT id, payment, contract, about_period, ledger, amount FROM allocation"
        f" WHERE {tx.among('payment')} ORDER BY id",
        keys=tx.listed(payment_ids),
    )


ALLOCATION = (
    "id",
    "payment",
    "contract",
    "about_period",
    "posted_period",
    "ledger",
    "amount",
    "method",
    "mirrors",
    "recorded_at",
    "fee",
)
"""The columns of `add_allocations`."""


def add_allocations(tx: Transaction, rows: Iterable[Row]) -> int:
    """Insert allocations by the columns of `ALLOCATION`; gives their count."""
    return tx.insert(Allocation, rows, ALLOCATION)


# --- registers ---------------------------------------------------------------------------------


class RegisterRow(NamedTuple):
    """A register, in the order of its table."""

    intake_id: int
    number: str
    agent: str
    agent_account: str
    order_number: str
    transfer_on: str
    amount: int
    penalty: int
    transferred: int
    entry: int | None
    bank_date: str | None


_REGISTER = f"SELECT {', '.join(f'r.{name}' for name in RegisterRow._fields)} FROM register r"


def register(tx: Transaction, intake_id: int) -> RegisterRow | None:
    """The register that an intake brought, or None."""
    row = tx.row(f"{_REGISTER} WHERE r.intake_id = :id", id=intake_id)
    return RegisterRow(*row) if row else None


def add_register(tx: Transaction, row: RegisterRow) -> None:
    """Store the header of a register."""
    tx.insert(Register, [row], RegisterRow._fields)


def unpaid_registers(tx: Transaction, agreements: Sequence[str]) -> list[RegisterRow]:
    """Registers of some agreements that no bank credit has met yet."""
    rows = tx.rows(
        f"{_REGISTER} JOIN intake i ON i.id = r.intake_id"
        f" WHERE r.entry IS NULL AND {tx.among('i.agreement')} ORDER BY r.intake_id",
        keys=tx.listed(agreements),
    )
    return [RegisterRow(*row) for row in rows]


def pay_registers(tx: Transaction, pairs: Sequence[tuple[int, int, str]]) -> None:
    """Tie (register, entry, booked day): the money of its payments has come."""
    rows: list[dict[str, object]] = [
        {"register": register, "entry": entry, "day": day} for register, entry, day in pairs
    ]
    tx.run_many(
        "UPDATE register SET entry = :entry, bank_date = :day WHERE intake_id = :register", rows
    )
    tx.run_many("UPDATE payment SET bank_date = :day WHERE register_id = :register", rows)


# --- statements --------------------------------------------------------------------------------


class Credit(NamedTuple):
    """A credit that no register has met yet."""

    id: int
    booked_on: str
    amount: int
    document_number: str | None
    party_account: str | None


def free_credits(tx: Transaction, account: str, amounts: Sequence[int]) -> list[Credit]:
    """Credits of an account with one of these amounts that belong to no register."""
    rows = tx.rows(
        "SELECT e.id, e.booked_on, e.amount, e.document_number, e.party_account"
        " FROM statement_entry e LEFT JOIN register r ON r.entry = e.id"
        " WHERE e.account = :account AND e.direction = 'credit' AND r.intake_id IS NULL"
        f" AND {tx.among('e.amount')} ORDER BY e.id",
        account=account,
        keys=tx.listed(amounts),
    )
    return [Credit(*row) for row in rows]


def known_entries(
    tx: Transaction, account: str, refs: Sequence[str]
) -> dict[str, tuple[int, str, int]]:
    """Reference -> (intake, direction, amount) of entries stored before."""
    rows = tx.rows(
        "SELECT entry_ref, intake_id, direction, amount FROM statement_entry"
        f" WHERE account = :account AND {tx.among('entry_ref')}",
        account=account,
        keys=tx.listed(refs),
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def add_entries(tx: Transaction, rows: Iterable[Row]) -> int:
    """Insert statement entries, in the order of the table; gives their count."""
    return tx.insert(StatementEntry, rows)


def statement_known(tx: Transaction, account: str, statement_id: str) -> bool:
    """Whether a statement of this account and id was posted before."""
    found = tx.value(
        "SELECT 1 FROM statement WHERE account = :account AND statement_id = :id",
        account=account,
        id=statement_id,
    )
    return found is not None


def closing_before(tx: Transaction, account: str, day: str) -> int | None:
    """The closing balance of the last statement up to `day`; of one day, of the last that came."""
    found: int | None = tx.value(
        "SELECT closing FROM statement WHERE account = :account AND to_day <= :day"
        " ORDER BY to_day DESC, intake_id DESC LIMIT 1",
        account=account,
        day=day,
    )
    return found


def add_statement(tx: Transaction, row: Row) -> None:
    """Store the head of a statement, in the order of the table."""
    tx.insert(Statement, [row])


class Referring(NamedTuple):
    """An entry with an end-to-end reference, and the transfer of ours that has it."""

    entry: int
    direction: str
    amount: int
    reference: str
    transfer: int | None
    state: str | None
    net: int | None


def referring_entries(tx: Transaction, intake_id: int) -> list[Referring]:
    """Entries of a statement that refer to something and met no register, in their order.

    `NOTPROVIDED` is the word of ISO 20022 for no reference.
    """
    rows = tx.rows(
        "SELECT e.id, e.direction, e.amount, e.end_to_end, t.id, t.state, t.net"
        " FROM statement_entry e LEFT JOIN transfer t ON t.end_to_end = e.end_to_end"
        " LEFT JOIN register r ON r.entry = e.id"
        " WHERE e.intake_id = :intake AND r.intake_id IS NULL"
        " AND e.end_to_end IS NOT NULL AND e.end_to_end NOT IN ('', 'NOTPROVIDED') ORDER BY e.id",
        intake=intake_id,
    )
    return [Referring(*row) for row in rows]


def confirm_transfers(tx: Transaction, pairs: Sequence[tuple[int, int]]) -> None:
    """Tie (transfer, entry): the bank has paid."""
    tx.run_many(
        "UPDATE transfer SET state = 'confirmed', entry = :entry WHERE id = :transfer",
        [{"transfer": transfer, "entry": entry} for transfer, entry in pairs],
    )


def return_transfers(tx: Transaction, transfers: Sequence[int]) -> None:
    """The bank gave the money of these transfers back."""
    tx.run(
        f"UPDATE transfer SET state = 'returned' WHERE {tx.among('id')}", keys=tx.listed(transfers)
    )


# --- reversals that wait for their payment -----------------------------------------------------


class WaitingReversal(NamedTuple):
    """A parked record of a 216 whose payment was not known when it came."""

    operation: str
    account: str | None
    """As the file named it."""
    amount: int
    intake: int
    line: int
    kind: str
    """Of its file, which is the key space of its record too."""


def waiting_reversals(
    tx: Transaction, agreements: Sequence[str], operations: Sequence[str]
) -> list[WaitingReversal]:
    """The reversals of some agreements that wait for these operations, in the order they came.

    What is open to do is looked at first: that is a short list, and mostly an empty one.
    """
    open_ = tx.rows("SELECT object FROM todo WHERE done_at IS NULL AND kind = 'E-NO-ORIGINAL'")
    wanted = {found.removeprefix("payment:") for (found,) in open_}.intersection(operations)
    if not wanted:
        return []
    rows = tx.rows(
        "SELECT f.key, f.value, r.amount, r.intake_id, r.line, i.kind, i.agreement"
        " FROM finding f JOIN record r ON r.intake_id = f.intake_id AND r.line = f.line"
        " JOIN intake i ON i.id = r.intake_id"
        " WHERE f.code = 'E-NO-ORIGINAL' AND r.code = 'E-NO-ORIGINAL' AND r.state = 'PARKED'"
        f" AND i.kind = 'erip.216' AND {tx.among('f.key')} ORDER BY r.intake_id, r.line",
        keys=tx.listed(sorted(wanted)),
    )
    return [WaitingReversal(*row[:6]) for row in rows if row[6] in agreements]


class RecordFate(NamedTuple):
    """What became of a record later: state, and its business key or the code of its finding."""

    intake: int
    line: int
    state: str
    space: str | None
    key: str | None
    code: str | None


def settle_records(tx: Transaction, fates: Sequence[RecordFate]) -> None:
    """Set records anew."""
    tx.run_many(
        "UPDATE record SET state = :state, space = :space, key = :key, code = :code"
        " WHERE intake_id = :intake AND line = :line",
        [dict(fate._asdict()) for fate in fates],
    )


# --- things to do ------------------------------------------------------------------------------


def leave_todos(tx: Transaction, todos: Sequence[tuple[str, str, str]], now: str) -> None:
    """Leave (kind, object, text) for a person, many at once."""
    if todos:
        first = tx.reserve("todo", len(todos))
        tx.insert(Todo, [(n, *todo, now, None) for n, todo in enumerate(todos, first)])


def close_todos(tx: Transaction, kind: str, objects: Sequence[str], now: str) -> None:
    """What was to do about these objects is done."""
    tx.run(
        "UPDATE todo SET done_at = :now WHERE done_at IS NULL AND kind = :kind"
        f" AND {tx.among('object')}",
        now=now,
        kind=kind,
        keys=tx.listed(objects),
    )
