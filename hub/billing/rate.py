"""Rating one account for one month: the function that the run and `explain` share.

Pure: facts and rates in, lines out, each with the inputs that explain it (`billing.md`, 6 to 9;
the bases of `architecture.md`, 10.3). Quantities 1e6, prices 1e5, amounts kopecks.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.billing import split
from hub.billing.account import Account, Contract, no_conflict
from hub.billing.benefit import Holders, discounted
from hub.billing.catalogue import Basis, Service
from hub.billing.days import Window
from hub.billing.line import CannotRate, Fraction, amount, checked
from hub.billing.prices import Piece, Rates
from hub.billing.split import FULL, RAISED, SUB, Part
from hub.billing.volume import BY_AREA, METERED, NEW_RULES, Usage, Volume
from hub.money import SHARE, half_up
from hub.month import Month
from hub.settings import Policies


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


class _Task(NamedTuple):
    """One contract under rating."""

    contract: Contract
    service: Service
    kind: str
    """The kind of basis that served."""
    holders: Holders


NOBODY = Holders((), False, None)


class Rater:
    """Rates the accounts of one month under one set of rates and policies."""

    def __init__(self, month: Month, rates: Rates, policies: Policies) -> None:
        self._window = Window.of(month)
        self._rates, self._policies = rates, policies
        found = {code: s.basis(month.last) for code, s in rates.services.items()}
        self._bases: dict[str, Basis] = {code: b for code, b in found.items() if b is not None}

    def rate(self, account: Account) -> Rated:
        """The lines of an account; one that cannot be rated whole has none, and the problem."""
        try:
            return self._rate(account)
        except CannotRate as problem:
            return Rated((), problem=Problem(problem.code, str(problem)))

    def _rate(self, account: Account) -> Rated:
        if not account.contracts:
            raise CannotRate("no_contract", f"account {account.id}")
        no_conflict(account, self._window)
        usage = Usage(account, self._window, self._rates)
        lines: list[Line] = []
        for contract in account.contracts:
            lines += self._contract(account, usage, contract)
        return Rated(lines, list(usage.charged()))

    def _contract(self, account: Account, usage: Usage, contract: Contract) -> list[Line]:
        begins, ends = self._window.clip(contract.valid_from, contract.valid_to)
        start, stop = max(begins, usage.open[0]), min(ends, usage.open[1])
        if start >= stop:
            return []
        basis = self._bases.get(contract.service)
        if basis is None:
            raise CannotRate("no_basis", contract.service)
        service = self._rates.services[contract.service]
        kind, volumes = usage.volumes(service, basis, start, stop)
        task = _Task(contract, service, kind, self._holders(account, service, kind))
        lines: list[Line] = []
        for volume in volumes:
            parts, why = self._parts(task, volume)
            for part in parts:
                lines += self._lines(task, part, volume, volume.trace + why)
        return lines if len(lines) == 1 else _merged(lines)

    def _holders(self, account: Account, service: Service, kind: str) -> Holders:
        """The benefits that a service of an account has."""
        if not account.benefits:
            return NOBODY
        by_area = kind in BY_AREA
        limit = None
        if service.limited and by_area:
            limit = self._rates.national("benefit_area", self._window.start)
        return Holders.of(account.benefits, service.code, by_area, limit)

    # --- sub or full ---------------------------------------------------------------------------

    def _parts(self, task: _Task, volume: Volume) -> tuple[list[Part], str]:
        """The parts of a volume by the kind of their price (6.3), and the words that say why."""
        service, quantity = task.service, volume.quantity
        if not service.subsidised:
            return split.whole(quantity, full=False), ""
        if volume.full:
            return split.whole(quantity, full=True), " full=1" * bool(quantity.num)
        metered = task.kind in METERED
        if service.split == "water" and (metered or self._policies.unmetered_split):
            norm = self._water_norm(volume.person_days)
            parts = split.above_norm(quantity, norm)
            return parts, f" limit={norm.rounded}" if len(parts) > 1 else ""
        if service.split == "year" and metered:
            used = task.contract.used_in_year
            parts = split.by_tiers(quantity.num, self._tiers(), used, quantity.den)
            return parts, f" used={used}" if parts[-1].component != SUB else ""
        return split.whole(quantity, full=False), ""

    def _water_norm(self, days: int) -> Fraction:
        norm = self._rates.national("water_person_day", self._window.start) * days
        if self._policies.water_norm_days == "fixed_30":
            return Fraction(norm * 30, self._window.days)
        return Fraction(norm, 1)

    def _tiers(self) -> list[split.Tier]:
        day = self._window.start
        if day < NEW_RULES:
            return [split.Tier(SUB, None)]
        return [
            split.Tier(SUB, self._rates.national("gas_year_sub", day)),
            split.Tier(RAISED, self._rates.national("gas_year_raised", day)),
            split.Tier(FULL, None),
        ]

    # --- prices --------------------------------------------------------------------------------

    def _lines(self, task: _Task, part: Part, volume: Volume, trace: str) -> Iterable[Line]:
        """The lines of a part, one for each version of its tariff (6.2)."""
        contract, (component, quantity) = task.contract, part
        start, stop = volume.start, volume.stop
        pieces = self._rates.prices(
            contract.service, contract.supplier, component == FULL, start, stop
        )
        if len(pieces) == 1:
            yield self._line(task, component, pieces[0], quantity, trace)
            return
        for piece in pieces:
            days = piece.stop - piece.start
            share = Fraction(quantity.num * days, quantity.den * (stop - start))
            said = f"{trace} tariff_days={days}/{stop - start}"
            yield self._line(task, component, piece, share, said)

    def _line(
        self, task: _Task, component: str, tariff: Piece, quantity: Fraction, trace: str
    ) -> Line:
        """A line of the days of `tariff`."""
        stored = half_up(*quantity)
        if self._policies.quantity_rounding == "stored":
            quantity = Fraction(stored, 1)
        price = self._raised(tariff.value) if component == RAISED else tariff.value
        gross, benefit = amount(quantity, price), 0
        checked(quantity, gross, f"contract {task.contract.id}")
        if component == SUB and task.holders.benefits:
            benefit = self._discount(task.holders, tariff, quantity, gross)
        num, den = quantity
        return Line(
            task.contract.id, component, tariff.id, num, den, stored, price, gross, benefit, trace
        )

    def _discount(self, holders: Holders, tariff: Piece, quantity: Fraction, gross: int) -> int:
        window = self._window
        span = max(tariff.start, window.start), min(tariff.stop, window.stop)
        if span[0] >= span[1]:  # metered days that lie before the month
            span = window.start, window.stop
        return min(gross, discounted(quantity, tariff.value, holders, window, span))

    def _raised(self, price: int) -> int:
        """The price between the limits of the year; it must fit the scale of prices (3.2)."""
        raised, rest = divmod(price * self._rates.national("gas_raised", self._window.start), SHARE)
        if rest:
            raise CannotRate("precision_overflow", f"price {price} raised")
        return raised


def _merged(lines: list[Line]) -> list[Line]:
    """Lines in order, those of one component and tariff added up before they are rounded.

    A zero line stays only where there is no other.
    """
    found: dict[tuple[str, int], Line] = {}
    for line in lines:
        key = line.component, line.tariff
        known = found.get(key)
        found[key] = line if known is None else _added(known, line)
    some = [found[key] for key in sorted(found) if found[key].q_num]
    return some or [found[key] for key in sorted(found)][:1]


def _added(one: Line, other: Line) -> Line:
    quantity = Fraction(one.q_num * other.q_den + other.q_num * one.q_den, one.q_den * other.q_den)
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
