"""Discounts (льготы) of persons (`billing.md`, 9): once per holder and line, never above it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.billing.days import Window
from hub.billing.line import Fraction
from hub.money import MONEY, QUANTITY, SHARE, TARIFF, half_up

Span = tuple[int, int]
"""Days as ordinals, the second exclusive."""


class Benefit(NamedTuple):
    """A discount of a resident; percent and limits 1e6."""

    person: str
    percent: int
    area_limit: int | None
    volume_limit: int | None
    services: frozenset[str] | None
    """None: all services."""
    spans: tuple[tuple[str, str | None], ...]
    """Its own validity and the registration of its holder, half-open."""


class Claim(NamedTuple):
    """What a holder may claim of a line: a share, a limit a month (None: all), days of the line."""

    percent: int
    limit: int | None
    days: int


class Holders(NamedTuple):
    """The benefits of an account for one service."""

    benefits: Sequence[Benefit]
    by_area: bool
    """Whether the limits of area count, else those of volume."""
    limit: int | None
    """The national limit, for benefits without one of their own."""

    @classmethod
    def of(
        cls, benefits: Iterable[Benefit], service: str, by_area: bool, limit: int | None
    ) -> "Holders":
        """Those of the benefits that name the service."""
        named = (b for b in benefits if b.services is None or service in b.services)
        return cls(list(named), by_area, limit)

    def claims(self, window: Window, span: Span) -> list[Claim]:
        """The claims on a line: of each person the best, the most valuable first."""
        best: dict[str, Claim] = {}
        for benefit in self.benefits:
            own = benefit.area_limit if self.by_area else benefit.volume_limit
            limit = own if own is not None else self.limit
            claim = Claim(benefit.percent, limit, _days(benefit, window, span))
            known = best.get(benefit.person)
            if claim.days > 0 and (known is None or _worth(claim) > _worth(known)):
                best[benefit.person] = claim
        return sorted(best.values(), key=_worth, reverse=True)


def _worth(claim: Claim) -> tuple[int, bool, int]:
    return claim.percent * claim.days, claim.limit is None, claim.limit or 0


def _days(benefit: Benefit, window: Window, span: Span) -> int:
    spans = [span, *(window.clip(*own) for own in benefit.spans)]
    return min(stop for _, stop in spans) - max(start for start, _ in spans)


def discount(
    quantity: Fraction, limit: Fraction | None, price: int, percent: int, days: Fraction
) -> int:
    """Kopecks: min(quantity, limit) x price x percent x days, rounded once."""
    num, den = quantity
    if limit is not None and limit.num * den < num * limit.den:
        num, den = limit
    divisor = den * days.den * (QUANTITY * TARIFF * SHARE // MONEY)
    return half_up(num * days.num * price * percent, divisor)


def discounted(quantity: Fraction, price: int, holders: Holders, window: Window, span: Span) -> int:
    """The discounts of all holders on a line that stands for the days of `span`.

    A limit is for a month; a line for a part of it has that part of the limit. The limits of
    several holders add up, together they do not pass the quantity.
    """
    days, left, taken = span[1] - span[0], quantity, 0
    for claim in holders.claims(window, span):
        limit = None
        if claim.limit is not None:
            limit = Fraction(claim.limit * days, window.days)
        taken += discount(left, limit, price, claim.percent, Fraction(claim.days, days))
        if limit is None or limit.num * left.den >= left.num * limit.den:
            break
        left = Fraction(left.num * limit.den - limit.num * left.den, left.den * limit.den)
    return taken
