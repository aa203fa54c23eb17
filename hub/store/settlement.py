"""Queries of distribution and of transfers to suppliers."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.store.session import Row, Transaction
from hub.store.tables.ledger import Transfer

# --- distribution ------------------------------------------------------------------------------


def waiting_accounts(tx: Transaction, scheme: str, after: int, count: int) -> list[int]:
    """The next accounts above `after` that have a payment with something left to allocate."""
    rows = tx.rows(
        "SELECT DISTINCT account FROM payment WHERE scheme = :scheme AND allocated = 0"
        " AND account > :after AND source_payment IS NULL AND state <> 'reversed'"
        " ORDER BY account LIMIT :count",
        scheme=scheme,
        after=after,
        count=count,
    )
    return [account for (account,) in rows]


class Waiting(NamedTuple):
    """A payment with something left to allocate."""

    id: int
    account: int
    amount: int
    penalty: int
    paid_on: str
    operation: str
    to_principal: int
    """What of it was allocated before, by ledger."""
    to_penalty: int


def waiting_payments(tx: Transaction, accounts: Sequence[int]) -> list[Waiting]:
    """The payments of accounts that are not allocated to the end."""
    rows = tx.rows(
        "SELECT p.id, p.account, p.amount, p.penalty, p.paid_on, p.operation,"
        " coalesce(sum(CASE WHEN a.ledger = 'principal' THEN a.amount ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN a.ledger = 'penalty' THEN a.amount ELSE 0 END), 0)"
        " FROM payment p LEFT JOIN allocation a ON a.payment = p.id"
        " WHERE p.allocated = 0 AND p.source_payment IS NULL AND p.state <> 'reversed'"
        f" AND {tx.among('p.account')}"
        " GROUP BY p.id, p.account, p.amount, p.penalty, p.paid_on, p.operation",
        keys=tx.listed(accounts),
    )
    return [Waiting._make((*row[:6], int(row[6]), int(row[7]))) for row in rows]


def open_balances(tx: Transaction, accounts: Sequence[int]) -> list[Row]:
    """(account, contract, about_period, ledger, amount) of what accounts owe, positive only.

    By account, period and contract. Charges and penalties of a final run count as soon as they
    are written: distribution inside rating sees those of the run that is not sealed yet.
    """
    of_accounts = f"JOIN contract c ON {tx.among('c.account')} AND c.id = "
    final = "JOIN run r ON r.kind = 'final' AND r.state <> 'void' AND r.id = "
    rows = tx.rows(
        "SELECT account, contract, about_period, ledger, sum(amount) FROM ("
        " SELECT c.account, o.contract, o.about_period, o.ledger, o.amount"
        f"  FROM opening o {of_accounts} o.contract"
        " UNION ALL SELECT c.account, h.contract, h.period, 'principal', h.gross - h.benefit"
        f"  FROM charge h {of_accounts} h.contract {final} h.run"
        " UNION ALL SELECT c.account, p.contract, p.about_period, 'penalty', p.amount"
        f"  FROM penalty p {of_accounts} p.contract {final} p.run"
        " UNION ALL SELECT c.account, a.contract, a.about_period, a.ledger, -a.amount"
        f"  FROM allocation a {of_accounts} a.contract"
        ") owed GROUP BY account, contract, about_period, ledger HAVING sum(amount) > 0"
        " ORDER BY account, about_period, contract",
        keys=tx.listed(accounts),
    )
    return [(*row[:4], int(row[4])) for row in rows]


def mark_allocated(tx: Transaction, payment_ids: Sequence[int]) -> None:
    """Nothing of these payments is left to allocate."""
    tx.run(f"UPDATE payment SET allocated = 1 WHERE {tx.among('id')}", keys=tx.listed(payment_ids))


# --- fees and transfers ------------------------------------------------------------------------

_SETTLED = (
    "FROM allocation a JOIN contract c ON c.id = a.contract"
    " JOIN payment p ON p.id = a.payment"
    " JOIN payment s ON s.id = coalesce(p.source_payment, p.id)"
    " WHERE a.transfer IS NULL AND s.bank_date < :day AND p.scheme = :scheme"
)
"""Allocations in no transfer yet whose money came before `:day`; a mirror follows its payment."""


def settled_payments(
    tx: Transaction, scheme: str, day: str, payees: Sequence[str], after: int, count: int
) -> list[int]:
    """The next payments above `after` of which something may be transferred to payees."""
    rows = tx.rows(
        f"SELECT DISTINCT a.payment {_SETTLED} AND {tx.among('c.supplier')}"
        " AND a.payment > :after ORDER BY a.payment LIMIT :count",
        scheme=scheme,
        day=day,
        keys=tx.listed(payees),
        after=after,
        count=count,
    )
    return [payment for (payment,) in rows]


class Priced(NamedTuple):
    """A payment whose fee is spread."""

    id: int
    fee: int
    rest: int
    """What of it is not allocated."""
    charged: int
    """What of its fee earlier transfers have charged."""


def priced_payments(tx: Transaction, payment_ids: Sequence[int]) -> list[Priced]:
    """Fee, unallocated rest and fee charged before of payments, by id."""
    rows = tx.rows(
        "SELECT p.id, p.fee, p.amount - coalesce(sum(a.amount), 0),"
        " coalesce(sum(CASE WHEN a.transfer IS NULL THEN 0 ELSE a.fee END), 0)"
        " FROM payment p LEFT JOIN allocation a ON a.payment = p.id"
        f" WHERE {tx.among('p.id')} GROUP BY p.id, p.fee, p.amount ORDER BY p.id",
        keys=tx.listed(payment_ids),
    )
    return [Priced(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def free_allocations(tx: Transaction, payment_ids: Sequence[int]) -> list[Row]:
    """(id, payment, supplier, amount, fee) of allocations in no transfer, in order."""
    return tx.rows(
        "SELECT a.id, a.payment, c.supplier, a.amount, a.fee FROM allocation a"
        " JOIN contract c ON c.id = a.contract"
        f" WHERE a.transfer IS NULL AND {tx.among('a.payment')} ORDER BY a.payment, a.id",
        keys=tx.listed(payment_ids),
    )


def set_fees(tx: Transaction, fees: Sequence[tuple[int, int]]) -> None:
    """Store (allocation, fee)."""
    tx.run_many(
        "UPDATE allocation SET fee = :fee WHERE id = :id",
        [{"id": allocation, "fee": fee} for allocation, fee in fees],
    )


def supplier_sums(tx: Transaction, scheme: str, day: str) -> dict[str, tuple[int, int, int]]:
    """Supplier -> (gross, refunds, fees) of what may be transferred on a day."""
    rows = tx.rows(
        "SELECT c.supplier, sum(CASE WHEN a.amount > 0 THEN a.amount ELSE 0 END),"
        " sum(CASE WHEN a.amount < 0 THEN -a.amount ELSE 0 END), sum(a.fee)"
        f" {_SETTLED} GROUP BY c.supplier",
        scheme=scheme,
        day=day,
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


class TransferRow(NamedTuple):
    """A transfer, in the order of its table."""

    id: int
    scheme: str
    supplier: str
    """The partner that is paid."""
    day: str
    gross: int
    refunds: int
    fee: int
    net: int
    order_number: int
    end_to_end: str
    state: str
    dispatch: int | None
    entry: int | None


_TRANSFER = f"SELECT {', '.join(TransferRow._fields)} FROM transfer"


def ordered_on(tx: Transaction, day: str) -> set[str]:
    """Suppliers that have a transfer of this day already."""
    return {row[0] for row in tx.rows("SELECT supplier FROM transfer WHERE day = :day", day=day)}


def add_transfer(tx: Transaction, row: TransferRow, provider_id: str) -> None:
    """Store a transfer; what it passes on to the supplier names it from now on."""
    tx.insert(Transfer, [row], TransferRow._fields)
    tx.run(
        "UPDATE allocation SET transfer = :transfer"
        f" WHERE id IN (SELECT a.id {_SETTLED} AND c.supplier = :provider)",
        transfer=row.id,
        scheme=row.scheme,
        day=row.day,
        provider=provider_id,
    )


def planned_transfers(tx: Transaction, scheme: str) -> list[TransferRow]:
    """Transfers for which no order was made yet."""
    rows = tx.rows(
        f"{_TRANSFER} WHERE scheme = :scheme AND state = 'planned' ORDER BY id", scheme=scheme
    )
    return [TransferRow(*row) for row in rows]


def mark_ordered(tx: Transaction, transfer_ids: Sequence[int], dispatch: int) -> None:
    """The orders of these transfers stand in a file that leaves."""
    tx.run(
        "UPDATE transfer SET state = 'ordered', dispatch = :dispatch"
        f" WHERE {tx.among('id')} AND state = 'planned'",
        dispatch=dispatch,
        keys=tx.listed(transfer_ids),
    )
