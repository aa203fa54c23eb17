"""How much of a service an account used in a month (`billing.md`, 6.1, 6.4, 7.3, 8.1 and 8.2).

A volume is a fraction of millionths for a span of days, with the words that explain it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hub.billing.account import Account
from hub.billing.catalogue import Basis, Service
from hub.billing.days import Stay, Window, person_days, stays
from hub.billing.line import CannotRate, Fraction
from hub.billing.meters import Meter, counted
from hub.billing.prices import Piece, Rates, ordinal
from hub.money import QUANTITY

GRACE_DAYS = 30
"""So long after its verification ended a meter still counts (6.3, row 3)."""
NEW_RULES = ordinal("2025-10-01")
"""From then on a payer who is not employed pays the whole volume in full (6.3, rows 4 and 5)."""
METERED = ("meter", "meter_norm")
BY_AREA = ("area", "norm_area")


class Volume(NamedTuple):
    """A quantity of a span of days before it is split and priced."""

    start: int
    stop: int
    quantity: Fraction
    full: bool
    """Whether all of it is priced in full."""
    trace: str
    """The inputs as `name=value` parted by blanks; a warning of 20.1 is `!code`."""
    person_days: int = 0
    """Σ days registered in the span, by which the norm of water is reckoned."""


class Consumption(NamedTuple):
    """What the meters that count a service showed since they were charged last."""

    volume: int
    start: int
    """The first day of it; 0 when there is no new reading."""
    stop: int
    expired: bool
    trace: str


class Usage:
    """What one account used in a month."""

    def __init__(self, account: Account, window: Window, rates: Rates) -> None:
        self._account, self._window, self._rates = account, window, rates
        self.stays = stays(window, account.residents)
        self.open = window.clip(account.opened_on, account.closed_on)
        self._meters = {c.service: c.meters for c in account.contracts if c.meters}

    def charged(self) -> Iterable[tuple[int, int]]:
        """(meter, reading) up to which consumption is charged by this month."""
        for meters in self._meters.values():
            for meter in meters:
                if meter.readings:
                    yield meter.id, meter.readings[-1].id

    def volumes(
        self, service: Service, basis: Basis, start: int, stop: int
    ) -> tuple[str, Iterable[Volume]]:
        """The kind of basis that served, and the volumes of a span. Raises `CannotRate`."""
        kind = basis.kind
        if kind not in METERED:
            return kind, _BASES[kind](self, service, start, stop)
        found = self._consumption(service)
        if found is not None and not found.expired:
            return kind, self._metered(service, found, kind, start, stop)
        if basis.without is None:
            raise CannotRate("no_basis", f"{service.code} without meter")
        return basis.without, self._by_person(service, start, stop, expired=found is not None)

    # --- by meter ------------------------------------------------------------------------------

    def _consumption(self, service: Service) -> Consumption | None:
        """What all meters that count a service showed; None where there are none."""
        found = [m for code in service.volume_of for m in self._meters.get(code, ())]
        if not found:
            return None
        if any(meter.zones > 1 for meter in found):
            raise CannotRate("no_basis", f"{service.code}: zones")
        read = [meter for meter in found if meter.readings]
        latest = self._window.stop - GRACE_DAYS
        return Consumption(
            volume=sum(counted(meter) for meter in read),
            start=min((ordinal(m.charged.taken_on) + 1 for m in read), default=0),
            stop=max((ordinal(m.readings[-1].taken_on) + 1 for m in read), default=0),
            expired=any(m.verified_until and ordinal(m.verified_until) < latest for m in found),
            trace=" ".join(_shown(meter) for meter in found),
        )

    def _metered(
        self, service: Service, found: Consumption, kind: str, start: int, stop: int
    ) -> Iterable[Volume]:
        quantity, trace = Fraction(found.volume, 1), found.trace
        begins, ends = (found.start, found.stop) if found.start else (start, stop)
        if kind == "meter_norm":
            norm = self._rates.norm(service, self._account.house, stop - 1, stop)[0]
            quantity = Fraction(found.volume * norm.value, QUANTITY)
            trace = f"norm={norm.value} {trace}"
        days, full = stop - start, self._full_days(service, start, stop)
        if full in (0, days):
            persons = person_days(self.stays, start, stop)
            yield Volume(begins, ends, quantity, full == days, trace, persons)
            return
        for share, whole in ((days - full, False), (full, True)):
            part = Fraction(quantity.num * share, quantity.den * days)
            yield Volume(begins, ends, part, whole, f"{trace} days={share}/{days}")

    def _full_days(self, service: Service, start: int, stop: int) -> int:
        """The days whose share of a metered volume is priced in full, whatever it comes to.

        A meter does not tell the days, so that each has the same share. Water is told apart by
        its norm, to which an empty day adds nothing: it is full where all days are empty.
        """
        full = sum(s.stop - s.start for s in self._within(start, stop) if _is_full(service, s))
        return 0 if service.split == "water" and full < stop - start else full

    # --- by days -------------------------------------------------------------------------------

    def _within(self, start: int, stop: int) -> Iterable[Stay]:
        if start == self._window.start and stop == self._window.stop:
            return self.stays
        return [
            stay._replace(start=max(stay.start, start), stop=min(stay.stop, stop))
            for stay in self.stays
            if stay.start < stop and stay.stop > start
        ]

    def _alike(
        self, service: Service, start: int, stop: int
    ) -> Iterable[tuple[bool, Sequence[Stay]]]:
        """The days of a span by whether they are priced in full (6.3)."""
        found: dict[bool, list[Stay]] = {}
        for stay in self._within(start, stop):
            found.setdefault(_is_full(service, stay), []).append(stay)
        return found.items()

    def _even(
        self, service: Service, start: int, stop: int, month: Fraction, trace: str
    ) -> Iterable[Volume]:
        """A quantity of a month that accrues evenly; days alike in their price are one volume."""
        for full, here in self._alike(service, start, stop):
            days = sum(stay.stop - stay.start for stay in here)
            quantity = month
            if days != self._window.days:
                quantity = Fraction(month.num * days, month.den * self._window.days)
            said = f"{trace} days={days}/{self._window.days}"
            yield Volume(here[0].start, here[-1].stop, quantity, full, said)

    def _area(self) -> int:
        if self._account.area is None:
            raise CannotRate("no_area", f"account {self._account.id}")
        return self._account.area

    def _by_area(self, service: Service, start: int, stop: int) -> Iterable[Volume]:
        area = self._area()
        return self._even(service, start, stop, Fraction(area, 1), f"area={area}")

    def _by_fixed(self, service: Service, start: int, stop: int) -> Iterable[Volume]:
        return self._even(service, start, stop, Fraction(QUANTITY, 1), f"fixed={QUANTITY}")

    def _by_norm_of_area(self, service: Service, start: int, stop: int) -> Iterable[Volume]:
        area = self._area()
        for norm in self._rates.norm(service, self._account.house, start, stop):
            month = Fraction(area * norm.value, QUANTITY)
            trace = f"area={area} norm={norm.value}{_doubt(norm)}"
            yield from self._even(service, norm.start, norm.stop, month, trace)

    # --- by person -----------------------------------------------------------------------------

    def _by_resident(self, service: Service, start: int, stop: int) -> Iterable[Volume]:
        days = person_days(self.stays, start, stop)
        quantity = Fraction(QUANTITY * days, self._window.days)
        trace = f"person_days={days}/{self._window.days}"
        yield Volume(start, stop, quantity, not days, trace)

    def _by_person(
        self, service: Service, start: int, stop: int, expired: bool = False
    ) -> Iterable[Volume]:
        """A norm for a person, for a day, a month or a year (6.4); in full when `expired`.

        A day without persons has no volume, so that it makes no other day dearer.
        """
        den = {"volume_person_day": 1, "volume_person_year": 12 * self._window.days}.get(
            service.norm or "", self._window.days
        )
        for norm in self._rates.norm(service, self._account.house, start, stop):
            for full, here in self._alike(service, norm.start, norm.stop):
                days = sum(stay.persons * (stay.stop - stay.start) for stay in here)
                trace = f"norm={norm.value} person_days={days}/{den}{_doubt(norm)}"
                trace += " expired=1" * expired
                quantity = Fraction(norm.value * days, den)
                span = here[0].start, here[-1].stop
                yield Volume(*span, quantity, full or expired, trace, days)


_BASES: dict[str, Callable[[Usage, Service, int, int], Iterable[Volume]]] = {
    "area": Usage._by_area,
    "norm_area": Usage._by_norm_of_area,
    "norm_person": Usage._by_person,
    "resident": Usage._by_resident,
    "fixed": Usage._by_fixed,
}


def _is_full(service: Service, stay: Stay) -> bool:
    """Rows 2 and 4 of 6.3: nobody registered, or a payer who is not employed."""
    return not stay.persons or (service.employed and stay.idle and stay.start >= NEW_RULES)


def _doubt(norm: Piece) -> str:
    return " !norm_provisional" if norm.provisional else ""


def _shown(meter: Meter) -> str:
    number = meter.number.replace(" ", "_")
    since = f"meter={number} from={meter.charged.taken_on}:{meter.charged.value}"
    if not meter.readings:
        return f"{since} !no_reading"
    last = meter.readings[-1]
    return f"{since} to={last.taken_on}:{last.value}"
