"""Sums for the proof (`architecture.md`, 10.6): each query reads one source, and only that.

Money is kopecks. `Span` is the time of a month for what is dated by an instant.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.store.exchange import DECIDED
from hub.store.session import Row, Transaction

KINDS = ("charged", "benefit", "recalculated", "penalty", "paid")
"""The turnovers of a month; `penalty` and `paid` are of both ledgers."""
EFFECT = "('POSTED', 'SUSPENDED')"
"""Record states that moved money."""


class Span(NamedTuple):
    """Stamps: from, inclusive, to, exclusive."""

    start: str
    end: str


def _sums(rows: Sequence[Row]) -> dict[str, int]:
    return {name: int(amount) for name, amount in rows}


# --- months ------------------------------------------------------------------------------------


def periods(tx: Transaction, scheme: str) -> dict[int, str]:
    """Month -> state of the periods of a scheme, in order."""
    rows = tx.rows(
        "SELECT month, state FROM period WHERE scheme = :scheme ORDER BY month", scheme=scheme
    )
    return dict(rows)


def first_and_last_intake(tx: Transaction) -> Row | None:
    """When the first and the last file came; None while none came."""
    row = tx.row("SELECT min(received_at), max(received_at) FROM intake")
    return row if row is not None and row[0] is not None else None


# --- balance and chain -------------------------------------------------------------------------


def stored_closing(tx: Transaction, scheme: str, month: int) -> dict[str, int]:
    """Service -> closing of both ledgers as stored when the month was closed."""
    return _stored(tx, scheme, month, "b.principal_out + b.penalty_out")


def stored_opening(tx: Transaction, scheme: str, month: int) -> dict[str, int]:
    """Service -> opening of both ledgers as stored when the month was closed."""
    return _stored(tx, scheme, month, "b.principal_in + b.penalty_in")


def _stored(tx: Transaction, scheme: str, month: int, amount: str) -> dict[str, int]:
    rows = tx.rows(
        f"SELECT c.service, sum({amount}) FROM balance b JOIN contract c ON c.id = b.contract"
        " WHERE b.month = :month AND c.scheme = :scheme GROUP BY c.service",
        month=month,
        scheme=scheme,
    )
    return _sums(rows)


def taken_over(tx: Transaction, scheme: str) -> dict[str, int]:
    """Service -> what the first load brought."""
    rows = tx.rows(
        "SELECT c.service, sum(o.amount) FROM opening o JOIN contract c ON c.id = o.contract"
        " WHERE c.scheme = :scheme GROUP BY c.service",
        scheme=scheme,
    )
    return _sums(rows)


def ledger(tx: Transaction, scheme: str, until: int) -> dict[str, int]:
    """Service -> Σ of the ledger of its contracts posted up to a month."""
    rows = tx.rows(
        "SELECT c.service, sum(e.amount) FROM ledger_entry e JOIN contract c ON c.id = e.contract"
        " WHERE c.scheme = :scheme AND e.posted_period <= :until GROUP BY c.service",
        scheme=scheme,
        until=until,
    )
    return _sums(rows)


def stored_turnovers(tx: Transaction, scheme: str, month: int) -> dict[str, dict[str, int]]:
    """Kind -> service -> turnover of a month, as stored when it was closed."""
    amounts = {kind: f"b.{kind}" for kind in KINDS} | {"paid": "b.paid + b.penalty_paid"}
    return {kind: _stored(tx, scheme, month, amount) for kind, amount in amounts.items()}


def turnovers(tx: Transaction, scheme: str, month: int) -> dict[str, dict[str, int]]:
    """Kind -> service -> turnover of a month, from the rows of each kind."""
    final = "JOIN run r ON r.kind = 'final' AND r.state = 'sealed' AND r.id ="
    sources = {
        "charged": f"sum(x.gross) FROM charge x {final} x.run",
        "benefit": f"sum(x.benefit) FROM charge x {final} x.run",
        "penalty": f"sum(x.amount) FROM penalty x {final} x.run",
        "paid": "sum(x.amount) FROM allocation x",
    }
    found: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for kind, source in sources.items():
        column = "period" if " charge " in source else "posted_period"
        rows = tx.rows(
            f"SELECT c.service, {source} JOIN contract c ON c.id = x.contract"
            f" WHERE x.{column} = :month AND c.scheme = :scheme GROUP BY c.service",
            month=month,
            scheme=scheme,
        )
        found[kind] = _sums(rows)
    return found


# --- demands -----------------------------------------------------------------------------------


def demand_lists(tx: Transaction, agreements: Sequence[str], month: int) -> list[Row]:
    """(dispatch, object hash, agreement) of the lists that hold for a month: the last of each."""
    return tx.rows(
        "SELECT d.id, d.object_sha, d.agreement FROM dispatch d WHERE d.kind = 'erip.202'"
        f" AND d.period = :month AND d.ack_state <> 'REJECTED' AND {tx.among('d.agreement')}"
        " AND d.effect = (SELECT max(l.effect) FROM dispatch l WHERE l.agreement = d.agreement"
        " AND l.business_key = d.business_key) ORDER BY d.id",
        month=month,
        keys=tx.listed(agreements),
    )


def lists_made(tx: Transaction, agreements: Sequence[str], month: int) -> bool:
    """Whether any list of demands was made for a month."""
    found = tx.value(
        "SELECT 1 FROM dispatch WHERE kind = 'erip.202' AND period = :month"
        f" AND {tx.among('agreement')} LIMIT 1",
        month=month,
        keys=tx.listed(agreements),
    )
    return found is not None


def left_out_sum(tx: Transaction, dispatch: int) -> int:
    """Σ of the amounts of accounts that a list went without."""
    found = tx.value(
        "SELECT coalesce(sum(amount), 0) FROM demand WHERE dispatch = :id AND left_out = 1",
        id=dispatch,
    )
    return int(found)


def ledger_of_demands(tx: Transaction, month: int, agreements: Sequence[str]) -> list[Row]:
    """(principal, penalty, unallocated) at the end of a month of each account asked for it."""
    rows = tx.rows(
        "SELECT sum(CASE WHEN e.ledger = 'principal' THEN e.amount ELSE 0 END),"
        " sum(CASE WHEN e.ledger = 'penalty' THEN e.amount ELSE 0 END),"
        " sum(CASE WHEN e.ledger = 'unallocated' THEN -e.amount ELSE 0 END)"
        " FROM ledger_entry e WHERE e.posted_period <= :month AND e.account IN ("
        "SELECT m.account FROM demand m JOIN dispatch d ON d.id = m.dispatch"
        f" WHERE d.period = :month AND d.kind = 'erip.202' AND {tx.among('d.agreement')})"
        " GROUP BY e.account",
        month=month,
        keys=tx.listed(agreements),
    )
    return [(int(principal), int(penalty), int(free)) for principal, penalty, free in rows]


# --- money received ----------------------------------------------------------------------------


def registers(tx: Transaction, agreements: Sequence[str], span: Span) -> list[Row]:
    """(number, Σ records, bank credit, Σ fees) of the registers accepted in a month.

    They are told by the intakes, so that one whose own row is lost shows too.
    """
    rows = tx.rows(
        "SELECT coalesce(g.number, i.number, i.name),"
        " (SELECT coalesce(sum(r.amount), 0) FROM record r"
        f"  WHERE r.intake_id = i.id AND r.state IN {EFFECT}),"
        " coalesce(e.amount, 0), (SELECT coalesce(sum(p.fee), 0) FROM payment p"
        "  WHERE p.register_id = i.id)"
        " FROM intake i LEFT JOIN register g ON g.intake_id = i.id"
        " LEFT JOIN statement_entry e ON e.id = g.entry"
        " WHERE i.state IN ('ACCEPTED', 'ACCEPTED_WITH_ERRORS')"
        f" AND i.received_at >= :start AND i.received_at < :end AND {tx.among('i.agreement')}"
        " ORDER BY i.id",
        start=span.start,
        end=span.end,
        keys=tx.listed(agreements),
    )
    return [(number, *map(int, amounts)) for number, *amounts in rows]


def allocated(tx: Transaction, scheme: str, until: int) -> int:
    """Σ of the allocations posted up to a month, mirrored ones negative."""
    found = tx.value(
        "SELECT coalesce(sum(a.amount), 0) FROM allocation a JOIN payment p ON p.id = a.payment"
        " WHERE p.scheme = :scheme AND a.posted_period <= :until",
        scheme=scheme,
        until=until,
    )
    return int(found)


def stored_unallocated(tx: Transaction, scheme: str, month: int) -> int:
    """Σ of what lay unallocated on accounts, as stored when the month was closed."""
    found = tx.value(
        "SELECT coalesce(sum(b.unallocated), 0) FROM account_balance b"
        " JOIN account a ON a.id = b.account WHERE a.scheme = :scheme AND b.month = :month",
        scheme=scheme,
        month=month,
    )
    return int(found)


def ledger_unallocated(tx: Transaction, scheme: str, until: int) -> int:
    """Σ of what lies unallocated on accounts by the ledger up to a month."""
    found = tx.value(
        "SELECT coalesce(sum(-e.amount), 0) FROM ledger_entry e JOIN account a ON a.id = e.account"
        " WHERE a.scheme = :scheme AND e.ledger = 'unallocated' AND e.posted_period <= :until",
        scheme=scheme,
        until=until,
    )
    return int(found)


def suspense(tx: Transaction, scheme: str, until: int) -> int:
    """Σ of the payments without account posted up to a month."""
    found = tx.value(
        "SELECT coalesce(sum(amount), 0) FROM payment"
        " WHERE scheme = :scheme AND account IS NULL AND posted_period <= :until",
        scheme=scheme,
        until=until,
    )
    return int(found)


def read_payments(tx: Transaction, scheme: str, agreements: Sequence[str], until: int) -> int:
    """Σ of the payments that the records of 206 and 210 told of, each operation once.

    A record belongs to the month in which its payment is posted; one without a payment, which
    would be a loss, counts in every month.
    """
    found = tx.value(
        "SELECT coalesce(sum(told.amount), 0) FROM (SELECT r.key, min(r.amount) AS amount"
        "  FROM record r JOIN intake i ON i.id = r.intake_id"
        "  WHERE i.kind IN ('erip.206', 'erip.210') AND r.key IS NOT NULL"
        f"  AND r.state IN {EFFECT} AND {tx.among('i.agreement')} GROUP BY r.key) told"
        " LEFT JOIN payment p ON p.scheme = :scheme AND p.agent = 'erip' AND p.operation = told.key"
        " AND p.source_payment IS NULL WHERE coalesce(p.posted_period, 0) <= :until",
        scheme=scheme,
        until=until,
        keys=tx.listed(agreements),
    )
    return int(found)


def read_reversals(tx: Transaction, scheme: str, agreements: Sequence[str], until: int) -> int:
    """Σ of the reversals that the records of 216 told of; a repeat has no key."""
    found = tx.value(
        "SELECT coalesce(sum(r.amount), 0) FROM record r JOIN intake i ON i.id = r.intake_id"
        " LEFT JOIN payment p ON p.scheme = :scheme AND p.agent = 'erip' AND p.operation = r.key"
        "  AND p.source_payment IS NULL"
        " LEFT JOIN payment m ON m.source_payment = p.id"
        " WHERE i.kind = 'erip.216' AND r.key IS NOT NULL"
        f" AND r.state IN {EFFECT} AND {tx.among('i.agreement')}"
        " AND coalesce(m.posted_period, 0) <= :until",
        scheme=scheme,
        until=until,
        keys=tx.listed(agreements),
    )
    return int(found)


def other_payments(tx: Transaction, scheme: str, until: int) -> int:
    """Σ of payments that no ERIP message brought, such as sums taken over."""
    found = tx.value(
        "SELECT coalesce(sum(amount), 0) FROM payment WHERE scheme = :scheme AND agent <> 'erip'"
        " AND posted_period <= :until",
        scheme=scheme,
        until=until,
    )
    return int(found)


# --- money passed on ---------------------------------------------------------------------------


def settled(tx: Transaction, scheme: str, until: int, last: str) -> list[Row]:
    """(provider id, 1 when sent, Σ allocations - fees) of money that came by the day `last`."""
    rows = tx.rows(
        "SELECT supplier, sent, sum(net) FROM ("
        " SELECT c.supplier, a.amount - a.fee AS net,"
        "  CASE WHEN d.state = 'SENT' AND t.day <= :last THEN 1 ELSE 0 END AS sent"
        "  FROM allocation a JOIN contract c ON c.id = a.contract"
        "  JOIN payment p ON p.id = a.payment"
        "  JOIN payment s ON s.id = coalesce(p.source_payment, p.id)"
        "  LEFT JOIN transfer t ON t.id = a.transfer LEFT JOIN dispatch d ON d.id = t.dispatch"
        "  WHERE p.scheme = :scheme AND a.posted_period <= :until AND s.bank_date <= :last"
        ") money GROUP BY supplier, sent",
        scheme=scheme,
        until=until,
        last=last,
    )
    return [(supplier, sent, int(net)) for supplier, sent, net in rows]


def sent_orders(tx: Transaction, scheme: str, last: str) -> list[Row]:
    """(object hash, agreement) of the files whose orders are dated up to a day."""
    return tx.rows(
        "SELECT DISTINCT d.id, d.object_sha, d.agreement FROM transfer t"
        " JOIN dispatch d ON d.id = t.dispatch"
        " WHERE t.scheme = :scheme AND t.day <= :last AND d.state = 'SENT' ORDER BY d.id",
        scheme=scheme,
        last=last,
    )


def payees(tx: Transaction, scheme: str) -> dict[str, str]:
    """End-to-end reference -> partner of every transfer."""
    rows = tx.rows("SELECT end_to_end, supplier FROM transfer WHERE scheme = :s", s=scheme)
    return dict(rows)


def orders_and_debits(tx: Transaction, scheme: str, span: Span) -> Row | None:
    """(Σ orders sent in a month, Σ their debits in the statements); None when none was sent."""
    mine = (
        "FROM dispatch d WHERE d.state = 'SENT' AND d.sent_at >= :start AND d.sent_at < :end"
        " AND EXISTS (SELECT 1 FROM transfer t WHERE t.dispatch = d.id AND t.scheme = :scheme)"
    )
    limits = {"scheme": scheme, "start": span.start, "end": span.end}
    ordered = tx.value(f"SELECT sum(d.amount) {mine}", **limits)
    if ordered is None:
        return None
    debited = tx.value(
        "SELECT coalesce(sum(e.amount), 0) FROM statement_entry e WHERE e.direction = 'debit'"
        " AND e.end_to_end IN (SELECT t.end_to_end FROM transfer t"
        f" WHERE t.dispatch IN (SELECT d.id {mine}))",
        **limits,
    )
    return int(ordered), int(debited)


def statements(tx: Transaction, first: str, last: str) -> list[Row]:
    """(partner, account, opening, closing, credits - debits) of the statements of a month."""
    rows = tx.rows(
        "SELECT i.partner, s.account, s.opening, s.closing, coalesce(sum("
        "CASE WHEN e.direction = 'credit' THEN e.amount ELSE -e.amount END), 0)"
        " FROM statement s JOIN intake i ON i.id = s.intake_id"
        " LEFT JOIN statement_entry e ON e.intake_id = s.intake_id"
        " WHERE s.to_day >= :first AND s.to_day <= :last"
        " GROUP BY i.partner, s.account, s.to_day, s.intake_id, s.opening, s.closing"
        " ORDER BY i.partner, s.account, s.to_day, s.intake_id",
        first=first,
        last=last,
    )
    return [(*row[:4], int(row[4])) for row in rows]


# --- files -------------------------------------------------------------------------------------


class FileCount(NamedTuple):
    """The intakes of a month in one state."""

    state: str
    files: int
    records: int
    refused: int
    """Records refused with the file or in it."""
    rows: int
    """Record rows stored of them."""


def files(tx: Transaction, span: Span) -> list[FileCount]:
    """Intakes of a month by state."""
    rows = tx.rows(
        "SELECT i.state, count(*), coalesce(sum(i.records), 0), coalesce(sum(i.rejected), 0),"
        " coalesce(sum((SELECT count(*) FROM record r WHERE r.intake_id = i.id)), 0)"
        " FROM intake i WHERE i.received_at >= :start AND i.received_at < :end GROUP BY i.state",
        start=span.start,
        end=span.end,
    )
    return [FileCount(state, *map(int, counts)) for state, *counts in rows]


def receipts(tx: Transaction, span: Span) -> int:
    """Receipts stored that name a decided intake of a month."""
    states = ", ".join(f"'{state}'" for state in DECIDED)
    found = tx.value(
        "SELECT count(*) FROM receipt r JOIN intake i ON i.id = r.intake_id"
        " WHERE i.received_at >= :start"
        f" AND i.received_at < :end AND i.state IN ({states})",
        start=span.start,
        end=span.end,
    )
    return int(found)
