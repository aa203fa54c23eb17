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


class KnownAccount(NamedTuple):
    """What identifies an account."""

    id: int
    number: str
    servicing_id: str | None


def accounts(tx: Transaction, scheme: str, account_ids: Sequence[str]) -> dict[str, KnownAccount]:
    """Id in the scheme -> account."""
    rows = tx.rows(
        "SELECT account_id, id, number, servicing_id FROM account"
        f" WHERE scheme = :scheme AND {tx.among('account_id')}",
        scheme=scheme,
        keys=tx.listed(account_ids),
    )
    return {row[0]: KnownAccount._make(row[1:]) for row in rows}


def numbered(
    tx: Transaction, scheme: str, numbers: Sequence[str]
) -> dict[tuple[str | None, str], str]:
    """(servicing organisation, number) -> id in the scheme of the account that has it."""
    rows = tx.rows(
        "SELECT servicing_id, number, account_id FROM account"
        f" WHERE scheme = :scheme AND {tx.among('number')}",
        scheme=scheme,
        keys=tx.listed(numbers),
    )
    return {(servicing, number): account for servicing, number, account in rows}


def add_accounts(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert accounts, in the order of the table."""
    tx.insert(Account, rows)


class Latest(NamedTuple):
    """What was last known of a thing, and from which file."""

    fact: Row
    intake_id: int


def states(tx: Transaction, accounts: Sequence[int]) -> dict[int, Latest]:
    """Account -> its latest state, the fields of `STATE`."""
    rows = tx.rows(
        f"SELECT account, {', '.join(STATE)}, intake_id FROM account_state"
        f" WHERE {tx.among('account')} ORDER BY account, recorded_at, valid_from",
        keys=tx.listed(accounts),
    )
    return {row[0]: Latest(row[1:-1], row[-1]) for row in rows}


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
    intake_id: int
    """The file that told of the term."""


def contracts(
    tx: Transaction, scheme: str, contract_ids: Sequence[str]
) -> dict[str, KnownContract]:
    """Id in the scheme -> contract with its latest term."""
    rows = tx.rows(
        "SELECT c.contract_id, c.id, c.account, c.service, c.supplier, t.valid_from, t.valid_to,"
        " t.intake_id"
        " FROM contract c JOIN contract_term t ON t.contract = c.id"
        f" WHERE c.scheme = :scheme AND {tx.among('c.contract_id')} ORDER BY c.id, t.recorded_at",
        scheme=scheme,
        keys=tx.listed(contract_ids),
    )
    return {row[0]: KnownContract._make(row[1:]) for row in rows}


def add_contracts(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert contracts, in the order of the table."""
    tx.insert(Contract, rows)


def add_terms(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert (contract, recorded_at, valid_from, valid_to, intake, line)."""
    tx.insert(ContractTerm, rows)


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


def registrations(tx: Transaction, scheme: str, ids: Sequence[str]) -> dict[str, Latest]:
    """Registration -> what was last known of it, the fields of `REGISTRATION`."""
    rows = tx.rows(
        f"SELECT registration_id, {', '.join(REGISTRATION)}, intake_id FROM registration"
        f" WHERE scheme = :scheme AND {tx.among('registration_id')}"
        " ORDER BY registration_id, recorded_at",
        scheme=scheme,
        keys=tx.listed(ids),
    )
    return {row[0]: Latest(row[1:-1], row[-1]) for row in rows}


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


class KnownMeter(NamedTuple):
    """A meter as the checks of a reading ask for it."""

    id: int
    digits: int
    installed_on: str
    removed_on: str | None
    verified_until: str | None


class MeterPlace(NamedTuple):
    """A contract on which meters of a resource may stand."""

    contract: int
    account: str
    """The number of its account."""
    service: str
    supplier: str
    valid_from: str
    valid_to: str | None


def meter_places(tx: Transaction, scheme: str, numbers: Sequence[str]) -> list[MeterPlace]:
    """The contracts of accounts named by a meter register; a number of two accounts has none."""
    rows = tx.rows(
        "SELECT c.id, a.number, c.service, c.supplier, t.valid_from, t.valid_to FROM account a"
        " JOIN contract c ON c.account = a.id JOIN contract_term t ON t.contract = c.id"
        f" WHERE a.scheme = :scheme AND {tx.among('a.number')} AND NOT EXISTS ("
        "  SELECT 1 FROM account o WHERE o.scheme = a.scheme AND o.number = a.number"
        "  AND o.id <> a.id) ORDER BY c.id, t.recorded_at",
        scheme=scheme,
        keys=tx.listed(numbers),
    )
    return [MeterPlace._make(row) for row in {row[0]: row for row in rows}.values()]


def meters(tx: Transaction, contracts: Sequence[int]) -> dict[tuple[int, str], KnownMeter]:
    """(contract, number) -> meter."""
    rows = tx.rows(
        "SELECT contract, number, id, digits, installed_on, removed_on, verified_until FROM meter"
        f" WHERE {tx.among('contract')}",
        keys=tx.listed(contracts),
    )
    return {(row[0], row[1]): KnownMeter._make(row[2:]) for row in rows}


def readings(
    tx: Transaction, meters: Sequence[int], since: str
) -> dict[tuple[int, int], list[Row]]:
    """(meter, zone) -> (taken_on, value) of accepted readings from a day on, by date."""
    rows = tx.rows(
        "SELECT meter, zone, taken_on, value FROM reading WHERE state = 'accepted'"
        f" AND taken_on >= :since AND {tx.among('meter')} ORDER BY meter, zone, taken_on, id",
        since=since,
        keys=tx.listed(meters),
    )
    found: dict[tuple[int, int], list[Row]] = {}
    for meter, zone, *reading in rows:
        found.setdefault((meter, zone), []).append(tuple(reading))
    return found


def date_meters(tx: Transaction, rows: Sequence[dict[str, object]]) -> None:
    """Fill in what a register tells of known meters: keys id, removed_on, verified_until."""
    tx.run_many(
        "UPDATE meter SET removed_on = coalesce(:removed_on, removed_on),"
        " verified_until = coalesce(:verified_until, verified_until) WHERE id = :id",
        rows,
    )


def add_meters(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert meters, in the order of the table."""
    tx.insert(Meter, rows)


def add_readings(tx: Transaction, rows: Sequence[Row]) -> None:
    """Insert readings without their ids, in the order of the table."""
    if rows:
        first = tx.reserve("reading", len(rows))
        tx.insert(Reading, [(first + n, *row) for n, row in enumerate(rows)])
