"""Queries of the dated facts: what is known of accounts, contracts, residents and meters."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hub.store.session import Row, Transaction
from hub.store.tables.facts import (
    Account,
    AccountState,
    Benefit,
    Contract,
    ContractTerm,
    Meter,
    Norm,
    Provider,
    Reading,
    Registration,
    Tariff,
)
from hub.store.tables.ledger import Opening

STATE = ("closed_on", "area", "rooms", "category", "ownership", "payer", "address", "flat")
"""What may change of an account."""
REGISTRATION = (
    "account", "person_id", "kind", "is_payer", "is_family", "not_employed", "has_benefit",
    "arrived_on", "left_on",
)  # fmt: skip
"""What a registration says."""


def accounts(tx: Transaction, scheme: str, account_ids: Sequence[str]) -> dict[str, int]:
    """Id in the scheme -> internal id."""
    return dict(
        tx.rows(
            "SELECT account_id, id FROM account"
            f" WHERE scheme = :scheme AND {tx.among('account_id')}",
            scheme=scheme,
            keys=tx.listed(account_ids),
        )
    )


def add_accounts(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert accounts, in the order of the table."""
    tx.insert(Account, rows)


def states(tx: Transaction, accounts: Sequence[int]) -> dict[int, Row]:
    """Account -> its latest state, the fields of `STATE`."""
    rows = tx.rows(
        f"SELECT account, {', '.join(STATE)} FROM account_state WHERE {tx.among('account')}"
        " ORDER BY account, recorded_at, valid_from",
        keys=tx.listed(accounts),
    )
    return {row[0]: row[1:] for row in rows}


def add_states(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert (account, valid_from, recorded_at, *STATE, intake, line)."""
    columns = ("account", "valid_from", "recorded_at", *STATE, "intake_id", "line")
    tx.insert(AccountState, rows, columns)


class KnownContract(NamedTuple):
    """A contract with its latest term."""

    id: int
    account: int
    service: str
    supplier: str
    valid_from: str
    valid_to: str | None


def contracts(
    tx: Transaction, scheme: str, contract_ids: Sequence[str]
) -> dict[str, KnownContract]:
    """Id in the scheme -> contract with its latest term."""
    rows = tx.rows(
        "SELECT c.contract_id, c.id, c.account, c.service, c.supplier, t.valid_from, t.valid_to"
        " FROM contract c JOIN contract_term t ON t.contract = c.id"
        f" WHERE c.scheme = :scheme AND {tx.among('c.contract_id')} ORDER BY c.id, t.recorded_at",
        scheme=scheme,
        keys=tx.listed(contract_ids),
    )
    return {row[0]: KnownContract(*row[1:]) for row in rows}


def add_contracts(tx: Transaction, contracts: Iterable[Row], terms: Iterable[Row]) -> None:
    """Insert contracts and terms, in the order of their tables."""
    tx.insert(Contract, contracts)
    tx.insert(ContractTerm, terms)


def add_openings(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert (contract, ledger, about, posted, amount, intake, line)."""
    tx.insert(Opening, rows)


def add_providers(tx: Transaction, scheme: str, names: dict[str, str], now: str) -> None:
    """Remember organisations that were not known."""
    known = {
        row[0]
        for row in tx.rows(
            "SELECT provider_id FROM provider"
            f" WHERE scheme = :scheme AND {tx.among('provider_id')}",
            scheme=scheme,
            keys=tx.listed(list(names)),
        )
    }
    tx.insert(Provider, [(scheme, n, names[n], now) for n in names if n not in known])


def registrations(tx: Transaction, scheme: str, ids: Sequence[str]) -> dict[str, Row]:
    """Registration -> what was last known of it, the fields of `REGISTRATION`."""
    rows = tx.rows(
        f"SELECT registration_id, {', '.join(REGISTRATION)} FROM registration"
        f" WHERE scheme = :scheme AND {tx.among('registration_id')}"
        " ORDER BY registration_id, recorded_at",
        scheme=scheme,
        keys=tx.listed(ids),
    )
    return {row[0]: row[1:] for row in rows}


def add_registrations(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert (scheme, registration, recorded_at, *REGISTRATION, intake, line)."""
    columns = ("scheme", "registration_id", "recorded_at", *REGISTRATION, "intake_id", "line")
    tx.insert(Registration, rows, columns)


DATED: dict[str, type[Any]] = {"tariff": Tariff, "norm": Norm, "benefit": Benefit}
"""Tables of which every row is a dated fact of a scheme."""


def dated(tx: Transaction, name: str, scheme: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a dated table in the order in which they were learnt."""
    return tx.rows(
        f"SELECT {', '.join(columns)} FROM {name} WHERE scheme = :scheme ORDER BY id",
        scheme=scheme,
    )


def add_dated(tx: Transaction, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert (scheme, *columns, recorded_at, intake, line) with ids of their own."""
    if not rows:
        return
    first = tx.reserve(name, len(rows))
    names = ("id", "scheme", *columns, "recorded_at", "intake_id", "line")
    tx.insert(DATED[name], [(first + n, *row) for n, row in enumerate(rows)], names)


class MeterFacts(NamedTuple):
    """A meter with its contract, as the checks of a reading ask for it."""

    id: int
    contract: int
    number: str
    digits: int
    installed_on: str
    removed_on: str | None


def contracts_for(
    tx: Transaction, scheme: str, numbers: Sequence[str]
) -> dict[tuple[str, str], int]:
    """(account number, service) -> contract, for the accounts of a meter register."""
    rows = tx.rows(
        "SELECT a.number, c.service, c.id FROM account a JOIN contract c ON c.account = a.id"
        f" WHERE a.scheme = :scheme AND {tx.among('a.number')}",
        scheme=scheme,
        keys=tx.listed(numbers),
    )
    return {(number, service): contract for number, service, contract in rows}


def meters(tx: Transaction, contracts: Sequence[int]) -> dict[tuple[int, str], MeterFacts]:
    """(contract, number) -> meter."""
    rows = tx.rows(
        "SELECT id, contract, number, digits, installed_on, removed_on FROM meter"
        f" WHERE {tx.among('contract')}",
        keys=tx.listed(contracts),
    )
    return {(row[1], row[2]): MeterFacts(*row) for row in rows}


def readings(tx: Transaction, meters: Sequence[int]) -> dict[tuple[int, int], list[Row]]:
    """(meter, zone) -> (taken_on, value) of accepted readings by date."""
    rows = tx.rows(
        "SELECT meter, zone, taken_on, value FROM reading WHERE state = 'accepted'"
        f" AND {tx.among('meter')} ORDER BY meter, zone, taken_on, id",
        keys=tx.listed(meters),
    )
    found: dict[tuple[int, int], list[Row]] = {}
    for meter, zone, *reading in rows:
        found.setdefault((meter, zone), []).append(tuple(reading))
    return found


def add_meters(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert meters, in the order of the table."""
    tx.insert(Meter, rows)


def add_readings(tx: Transaction, rows: Sequence[Row]) -> None:
    """Insert readings without their ids, in the order of the table."""
    if rows:
        first = tx.reserve("reading", len(rows))
        tx.insert(Reading, [(first + n, *row) for n, row in enumerate(rows)])
