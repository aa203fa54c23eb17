"""A small invented town for the tests of facts and rating: messages, and how they are posted."""

from datetime import datetime
from typing import Any

from hub.clock import minsk
from hub.messages import (
    AccountCard,
    Benefit,
    Norm,
    Reading,
    Registration,
    ServiceLine,
    Tariff,
)
from hub.month import Month
from hub.posting.contract import Outcomes
from hub.posting.facts import POSTERS
from hub.settings import Partner, Settings
from hub.store.periods import operating_month
from hub.store.session import Store, Transaction
from tests import books

LOADED = minsk(2026, 8, 31, 9)
SUPPLIER = {"cold_water": "501", "sewerage": "501", "heating": "502", "gas": "503"}
HOUSING = "500"


def settings(**policies: Any) -> Settings:
    """The settings of the town: cards and prices from `ais`, readings from `water`."""
    kinds = ("ais.account", "ais.service", "ais.registration", "hub.tariffs", "hub.norms",
             "hub.benefits")  # fmt: skip
    mine = [books.agreement(kind) for kind in kinds]
    meters = books.agreement("meters.21").model_copy(update={"partner": "water"})
    known = books.settings(books.scheme(**policies), **{a.id: a for a in (*mine, meters)})
    others = {
        name: Partner(id=name, role="charging", name=name, unp="1") for name in ("ais", "hub")
    }
    return known.model_copy(update={"partners": {**known.partners, **others}})


def post(
    tx: Transaction, messages: list[Any], at: datetime = LOADED, known: Settings | None = None
) -> Outcomes:
    """Post messages of one kind as one file."""
    message = type(messages[0]).__name__
    kind = {
        "AccountCard": "ais.account",
        "ServiceLine": "ais.service",
        "Registration": "ais.registration",
        "Tariff": "hub.tariffs",
        "Norm": "hub.norms",
        "Benefit": "hub.benefits",
        "Reading": "meters.21",
    }[message]
    month = operating_month(tx, "DM0001", Month.of(at.date()))
    origin = books.origin(tx, kind, own=known or settings(), at=at, period=month)
    return POSTERS[message](tx, origin, books.numbered(messages), frozenset())


def card(account: int, **changed: Any) -> AccountCard:
    usual = AccountCard(
        scheme="DM0001",
        account_id=str(account),
        number=f"01000{account:05d}",
        unified=None,
        servicing_id=HOUSING,
        servicing_name="Примерский ЖЭУ",
        house_id="4001",
        address="г. Примерск, д. 1",
        flat=str(account),
        area=48_000_000,
        rooms=2,
        category=None,
        ownership=None,
        payer="Иванов И.",
        opened_on="2010-01-01",
        closed_on=None,
        balance_in=0,
        unallocated=0,
    )
    return usual._replace(**changed)


def service(contract: int, account: int, code: str, **changed: Any) -> ServiceLine:
    usual = ServiceLine(
        scheme="DM0001",
        account_id=str(account),
        contract_id=str(contract),
        service=code,
        supplier_id=SUPPLIER.get(code, HOUSING),
        supplier_name=None,
        valid_from="2010-01-01",
        valid_to=None,
        balance_in=0,
        penalty_in=0,
        debt_months=0,
    )
    return usual._replace(**changed)


def resident(number: int, account: int, **changed: Any) -> Registration:
    usual = Registration(
        scheme="DM0001",
        registration_id=str(number),
        account_id=str(account),
        person_id=f"P{number}",
        kind="permanent",
        is_payer=1,
        arrived_on="2010-01-01",
        left_on=None,
        is_family=1,
        not_employed=0,
        has_benefit=0,
    )
    return usual._replace(**changed)


def tariff(code: str, kind: str, price: int, **changed: Any) -> Tariff:
    usual = Tariff(code, None, None, kind, None, "2026-01-01", None, price, "m3", "Решение № 1")
    return usual._replace(**changed)


def norm(code: str, kind: str, value: int, **changed: Any) -> Norm:
    usual = Norm("country", None, code, None, kind, "2026-01-01", None, value, "m3", "Решение № 2")
    return usual._replace(**changed)


def benefit(registration: int, **changed: Any) -> Benefit:
    usual = Benefit(
        registration_id=str(registration),
        law="239-З",
        category=None,
        percent=500_000,
        area_limit=20_000_000,
        volume_limit=None,
        services="maintenance",
        valid_from="2026-01-01",
        valid_to=None,
    )
    return usual._replace(**changed)


def reading(account: int, value: int, day: str, **changed: Any) -> Reading:
    """A reading of the water meter of an account, `value` in thousandths of m³."""
    usual = Reading(
        address=None,
        account=f"01000{account:05d}",
        resource="cold_water",
        meter=f"W{account}",
        zones=1,
        value_1=value * 1000,
        value_2=None,
        value_3=None,
        value_4=None,
        taken_on=day,
        verified_on=None,
        next_verification_on=None,
        installed_on=None,
        archived_on=None,
    )
    return usual._replace(**changed)


PRICES = (
    ("maintenance", 20_700, 22_450),
    ("waste", 1_160_220, 1_217_360),
    ("heating", 2_471_870, 12_629_000),
    ("cold_water", 202_480, 261_720),
    ("sewerage", 112_950, 231_210),
)
NORMS = (
    ("waste", "volume_person_year", 2_680_000),
    ("cold_water", "volume_person_month", 8_000_000),
    ("sewerage", "volume_person_month", 8_000_000),
    ("heating", "gcal_per_m2", 12_400),
)
KINDS = ("sub", "full")
CODES = tuple(code for code, *_ in PRICES)


def prices(tx: Transaction) -> None:
    """Post the prices and norms of the town."""
    post(tx, [tariff(c, k, p) for c, *both in PRICES for k, p in zip(KINDS, both, strict=True)])
    post(tx, [norm(*row) for row in NORMS])


def town(tx: Transaction, accounts: int = 3, debt: int = 0) -> None:
    """Accounts 1..n with five contracts and n residents each; account 1 has a water meter.

    Every maintenance contract opens with `debt` kopecks of one month.
    """
    prices(tx)
    everybody = range(1, accounts + 1)
    post(tx, [card(a, balance_in=debt) for a in everybody])
    lines = [
        service(10 * a + n, a, code, balance_in=debt * (not n), debt_months=1)
        for a in everybody
        for n, code in enumerate(CODES)
    ]
    post(tx, lines)
    post(tx, [resident(10 * a + n, a) for a in everybody for n in range(a)])
    post(tx, [reading(1, 100_000, "2026-08-31", installed_on="2026-08-31")])


def filled(store: Store, accounts: int = 3, debt: int = 0) -> None:
    """The town in a transaction of its own."""
    with store.transaction() as tx:
        town(tx, accounts, debt)
