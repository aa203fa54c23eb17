"""Payments of ERIP: announced (206), transferred (210), taken back (216).

The key of a payment is its operation number. What each event does in each state is the table
of `formats-erip.md`, A10; bad values are those of A13. Money whose owner is not known goes to
suspense: a payment without account. A record that a person must decide leaves a thing to do: a
notice is parked; of a register, whose money has moved, the money is kept in suspense.
"""

from functools import lru_cache
from typing import NamedTuple

from formats.contract import Finding, Unreadable
from hub.billing import fees
from hub.clock import stamp, unstamp
from hub.messages import Payment, Reversal
from hub.money import roubles
from hub.posting.contract import POSTED, SUSPENDED, Origin, Outcomes
from hub.posting.held import conflict, finding, hold, leave
from hub.posting.registers import ensure_register
from hub.posting.reversals import Place, catch_up, hinders, take_back, waited
from hub.store import payments as table
from hub.store.payments import ERIP, Known
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
        outcomes = hold(tx, origin, held)
    else:
        outcomes = _post_new(tx, origin, fresh, suspended, bank_date)
    tell = _transfer(tx, origin, repeated, bank_date) if register else _repeat(tx, origin, repeated)
    catch_up(tx, origin, [m.operation for _, m in fresh])
    return outcomes | tell


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
            return None, finding("E-FIELD", line, m, m.service_number, self.service)
        if m.paid_at and m.paid_at > self.latest:
            return None, finding("E-DATE-ORDER", line, m, m.paid_at, self.latest)
        account = self.accounts.get(m.account or "")
        if account is None:
            return None, finding("E-ACC-UNKNOWN", line, m, m.account, None)
        closed_on = self.closed.get(account)
        if closed_on is not None and closed_on <= paid_on:
            return None, finding("E-ACC-CLOSED", line, m, closed_on, None)
        return account, None


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


def _same(m: Payment, known: Known) -> bool:
    return (m.account, m.amount, m.penalty) == (known.account, known.amount, known.penalty)


def _unannounced(line: int, m: Payment) -> Finding:
    return finding("E-NO-ORIGINAL", line, m, m.operation, m.operation)


def _repeat(
    tx: Transaction, origin: Origin, repeated: list[tuple[int, Payment, Known]]
) -> Outcomes:
    """A 206 about a known payment: a repeat fills what was empty, other content is held."""
    held, fills = {}, list[dict[str, object]]()
    for line, m, known in repeated:
        if _same(m, known):
            fills.append(_facts(m, known))
        else:
            held[line] = conflict(line, m, known)
    table.fill_payments(tx, fills)
    return hold(tx, origin, held)


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
    """A 210 about a known payment: announced and equal it is transferred, else in suspense."""
    strange, moved = Strange(), list[dict[str, object]]()
    place: dict[str, object] = {"register": origin.intake_id, "bank_date": bank_date}
    for line, m, known in repeated:
        if known.state == "announced" and _same(m, known):
            sent = m.amount if m.transferred is None else m.transferred
            moved.append(place | {"id": known.id, "transferred": sent, "fee": m.amount - sent})
        elif known.state == "transferred":
            strange[line] = m, finding("E-DUP-REC", line, m, m.operation, None)
        else:
            strange[line] = m, conflict(line, m, known)
    table.transfer_payments(tx, moved)
    return _suspend(tx, origin, strange, bank_date)


Strange = dict[int, tuple[Payment, Finding]]
"""Line -> the payment of a register that does not fit what is known of it, and why."""


def _suspend(tx: Transaction, origin: Origin, strange: Strange, bank_date: str | None) -> Outcomes:
    """Keep the money that moved apart from the known payment, until a person decides.

    Its operation is `<operation>/<intake of the register>`; so register, credit and suspense
    agree, and what is known stays as it is.
    """
    apart, outcomes = [], Outcomes()
    for line, (m, found) in strange.items():
        own = f"{m.operation}/{origin.intake_id}"
        apart.append((line, m._replace(operation=own)))
        outcomes[line] = SUSPENDED, found._replace(key=own)
    _post_new(tx, origin, apart, frozenset(strange), bank_date)
    leave(tx, origin, [found for _, found in outcomes.values()])
    return outcomes


# --- a reversal --------------------------------------------------------------------------------


def post_reversals(
    tx: Transaction, origin: Origin, chunk: Reversals, suspended: frozenset[int]
) -> Outcomes:
    """Post a chunk of a 216: the opposite of each announced payment and of its allocations."""
    known = table.known_payments(tx, origin.scheme.code, [m.operation for _, m in chunk])
    held: dict[int, Finding] = {}
    taken: dict[int, Place] = {}
    for line, m in chunk:
        found = known.get(m.operation)
        problem = hinders(line, m, found)
        if problem is not None:
            held[line] = problem
        elif found is not None and found.state != "reversed":
            taken[found.id] = Place(origin.intake_id, line)
    take_back(tx, origin, taken)
    waited(tx, origin, known)
    return hold(tx, origin, held)
