"""The posters of facts: accounts, contracts, residents, prices, norms, benefits, readings.

A load is an upsert by key (`formats-partners.md`, A3): what is unchanged adds nothing, what
changed adds a row that was learnt at `received_at`; nothing is overwritten.
"""

from collections.abc import Sequence
from typing import Any

from formats.contract import Finding
from hub.clock import stamp
from hub.messages import AccountCard, Benefit, Norm, Registration, ServiceLine, Tariff
from hub.money import spread
from hub.month import Month
from hub.posting.contract import PARKED, Origin, Outcomes, Poster, refused_state
from hub.posting.readings import post_readings
from hub.store import facts as table
from hub.store.periods import first_month
from hub.store.session import Row, Transaction


def post_cards(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, AccountCard]],
    suspended: frozenset[int],
) -> Outcomes:
    """Personal accounts: new ones with their first state, known ones with what changed."""
    known = table.accounts(tx, origin.scheme.code, [m.account_id for _, m in chunk])
    states = table.states(tx, list(known.values()))
    now, day = stamp(origin.received_at), f"{origin.received_at:%Y-%m-%d}"
    fresh = [(line, m) for line, m in chunk if m.account_id not in known]
    first = tx.reserve("account", len(fresh)) if fresh else 0
    loads = first_month(tx, origin.scheme.code) is None
    accounts, changes = [], []
    for number, (line, m) in enumerate(fresh, first):
        balance = m.balance_in or 0 if loads else None
        accounts.append(
            (
                number,
                m.scheme,
                m.account_id,
                m.number,
                m.unified,
                m.servicing_id,
                m.house_id,
                m.opened_on,
                balance,
                now,
                origin.intake_id,
                line,
            )
        )
        changes.append((number, m.opened_on, now, *_state(m), origin.intake_id, line))
    for line, m in chunk:
        account = known.get(m.account_id)
        if account is not None and states.get(account) != _state(m):
            changes.append((account, day, now, *_state(m), origin.intake_id, line))
    table.add_accounts(tx, accounts)
    table.add_states(tx, changes)
    _add_providers(tx, origin, ((m.servicing_id, m.servicing_name) for _, m in chunk))
    return {
        line: (PARKED, Finding("E-FIELD", line, "UNSHARED_SUM", str(m.unallocated), "0"))
        for line, m in fresh
        if loads and m.unallocated
    }


def _state(m: AccountCard) -> Row:
    """What may change of an account, in the order of `store.facts.STATE`."""
    return (m.closed_on, m.area, m.rooms, m.category, m.ownership, m.payer, m.address, m.flat)


def _add_providers(tx: Transaction, origin: Origin, named: Any) -> None:  # noqa: ANN401
    names = {provider: name or provider for provider, name in named if provider}
    table.add_providers(tx, origin.scheme.code, names, stamp(origin.received_at))


def post_services(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, ServiceLine]],
    suspended: frozenset[int],
) -> Outcomes:
    """Service contracts; in the load before the first period also the balances taken over."""
    accounts = table.accounts(tx, origin.scheme.code, [m.account_id for _, m in chunk])
    known = table.contracts(tx, origin.scheme.code, [m.contract_id for _, m in chunk])
    now, state = stamp(origin.received_at), refused_state(origin.agreement)
    outcomes: Outcomes = {}
    fresh: list[tuple[int, ServiceLine]] = []
    terms: list[Row] = []
    for line, m in chunk:
        contract = known.get(m.contract_id)
        if m.account_id not in accounts:
            outcomes[line] = state, Finding("E-ACC-UNKNOWN", line, "ACCOUNT_ID", m.account_id)
        elif contract is None:
            fresh.append((line, m))
        elif (contract.service, contract.supplier) != (m.service, m.supplier_id):
            said = f"{m.service} {m.supplier_id}"
            known_as = f"{contract.service} {contract.supplier}"
            outcomes[line] = state, Finding("E-CONFLICT", line, None, said, known_as)
        elif (contract.valid_from, contract.valid_to) != (m.valid_from, m.valid_to):
            terms.append((contract.id, now, m.valid_from, m.valid_to, origin.intake_id, line))
    first = tx.reserve("contract", len(fresh)) if fresh else 0
    numbered = list(enumerate(fresh, first))
    table.add_contracts(
        tx,
        [
            (
                n,
                m.scheme,
                m.contract_id,
                accounts[m.account_id],
                m.service,
                m.supplier_id,
                now,
                origin.intake_id,
                line,
            )
            for n, (line, m) in numbered
        ],
        terms
        + [(n, now, m.valid_from, m.valid_to, origin.intake_id, line) for n, (line, m) in numbered],
    )
    if first_month(tx, origin.scheme.code) is None:
        table.add_openings(
            tx, [row for n, (line, m) in numbered for row in _openings(origin, n, line, m)]
        )
    _add_providers(tx, origin, ((m.supplier_id, m.supplier_name) for _, m in chunk))
    return outcomes


def _openings(origin: Origin, contract: int, line: int, m: ServiceLine) -> list[Row]:
    """The balances of a contract by month of the debt (`billing.md`, 15, taking over)."""
    last = Month.of(origin.received_at.date())
    rows = [("principal", month, amount) for month, amount in opening_months(m, last)]
    if m.penalty_in:
        rows.append(("penalty", last, m.penalty_in))
    return [
        (contract, ledger, month.key, last.key, amount, origin.intake_id, line)
        for ledger, month, amount in rows
    ]


def opening_months(m: ServiceLine, last: Month) -> list[tuple[Month, int]]:
    """(month, kopecks): a debt in equal parts over its months up to `last`, earlier ones first."""
    balance = m.balance_in or 0
    if not balance:
        return []
    count = max(1, m.debt_months or 0) if balance > 0 else 1
    parts = spread(balance, [1] * count)
    months = (last.plus(number - count + 1) for number in range(count))
    return [(month, part) for month, part in zip(months, parts, strict=True) if part]


def post_registrations(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, Registration]],
    suspended: frozenset[int],
) -> Outcomes:
    """Residents: what is new or changed becomes a further known-at row."""
    accounts = table.accounts(tx, origin.scheme.code, [m.account_id for _, m in chunk])
    known = table.registrations(tx, origin.scheme.code, [m.registration_id for _, m in chunk])
    now, state = stamp(origin.received_at), refused_state(origin.agreement)
    outcomes: Outcomes = {}
    rows: list[Row] = []
    for line, m in chunk:
        account = accounts.get(m.account_id)
        if account is None:
            outcomes[line] = state, Finding("E-ACC-UNKNOWN", line, "ACCOUNT_ID", m.account_id)
            continue
        if m.left_on is not None and m.left_on < m.arrived_on:
            found = Finding("E-DATE-ORDER", line, "CHECK_OUT_DATE", m.left_on, m.arrived_on)
            outcomes[line] = state, found
            continue
        said = (
            account,
            m.person_id,
            m.kind,
            m.is_payer or 0,
            m.is_family or 0,
            m.not_employed or 0,
            m.has_benefit or 0,
            m.arrived_on,
            m.left_on,
        )
        if known.get(m.registration_id) != said:
            rows.append((m.scheme, m.registration_id, now, *said, origin.intake_id, line))
    table.add_registrations(tx, rows)
    return outcomes


# --- prices, norms, benefits: every row a dated fact -------------------------------------------

_KEYS: dict[str, Sequence[str]] = {
    "tariff": ("service", "region", "supplier", "kind", "variant"),
    "norm": ("scope", "scope_id", "service", "attribute", "kind"),
    "benefit": ("registration_id", "law"),
}
"""Rows that say the same about the same thing: their periods must not overlap."""


def _dated(name: str, message: type[Any]) -> Poster:
    """The poster of a table whose rows are dated facts."""
    columns: Sequence[str] = message._fields
    key_at = [columns.index(column) for column in _KEYS[name]]
    start, end = columns.index("valid_from"), columns.index("valid_to")

    def key(row: Row) -> Row:
        return tuple(row[at] for at in key_at)

    def post(
        tx: Transaction, origin: Origin, chunk: list[tuple[int, Any]], suspended: frozenset[int]
    ) -> Outcomes:
        known: dict[Row, dict[str, Row]] = {}
        for row in table.dated(tx, name, origin.scheme.code, columns):
            known.setdefault(key(row), {})[row[start]] = row
        outcomes: Outcomes = {}
        rows: list[Row] = []
        for line, m in chunk:
            same = known.setdefault(key(m), {})
            rival = _overlapping(same, m[start], m[end], end)
            if rival is not None:
                found = Finding("E-CONFLICT", line, "valid_from", m[start], rival)
                outcomes[line] = refused_state(origin.agreement), found
            elif same.get(m[start]) != tuple(m):
                same[m[start]] = tuple(m)
                tail = (stamp(origin.received_at), origin.intake_id, line)
                rows.append((origin.scheme.code, *m, *tail))
        table.add_dated(tx, name, columns, rows)
        return outcomes

    return post


def _overlapping(same: dict[str, Row], start: str, stop: str | None, end: int) -> str | None:
    """The stated period of another row of the key that this one runs into, as text."""
    for other, row in same.items():
        before = other < start and row[end] is not None and row[end] > start
        after = other > start and stop is not None and stop > other
        if before or after:
            return f"{other} - {row[end] or ''}"
    return None


POSTERS: dict[str, Poster] = {
    "AccountCard": post_cards,
    "ServiceLine": post_services,
    "Registration": post_registrations,
    "Tariff": _dated("tariff", Tariff),
    "Norm": _dated("norm", Norm),
    "Benefit": _dated("benefit", Benefit),
    "Reading": post_readings,
}
