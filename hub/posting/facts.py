"""The posters of facts: accounts, contracts, residents; prices and meters stand beside.

A load is an upsert by key (`formats-partners.md`, A3): what is unchanged adds nothing, what
changed adds a row that was learnt at `received_at`; nothing is overwritten. A key that comes
twice in one file is a bad record the second time.
"""

from collections.abc import Callable, Iterable
from typing import Any

from formats.contract import Finding
from hub.clock import stamp
from hub.messages import AccountCard, Registration, ServiceLine
from hub.money import spread
from hub.month import Month
from hub.posting import dated
from hub.posting.contract import Origin, Outcomes, Poster, refused_state
from hub.posting.readings import post_readings
from hub.store import facts as table
from hub.store.facts import KnownAccount, KnownContract
from hub.store.payments import PaymentRow, add_payments
from hub.store.periods import first_month
from hub.store.session import Row, Transaction

Chunk = list[tuple[int, Any]]
TAKEN_OVER = "opening"
"""Who numbers the payments that are sums taken over (`billing.md`, 15)."""


def _sorted_out(
    origin: Origin, chunk: Chunk, key: int, problem: Callable[[int, Any], Finding | None]
) -> tuple[Chunk, Outcomes]:
    """The good records of a chunk, and what becomes of the bad ones."""
    good: Chunk = []
    outcomes: Outcomes = {}
    seen: set[str] = set()
    for line, m in chunk:
        found = problem(line, m)
        if m[key] in seen:
            found = repeated(line, m[key])
        if found is None:
            seen.add(m[key])
            good.append((line, m))
        else:
            outcomes[line] = refused_state(origin.agreement), found
    return good, outcomes


def repeated(line: int, key: str) -> Finding:
    """A key that stands in the file before."""
    return Finding("E-DUP-REC", line, None, key, "в этом же файле", key=key)


def _add_providers(
    tx: Transaction, origin: Origin, named: Iterable[tuple[str | None, str | None]]
) -> None:
    names = {provider: name or provider for provider, name in named if provider}
    table.add_providers(tx, origin.scheme.code, names, stamp(origin.received_at))


def _taking_over(tx: Transaction, origin: Origin) -> bool:
    """Whether balances are still taken over: no period of the scheme was ever opened."""
    return first_month(tx, origin.scheme.code) is None


# --- accounts ----------------------------------------------------------------------------------

_ACCOUNT_ID = AccountCard._fields.index("account_id")


def post_cards(
    tx: Transaction, origin: Origin, chunk: Chunk, suspended: frozenset[int]
) -> Outcomes:
    """Personal accounts: new ones with their first state, known ones with what changed.

    The load before the first period also takes over unallocated sums, as payments without fee.
    """
    scheme, now = origin.scheme.code, stamp(origin.received_at)
    known = table.accounts(tx, scheme, [m.account_id for _, m in chunk])
    states = table.states(tx, [account.id for account in known.values()])
    taken = table.numbered(tx, scheme, [m.number for _, m in chunk])

    def problem(line: int, m: AccountCard) -> Finding | None:
        owner = taken.setdefault((m.servicing_id, m.number), m.account_id)
        account = known.get(m.account_id)
        if account is not None and states[account.id].intake_id == origin.intake_id:
            return repeated(line, m.account_id)
        return _misnamed(line, m, account, owner)

    good, outcomes = _sorted_out(origin, chunk, _ACCOUNT_ID, problem)
    fresh = [(line, m) for line, m in good if m.account_id not in known]
    numbered = list(enumerate(fresh, tx.reserve("account", len(fresh)) if fresh else 0))
    taking_over = _taking_over(tx, origin)
    table.add_accounts(tx, (_account(origin, n, *pair, taking_over) for n, pair in numbered))
    changed = [
        (known[m.account_id].id, f"{origin.received_at:%Y-%m-%d}", line, m)
        for line, m in good
        if m.account_id in known and states[known[m.account_id].id].fact != _state(m)
    ]
    begun = [(n, m.opened_on, line, m) for n, (line, m) in numbered]
    table.add_states(
        tx,
        (
            (account, day, now, *_state(m), origin.intake_id, line)
            for account, day, line, m in begun + changed
        ),
    )
    if taking_over:
        _take_over_unallocated(tx, origin, [(n, *pair) for n, pair in numbered])
    _add_providers(tx, origin, ((m.servicing_id, m.servicing_name) for _, m in good))
    return outcomes


def _misnamed(line: int, m: AccountCard, known: KnownAccount | None, owner: str) -> Finding | None:
    """An account keeps its number for ever, and two accounts never share one."""
    if known is not None and (known.number, known.servicing_id) != (m.number, m.servicing_id):
        return Finding(
            "E-FIELD",
            line,
            "CLIENT_ACCOUNT",
            m.number,
            known.number,
            "account_number",
            m.account_id,
        )
    if owner != m.account_id:
        expected = f"ACCOUNT_ID {owner}"
        return Finding(
            "E-FIELD", line, "CLIENT_ACCOUNT", m.number, expected, "account_number", m.account_id
        )
    return None


def _account(origin: Origin, number: int, line: int, m: AccountCard, taking_over: bool) -> Row:
    balance = m.balance_in or 0 if taking_over else None
    return (
        number, origin.scheme.code, m.account_id, m.number, m.unified, m.servicing_id, m.house_id,
        m.opened_on, balance, stamp(origin.received_at), origin.intake_id, line,
    )  # fmt: skip


def _state(m: AccountCard) -> Row:
    """What may change of an account, in the order of `store.facts.STATE`."""
    return (m.closed_on, m.area, m.rooms, m.category, m.ownership, m.payer, m.address, m.flat)


def _take_over_unallocated(
    tx: Transaction, origin: Origin, fresh: Iterable[tuple[int, int, AccountCard]]
) -> None:
    held = [(account, line, m) for account, line, m in fresh if (m.unallocated or 0) > 0]
    first = tx.reserve("payment", len(held)) if held else 0
    add_payments(tx, (_held(origin, n, *card) for n, card in enumerate(held, first)))


def _held(origin: Origin, number: int, account: int, line: int, m: AccountCard) -> PaymentRow:
    """A sum of the payer that the former books had not allocated."""
    return PaymentRow(
        id=number,
        scheme=origin.scheme.code,
        agent=TAKEN_OVER,
        operation=m.account_id,
        source_payment=None,
        account=account,
        amount=m.unallocated or 0,
        penalty=0,
        paid_at=None,
        paid_on=f"{origin.received_at:%Y-%m-%d}",
        posted_period=origin.period.key,
        state="transferred",
        register_id=None,
        transferred=None,
        fee=0,
        bank_date=None,
        allocated=0,
        file_account=m.number,
        file_payer=m.payer,
        file_address=m.address,
        service_number=origin.scheme.service_number,
        asked_period=None,
        demand_time=None,
        intake_id=origin.intake_id,
        line=line,
        recorded_at=stamp(origin.received_at),
    )


# --- contracts ---------------------------------------------------------------------------------

_CONTRACT_ID = ServiceLine._fields.index("contract_id")


def post_services(
    tx: Transaction, origin: Origin, chunk: Chunk, suspended: frozenset[int]
) -> Outcomes:
    """Service contracts; in the load before the first period also the balances taken over."""
    scheme, now = origin.scheme.code, stamp(origin.received_at)
    accounts = table.accounts(tx, scheme, [m.account_id for _, m in chunk])
    known = table.contracts(tx, scheme, [m.contract_id for _, m in chunk])

    def problem(line: int, m: ServiceLine) -> Finding | None:
        contract = known.get(m.contract_id)
        if contract is not None and contract.intake_id == origin.intake_id:
            return repeated(line, m.contract_id)
        return _unfit(line, m, accounts.get(m.account_id), contract)

    good, outcomes = _sorted_out(origin, chunk, _CONTRACT_ID, problem)
    fresh = [(line, m) for line, m in good if m.contract_id not in known]
    numbered = list(enumerate(fresh, tx.reserve("contract", len(fresh)) if fresh else 0))
    table.add_contracts(
        tx,
        (
            (n, scheme, m.contract_id, accounts[m.account_id].id, m.service, m.supplier_id, now,
             origin.intake_id, line)
            for n, (line, m) in numbered
        ),
    )  # fmt: skip
    changed = [
        (known[m.contract_id].id, (line, m))
        for line, m in good
        if m.contract_id in known and not _same_term(known[m.contract_id], m)
    ]
    table.add_terms(
        tx,
        (
            (contract, now, m.valid_from, m.valid_to, origin.intake_id, line)
            for contract, (line, m) in numbered + changed
        ),
    )
    if _taking_over(tx, origin):
        table.add_openings(tx, (row for n, pair in numbered for row in _openings(origin, n, *pair)))
    _add_providers(tx, origin, ((m.supplier_id, m.supplier_name) for _, m in good))
    return outcomes


def _unfit(
    line: int, m: ServiceLine, account: KnownAccount | None, contract: KnownContract | None
) -> Finding | None:
    """A contract needs an account, ends after it begins, and keeps what it is about."""
    key = m.contract_id
    if account is None:
        return Finding("E-ACC-UNKNOWN", line, "ACCOUNT_ID", m.account_id, key=key)
    if m.valid_to is not None and m.valid_to < m.valid_from:
        return Finding("E-DATE-ORDER", line, "STOP_DATE", m.valid_to, m.valid_from, key=key)
    if contract is None:
        return None
    said = account.id, m.service, m.supplier_id
    was = contract.account, contract.service, contract.supplier
    if said == was:
        return None
    return Finding(
        "E-FIELD", line, "SERVICE_LIST_ID", f"{m.service} {m.supplier_id}",
        f"{contract.service} {contract.supplier}", "contract", key,
    )  # fmt: skip


def _same_term(known: KnownContract, m: ServiceLine) -> bool:
    return (known.valid_from, known.valid_to) == (m.valid_from, m.valid_to)


def _openings(origin: Origin, contract: int, line: int, m: ServiceLine) -> list[Row]:
    """The balances of a contract by month of the debt; `open_period` dates them for good."""
    last = origin.period
    rows = [("principal", month, amount) for month, amount in opening_months(m, last)]
    if m.penalty_in:
        rows.append(("penalty", last, m.penalty_in))
    return [
        (contract, ledger, month.key, last.key, amount, origin.intake_id, line)
        for ledger, month, amount in rows
    ]


def opening_months(m: ServiceLine, last: Month) -> list[tuple[Month, int]]:
    """(month, kopecks) of a balance taken over, `last` the month before the first period.

    A debt goes in equal parts to its months, earlier ones first; a negative balance whole to
    the last (`billing.md`, 15).
    """
    balance = m.balance_in or 0
    count = max(1, m.debt_months or 0) if balance > 0 else 1
    parts = spread(balance, [1] * count)
    months = (last.plus(number - count + 1) for number in range(count))
    return [(month, part) for month, part in zip(months, parts, strict=True) if part]


# --- residents ---------------------------------------------------------------------------------

_REGISTRATION_ID = Registration._fields.index("registration_id")


def post_registrations(
    tx: Transaction, origin: Origin, chunk: Chunk, suspended: frozenset[int]
) -> Outcomes:
    """Residents: what is new or changed becomes a further known-at row."""
    scheme, now = origin.scheme.code, stamp(origin.received_at)
    accounts = table.accounts(tx, scheme, [m.account_id for _, m in chunk])
    known = table.registrations(tx, scheme, [m.registration_id for _, m in chunk])

    def problem(line: int, m: Registration) -> Finding | None:
        key = m.registration_id
        if key in known and known[key].intake_id == origin.intake_id:
            return repeated(line, key)
        if m.account_id not in accounts:
            return Finding("E-ACC-UNKNOWN", line, "ACCOUNT_ID", m.account_id, key=key)
        if m.left_on is not None and m.left_on < m.arrived_on:
            return Finding("E-DATE-ORDER", line, "left_on", m.left_on, m.arrived_on, key=key)
        return None

    good, outcomes = _sorted_out(origin, chunk, _REGISTRATION_ID, problem)
    said = ((line, m, _resident(accounts[m.account_id].id, m)) for line, m in good)
    table.add_registrations(
        tx,
        (
            (scheme, m.registration_id, now, *fact, origin.intake_id, line)
            for line, m, fact in said
            if m.registration_id not in known or known[m.registration_id].fact != fact
        ),
    )
    return outcomes


def _resident(account: int, m: Registration) -> Row:
    """What a registration says, in the order of `store.facts.REGISTRATION`."""
    flags = (m.is_payer, m.is_family, m.not_employed, m.has_benefit)
    return (
        account, m.person_id, m.kind, *(flag or 0 for flag in flags), m.arrived_on, m.left_on,
    )  # fmt: skip


POSTERS: dict[str, Poster] = {
    "AccountCard": post_cards,
    "ServiceLine": post_services,
    "Registration": post_registrations,
    **dated.POSTERS,
    "Reading": post_readings,
}
