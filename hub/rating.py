"""The accounts of a range in one month: facts in, rows out, for the run and for `explain`.

Rows carry their account in front, in the order of the hash of a chunk (`billing.md`, 19).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from hub.billing import penalty
from hub.billing.days import due_date
from hub.billing.line import CannotRate
from hub.billing.penalty import Overdue, Paid, RateRow
from hub.billing.rate import Problem, Rater
from hub.exchange.calendar import is_open
from hub.month import Month
from hub.settings import Policies
from hub.store import periods as table
from hub.store import rates as store_rates
from hub.store import rating as facts
from hub.store.periods import RunRow
from hub.store.rating import Debt, Reach
from hub.store.session import Row, Transaction


def reach_of(run: RunRow, low: int, high: int) -> Reach:
    """The accounts of a run from `low` to `high`."""
    return Reach(run.scheme, Month.from_key(run.month), run.snapshot, low, high)


class Work(NamedTuple):
    """What all chunks of a run have in common."""

    run: RunRow
    rater: Rater
    policies: Policies
    penalty_rates: Sequence[RateRow]
    first: Month
    """The first period of the scheme."""
    since: str
    """The snapshot of the run before: what it knew of payments."""

    @classmethod
    def of(cls, tx: Transaction, run: RunRow) -> "Work":
        """Read the rates of a run once, before its first account."""
        month = Month.from_key(run.month)
        policies = Policies.model_validate_json(run.policies)
        before = table.final_run(tx, run.scheme, month.plus(-1))
        return cls(
            run=run,
            rater=Rater(month, store_rates.load_rates(tx, run.scheme, run.snapshot), policies),
            policies=policies,
            penalty_rates=store_rates.penalty_rates(tx, run.snapshot),
            first=table.first_month(tx, run.scheme) or month,
            since=before.snapshot if before else "",
        )


class Results(NamedTuple):
    """The rows of a chunk with their accounts in front, in the order of the hash."""

    charges: list[Row]
    penalties: list[Row]
    charged: list[Row]
    errors: dict[int, Problem]
    accounts: int


def rated(tx: Transaction, work: Work, reach: Reach) -> Results:
    """The charges and penalties of a range; an account with a problem has neither."""
    yearly = [code for code, s in store_rates.services().items() if s.split == "year"]
    penalties, errors = _penalties(tx, work, reach)
    charges: list[Row] = []
    charged: list[Row] = []
    count = 0
    for account in facts.accounts(tx, reach, yearly):
        count += 1
        found = work.rater.rate(account)
        if found.problem is not None:
            errors.setdefault(account.id, found.problem)
        elif account.id not in errors:
            charges += [(account.id, *line) for line in found.lines]
            charged += found.charged
    posted = [row for row in penalties if row[0] not in errors]
    return Results(charges, posted, charged, errors, count)


# --- penalty -----------------------------------------------------------------------------------


def _penalties(tx: Transaction, work: Work, reach: Reach) -> tuple[list[Row], dict[int, Problem]]:
    """(account, contract, about, amount, total, segments) where something is to be posted."""
    debts = facts.debts(tx, reach, work.since)
    paid, posted = facts.principal_paid(tx, reach), facts.penalty_posted(tx, reach)
    rows: list[Row] = []
    problems: dict[int, Problem] = {}
    for debt in debts:
        key = debt.contract, debt.about
        try:
            total, segments = _total(work, reach.month, debt, paid.get(key, ()))
        except CannotRate as problem:
            problems[debt.account] = Problem(problem.code, str(problem))
            continue
        amount = total - posted.get(key, 0)
        if amount:
            rows.append((debt.account, *key, amount, total, segments))
    return rows, problems


def _total(
    work: Work, month: Month, debt: Debt, paid: Iterable[tuple[str, int]]
) -> tuple[int, str]:
    """The penalty of a debt up to the last day of the month, and its segments as text.

    Of what was taken over the days count from the first day of the first period (12.4).
    """
    policies = work.policies
    due = due_date(Month.from_key(debt.about), policies.due_day, policies.due_date_shift, _works)
    first = due + penalty.ONE_DAY
    if debt.taken_over:
        first = max(first, work.first.first)
    payments = [Paid(date.fromisoformat(day), amount) for day, amount in paid]
    overdue = Overdue(debt.amount, due, payments)
    counted = policies.penalty_payment_day == "counted"
    found = penalty.runs(overdue, first, month.last, work.penalty_rates, counted)
    words = (f"{s.base}:{s.rate}:{s.days}" for s in penalty.segments(found))
    return penalty.total(found, policies.penalty_rounding), " ".join(words)


def _works(day: date) -> bool:
    return is_open(day, "BY-work", {})
