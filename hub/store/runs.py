"""Queries of runs: their chunks, their seal, and what is written when a month closes."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.month import Month
from hub.store.session import Row, Transaction
from hub.store.tables.ledger import Allocation, RunChunk


class ChunkRow(NamedTuple):
    """A chunk of a run, in the order of its table."""

    run: int
    chunk: int
    account_from: int
    account_to: int
    accounts: int = 0
    errors: int = 0
    rows: int = 0
    sum_quantity: int = 0
    sum_gross: int = 0
    sum_benefit: int = 0
    sum_penalty: int = 0
    body_sha256: str | None = None
    finished_at: str | None = None


def add_chunks(tx: Transaction, rows: Sequence[ChunkRow]) -> None:
    """Store the plan of a run."""
    tx.insert(RunChunk, rows)


def chunks(tx: Transaction, run: int) -> list[ChunkRow]:
    """The chunks of a run in order."""
    rows = tx.rows(
        f"SELECT {', '.join(ChunkRow._fields)} FROM run_chunk WHERE run = :run ORDER BY chunk",
        run=run,
    )
    return [ChunkRow._make(row) for row in rows]


def finish_chunk(tx: Transaction, row: ChunkRow) -> bool:
    """Record what a chunk came to; False when another worker has finished it."""
    done = tx.run(
        "UPDATE run_chunk SET accounts = :accounts, errors = :errors, rows = :rows,"
        " sum_quantity = :sum_quantity, sum_gross = :sum_gross, sum_benefit = :sum_benefit,"
        " sum_penalty = :sum_penalty, body_sha256 = :body_sha256, finished_at = :finished_at"
        " WHERE run = :run AND chunk = :chunk AND finished_at IS NULL",
        **{name: value for name, value in row._asdict().items() if not name.startswith("account_")},
    )
    return done == 1


def seal(tx: Transaction, run: int, chain: str) -> bool:
    """Seal a running run with its chain; False when that was done."""
    done = tx.run(
        "UPDATE run SET state = 'sealed', chain = :chain WHERE id = :run AND state = 'running'",
        run=run,
        chain=chain,
    )
    return done == 1


def charged_sums(tx: Transaction, run: int) -> Row:
    """(Σ gross, Σ benefit, Σ penalty) of the rows of a run."""
    gross = tx.row(
        "SELECT coalesce(sum(gross), 0), coalesce(sum(benefit), 0) FROM charge WHERE run = :run",
        run=run,
    )
    penalty = tx.value("SELECT coalesce(sum(amount), 0) FROM penalty WHERE run = :run", run=run)
    assert gross is not None
    return (int(gross[0]), int(gross[1]), int(penalty))


# --- taking a rating back ----------------------------------------------------------------------

ALLOCATION = (
    "id", "payment", "contract", "about_period", "posted_period", "ledger", "amount", "method",
    "mirrors", "recorded_at", "fee",
)  # fmt: skip


def allocations_on_run(tx: Transaction, run: int) -> list[Row]:
    """Allocations that pay what a run wrote and were not taken back: `ALLOCATION` of each."""
    columns = ", ".join(f"a.{name}" for name in ALLOCATION)
    return tx.rows(
        f"SELECT {columns} FROM allocation a WHERE a.mirrors IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM allocation m WHERE m.mirrors = a.id) AND ("
        " (a.ledger = 'principal' AND EXISTS (SELECT 1 FROM charge h WHERE h.run = :run"
        "  AND h.contract = a.contract AND h.period = a.about_period))"
        " OR (a.ledger = 'penalty' AND EXISTS (SELECT 1 FROM penalty x WHERE x.run = :run"
        "  AND x.contract = a.contract AND x.about_period = a.about_period))) ORDER BY a.id",
        run=run,
    )


def take_back(tx: Transaction, rows: Sequence[Row], posted_period: int, now: str) -> None:
    """Post the exact opposite of allocations; their payments wait for distribution again."""
    if not rows:
        return
    first = tx.reserve("allocation", len(rows))
    opposite = [
        (n, row[1], row[2], row[3], posted_period, row[5], -row[6], "mirror", row[0], now, 0)
        for n, row in enumerate(rows, first)
    ]
    tx.insert(Allocation, opposite, ALLOCATION)
    payments = sorted({row[1] for row in rows})
    tx.run(f"UPDATE payment SET allocated = 0 WHERE {tx.among('id')}", keys=tx.listed(payments))


# --- closing -----------------------------------------------------------------------------------

_ENTRIES = (
    "SELECT e.contract, 0 AS principal_in, 0 AS penalty_in,"
    " CASE WHEN e.ledger = 'principal' THEN e.amount ELSE 0 END AS principal,"
    " CASE WHEN e.ledger = 'penalty' THEN e.amount ELSE 0 END AS penalty_sum,"
    " CASE WHEN e.kind = 'charge' THEN e.amount ELSE 0 END AS charged,"
    " CASE WHEN e.kind = 'benefit' THEN -e.amount ELSE 0 END AS benefit,"
    " CASE WHEN e.kind = 'penalty' THEN e.amount ELSE 0 END AS penalty,"
    " CASE WHEN e.kind = 'paid' AND e.ledger = 'principal' THEN -e.amount ELSE 0 END AS paid,"
    " CASE WHEN e.kind = 'paid' AND e.ledger = 'penalty' THEN -e.amount ELSE 0 END AS penalty_paid"
    " FROM ledger_entry e JOIN contract c ON c.id = e.contract AND c.scheme = :scheme"
    " WHERE e.posted_period = :month"
)
_CARRIED = (
    "SELECT b.contract, b.principal_out, b.penalty_out, b.principal_out, b.penalty_out,"
    " 0, 0, 0, 0, 0 FROM balance b JOIN contract c ON c.id = b.contract AND c.scheme = :scheme"
    " WHERE b.month = :before"
)
_TAKEN_OVER = (
    "SELECT contract, principal, penalty_sum, principal, penalty_sum, 0, 0, 0, 0, 0 FROM ("
    "SELECT e.contract, sum(CASE WHEN e.ledger = 'principal' THEN e.amount ELSE 0 END)"
    "  AS principal, sum(CASE WHEN e.ledger = 'penalty' THEN e.amount ELSE 0 END) AS penalty_sum"
    " FROM ledger_entry e JOIN contract c ON c.id = e.contract AND c.scheme = :scheme"
    " WHERE e.posted_period < :month GROUP BY e.contract) before"
)


def write_balances(tx: Transaction, scheme: str, month: Month, first: bool) -> None:
    """Opening, turnovers and closing of every contract, from the month before and the entries.

    The opening of the first period is what was posted before it.
    """
    opening = _TAKEN_OVER if first else _CARRIED
    params: dict[str, object] = {"scheme": scheme, "month": month.key}
    if not first:
        params["before"] = month.plus(-1).key
    tx.run(
        "INSERT INTO balance (contract, month, principal_in, penalty_in, charged, benefit,"
        " recalculated, penalty, paid, penalty_paid, principal_out, penalty_out)"
        " SELECT contract, :month, sum(principal_in), sum(penalty_in), sum(charged), sum(benefit),"
        " 0, sum(penalty), sum(paid), sum(penalty_paid), sum(principal), sum(penalty_sum)"
        f" FROM ({_ENTRIES} UNION ALL {opening}) turned GROUP BY contract",
        **params,
    )
    tx.run(
        "INSERT INTO account_balance (account, month, unallocated)"
        " SELECT e.account, :month, -sum(e.amount) FROM ledger_entry e"
        " JOIN account a ON a.id = e.account AND a.scheme = :scheme"
        " WHERE e.ledger = 'unallocated' AND e.posted_period <= :month"
        " GROUP BY e.account HAVING sum(e.amount) <> 0",
        scheme=scheme,
        month=month.key,
    )


def balance_sums(tx: Transaction, scheme: str, month: Month) -> Row:
    """(Σ principal, Σ penalty) of the closing balances of a month."""
    row = tx.row(
        "SELECT coalesce(sum(b.principal_out), 0), coalesce(sum(b.penalty_out), 0) FROM balance b"
        " JOIN contract c ON c.id = b.contract WHERE b.month = :month AND c.scheme = :scheme",
        month=month.key,
        scheme=scheme,
    )
    assert row is not None
    return (int(row[0]), int(row[1]))


def ledger_sums(tx: Transaction, scheme: str, month: Month) -> Row:
    """(Σ principal, Σ penalty) of the ledger posted up to a month."""
    row = tx.row(
        "SELECT coalesce(sum(CASE WHEN e.ledger = 'principal' THEN e.amount ELSE 0 END), 0),"
        " coalesce(sum(CASE WHEN e.ledger = 'penalty' THEN e.amount ELSE 0 END), 0)"
        " FROM ledger_entry e JOIN contract c ON c.id = e.contract"
        " WHERE e.posted_period <= :month AND c.scheme = :scheme",
        month=month.key,
        scheme=scheme,
    )
    assert row is not None
    return (int(row[0]), int(row[1]))


def overdrawn(tx: Transaction, scheme: str, month: Month) -> Row | None:
    """(account, kopecks) of an account of which more was allocated than received, if any."""
    return tx.row(
        "SELECT b.account, b.unallocated FROM account_balance b JOIN account a ON a.id = b.account"
        " WHERE b.month = :month AND a.scheme = :scheme AND b.unallocated < 0 LIMIT 1",
        month=month.key,
        scheme=scheme,
    )
