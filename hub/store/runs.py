"""Queries of runs: their chunks, their seal, and what is written when a month closes."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.month import Month
from hub.store.periods import RunRow
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


def sealed(tx: Transaction) -> list[RunRow]:
    """The sealed runs of all schemes by month."""
    rows = tx.rows(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE state = 'sealed'"
        " ORDER BY month, scheme, id"
    )
    return [RunRow(*row) for row in rows]


# --- accounts in error -------------------------------------------------------------------------


class Held(NamedTuple):
    """An account that a run could not rate."""

    account: int
    number: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"account {self.number}: {self.code}: {self.text}"


def held(tx: Transaction, run: int) -> list[Held]:
    """The accounts in error of a run, in order."""
    rows = tx.rows(
        "SELECT e.account, a.number, e.code, e.text FROM run_error e"
        " JOIN account a ON a.id = e.account WHERE e.run = :run ORDER BY e.account",
        run=run,
    )
    return [Held._make(row) for row in rows]


def close_todos(tx: Transaction, run: int, now: str) -> None:
    """What persons were asked about the accounts in error of a run is asked no more."""
    tx.run(
        "UPDATE todo SET done_at = :now WHERE done_at IS NULL"
        " AND kind IN (SELECT 'rating.' || code FROM run_error WHERE run = :run)"
        " AND object IN (SELECT 'account:' || account FROM run_error WHERE run = :run)",
        now=now,
        run=run,
    )


# --- taking a rating back ----------------------------------------------------------------------

ALLOCATION = (
    "id", "payment", "contract", "about_period", "posted_period", "ledger", "amount", "method",
    "mirrors", "recorded_at", "fee",
)  # fmt: skip


_KEYS = (
    "WITH k AS (SELECT DISTINCT contract, period AS about, 'principal' AS ledger FROM charge"
    " WHERE run = :run UNION ALL SELECT contract, about_period, 'penalty' FROM penalty"
    " WHERE run = :run)"
)
"""What a run wrote: contract, the month that it is about, and ledger."""


def overpaid_without(tx: Transaction, run: int) -> dict[tuple[int, int, str], int]:
    """(contract, about, ledger) of a run -> what is allocated to it above its other debts.

    Other debts are those taken over and the penalties of other sealed runs; no other run has
    charged the month.
    """
    rows = tx.rows(
        f"{_KEYS} SELECT contract, about, ledger, sum(owed), sum(paid) FROM ("
        " SELECT k.contract, k.about, k.ledger, o.amount AS owed, 0 AS paid FROM k JOIN opening o"
        "  ON o.contract = k.contract AND o.about_period = k.about AND o.ledger = k.ledger"
        " UNION ALL SELECT k.contract, k.about, k.ledger, p.amount, 0 FROM k JOIN penalty p"
        "  ON k.ledger = 'penalty' AND p.contract = k.contract AND p.about_period = k.about"
        "  AND p.run <> :run"
        "  JOIN run r ON r.id = p.run AND r.kind = 'final' AND r.state = 'sealed'"
        " UNION ALL SELECT k.contract, k.about, k.ledger, 0, a.amount FROM k JOIN allocation a"
        "  ON a.contract = k.contract AND a.about_period = k.about AND a.ledger = k.ledger"
        ") turned GROUP BY contract, about, ledger HAVING sum(paid) > 0",
        run=run,
    )
    above = {row[:3]: int(row[4]) - max(0, int(row[3])) for row in rows}
    return {key: amount for key, amount in above.items() if amount > 0}


def free_allocations_on(tx: Transaction, run: int) -> list[Row]:
    """Allocations to what a run wrote, newest first: `ALLOCATION` of each.

    Neither those that were taken back nor those that a transfer passes on to a supplier.
    """
    columns = ", ".join(f"a.{name}" for name in ALLOCATION)
    return tx.rows(
        f"{_KEYS} SELECT {columns} FROM k JOIN allocation a ON a.contract = k.contract"
        " AND a.about_period = k.about AND a.ledger = k.ledger"
        " WHERE a.mirrors IS NULL AND a.transfer IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM allocation m WHERE m.mirrors = a.id) ORDER BY a.id DESC",
        run=run,
    )


def take_back(
    tx: Transaction, taken: Sequence[tuple[Row, int]], posted_period: int, now: str
) -> None:
    """Post the exact opposite of allocations, and again the part of each that stays.

    The payments wait for distribution again.
    """
    if not taken:
        return
    fresh: list[Row] = []
    for row, stays in taken:
        same = (*row[1:4], posted_period, row[5])
        fresh.append((*same, -row[6], "mirror", row[0], now, 0))
        if stays:
            fresh.append((*same, stays, row[7], None, now, 0))
    first = tx.reserve("allocation", len(fresh))
    tx.insert(Allocation, [(n, *row) for n, row in enumerate(fresh, first)], ALLOCATION)
    payments = sorted({row[1] for row, _ in taken})
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
