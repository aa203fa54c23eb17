"""A synthetic town: houses, personal accounts, residents, contracts, meters, opening balances.

Everything is made from a seed by `random.Random`, so one seed is one town. People, streets and
numbers are invented. Units: money in kopecks, areas in hundredths of m², volumes in
thousandths of m³.
"""

import random
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from hub.month import Month
from hub.simulation import people
from hub.simulation.people import Person

FLATS_IN_HOUSE = 40
NOBODY_EVERY = 25
"""One account of so many has nobody registered."""


class Service(NamedTuple):
    """A service of the town: the code of the hub, the id of АИС, and who provides it."""

    code: str
    ais_id: int
    name: str
    supplier: str
    monthly: tuple[int, int]
    """The range of a usual charge, from which opening debts are made."""


SERVICES = (
    Service("maintenance", 1, "Техническое обслуживание", "ais", (700, 1900)),
    Service("waste", 2, "Вывоз и обезвреживание ТКО", "ais", (250, 1300)),
    Service("heating", 27, "Отопление", "heat", (1100, 3600)),
    Service("cold_water", 7, "Холодная вода", "water", (500, 3100)),
    Service("sewerage", 5, "Водоотведение", "water", (300, 1800)),
    Service("gas", 30, "Газоснабжение", "gas", (300, 1500)),
)


class House(NamedTuple):
    """A house."""

    id: int
    address: str


class Contract(NamedTuple):
    """A service contract of an account with the balances to take over."""

    id: int
    service: Service
    balance: int
    penalty: int
    debt_months: int


class Meter(NamedTuple):
    """A meter of a flat: what it shows at the start and how much it usually counts a month."""

    number: str
    service: str
    start: int
    monthly: int


class Resident(NamedTuple):
    """A registration of a person in an account; who left stays listed."""

    registration_id: int
    person_id: int
    person: Person
    arrived_on: date
    left_on: date | None
    is_payer: bool


class Account(NamedTuple):
    """A personal account."""

    id: int
    number: str
    unified: int
    house: House
    flat: int
    area: int
    rooms: int
    payer: str
    opened_on: date
    contracts: tuple[Contract, ...]
    meters: tuple[Meter, ...]
    residents: tuple[Resident, ...]

    @property
    def address(self) -> str:
        """The address of the flat."""
        return f"{self.house.address}, кв.{self.flat}"

    @property
    def balance(self) -> int:
        """The opening balance of the card: the principal of all contracts."""
        return sum(contract.balance for contract in self.contracts)

    def present(self, day: date) -> list[Resident]:
        """Who is registered on `day`; the day of leaving does not count."""
        return [
            resident
            for resident in self.residents
            if resident.arrived_on <= day and (resident.left_on is None or day < resident.left_on)
        ]


@dataclass(frozen=True)
class Town:
    """The accounts of one charging organisation."""

    seed: int
    accounts: tuple[Account, ...]

    @classmethod
    def make(cls, accounts: int, seed: int) -> "Town":
        """A town of so many accounts; the same for the same seed."""
        rng = random.Random(f"{seed}:town")
        houses = _houses(-(-accounts // FLATS_IN_HOUSE), rng)
        return cls(
            seed,
            tuple(_account(at, houses[at // FLATS_IN_HOUSE], rng) for at in range(accounts)),
        )

    @property
    def holder(self) -> Resident:
        """The one resident who holds a benefit."""
        return next(account.residents[0] for account in self.accounts if account.residents)

    def metered(self, service: str) -> list[tuple[Account, Meter]]:
        """The meters of a service with their accounts."""
        return [(a, m) for a in self.accounts for m in a.meters if m.service == service]

    def moved(self, month: Month) -> "Town":
        """The town as it is known when a few residents come and go from the first of `month`."""
        rng = random.Random(f"{self.seed}:moves:{month}")
        few = max(1, len(self.accounts) // 100)
        coming = set(rng.sample(range(len(self.accounts)), min(few, len(self.accounts))))
        crowded = [
            at
            for at, account in enumerate(self.accounts)
            if at not in coming and len(account.present(month.first)) > 1
        ]
        going = set(rng.sample(crowded, min(few, len(crowded))))
        free = 1 + max((r.registration_id for a in self.accounts for r in a.residents), default=0)
        changed = list(self.accounts)
        for at in sorted(coming):
            changed[at] = _with_arrival(changed[at], free, month.first, rng)
            free += 1
        for at in sorted(going):
            changed[at] = _with_departure(changed[at], month.first)
        return replace(self, accounts=tuple(changed))


def _with_arrival(account: Account, free: int, day: date, rng: random.Random) -> Account:
    newcomer = Resident(
        free, free - FIRST_REGISTRATION + FIRST_PERSON, people.person(rng), day, None, False
    )
    return account._replace(residents=(*account.residents, newcomer))


def _with_departure(account: Account, day: date) -> Account:
    leaver = account.present(day)[-1]
    return account._replace(
        residents=tuple(
            resident._replace(left_on=day) if resident is leaver else resident
            for resident in account.residents
        )
    )


FIRST_ACCOUNT, FIRST_CONTRACT = 100_001, 700_001
FIRST_REGISTRATION, FIRST_PERSON = 300_001, 500_001
MOST_RESIDENTS = 5


def _houses(count: int, rng: random.Random) -> list[House]:
    streets = [f"{street}, д.{number}" for number in range(1, 99) for street in people.STREETS]
    chosen = rng.sample(streets, count)
    return [House(4001 + at, f"г. Примерск, {address}") for at, address in enumerate(chosen)]


def _account(at: int, house: House, rng: random.Random) -> Account:
    rooms = rng.randint(1, 4)
    residents = _residents(at, rng)
    owner = residents[0].person if residents else people.person(rng)
    opened_on = date(rng.randint(2001, 2022), rng.randint(1, 12), rng.randint(1, 28))
    return Account(
        id=FIRST_ACCOUNT + at,
        number=f"{100_000_017 + 8 * at:010d}",
        unified=770_000_000_001 + 7 * at,
        house=house,
        flat=at % FLATS_IN_HOUSE + 1,
        area=rng.randint(1500, 1900) * rooms + rng.randint(1000, 1700),
        rooms=rooms,
        payer=owner.full_name,
        opened_on=opened_on,
        contracts=_contracts(at, rng),
        meters=_meters(at, len(residents), rng),
        residents=residents,
    )


def _residents(at: int, rng: random.Random) -> tuple[Resident, ...]:
    nobody = at % NOBODY_EVERY == 3
    count = 0 if nobody else rng.choices(range(1, 6), (24, 31, 25, 14, 6))[0]
    first = at * MOST_RESIDENTS
    return tuple(
        Resident(
            FIRST_REGISTRATION + first + nth,
            FIRST_PERSON + first + nth,
            people.person(rng),
            date(rng.randint(2001, 2025), rng.randint(1, 12), rng.randint(1, 28)),
            None,
            nth == 0,
        )
        for nth in range(count)
    )


def _meters(at: int, residents: int, rng: random.Random) -> tuple[Meter, ...]:
    gas = Meter(
        f"{73_000_017 + 4 * at}", "gas", rng.randint(50_000, 1_900_000), rng.randint(4000, 14_000)
    )
    if at % 3 == 2:
        return (gas,)
    monthly = rng.randint(2500, 5200) * max(1, residents)
    water = Meter(f"{26_100_003 + 4 * at}", "cold_water", rng.randint(10_000, 900_000), monthly)
    return water, gas


def _contracts(at: int, rng: random.Random) -> tuple[Contract, ...]:
    opening = rng.choices((_settled, _late, _indebted, _overpaid), (55, 15, 20, 10))[0]
    first = FIRST_CONTRACT + at * len(SERVICES)
    return tuple(
        Contract(first + nth, service, *amounts)
        for nth, (service, amounts) in enumerate(zip(SERVICES, opening(rng), strict=True))
    )


Opening = tuple[int, int, int]
"""Principal, penalty, months of debt."""


def _settled(rng: random.Random) -> list[Opening]:
    return [(0, 0, 0) for _ in SERVICES]


def _late(rng: random.Random) -> list[Opening]:
    return [(rng.randint(*service.monthly), 0, 1) for service in SERVICES]


def _indebted(rng: random.Random) -> list[Opening]:
    months = rng.randint(1, 4)
    return [
        (sum(rng.randint(*service.monthly) for _ in range(months)), rng.randint(0, 90 * months),
         months)
        if rng.random() < 0.8 else (0, 0, 0)
        for service in SERVICES
    ]  # fmt: skip


def _overpaid(rng: random.Random) -> list[Opening]:
    lucky = rng.randrange(len(SERVICES))
    return [(-rng.randint(100, 3000) if nth == lucky else 0, 0, 0) for nth in range(len(SERVICES))]


def consumed(seed: int, meter: Meter, month: Month) -> int:
    """What a meter counts in a month: within 30 % of its usual volume, never nothing."""
    rng = random.Random(f"{seed}:{meter.number}:{month}")
    return meter.monthly * rng.randint(70, 130) // 100
