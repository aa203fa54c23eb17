"""Payments of ERIP: announced (206), transferred (210), taken back (216).

The key of a payment is its operation number. What each event does in each state is the table
of `formats-erip.md`, A10; bad values are those of A13. Money whose owner is not known goes to
suspense: a payment without account. A record that a person must decide is parked and leaves a
thing to do.
"""

from functools import lru_cache
from typing import NamedTuple

from formats.contract import Finding, Unreadable
from hub.billing import fees
from hub.billing.allocation import mirrored
from hub.clock import stamp, unstamp
from hub.messages import Payment, Reversal
from hub.money import roubles
from hub.posting.contract import POSTED, SUSPENDED, Origin, Outcomes, refused_state
from hub.posting.registers import ensure_register
from hub.store import payments as table
from hub.store.payments import ERIP, Known, PaymentRow
from hub.store.session import Transaction

Payments = list[tuple[int, Payment]]
Reversals = list[tuple[int, Reversal]]


def post_payments(
    tx: Transaction, origin: Origin, chunk: Payments, suspended: frozenset[int]
) -> Outcomes:
    """Post a chunk of a 206 or a 210: new operations, and what a known one learns from it.

    Raises `Unreadable` E-SPLIT where penalty or transferred sum exceed the amount: the meaning
    of the amounts is then in doubt, and the file is held.
    """
    _check_split(chunk)
    register = transfers(origin)
    bank_date = ensure_register(tx, origin).bank_date if register else None
    known = table.known_payments(tx, origin.scheme.code, [m.operation for _, m in chunk])
    fresh = [pair for pair in chunk if pair[1][0] not in known] if known else chunk
    repeated = [(line, m, known[m.operation]) for line, m in chunk if m.operation in known]
    if register and not origin.agreement.post_210_without_206:
        held = {line: _unannounced(line, m) for line, m in fresh}
        outcomes = _held(tx, origin, held)
    else:
        outcomes = _post_new(tx, origin, fresh, suspended, bank_date)
    if register:
        return outcomes | _transfer(tx, origin, repeated, bank_date)
    return outcomes | _repeat(tx, origin, repeated)


def transfers(origin: Origin) -> bool:
    """Whether the file tells of money transferred (210) and not only of payments made (206)."""
    return origin.agreement.kind == "erip.210"


def _check_split(chunk: Payments) -> None:
    for line, m in chunk:
        if not 0 <= m[4] <= m[3] or (m[5] or 0) > m[3]:
            above = m[4] if not 0 <= m[4] <= m[3] else m[5]
            found = Finding("E-SPLIT", line, None, roubles(above or 0), roubles(m[3]), key=m[0])
            raise Unreadable(found)


# --- a new operation ---------------------------------------------------------------------------


class _Owners(NamedTuple):
    """Who may be paid for: accounts by number, and when those that are closed were closed."""

    accounts: dict[str, int]
    closed: dict[int, str]
    service: str
    latest: str
    """The instant of the message, as a stamp: no payment is later."""
    suspended: frozenset[int]

    def judge(self, line: int, m: Payment, paid_on: str) -> tuple[int | None, Finding | None]:
        """The account of a payment, or None with the reason why it goes to suspense."""
        if line in self.suspended:
            return None, None  # the mapping has said why
        if m.service_number != self.service:
            return None, _finding("E-FIELD", line, m, m.service_number, self.service)
        if m.paid_at and m.paid_at > self.latest:
            return None, _finding("E-DATE-ORDER", line, m, m.paid_at, self.latest)
        account = self.accounts.get(m.account or "")
        if account is None:
            return None, _finding("E-ACC-UNKNOWN", line, m, m.account, None)
        closed_on = self.closed.get(account)
        if closed_on is not None and closed_on <= paid_on:
            return None, _finding("E-ACC-CLOSED", line, m, closed_on, None)
        return account, None


def _finding(
    code: str, line: int, m: Payment | Reversal, value: str | None, expected: str | None
) -> Finding:
    return Finding(code, line, None, value, expected, RULES.get(code), m.operation)


RULES = {
    "E-ACC-UNKNOWN": "unmatched_account",
    "E-ACC-CLOSED": "account_closed",
    "E-FIELD": "service_unknown",
    "E-DATE-ORDER": "date_future",
    "E-CONFLICT": "duplicate_conflict",
    "E-DUP-REC": "duplicate_receipt",
    "E-NO-ORIGINAL": "reversal_unknown",
}
"""Finding codes and the names that `billing.md`, 20.3 has for them."""


def _owners(tx: Transaction, origin: Origin, chunk: Payments, suspended: frozenset[int]) -> _Owners:
    numbers = list({m.account for _, m in chunk if m.account})
    accounts = table.accounts_by_number(tx, origin.scheme.code, numbers)
    closed = table.closing_days(tx, list(accounts.values()))
    latest = stamp(origin.envelope.created or origin.received_at)
    return _Owners(accounts, closed, origin.scheme.service_number, latest, suspended)


def _post_new(
    tx: Transaction,
    origin: Origin,
    chunk: Payments,
    suspended: frozenset[int],
    bank_date: str | None,
) -> Outcomes:
    """Insert the payments of new operations; the one tight loop of a register."""
    if not chunk:
        return {}
    owners = _owners(tx, origin, chunk, suspended)
    judge, differs, rate = owners.judge, fees.fee_differs, origin.scheme.policies.commission
    scheme, intake, month = origin.scheme.code, origin.intake_id, origin.period.key
    now, register = stamp(origin.received_at), origin.intake_id if transfers(origin) else None
    state = "announced" if register is None else "transferred"
    rows, outcomes = [], Outcomes()
    for payment_id, (line, m) in enumerate(chunk, tx.reserve("payment", len(chunk))):
        operation, number, service, amount, penalty, sent, paid_at, asked, demand_time = m[:9]
        paid_on = minsk_day((paid_at or now)[:13])
        account, finding = judge(line, m, paid_on)
        fee = 0 if sent is None else amount - sent
        if finding is not None:
            outcomes[line] = SUSPENDED, finding
        elif sent is not None and account is not None and differs(amount, fee, rate):
            outcomes[line] = POSTED, _fee_finding(line, m, fee, rate)
        rows.append(
            (payment_id, scheme, ERIP, operation, None, account, amount, penalty, paid_at, paid_on,
             month, state, register, sent, fee, bank_date, 0, number, m[9], m[10], service or "",
             asked, demand_time, intake, line, now)
        )  # fmt: skip
    table.add_payments(tx, rows)
    return outcomes


@lru_cache(4096)
def minsk_day(hour: str) -> str:
    """The day in Minsk of the hour `YYYY-MM-DDTHH` of a UTC stamp."""
    return unstamp(f"{hour}:00:00.000000Z").date().isoformat()


def _fee_finding(line: int, m: Payment, stated: int, rate: int) -> Finding:
    right = roubles(fees.fee(m.amount, rate))
    return Finding("W-MATCH", line, "fee", roubles(stated), right, "fee_differs", m.operation)


# --- a known operation -------------------------------------------------------------------------


def _same(m: Payment | Reversal, known: Known) -> bool:
    return (m.account, m.amount, m.penalty) == (known.account, known.amount, known.penalty)


def _conflict(line: int, m: Payment | Reversal, known: Known) -> Finding:
    return _finding("E-CONFLICT", line, m, m.operation, roubles(known.amount))


def _unannounced(line: int, m: Payment) -> Finding:
    return _finding("E-NO-ORIGINAL", line, m, m.operation, m.operation)


def _repeat(
    tx: Transaction, origin: Origin, repeated: list[tuple[int, Payment, Known]]
) -> Outcomes:
    """A 206 about a known payment: a repeat fills what was empty, other content is held."""
    held, fills = {}, list[dict[str, object]]()
    for line, m, known in repeated:
        if known.state != "reversed" and _same(m, known):
            fills.append(_facts(m, known))
        else:
            held[line] = _conflict(line, m, known)
    table.fill_payments(tx, fills)
    return _held(tx, origin, held)


def _facts(m: Payment, known: Known) -> dict[str, object]:
    return {
        "id": known.id,
        "payer": m.payer,
        "address": m.address,
        "period": m.period,
        "demand_time": m.demand_time,
    }


def _transfer(
    tx: Transaction,
    origin: Origin,
    repeated: list[tuple[int, Payment, Known]],
    bank_date: str | None,
) -> Outcomes:
    """A 210 about a known payment: announced and equal it is transferred, else it is held."""
    held, moved = {}, list[dict[str, object]]()
    place: dict[str, object] = {"register": origin.intake_id, "bank_date": bank_date}
    for line, m, known in repeated:
        if known.state == "transferred":
            held[line] = _finding("E-DUP-REC", line, m, m.operation, None)
        elif known.state != "announced" or not _same(m, known):
            held[line] = _conflict(line, m, known)
        else:
            sent = m.amount if m.transferred is None else m.transferred
            moved.append(place | {"id": known.id, "transferred": sent, "fee": m.amount - sent})
    table.transfer_payments(tx, moved)
    return _held(tx, origin, held)


def _held(tx: Transaction, origin: Origin, held: dict[int, Finding]) -> Outcomes:
    """Park or refuse records as the agreement says; each is left for a person."""
    lang = origin.settings.hub.language
    todos = [(f.code, f"payment:{f.key}", f.text(lang)) for f in held.values()]
    table.leave_todos(tx, todos, stamp(origin.received_at))
    state = refused_state(origin.agreement)
    return {line: (state, finding) for line, finding in held.items()}


# --- a reversal --------------------------------------------------------------------------------


def post_reversals(
    tx: Transaction, origin: Origin, chunk: Reversals, suspended: frozenset[int]
) -> Outcomes:
    """Post a chunk of a 216: the opposite of each announced payment and of its allocations."""
    known = table.known_payments(tx, origin.scheme.code, [m.operation for _, m in chunk])
    held: dict[int, Finding] = {}
    taken: dict[int, int] = {}
    for line, m in chunk:
        found = known.get(m.operation)
        problem = _hinders(line, m, found)
        if found is None or problem is not None:
            held[line] = problem or _finding("E-NO-ORIGINAL", line, m, None, m.operation)
        else:
            taken[found.id] = line
    if taken:
        _take_back(tx, origin, taken)
    return _held(tx, origin, held)


def _hinders(line: int, m: Reversal, known: Known | None) -> Finding | None:
    """Why a known payment cannot be reversed; None when it can, or is not known."""
    if known is None:
        return None
    if known.state == "reversed":
        again = _finding("E-DUP-REC", line, m, m.operation, None)
        return again._replace(rule="already_reversed")
    if m.amount != known.amount or m.account not in (None, known.account):
        return _conflict(line, m, known)
    if known.state == "transferred":
        return _finding("E-CANCEL-PAID", line, m, m.operation, None)
    return None


def _take_back(tx: Transaction, origin: Origin, taken: dict[int, int]) -> None:
    """Payment -> line: write the mirrored payments and allocations.

    The mirrored payment keeps the day on which the first was made, so that the pair is zero
    everywhere, also in the base of penalty.
    """
    ids, now = list(taken), stamp(origin.received_at)
    first = tx.reserve("payment", len(ids))
    made = [
        _mirror(row, origin, number, taken[row.id])
        for number, row in enumerate(table.payments(tx, ids), first)
    ]
    table.add_payments(tx, made)
    table.close_payments(tx, ids)
    mirror_of = {row.source_payment: row.id for row in made}
    parts = table.allocations_of(tx, ids)
    opposite = mirrored(part[5] for part in parts)
    start = tx.reserve("allocation", len(parts)) if parts else 0
    table.add_allocations(
        tx,
        [
            (start + n, mirror_of[part[1]], part[2], part[3], origin.period.key, part[4],
             opposite[n], "mirror", part[0], now, 0)
            for n, part in enumerate(parts)
        ],
    )  # fmt: skip


def _mirror(row: PaymentRow, origin: Origin, number: int, line: int) -> PaymentRow:
    return row._replace(
        id=number,
        source_payment=row.id,
        amount=-row.amount,
        penalty=-row.penalty,
        posted_period=origin.period.key,
        state="reversed",
        allocated=1,
        intake_id=origin.intake_id,
        line=line,
        recorded_at=stamp(origin.received_at),
    )
