"""The proof: every line of `hub reconcile`, two sums from different sources and their difference.

The lines are the table of `architecture.md`, 10.6. Money lines exist for every month that has a
period, file lines for every month in which a file came; an open month shows what is posted.
Behind the sums of each group come counts: rows of a kind (left), and those of them that fit all
they must fit (right), so that two errors which cancel out in a sum are seen.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from hub.billing.line import Fraction
from hub.billing.line import amount as priced
from hub.clock import MINSK, stamp, unstamp
from hub.money import roubles
from hub.month import Month
from hub.settings import Scheme, Settings
from hub.store import proof as table
from hub.store import soundness
from hub.store.demands import demanded
from hub.store.proof import Span
from hub.store.session import Store, Transaction
from hub.store.soundness import Tally

ReadBack = Callable[[str, str], Iterable[tuple[str, int]]]
"""(object hash, agreement) of an outgoing file -> (key, kopecks) of each record in its bytes.

The key is the end-to-end reference of an order, the account of a demand.
"""


class Line(NamedTuple):
    """One line; all fields are text, money with two places, counts without."""

    name: str
    month: str
    scope: str
    left: str
    right: str
    difference: str


class Books(NamedTuple):
    """What the lines of a scheme and month are read from."""

    tx: Transaction
    settings: Settings
    scheme: Scheme
    month: Month
    state: str
    """Of the period: `open`, `rated`, `closed`."""
    first: bool
    """Whether it is the first period of the scheme."""
    read_back: ReadBack

    def agreements(self, *kinds: str) -> list[str]:
        """The agreements of the scheme for these kinds."""
        return [
            agreement.id
            for agreement in self.settings.agreements.values()
            if agreement.kind in kinds and self.settings.scheme_of(agreement) == self.scheme
        ]

    @property
    def span(self) -> Span:
        """The time of the month."""
        return _span(self.month)

    @property
    def last(self) -> str:
        """The last day of the month."""
        return self.month.last.isoformat()

    def money(self, name: str, scope: str, left: int, right: int) -> Line:
        """A line of amounts."""
        amounts = map(roubles, (left, right, left - right))
        return Line(name, str(self.month), self._named(scope), *amounts)

    def counted(self, name: str, tally: Tally, scope: str = "all") -> Iterator[Line]:
        """A line of rows and of those that are right; none where there is no row."""
        if tally.rows:
            yield _counts(name, self.month, tally, self._named(scope))

    def _named(self, scope: str) -> str:
        """Where there are several schemes, a scope names the scheme."""
        return f"{self.scheme.code}/{scope}" if len(self.settings.schemes) > 1 else scope


def _counts(name: str, month: Month, tally: Tally, scope: str = "all") -> Line:
    counts = map(str, (*tally, tally.rows - tally.right))
    return Line(name, str(month), scope, *counts)


def lines(
    store: Store, settings: Settings, read_back: ReadBack, month: Month | None = None
) -> list[Line]:
    """The lines of one month, or of all months in order."""
    with store.reading() as tx:
        spans = {m: _span(m) for m in _months_of_files(tx)}
        found = [
            line
            for scheme in settings.schemes.values()
            for books in _books(tx, settings, scheme, read_back)
            if month in (None, books.month)
            for check in (*MONEY, *ROWS)
            for line in check(books)
        ]
        for each, span in spans.items():
            if month in (None, each):
                found += _file_lines(tx, each, span)
    return sorted(found, key=lambda line: line.month)


def balanced(lines: Iterable[Line]) -> bool:
    """Whether no line shows a difference."""
    return all(line.left == line.right for line in lines)


def _span(month: Month) -> Span:
    start = datetime.combine(month.first, time(), MINSK)
    return Span(stamp(start), stamp(datetime.combine(month.plus(1).first, time(), MINSK)))


def _months_of_files(tx: Transaction) -> list[Month]:
    came = table.first_and_last_intake(tx)
    if came is None:
        return []
    first, last = (Month.of(unstamp(instant).date()) for instant in came)
    return [first.plus(n) for n in range(first.until(last) + 1)]


def _books(
    tx: Transaction, settings: Settings, scheme: Scheme, read_back: ReadBack
) -> Iterator[Books]:
    for n, (key, state) in enumerate(table.periods(tx, scheme.code).items()):
        month = Month.from_key(key)
        yield Books(tx, settings, scheme, month, state, n == 0, read_back)


# --- what accounts owe -------------------------------------------------------------------------


def balance(books: Books) -> Iterator[Line]:
    """By service: opening and turnovers by kind = the ledger up to the month's end.

    Of a closed month the turnovers are those stored at the close, so that a row which changed
    or came later shows as a difference.
    """
    code, key = books.scheme.code, books.month.key
    turnovers = table.stored_turnovers if books.state == "closed" else table.turnovers
    kinds = turnovers(books.tx, code, key)
    opening, ledger = _opening(books), table.ledger(books.tx, code, key)
    for service in sorted({*opening, *ledger, *(s for kind in kinds.values() for s in kind)}):
        closing = opening.get(service, 0) + sum(
            SIGNS[kind] * sums.get(service, 0) for kind, sums in kinds.items()
        )
        yield books.money("balance", f"service:{service}", closing, ledger.get(service, 0))


SIGNS = {"charged": 1, "benefit": -1, "recalculated": 1, "penalty": 1, "paid": -1}
"""How each turnover changes what is owed."""


def _opening(books: Books) -> dict[str, int]:
    """What was stored at the close before; while that is open, the ledger up to then."""
    code, before = books.scheme.code, books.month.plus(-1).key
    if books.first:
        return table.taken_over(books.tx, code)
    return table.stored_closing(books.tx, code, before) or table.ledger(books.tx, code, before)


def chain(books: Books) -> Iterator[Line]:
    """The closing stored for the month before (first: what was taken over) = the opening."""
    code, key = books.scheme.code, books.month.key
    opening = table.stored_opening(books.tx, code, key) if books.state == "closed" else None
    if opening is None:
        opening = table.ledger(books.tx, code, books.month.plus(-1).key)
    yield books.money("chain", "all", sum(_opening(books).values()), sum(opening.values()))


def demands(books: Books) -> Iterator[Line]:
    """The bytes of the list that holds, and who was left out = the formula over the ledger."""
    agreements = books.agreements("erip.202")
    if not table.lists_made(books.tx, agreements, books.month.key):
        return
    asked = 0
    for dispatch, object_sha, agreement in table.demand_lists(
        books.tx, agreements, books.month.key
    ):
        asked += sum(amount for _, amount in books.read_back(object_sha, agreement))
        asked += table.left_out_sum(books.tx, dispatch)
    owed = table.ledger_of_demands(books.tx, books.month.key, agreements)
    yield books.money("demands", "erip", asked, sum(demanded(*account) for account in owed))


# --- what was received and passed on -----------------------------------------------------------


def registers(books: Books) -> Iterator[Line]:
    """The records of a register = its bank credit + fees."""
    agreements, span = books.agreements("erip.210"), books.span
    for number, records, credit, fees in table.registers(books.tx, agreements, span):
        yield books.money("registers", f"register:{number}", records, credit + fees)


def received(books: Books) -> Iterator[Line]:
    """Allocated and unallocated = payments and reversals as read, up to the month's end."""
    tx, code, key = books.tx, books.scheme.code, books.month.key
    closed = books.state == "closed"
    unallocated = table.stored_unallocated if closed else table.ledger_unallocated
    left = table.allocated(tx, code, key) + unallocated(tx, code, key)
    left += table.suspense(tx, code, key)
    told = table.read_payments(tx, code, books.agreements("erip.206", "erip.210"), key)
    told -= table.read_reversals(tx, code, books.agreements("erip.216"), key)
    yield books.money("received", "all", left, told + table.other_payments(tx, code, key))


def transfers(books: Books) -> Iterator[Line]:
    """The bytes of the orders sent and what waits for one = settled allocations - fees."""
    tx, code = books.tx, books.scheme.code
    partners = books.settings.partners.values()
    payees = {p.provider_id: p.id for p in partners if p.provider_id and not p.settles_itself}
    sent, settled = dict.fromkeys(payees.values(), 0), dict.fromkeys(payees.values(), 0)
    payee_of = table.payees(tx, code)
    for _, object_sha, agreement in table.sent_orders(tx, code, books.last):
        for reference, amount in books.read_back(object_sha, agreement):
            payee = payee_of.get(reference, "unknown")
            sent[payee] = sent.get(payee, 0) + amount
    for provider_id, is_sent, net in table.settled(tx, code, books.month.key, books.last):
        if provider_id in payees:
            settled[payees[provider_id]] += net
            sent[payees[provider_id]] += 0 if is_sent else net
    for payee in sorted(sent):
        yield books.money("transfers", f"supplier:{payee}", sent[payee], settled.get(payee, 0))


def orders(books: Books) -> Iterator[Line]:
    """The orders sent in the month = their debits in the statements."""
    found = table.orders_and_debits(books.tx, books.scheme.code, books.span)
    if found is not None:
        yield books.money("orders", "all", *found)


def statements(books: Books) -> Iterator[Line]:
    """By bank: opening + credits - debits of the month = the last closing."""
    rows = table.statements(books.tx, books.month.first.isoformat(), books.last)
    ours = [row for row in rows if row[1] == books.scheme.iban]
    for partner, group in groupby(ours, itemgetter(0)):
        days = list(group)
        turned = days[0][2] + sum(turnover for *_, turnover in days)
        yield books.money("statements", partner, turned, days[-1][3])


MONEY: tuple[Callable[[Books], Iterator[Line]], ...] = (
    balance,
    chain,
    demands,
    registers,
    received,
    transfers,
    orders,
    statements,
)
"""The money lines in the order of the table."""


# --- row by row --------------------------------------------------------------------------------


def contracts(books: Books) -> Iterator[Line]:
    """By service: contracts of a closed month whose stored balance is what the ledger says."""
    if books.state == "closed":
        for service, tally in soundness.contracts(books.tx, books.scheme.code, books.month.key):
            yield from books.counted("contracts", tally, f"service:{service}")


def accounts(books: Books) -> Iterator[Line]:
    """Accounts of a closed month whose stored rest is what the ledger says."""
    if books.state == "closed":
        found = soundness.accounts(books.tx, books.scheme.code, books.month.key)
        yield from books.counted("accounts", found)


def debts(books: Books) -> Iterator[Line]:
    """Debts paid that were not paid beyond what was owed."""
    yield from books.counted("debts", soundness.debts(books.tx, books.scheme.code, books.month.key))


def charge_lines(books: Books) -> Iterator[Line]:
    """Charges whose quantity and amount follow from fraction and price, the benefit within."""
    rows = right = 0
    for row in soundness.charge_lines(books.tx, books.scheme.code, books.month.key):
        rows, right = rows + 1, right + _follows(*row)
    yield from books.counted("lines", Tally(rows, right))


def _follows(num: int, den: int, quantity: int, price: int, gross: int, benefit: int) -> bool:
    exact = Fraction(num, den)
    return (
        quantity == exact.rounded
        and gross == priced(exact, price)
        and 0 <= benefit <= max(gross, 0)
    )


def penalties(books: Books) -> Iterator[Line]:
    """Debts whose penalties, summed, are the last total."""
    found = soundness.penalties(books.tx, books.scheme.code, books.month.key)
    yield from books.counted("penalties", found)


def run_sums(books: Books) -> Iterator[Line]:
    """By amount: the control sums of the chunks of the run = its rows."""
    sums = soundness.run_sums(books.tx, books.scheme.code, books.month.key)
    for scope, (control, rows) in sums.items():
        yield books.money("run", scope, control, rows)


def demand_rows(books: Books) -> Iterator[Line]:
    """Accounts whose amount in the bytes of a list is the one kept of it."""
    agreements, same, every = books.agreements("erip.202"), 0, 0
    for dispatch, sha, agreement in table.demand_lists(books.tx, agreements, books.month.key):
        told = Counter(books.read_back(sha, agreement))
        kept = Counter(soundness.demand_rows(books.tx, dispatch))
        same += (told & kept).total()
        every += (told | kept).total()
    yield from books.counted("demand_rows", Tally(every, same), "erip")


def register_heads(books: Books) -> Iterator[Line]:
    """Accepted registers whose head fits the file, the payments and the credit."""
    found = soundness.register_heads(books.tx, books.agreements("erip.210"), books.span)
    yield from books.counted("register_heads", found)


def operations(books: Books) -> Iterator[Line]:
    """Records of 206, 210 and 216 that say of an operation what its payment says."""
    agreements = books.agreements("erip.206", "erip.210", "erip.216")
    found = soundness.operations(books.tx, books.scheme.code, agreements, books.span)
    yield from books.counted("operations", found)


def payments(books: Books) -> Iterator[Line]:
    """Payments that fit their allocations and their state."""
    found = soundness.payments(books.tx, books.scheme.code, books.month.key)
    yield from books.counted("payments", found)


def payouts(books: Books) -> Iterator[Line]:
    """Transfers that fit their allocations and their debit."""
    days = books.month.first.isoformat(), books.last
    yield from books.counted("payouts", soundness.payouts(books.tx, books.scheme.code, *days))


def statement_days(books: Books) -> Iterator[Line]:
    """Statements that close by their own entries and follow on the one before."""
    days = books.month.first.isoformat(), books.last
    found = soundness.statement_days(books.tx, books.scheme.iban, *days)
    yield from books.counted("statement_days", found)


ROWS: tuple[Callable[[Books], Iterator[Line]], ...] = (
    contracts,
    accounts,
    debts,
    charge_lines,
    penalties,
    run_sums,
    demand_rows,
    register_heads,
    operations,
    payments,
    payouts,
    statement_days,
)
"""The lines that judge rows one by one, behind the sums."""


# --- files -------------------------------------------------------------------------------------

POSTED, REFUSED = ("ACCEPTED", "ACCEPTED_WITH_ERRORS"), ("REJECTED",)


def _file_lines(tx: Transaction, month: Month, span: Span) -> Iterator[Line]:
    """Files, receipts and records of the files that came in a month."""
    counts = table.files(tx, span)
    posted = [count for count in counts if count.state in POSTED]
    refused = [count for count in counts if count.state in REFUSED]
    decided = posted + refused
    # a refused file has no record rows: what has some all the same is taken off
    records = sum(c.rows for c in posted) + sum(c.refused - c.rows for c in refused)
    bodies = [
        hashlib.sha256(body).hexdigest() == sha for body, sha in soundness.receipt_bodies(tx, span)
    ]
    pairs = {
        "files": soundness.files_told(tx, span),
        "receipts": Tally(sum(c.files for c in decided), table.receipts(tx, span)),
        "records": Tally(sum(c.records for c in decided), records),
        "receipt_bodies": Tally(len(bodies), sum(bodies)),
    }
    for name, tally in pairs.items():
        yield _counts(name, month, tally)
