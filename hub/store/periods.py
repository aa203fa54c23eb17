"""Queries of the billing months, their runs and what is written when they close."""

from typing import NamedTuple

from hub.month import Month
from hub.store.session import Row, Transaction
from hub.store.tables.ledger import Period, Run


class PeriodRow(NamedTuple):
    """A period, in the order of its table."""

    scheme: str
    month: int
    state: str
    opened_at: str
    rated_at: str | None
    closed_at: str | None
    published_at: str | None


_PERIOD = f"SELECT {', '.join(PeriodRow._fields)} FROM period"


def periods(tx: Transaction, scheme: str) -> list[PeriodRow]:
    """All periods of a scheme in order."""
    rows = tx.rows(f"{_PERIOD} WHERE scheme = :scheme ORDER BY month", scheme=scheme)
    return [PeriodRow(*row) for row in rows]


def period(tx: Transaction, scheme: str, month: Month) -> PeriodRow | None:
    """One period, or None when it was never opened."""
    row = tx.row(
        f"{_PERIOD} WHERE scheme = :scheme AND month = :month", scheme=scheme, month=month.key
    )
    return PeriodRow(*row) if row else None


def operating_month(tx: Transaction, scheme: str, today: Month) -> Month:
    """The month in which money that comes today is posted.

    That of the day when its period is not closed, else the earliest that is not closed, else
    (before the first period) that of the day.
    """
    unclosed = [row.month for row in periods(tx, scheme) if row.state != "closed"]
    if not unclosed or today.key in unclosed:
        return today
    return Month.from_key(unclosed[0])


def latest_closed(tx: Transaction, scheme: str) -> Month | None:
    """The last closed month, or None."""
    key = tx.value(
        "SELECT max(month) FROM period WHERE scheme = :scheme AND state = 'closed'", scheme=scheme
    )
    return Month.from_key(int(key)) if key else None


def open_period(tx: Transaction, scheme: str, month: Month, now: str) -> None:
    """Add an open period."""
    tx.insert(Period, [(scheme, month.key, "open", now, None, None, None)])


def set_state(
    tx: Transaction, scheme: str, month: Month, state: str, column: str, at: str | None
) -> None:
    """Set the state of a period and the instant (`rated_at`, `closed_at`) it was reached."""
    tx.run(
        f"UPDATE period SET state = :state, {column} = :at"
        " WHERE scheme = :scheme AND month = :month",
        state=state,
        at=at,
        scheme=scheme,
        month=month.key,
    )


def publish(tx: Transaction, scheme: str, month: Month, now: str) -> None:
    """Note that a demand of the month left; from then on it cannot be unrated."""
    tx.run(
        "UPDATE period SET published_at = coalesce(published_at, :now)"
        " WHERE scheme = :scheme AND month = :month",
        now=now,
        scheme=scheme,
        month=month.key,
    )


class RunRow(NamedTuple):
    """A run, in the order of its table."""

    id: int
    scheme: str
    month: int
    kind: str
    snapshot: str
    rules_version: str
    policies: str
    state: str
    chain: str | None


_RUN = f"SELECT {', '.join(RunRow._fields)} FROM run"


def final_run(tx: Transaction, scheme: str, month: Month) -> RunRow | None:
    """The final run of a month that is not void."""
    row = tx.row(
        f"{_RUN} WHERE scheme = :scheme AND month = :month AND kind = 'final' AND state <> 'void'",
        scheme=scheme,
        month=month.key,
    )
    return RunRow(*row) if row else None


def add_run(tx: Transaction, row: RunRow) -> None:
    """Add a run."""
    tx.insert(Run, [row])


def set_run(tx: Transaction, run: int, state: str, chain: str | None) -> None:
    """Seal a run with its chain, or void it."""
    tx.run(
        "UPDATE run SET state = :state, chain = :chain WHERE id = :run",
        run=run,
        state=state,
        chain=chain,
    )


def first_month(tx: Transaction, scheme: str) -> Month | None:
    """The first period of a scheme, or None before it."""
    key = tx.value("SELECT min(month) FROM period WHERE scheme = :scheme", scheme=scheme)
    return Month.from_key(int(key)) if key else None


def date_openings(tx: Transaction, scheme: str, first: Month) -> None:
    """Let the balances taken over end in the month before the first period (`billing.md`, 15).

    They were dated by the day of the load; where the first period is another month than the one
    after it, all of them move alike.
    """
    mine = "contract IN (SELECT id FROM contract WHERE scheme = :scheme)"
    known = tx.rows(
        f"SELECT DISTINCT posted_period, about_period FROM opening WHERE {mine}", scheme=scheme
    )
    last = first.plus(-1)
    for posted in {posted for posted, _ in known if posted != last.key}:
        shift = Month.from_key(posted).until(last)
        # the far end first, so that no row meets another on its way
        for about in sorted((a for p, a in known if p == posted), reverse=shift > 0):
            tx.run(
                "UPDATE opening SET about_period = :new, posted_period = :last"
                f" WHERE posted_period = :posted AND about_period = :about AND {mine}",
                new=Month.from_key(about).plus(shift).key,
                last=last.key,
                posted=posted,
                about=about,
                scheme=scheme,
            )


def unequal_openings(tx: Transaction, scheme: str) -> list[Row]:
    """(number, card, services) of accounts whose card and services disagree on the balance."""
    return tx.rows(
        "SELECT a.number, a.balance_in, coalesce(o.amount, 0) FROM account a LEFT JOIN ("
        "SELECT c.account, sum(o.amount) AS amount FROM opening o"
        " JOIN contract c ON c.id = o.contract WHERE o.ledger = 'principal' GROUP BY c.account"
        ") o ON o.account = a.id WHERE a.scheme = :scheme AND a.balance_in IS NOT NULL"
        " AND a.balance_in <> coalesce(o.amount, 0) ORDER BY a.id",
        scheme=scheme,
    )
