"""From money received to debts paid and suppliers served (`billing.md`, 13 and 14).

`distribute` allocates payments to debts; `plan_transfers` turns allocations whose money has come
into one transfer per supplier and day. Both work inside the transaction of their caller, in
chunks of tuples, in an order that depends on dates and operation numbers only.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from hub.billing.allocation import PENALTY, PRINCIPAL, OpenLine, Rules, allocate
from hub.billing.fees import Due, fee_parts
from hub.clock import stamp
from hub.errors import Inconsistent
from hub.month import Month
from hub.settings import Partner, Scheme, Settings
from hub.store import settlement as table
from hub.store.payments import add_allocations
from hub.store.session import Row, Transaction
from hub.store.settlement import Priced, TransferRow, Waiting

CHUNK = 5_000
"""Accounts or payments that are worked on at once: bounds memory."""


# --- distribution ------------------------------------------------------------------------------


class _Posting(NamedTuple):
    """What the allocations of one distribution have in common."""

    month: int
    method: str
    rules: Rules
    now: str


def distribute(
    tx: Transaction, scheme: Scheme, now: datetime, posted_period: Month, method: str = ""
) -> int:
    """Allocate what is left of the payments of a scheme; gives the number of allocations.

    Payments go in the order (paid_on, operation) against the open balances of their account,
    with the charges of a final run that is sealed or running. `method` replaces the words
    `oldest` or `proportional` and `penalty` (13.3), such as `carry` after rating. A payment
    that was reversed is left alone. Raises `Inconsistent` when a payment would not add up
    (`allocation_unbalanced`).
    """
    policies = scheme.policies
    rules = Rules(policies.distribution, policies.receipt_split, policies.service_excess)
    posting = _Posting(posted_period.key, method, rules, stamp(now))
    made = after = 0
    while accounts := table.waiting_accounts(tx, scheme.code, after, CHUNK):
        made += _distribute(tx, accounts, posting)
        after = accounts[-1]
    return made


def _distribute(tx: Transaction, accounts: Sequence[int], posting: _Posting) -> int:
    debts = _debts(table.open_balances(tx, accounts))
    drafts: list[Row] = []
    finished: list[int] = []
    for payment in sorted(table.waiting_payments(tx, accounts), key=_turn):
        parts, rest = _pay(payment, debts.get(payment.account, []), posting.rules)
        drafts += parts
        if not rest:
            finished.append(payment.id)
    if drafts:
        first = tx.reserve("allocation", len(drafts))
        add_allocations(tx, (_row(n, draft, posting) for n, draft in enumerate(drafts, first)))
    table.mark_allocated(tx, finished)
    return len(drafts)


def _debts(balances: Iterable[Row]) -> dict[int, list[OpenLine]]:
    """Account -> what its contracts owe, by period and contract."""
    debts: dict[int, list[OpenLine]] = {}
    for (account, contract, period), rows in groupby(balances, itemgetter(0, 1, 2)):
        owed = {ledger: amount for *_, ledger, amount in rows}
        line = OpenLine(contract, period, owed.get(PRINCIPAL, 0), owed.get(PENALTY, 0))
        debts.setdefault(account, []).append(line)
    return debts


def _turn(payment: Waiting) -> tuple[str, int, str, int]:
    """The order of payments: by day, then by operation as a number, whatever file or worker."""
    return payment.paid_on, len(payment.operation), payment.operation, payment.id


def _pay(payment: Waiting, lines: list[OpenLine], rules: Rules) -> tuple[list[Row], int]:
    """Drafts (payment, contract, period, ledger, amount) and the rest; lowers the lines."""
    left = payment.amount - payment.to_principal - payment.to_penalty
    if left < 0:
        raise Inconsistent(f"payment {payment.operation}: allocated above its amount by {-left}")
    penalty = min(left, max(0, payment.penalty - payment.to_penalty))
    parts, rest = allocate(left - penalty, penalty, lines, rules)
    if rest + sum(part.amount for part in parts) != left:
        raise Inconsistent(f"payment {payment.operation}: its allocations do not add up")
    drafts = []
    for place, ledger, amount in parts:
        line = lines[place]
        drafts.append((payment.id, line.contract, line.period, ledger, amount))
        lines[place] = line._replace(**{ledger: getattr(line, ledger) - amount})
    return drafts, rest


def _row(number: int, draft: Row, posting: _Posting) -> Row:
    """An allocation by the columns of `hub.store.payments.ALLOCATION`."""
    payment, contract, period, ledger, amount = draft
    usual = "penalty" if ledger == PENALTY else METHODS[posting.rules.order]
    method = posting.method or usual
    return (
        number, payment, contract, period, posting.month, ledger, amount, method, None,
        posting.now, 0,
    )  # fmt: skip


METHODS = {"oldest_first": "oldest", "proportional": "proportional"}
"""The policy `distribution` and the word that an allocation of principal stores."""


# --- transfers ---------------------------------------------------------------------------------


def plan_transfers(
    tx: Transaction, scheme: Scheme, settings: Settings, day: date, now: datetime
) -> list[TransferRow]:
    """One planned transfer per supplier over allocations whose money was booked before `day`.

    Suppliers that settle for themselves get none; neither does who has one of this day. A net
    of 0 or below is carried: its allocations wait for the next day.
    """
    payees = {
        partner.provider_id: partner
        for partner in settings.partners.values()
        if partner.provider_id is not None and not partner.settles_itself
    }
    _charge_fees(tx, scheme, day, list(payees))
    sums = table.supplier_sums(tx, scheme.code, day.isoformat())
    served = table.ordered_on(tx, day.isoformat())
    made = []
    for provider_id, payee in payees.items():
        due = Due(*sums.get(provider_id, (0, 0, 0)))
        if due.net > 0 and payee.id not in served:
            row = _transfer(tx, scheme, payee, day, due)
            table.add_transfer(tx, row, provider_id)
            made.append(row)
    return made


def _charge_fees(tx: Transaction, scheme: Scheme, day: date, payees: Sequence[str]) -> None:
    """Spread the fees of settled payments over their allocations, as far as not yet charged."""
    after = 0
    while ids := table.settled_payments(tx, scheme.code, day.isoformat(), payees, after, CHUNK):
        allocations = groupby(table.free_allocations(tx, ids), itemgetter(1))
        of_payment = {payment: list(rows) for payment, rows in allocations}
        changed = [
            pair
            for priced in table.priced_payments(tx, ids)
            for pair in _charged(priced, of_payment[priced.id])
        ]
        table.set_fees(tx, changed)
        after = ids[-1]


def _charged(priced: Priced, rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    """(allocation, fee) where it differs from the fee stored."""
    parts = [(supplier, amount) for _, _, supplier, amount, _ in rows]
    fees = fee_parts(priced.fee - priced.charged, parts, priced.rest)
    for (allocation, *_, stored), fee in zip(rows, fees, strict=True):
        if fee != stored:
            yield allocation, fee


def _transfer(tx: Transaction, scheme: Scheme, payee: Partner, day: date, due: Due) -> TransferRow:
    number = tx.reserve("transfer")
    return TransferRow(
        id=number,
        scheme=scheme.code,
        supplier=payee.id,
        day=day.isoformat(),
        gross=due.gross,
        refunds=due.refunds,
        fee=due.fee,
        net=due.net,
        order_number=tx.reserve("payment_order"),
        end_to_end=f"ZH-T-{number:06d}",
        state="planned",
        dispatch=None,
        entry=None,
    )
