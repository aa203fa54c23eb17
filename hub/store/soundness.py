"""Counts for the proof: how many rows of a kind there are, and how many fit all they must fit.

Sums alone do not notice two errors that cancel out; here each row is judged by itself, in the
database (`billing.md`, 18). A result is `Tally`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.store.proof import EFFECT, Span
from hub.store.session import Row, Transaction

FINAL = "JOIN run r ON r.kind = 'final' AND r.state = 'sealed' AND r.id ="


class Tally(NamedTuple):
    """Rows, and those of them that are right."""

    rows: int
    right: int


def _tally(tx: Transaction, right: str, source: str, **params: object) -> Tally:
    row = tx.row(
        f"SELECT count(*), coalesce(sum(CASE WHEN {right} THEN 1 ELSE 0 END), 0) {source}", **params
    )
    assert row is not None
    return Tally(int(row[0]), int(row[1]))


# --- what accounts owe -------------------------------------------------------------------------

_CONTRACTS = (
    "SELECT b.contract, b.principal_out AS p_out, b.penalty_out AS f_out,"
    " b.principal_in AS p_in, b.penalty_in AS f_in, b.principal_out - b.principal_in - b.charged"
    "  + b.benefit - b.recalculated + b.paid AS p_turn,"
    " b.penalty_out - b.penalty_in - b.penalty + b.penalty_paid AS f_turn"
    " FROM balance b WHERE b.month = :month"
    " UNION ALL SELECT e.contract, CASE WHEN e.ledger = 'principal' THEN -e.amount ELSE 0 END,"
    " CASE WHEN e.ledger = 'penalty' THEN -e.amount ELSE 0 END,"
    " CASE WHEN e.ledger = 'principal' AND e.posted_period < :month THEN -e.amount ELSE 0 END,"
    " CASE WHEN e.ledger = 'penalty' AND e.posted_period < :month THEN -e.amount ELSE 0 END, 0, 0"
    " FROM ledger_entry e WHERE e.contract IS NOT NULL AND e.posted_period <= :month"
)
"""Stored balances, and with the opposite sign the ledger: together each contract has zeros."""


def contracts(tx: Transaction, scheme: str, month: int) -> list[tuple[str, Tally]]:
    """By service: contracts, and those whose stored balance is what the ledger says (I1-I3)."""
    columns = ("p_out", "f_out", "p_in", "f_in", "p_turn", "f_turn")
    rows = tx.rows(
        "SELECT c.service, count(*), sum(CASE WHEN"
        f" {' AND '.join(f'g.{name} = 0' for name in columns)} THEN 1 ELSE 0 END) FROM ("
        f"SELECT contract, {', '.join(f'sum({name}) AS {name}' for name in columns)}"
        f" FROM ({_CONTRACTS}) both_sides GROUP BY contract) g"
        " JOIN contract c ON c.id = g.contract WHERE c.scheme = :scheme"
        " GROUP BY c.service ORDER BY c.service",
        scheme=scheme,
        month=month,
    )
    return [(service, Tally(int(count), int(right))) for service, count, right in rows]


def accounts(tx: Transaction, scheme: str, month: int) -> Tally:
    """Accounts with money unallocated, and those whose stored rest is what the ledger says (I4)."""
    return _tally(
        tx,
        "g.rest = 0",
        "FROM (SELECT account, sum(amount) AS rest FROM ("
        " SELECT b.account, b.unallocated AS amount FROM account_balance b WHERE b.month = :month"
        " UNION ALL SELECT e.account, e.amount FROM ledger_entry e"
        "  WHERE e.ledger = 'unallocated' AND e.posted_period <= :month) both_sides"
        " GROUP BY account) g JOIN account a ON a.id = g.account WHERE a.scheme = :scheme",
        scheme=scheme,
        month=month,
    )


def debts(tx: Transaction, scheme: str, month: int) -> Tally:
    """Debts paid, by contract, month and ledger, and those not paid beyond what is owed (I14)."""
    return _tally(
        tx,
        "g.owed >= 0",
        "FROM (SELECT sum(e.amount) AS owed FROM ledger_entry e"
        " JOIN contract c ON c.id = e.contract"
        " WHERE c.scheme = :scheme AND e.posted_period <= :month"
        " GROUP BY e.contract, e.about_period, e.ledger"
        " HAVING sum(CASE WHEN e.kind = 'paid' THEN 1 ELSE 0 END) > 0) g",
        scheme=scheme,
        month=month,
    )


def charge_lines(tx: Transaction, scheme: str, month: int, step: int = 20_000) -> Iterator[Row]:
    """(q_num, q_den, quantity, price, gross, benefit) of the charges of a month, streaming."""
    last = tx.value("SELECT max(id) FROM contract") or 0
    for start in range(0, last + 1, step):
        yield from tx.rows(
            "SELECT x.q_num, x.q_den, x.quantity, x.price, x.gross, x.benefit FROM charge x"
            f" {FINAL} x.run WHERE x.contract >= :start AND x.contract < :end"
            " AND x.period = :month AND r.scheme = :scheme",
            scheme=scheme,
            month=month,
            start=start,
            end=start + step,
        )


def penalties(tx: Transaction, scheme: str, month: int) -> Tally:
    """Debts with penalty posted in a month, and those where Σ posted = the last total (I13).

    A penalty is about a debt: there is a charge or an opening of that contract and month.
    """
    debt = (
        "EXISTS (SELECT 1 FROM {0} d WHERE d.contract = g.contract AND d.{1} = g.about_period{2})"
    )
    opened = debt.format("opening", "about_period", " AND d.ledger = 'principal'")
    charged = debt.format("charge", "period", "")
    return _tally(
        tx,
        f"g.posted = g.last AND ({opened} OR {charged})",
        "FROM (SELECT x.contract, x.about_period, sum(x.amount) AS posted,"
        " sum(CASE WHEN x.posted_period = :month THEN x.total ELSE 0 END) AS last"
        f" FROM penalty x {FINAL} x.run WHERE r.scheme = :scheme AND x.posted_period <= :month"
        " GROUP BY x.contract, x.about_period HAVING max(x.posted_period) = :month) g",
        scheme=scheme,
        month=month,
    )


def run_sums(tx: Transaction, scheme: str, month: int) -> dict[str, tuple[int, int]]:
    """Amount -> (Σ of the control sums of the chunks, Σ of the rows) of the sealed run (I8)."""
    sealed = f"{FINAL} x.run WHERE r.scheme = :scheme AND r.month = :month"
    found = {}
    for name, table in (("gross", "charge"), ("benefit", "charge"), ("penalty", "penalty")):
        column = "amount" if table == "penalty" else name
        control, rows = (
            tx.value(f"SELECT sum(x.{what}) FROM {where} x {sealed}", scheme=scheme, month=month)
            for what, where in ((f"sum_{name}", "run_chunk"), (column, table))
        )
        if control is not None or rows is not None:
            found[name] = int(control or 0), int(rows or 0)
    return found


def demand_rows(tx: Transaction, dispatch: int) -> list[tuple[str, int]]:
    """(number of the account, kopecks) of the accounts that stand in a list."""
    rows = tx.rows(
        "SELECT a.number, m.amount FROM demand m JOIN account a ON a.id = m.account"
        " WHERE m.dispatch = :dispatch AND m.left_out = 0",
        dispatch=dispatch,
    )
    return [(number, amount) for number, amount in rows]


# --- what was received and passed on -----------------------------------------------------------

_PAID = (
    "FROM payment p"
    " LEFT JOIN (SELECT a.payment, sum(a.amount) AS used,"
    "  sum(CASE WHEN c.account = q.account THEN 0 ELSE 1 END) AS strange"
    "  FROM allocation a JOIN contract c ON c.id = a.contract JOIN payment q ON q.id = a.payment"
    "  WHERE q.posted_period = :month GROUP BY a.payment) u ON u.payment = p.id"
    " LEFT JOIN payment m ON m.source_payment = p.id"
    " LEFT JOIN payment o ON o.id = p.source_payment"
    " LEFT JOIN register g ON g.intake_id = p.register_id"
    " WHERE p.scheme = :scheme AND p.posted_period = :month"
)
_WITHIN = (
    "coalesce(u.strange, 0) = 0 AND (coalesce(u.used, 0) BETWEEN 0 AND p.amount"
    " OR coalesce(u.used, 0) BETWEEN p.amount AND 0)"
    " AND (p.allocated = 0 OR p.state = 'reversed' OR coalesce(u.used, 0) = p.amount)"
)
"""Not more than the payment, on contracts of its account; "nothing is left" is true."""
_STATES = (
    "CASE p.state WHEN 'reversed' THEN p.amount + coalesce(m.amount, o.amount, 0) = 0"
    " WHEN 'announced' THEN m.id IS NULL AND p.register_id IS NULL AND p.transferred IS NULL"
    " WHEN 'transferred' THEN m.id IS NULL AND g.intake_id IS NOT NULL"
    "  AND p.transferred + p.fee = p.amount"
    "  AND coalesce(p.bank_date, '') = coalesce(g.bank_date, '') ELSE 1 = 0 END"
)


def payments(tx: Transaction, scheme: str, month: int) -> Tally:
    """Payments posted in a month, and those that fit their allocations and their state (I6)."""
    right = f"{_WITHIN} AND (p.agent <> 'erip' OR {_STATES})"
    return _tally(tx, right, _PAID, scheme=scheme, month=month)


def operations(tx: Transaction, scheme: str, agreements: Sequence[str], span: Span) -> Tally:
    """Records of operations in the files of a month, and those that say what the payment says."""
    return _tally(
        tx,
        "p.amount = r.amount AND (i.kind <> 'erip.216' OR p.state = 'reversed')"
        " AND (i.kind <> 'erip.210' OR p.register_id = i.id)",
        "FROM record r JOIN intake i ON i.id = r.intake_id"
        " LEFT JOIN payment p ON p.scheme = :scheme AND p.agent = 'erip' AND p.operation = r.key"
        f" AND p.source_payment IS NULL WHERE r.key IS NOT NULL AND r.state IN {EFFECT}"
        " AND i.received_at >= :start AND i.received_at < :end"
        f" AND {tx.among('i.agreement')}",
        scheme=scheme,
        start=span.start,
        end=span.end,
        keys=tx.listed(agreements),
    )


def register_heads(tx: Transaction, agreements: Sequence[str], span: Span) -> Tally:
    """Accepted registers, and those whose head fits the file, its payments and its credit (I7)."""
    moved = "(SELECT coalesce(sum(p.transferred), 0) FROM payment p WHERE p.register_id = i.id)"
    return _tally(
        tx,
        f"g.amount = i.sum_file AND g.transferred = {moved} AND (g.entry IS NULL"
        " OR (e.direction = 'credit' AND e.amount = g.transferred AND e.booked_on = g.bank_date))",
        "FROM intake i LEFT JOIN register g ON g.intake_id = i.id"
        " LEFT JOIN statement_entry e ON e.id = g.entry"
        " WHERE i.state IN ('ACCEPTED', 'ACCEPTED_WITH_ERRORS')"
        f" AND i.received_at >= :start AND i.received_at < :end AND {tx.among('i.agreement')}",
        start=span.start,
        end=span.end,
        keys=tx.listed(agreements),
    )


_DEBIT = "e.direction = 'debit' AND e.amount = t.net AND e.end_to_end = t.end_to_end"
_ORDER = (
    "CASE t.state WHEN 'planned' THEN t.dispatch IS NULL AND t.entry IS NULL"
    " WHEN 'ordered' THEN t.dispatch IS NOT NULL AND t.entry IS NULL"
    f"  AND NOT EXISTS (SELECT 1 FROM statement_entry e WHERE {_DEBIT})"
    " WHEN 'confirmed' THEN t.dispatch IS NOT NULL AND EXISTS ("
    f"  SELECT 1 FROM statement_entry e WHERE e.id = t.entry AND {_DEBIT})"
    " WHEN 'returned' THEN t.dispatch IS NOT NULL ELSE 1 = 0 END"
)


def payouts(tx: Transaction, scheme: str, first: str, last: str) -> Tally:
    """Transfers of a month, and those that fit their allocations and their debit."""
    return _tally(
        tx,
        "t.net = t.gross - t.refunds - t.fee AND t.gross = coalesce(s.gross, 0)"
        f" AND t.refunds = coalesce(s.refunds, 0) AND t.fee = coalesce(s.fee, 0) AND {_ORDER}",
        "FROM transfer t LEFT JOIN (SELECT a.transfer,"
        "  sum(CASE WHEN a.amount > 0 THEN a.amount ELSE 0 END) AS gross,"
        "  sum(CASE WHEN a.amount < 0 THEN -a.amount ELSE 0 END) AS refunds,"
        "  sum(a.fee) AS fee FROM allocation a WHERE a.transfer IS NOT NULL GROUP BY a.transfer"
        " ) s ON s.transfer = t.id"
        " WHERE t.scheme = :scheme AND t.day >= :first AND t.day <= :last",
        scheme=scheme,
        first=first,
        last=last,
    )


def statement_days(tx: Transaction, account: str, first: str, last: str) -> Tally:
    """Statements of an account in a month, and those that close by their entries and follow on."""
    return _tally(
        tx,
        "s.closing = s.opening + s.turned AND s.opening = coalesce(s.before, s.opening)",
        "FROM (SELECT b.to_day, b.opening, b.closing,"
        "  lag(b.closing) OVER (ORDER BY b.to_day, b.intake_id) AS before,"
        "  (SELECT coalesce(sum(CASE WHEN e.direction = 'credit' THEN e.amount ELSE -e.amount END),"
        "    0) FROM statement_entry e WHERE e.intake_id = b.intake_id) AS turned"
        "  FROM statement b WHERE b.account = :account AND b.to_day <= :last) s"
        " WHERE s.to_day >= :first",
        account=account,
        first=first,
        last=last,
    )


# --- files -------------------------------------------------------------------------------------


def files_told(tx: Transaction, span: Span) -> Tally:
    """Files of a month by table or journal, and those that end in both in the same state.

    The journal's word is the last result told of an intake. The month is that of the arrival;
    of an entry without an intake that of the entry.
    """
    known = "'ACCEPTED','ACCEPTED_WITH_ERRORS','REJECTED','DUPLICATE','HELD','QUARANTINED'"
    verbs = "'in.accept','in.reject','in.hold','in.quarantine','in.duplicate','in.replay'"
    told = (
        "SELECT object, at, result FROM journal WHERE seq IN (SELECT max(seq) FROM journal"
        f" WHERE action IN ({verbs}) GROUP BY object)"
    )
    return _tally(
        tx,
        f"f.state = f.result AND f.state IN ({known})",
        f"FROM (SELECT i.state, j.result, i.received_at AS at FROM intake i LEFT JOIN ({told}) j"
        " ON j.object = 'intake:' || i.id"
        f" UNION ALL SELECT NULL, j.result, j.at FROM ({told}) j LEFT JOIN intake i"
        " ON j.object = 'intake:' || i.id WHERE i.id IS NULL) f"
        " WHERE f.at >= :start AND f.at < :end",
        start=span.start,
        end=span.end,
    )


def receipt_bodies(tx: Transaction, span: Span) -> Iterator[tuple[bytes, str]]:
    """(body, stored SHA-256) of the receipts of a month's files, streaming."""
    after = 0
    while rows := tx.rows(
        "SELECT r.intake_id, r.body, r.sha256 FROM receipt r JOIN intake i ON i.id = r.intake_id"
        " WHERE r.intake_id > :after AND i.received_at >= :start AND i.received_at < :end"
        " ORDER BY r.intake_id LIMIT 1000",
        after=after,
        start=span.start,
        end=span.end,
    ):
        yield from ((bytes(body), sha) for _, body, sha in rows)
        after = rows[-1][0]
