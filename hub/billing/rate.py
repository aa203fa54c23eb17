"""Rating one account for one month: the function that the run and `explain` share.

Pure: facts and rates in, lines out, each with the inputs that explain it (`billing.md`, 6 to 9;
the bases of `architecture.md`, 10.3). Quantities and areas 1e6, prices 1e5, amounts kopecks.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.billing import split
from hub.billing.benefit import Benefit, Holders, discounted
from hub.billing.catalogue import Basis, Service
from hub.billing.days import Resident, Stay, Window, person_days, stays
from hub.billing.line import CannotRate, Fraction, amount, checked
from hub.billing.meters import Meter, counted
from hub.billing.prices import Piece, Pieces, Rates, ordinal
from hub.billing.split import FULL, RAISED, SUB, Part
from hub.money import QUANTITY, SHARE, half_up
from hub.month import Month
from hub.settings import Policies

GRACE_DAYS = 30
"""So long after its verification ended a meter still counts (6.3, row 3)."""
NOT_EMPLOYED_FROM = ordinal("2025-10-01")


class Contract(NamedTuple):
    """A service contract with what its meters show."""

    id: int
    service: str
    supplier: str
    valid_from: str
    valid_to: str | None
    meters: Sequence[Meter] = ()
    used_in_year: int = 0
    """What was charged in the year before this month, 1e6; for tiers of the year."""


class Account(NamedTuple):
    """All that the charges of an account depend on."""

    id: int
    house: str | None
    area: int | None
    opened_on: str
    closed_on: str | None
    contracts: Sequence[Contract]
    residents: Sequence[Resident] = ()
    benefits: Sequence[Benefit] = ()


class Line(NamedTuple):
    """A charge line, in the order of the table `charge` without period and run."""

    contract: int
    component: str
    tariff: int
    q_num: int
    q_den: int
    quantity: int
    price: int
    gross: int
    benefit: int
    trace: str
    """The inputs as `name=value` parted by blanks; a warning is `!code`."""


class Problem(NamedTuple):
    """Why an account has no charges: a code of `billing.md`, 20.1, and the inputs."""

    code: str
    text: str


class Rated(NamedTuple):
    """The lines of an account by (contract, component, tariff), or the problem."""

    lines: Sequence[Line]
    charged: Sequence[tuple[int, int]] = ()
    """(meter, reading) up to which consumption is charged."""
    problem: Problem | None = None


class _Volume(NamedTuple):
    """A quantity of a span of days before it is split and priced."""

    start: int
    stop: int
    quantity: Fraction
    full: bool
    """Whether all of it is priced in full."""
    trace: str


class _Reckoned(NamedTuple):
    """What one reading of the meters of an account gave."""

    volume: int
    start: int
    stop: int
    trace: str
    expired: bool


class Rater:
    """Rates the accounts of one month under one set of rates and policies."""

    def __init__(self, month: Month, rates: Rates, policies: Policies) -> None:
        self.window = Window.of(month)
        self._rates, self._policies = rates, policies
        found = {code: s.basis(month.last) for code, s in rates.services.items()}
        self._bases: dict[str, Basis] = {code: b for code, b in found.items() if b is not None}

    def rate(self, account: Account) -> Rated:
        """The lines of an account; one that cannot be rated whole has none, and the problem."""
        try:
            return _Rating(self, account).result()
        except CannotRate as problem:
            return Rated((), problem=Problem(problem.code, str(problem)))

    def basis(self, code: str) -> tuple[Service, Basis]:
        """A service and how it is charged this month. Raises `CannotRate` `no_basis`."""
        basis = self._bases.get(code)
        if basis is None:
            raise CannotRate("no_basis", code)
        return self._rates.services[code], basis

    def norm(self, service: Service, house: str | None, start: int, stop: int) -> Pieces:
        """The norms of a span."""
        return self._rates.norm(service, house, start, stop)

    # --- split and price -----------------------------------------------------------------------

    def parts(self, service: Service, contract: Contract, volume: _Volume, days: int) -> list[Part]:
        """The parts of a volume by the kind of their price; `days` are person-days."""
        if volume.full or not service.subsidised:
            return split.whole(volume.quantity, volume.full and service.subsidised)
        if service.split == "water":
            return split.above_norm(volume.quantity, self._water_norm(days))
        if service.split == "year" and volume.quantity.den == 1:
            return split.by_tiers(volume.quantity.num, self._tiers(), contract.used_in_year)
        return split.whole(volume.quantity, full=False)

    def _water_norm(self, days: int) -> Fraction:
        norm = self._rates.national("water_person_day", self.window.start) * days
        if self._policies.water_norm_days == "fixed_30":
            return Fraction(norm * 30, self.window.days)
        return Fraction(norm, 1)

    def _tiers(self) -> list[split.Tier]:
        if self.window.start < NOT_EMPLOYED_FROM:
            return [split.Tier(SUB, None)]
        national = self._rates.national
        return [
            split.Tier(SUB, national("gas_year_sub", self.window.start)),
            split.Tier(RAISED, national("gas_year_raised", self.window.start)),
            split.Tier(FULL, None),
        ]

    def lines(
        self, service: Service, contract: Contract, part: Part, volume: _Volume, holders: Holders
    ) -> Iterable[Line]:
        """The lines of a part, one for each version of the tariff (6.2)."""
        start, stop = volume.start, volume.stop
        pieces = self._rates.prices(
            service.code, contract.supplier, part.component == FULL, start, stop
        )
        for piece in pieces:
            quantity, span, trace = part.quantity, (start, stop), volume.trace
            if len(pieces) > 1:
                quantity = Fraction(
                    quantity.num * (piece.stop - piece.start), quantity.den * (stop - start)
                )
                span = piece.start, piece.stop
                trace += f" tariff_days={piece.stop - piece.start}/{stop - start}"
            yield self._line(contract, part.component, piece, quantity, (span, trace), holders)

    def _line(
        self,
        contract: Contract,
        component: str,
        tariff: Piece,
        quantity: Fraction,
        where: tuple[tuple[int, int], str],
        holders: Holders,
    ) -> Line:
        (start, stop), trace = where
        stored = half_up(*quantity)
        if self._policies.quantity_rounding == "stored":
            quantity = Fraction(stored, 1)
        price = self._raised(tariff.value) if component == RAISED else tariff.value
        gross, benefit = amount(quantity, price), 0
        if holders.benefits and component == SUB and gross > 0:
            # metered days may lie before the month; a benefit is counted by the days of the month
            days = max(start, self.window.start), min(stop, self.window.stop)
            span = days if days[0] < days[1] else (self.window.start, self.window.stop)
            benefit = min(gross, discounted(quantity, price, holders, self.window, span))
        checked(quantity, gross, f"contract {contract.id}")
        num, den = quantity
        return Line(
            contract.id, component, tariff.id, num, den, stored, price, gross, benefit, trace
        )

    def _raised(self, price: int) -> int:
        """The price between the limits of the year; it must fit the scale of prices (3.2)."""
        raised, rest = divmod(price * self._rates.national("gas_raised", self.window.start), SHARE)
        if rest:
            raise CannotRate("precision_overflow", f"price {price} raised")
        return raised

    def holders(self, account: Account, service: Service, basis: str) -> Holders:
        """The benefits that a service of an account has."""
        if not account.benefits:
            return NOBODY
        by_area = basis in ("area", "norm_area")
        limit = None
        if service.limited and by_area:
            limit = self._rates.national("benefit_area", self.window.start)
        return Holders.of(account.benefits, service.code, by_area, limit)


NOBODY = Holders((), False, None)


class _Rating:
    """One account under rating."""

    def __init__(self, rater: Rater, account: Account) -> None:
        self._rater, self._account = rater, account
        self._open = rater.window.clip(account.opened_on, account.closed_on)
        self._stays = stays(rater.window, account.residents)
        self._meters = {c.service: c.meters for c in account.contracts if c.meters}

    def result(self) -> Rated:
        """All lines of the account. Raises `CannotRate`."""
        account = self._account
        if not account.contracts:
            raise CannotRate("no_contract", f"account {account.id}")
        _no_conflict(account, self._rater.window)
        lines: list[Line] = []
        for contract in account.contracts:
            lines += self._contract(contract)
        return Rated(lines, list(self._charged()))

    def _charged(self) -> Iterable[tuple[int, int]]:
        for meters in self._meters.values():
            for meter in meters:
                if meter.readings:
                    yield meter.id, meter.readings[-1].id

    def _contract(self, contract: Contract) -> list[Line]:
        window = self._rater.window
        begins, ends = window.clip(contract.valid_from, contract.valid_to)
        start, stop = max(begins, self._open[0]), min(ends, self._open[1])
        if start >= stop:
            return []
        service, basis = self._rater.basis(contract.service)
        volumes, kind = self._volumes(service, basis, start, stop)
        holders = self._rater.holders(self._account, service, kind)
        days = person_days(self._stays, start, stop)
        lines: list[Line] = []
        for volume in volumes:
            for part in self._rater.parts(service, contract, volume, days):
                lines += self._rater.lines(service, contract, part, volume, holders)
        return lines if len(lines) == 1 else _merged(lines)

    # --- volumes -------------------------------------------------------------------------------

    def _volumes(
        self, service: Service, basis: Basis, start: int, stop: int
    ) -> tuple[Iterable[_Volume], str]:
        """The volumes of a contract's days, and the basis by which they were found."""
        kind = basis.kind
        if kind in ("meter", "meter_norm"):
            read = self._read(service)
            if read is not None and not read.expired:
                return self._metered(service, read, kind, start, stop), kind
            if basis.without is None:
                raise CannotRate("no_basis", f"{service.code} without meter")
            kind = basis.without
            return self._by_person(service, start, stop, expired=read is not None), kind
        return _BASES[kind](self, service, start, stop), kind

    def _read(self, service: Service) -> _Reckoned | None:
        """The consumption of all meters that count a service; None where there are none."""
        found = [m for code in service.volume_of for m in self._meters.get(code, ())]
        if not found:
            return None
        if any(meter.zones > 1 for meter in found):
            raise CannotRate("no_basis", f"{service.code}: zones")
        read = [meter for meter in found if meter.readings]
        begins = min((ordinal(m.charged.taken_on) + 1 for m in read), default=0)
        ends = max((ordinal(m.readings[-1].taken_on) + 1 for m in read), default=0)
        volume = sum(counted(meter) for meter in read)
        trace = " ".join(_shown(meter) for meter in found)
        limit = self._rater.window.stop - GRACE_DAYS
        expired = any(m.verified_until and ordinal(m.verified_until) < limit for m in found)
        return _Reckoned(volume, begins, max(begins + 1, ends), trace, expired)

    def _metered(
        self, service: Service, read: _Reckoned, kind: str, start: int, stop: int
    ) -> Iterable[_Volume]:
        quantity, trace = Fraction(read.volume, 1), read.trace
        begins, ends = (read.start, read.stop) if read.start else (start, stop)
        if kind == "meter_norm":
            norm = self._rater.norm(service, self._account.house, stop - 1, stop)[0]
            quantity = Fraction(read.volume * norm.value, QUANTITY)
            trace = f"norm={norm.value} {trace}"
        full = sum(s.stop - s.start for s in self._within(start, stop) if self._full(service, s))
        days = stop - start
        if full in (0, days):
            yield _Volume(begins, ends, quantity, full == days, trace)
            return
        for share, whole in ((days - full, False), (full, True)):
            part = Fraction(quantity.num * share, quantity.den * days)
            yield _Volume(begins, ends, part, whole, f"{trace} share={share}/{days}")

    def _within(self, start: int, stop: int) -> Iterable[Stay]:
        if (start, stop) == (self._rater.window.start, self._rater.window.stop):
            return self._stays
        return [
            stay._replace(start=max(stay.start, start), stop=min(stay.stop, stop))
            for stay in self._stays
            if stay.start < stop and stay.stop > start
        ]

    def _full(self, service: Service, stay: Stay) -> bool:
        """Rows 2 and 4 of 6.3: nobody registered, or a payer who is not employed."""
        idle = service.employed and stay.idle and stay.start >= NOT_EMPLOYED_FROM
        return not stay.persons or idle

    def _by_days(
        self, service: Service, start: int, stop: int, unit: Fraction, trace: str
    ) -> Iterable[_Volume]:
        """A quantity a month that accrues evenly; days alike in their price are one volume."""
        by_price: dict[bool, list[Stay]] = {}
        for stay in self._within(start, stop):
            by_price.setdefault(self._full(service, stay), []).append(stay)
        month_days = self._rater.window.days
        for full, here in by_price.items():
            days = sum(stay.stop - stay.start for stay in here)
            quantity = unit
            if days != month_days:
                quantity = Fraction(unit.num * days, unit.den * month_days)
            said = f"{trace} days={days}/{month_days}"
            yield _Volume(here[0].start, here[-1].stop, quantity, full, said)

    def _area(self) -> int:
        if self._account.area is None:
            raise CannotRate("no_area", f"account {self._account.id}")
        return self._account.area

    def _by_area(self, service: Service, start: int, stop: int) -> Iterable[_Volume]:
        area = self._area()
        return self._by_days(service, start, stop, Fraction(area, 1), f"area={area}")

    def _by_fixed(self, service: Service, start: int, stop: int) -> Iterable[_Volume]:
        return self._by_days(service, start, stop, Fraction(QUANTITY, 1), "fixed=1")

    def _by_norm_of_area(self, service: Service, start: int, stop: int) -> Iterable[_Volume]:
        area = self._area()
        for norm in self._rater.norm(service, self._account.house, start, stop):
            unit = Fraction(area * norm.value, QUANTITY)
            trace = f"area={area} norm={norm.value}{_doubt(norm)}"
            yield from self._by_days(service, norm.start, norm.stop, unit, trace)

    def _by_resident(self, service: Service, start: int, stop: int) -> Iterable[_Volume]:
        days = person_days(self._stays, start, stop)
        quantity = Fraction(QUANTITY * days, self._rater.window.days)
        yield _Volume(start, stop, quantity, not days, f"person_days={days}")

    def _by_person(
        self, service: Service, start: int, stop: int, expired: bool = False
    ) -> Iterable[_Volume]:
        """By a norm for a person: a month, a year or a day of it (6.4, 7.3)."""
        den = _MONTHS.get(service.norm or "", 1) * self._rater.window.days
        if service.norm == "volume_person_day":
            den = 1
        for norm in self._rater.norm(service, self._account.house, start, stop):
            days = person_days(self._stays, norm.start, norm.stop)
            quantity = Fraction(norm.value * days, den)
            idle = service.employed and any(self._full(service, s) for s in self._stays)
            trace = f"norm={norm.value} person_days={days} of={den}{_doubt(norm)}"
            full = expired or idle or not days
            yield _Volume(norm.start, norm.stop, quantity, full, trace + " expired=1" * expired)


_BASES = {
    "area": _Rating._by_area,
    "norm_area": _Rating._by_norm_of_area,
    "norm_person": _Rating._by_person,
    "resident": _Rating._by_resident,
    "fixed": _Rating._by_fixed,
}
_MONTHS = {"volume_person_year": 12}


def _doubt(norm: Piece) -> str:
    return " !norm_provisional" if norm.provisional else ""


def _shown(meter: Meter) -> str:
    since = f"meter={meter.number} from={meter.charged.taken_on}:{meter.charged.value}"
    if not meter.readings:
        return f"{since} !no_reading"
    last = meter.readings[-1]
    return f"{since} to={last.taken_on}:{last.value}"


def _merged(lines: list[Line]) -> list[Line]:
    """Lines in order, those of one component and tariff added up before they are rounded."""
    found: dict[tuple[str, int], Line] = {}
    for line in lines:
        key = line.component, line.tariff
        known = found.get(key)
        found[key] = line if known is None else _added(known, line)
    zero = [key for key, line in found.items() if not line.q_num]
    for key in zero[:] if len(zero) < len(found) else zero[1:]:
        del found[key]
    return [found[key] for key in sorted(found)]


def _added(one: Line, other: Line) -> Line:
    num = one.q_num * other.q_den + other.q_num * one.q_den
    quantity = Fraction(num, one.q_den * other.q_den)
    if one.q_den == other.q_den:
        quantity = Fraction(one.q_num + other.q_num, one.q_den)
    gross = amount(quantity, one.price)
    checked(quantity, gross, f"contract {one.contract}")
    return one._replace(
        q_num=quantity.num,
        q_den=quantity.den,
        quantity=quantity.rounded,
        gross=gross,
        benefit=min(gross, one.benefit + other.benefit),
        trace=f"{one.trace} + {other.trace}",
    )


def _no_conflict(account: Account, window: Window) -> None:
    """Raise `CannotRate` when a person or a service is there twice on one day."""
    people = [(r.person, r.arrived_on, r.left_on) for r in account.residents]
    services = [(c.service, c.valid_from, c.valid_to) for c in account.contracts]
    for code, dated in (("residents_conflict", people), ("double_biller", services)):
        names = [name for name, _, _ in dated]
        if len(set(names)) == len(names):
            continue
        spans = sorted((name, *window.clip(start, stop)) for name, start, stop in dated)
        inside = [span for span in spans if span[1] < span[2]]
        for (name, _, stop), (following, start, _) in zip(inside, inside[1:], strict=False):
            if name == following and start < stop:
                raise CannotRate(code, f"account {account.id}: {name}")
