"""The town that is rated: accounts, contracts, residents, prices, norms, meters, old debts.

Rows go straight into their tables as streams, so that a town of any size is made in the memory
of a small one; how facts arrive as files is measured elsewhere.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.bench.files import add_traces
from hub.bench.place import NOW, SCHEME, Size
from hub.clock import stamp
from hub.month import Month
from hub.simulation.partners import PARTNERS
from hub.store.session import Row, Transaction
from hub.store.tables.facts import (
    Account,
    AccountState,
    Contract,
    ContractTerm,
    Meter,
    Norm,
    Reading,
    Registration,
    Tariff,
)
from hub.store.tables.ledger import Opening

MONTH = Month(2026, 9)
"""The month that is rated."""
SINCE, OPENED_ON = "2026-01-01", "2010-01-01"
DEBT_EVERY, UNMETERED_EVERY, EMPTY_EVERY = 5, 3, 25
_KNOWN = stamp(NOW)


class Service(NamedTuple):
    """A service of the town: prices 1e5 roubles a unit, the norm 1e6."""

    code: str
    unit: str
    prices: tuple[int, ...]
    """Subsidised and full, or the only one."""
    norm: tuple[str, int] | None = None
    metered: bool = False


SERVICES = (
    Service("maintenance", "m2", (20_700, 22_450)),
    Service("waste", "m3", (1_160_220, 1_217_360), ("volume_person_year", 2_680_000)),
    Service("heating", "Gcal", (2_471_870, 12_629_000), ("gcal_per_m2", 12_400)),
    Service("cold_water", "m3", (202_480, 261_720), ("volume_person_month", 8_000_000), True),
    Service("sewerage", "m3", (112_950, 231_210), ("volume_person_month", 8_000_000)),
    Service("gas", "m3", (52_200, 114_600), ("volume_person_month", 10_000_000), True),
    Service("common_property", "m2", (1_850,)),
    Service("capital_repair", "m2", (21_090, 21_090)),
    Service("sanitary_upkeep", "m2", (4_120,)),
    Service("lift", "m2", (7_400, 9_150)),
    Service("electricity", "kWh", (21_510, 27_000), ("volume_person_month", 70_000_000), True),
)
"""An account has the first of these; two contracts for one service would be a conflict."""


def build(tx: Transaction, size: Size) -> None:
    """Store the whole town."""
    town = _Town(size, add_traces(tx, "bench", "town"))
    tx.insert(Account, town.accounts(), (
        "id", "scheme", "account_id", "number", "opened_on", "balance_in", "recorded_at",
        "intake_id", "line",
    ))  # fmt: skip
    tx.insert(AccountState, town.states(), (
        "account", "valid_from", "recorded_at", "area", "intake_id", "line",
    ))  # fmt: skip
    tx.insert(Registration, town.residents(), (
        "scheme", "registration_id", "recorded_at", "account", "person_id", "kind", "is_payer",
        "is_family", "not_employed", "has_benefit", "arrived_on", "intake_id", "line",
    ))  # fmt: skip
    tx.insert(Contract, town.contracts(), (
        "id", "scheme", "contract_id", "account", "service", "supplier", "recorded_at",
        "intake_id", "line",
    ))  # fmt: skip
    tx.insert(ContractTerm, town.terms(), (
        "contract", "recorded_at", "valid_from", "intake_id", "line",
    ))  # fmt: skip
    tx.insert(Opening, town.debts(), (
        "contract", "ledger", "about_period", "posted_period", "amount", "intake_id", "line",
    ))  # fmt: skip
    tx.insert(Meter, town.meters(), (
        "id", "contract", "number", "zones", "digits", "coefficient", "installed_on",
        "recorded_at", "intake_id", "line",
    ))  # fmt: skip
    tx.insert(Reading, town.readings(), (
        "id", "meter", "zone", "taken_on", "value", "source", "received_on", "state",
        "recorded_at", "intake_id", "line",
    ))  # fmt: skip
    _add_prices(tx, town.intake)


class _Town:
    """The rows of the town, table by table; all follows from the place of an account."""

    def __init__(self, size: Size, intake: int) -> None:
        self._size = size
        self.intake = intake
        self._services = SERVICES[: size.services]

    def _places(self) -> range:
        return range(1, self._size.accounts + 1)

    def accounts(self) -> Iterator[Row]:
        for at in self._places():
            balance = sum(self._debt(at, n) for n in range(self._size.services))
            name = f"{at:010d}"
            yield at, SCHEME, name, name, OPENED_ON, balance, _KNOWN, self.intake, at

    def states(self) -> Iterator[Row]:
        for at in self._places():
            area = (2_800 + 137 * at % 5_600) * 10_000
            yield at, OPENED_ON, _KNOWN, area, self.intake, at

    def residents(self) -> Iterator[Row]:
        for at in self._places():
            for n in range(0 if at % EMPTY_EVERY == 3 else 1 + at % 4):
                person = f"{at}-{n}"
                yield (SCHEME, person, _KNOWN, at, person, "permanent", int(n == 0), 1, 0, 0,
                       OPENED_ON, self.intake, at)  # fmt: skip

    def contracts(self) -> Iterator[Row]:
        supplier = PARTNERS["ais"].provider_id
        for contract, at, _, service in self._each():
            yield (contract, SCHEME, str(contract), at, service.code, supplier, _KNOWN,
                   self.intake, contract)  # fmt: skip

    def terms(self) -> Iterator[Row]:
        for contract, *_ in self._each():
            yield contract, _KNOWN, OPENED_ON, self.intake, contract

    def debts(self) -> Iterator[Row]:
        about, posted = MONTH.plus(-3).key, MONTH.plus(-1).key
        for contract, at, n, _ in self._each():
            if debt := self._debt(at, n):
                yield contract, "principal", about, posted, debt, self.intake, contract

    def meters(self) -> Iterator[Row]:
        for contract in self._metered():
            yield (contract, contract, str(contract), 1, 5, 1_000_000, "2026-08-31", _KNOWN,
                   self.intake, contract)  # fmt: skip

    def readings(self) -> Iterator[Row]:
        for contract in self._metered():
            start = 1_000_000 * (contract % 900)
            used = 1_000 * (3_000 + 7 * contract % 9_000)
            taken = (("2026-08-31", start, "start"), ("2026-09-25", start + used, "supplier"))
            for n, (day, value, source) in enumerate(taken):
                yield (2 * contract + n, contract, 1, day, value, source, day, "accepted",
                       _KNOWN, self.intake, contract)  # fmt: skip

    def _each(self) -> Iterator[tuple[int, int, int, Service]]:
        """Contract, account, place of the service in the account, service."""
        for at in self._places():
            for n, service in enumerate(self._services):
                yield at * self._size.services + n, at, n, service

    def _metered(self) -> Iterator[int]:
        for contract, at, _, service in self._each():
            if service.metered and at % UNMETERED_EVERY:
                yield contract

    def _debt(self, at: int, n: int) -> int:
        return 900 + 131 * (at + n) % 4_000 if at % DEBT_EVERY == 0 else 0


def _add_prices(tx: Transaction, intake: int) -> None:
    tariffs = [
        (service, kind, price)
        for service in SERVICES
        for kind, price in zip(_kinds(service.prices), service.prices, strict=True)
    ]
    tx.insert(
        Tariff,
        (
            (n, SCHEME, service.code, kind, SINCE, price, service.unit, "bench", _KNOWN, intake, n)
            for n, (service, kind, price) in enumerate(tariffs, 1)
        ),
        ("id", "scheme", "service", "kind", "valid_from", "price", "unit", "act", "recorded_at",
         "intake_id", "line"),
    )  # fmt: skip
    norms = [(service, *service.norm) for service in SERVICES if service.norm]
    tx.insert(
        Norm,
        (
            (n, SCHEME, "country", service.code, kind, SINCE, value, service.unit, "bench", _KNOWN,
             intake, n)
            for n, (service, kind, value) in enumerate(norms, 1)
        ),
        ("id", "scheme", "scope", "service", "kind", "valid_from", "value", "unit", "act",
         "recorded_at", "intake_id", "line"),
    )  # fmt: skip


def _kinds(prices: Sequence[int]) -> tuple[str, ...]:
    return ("sub", "full") if len(prices) == 2 else ("one",)
