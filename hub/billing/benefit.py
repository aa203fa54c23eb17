"""Discounts (льготы) of persons (`billing.md`, 9): once per holder and line, never above it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.billing.days import Window
from hub.billing.line import Fraction
from hub.money import MONEY, QUANTITY, SHARE, TARIFF, half_up


class Benefit(NamedTuple):
    """A discount of a resident while it holds and the resident is registered; limits 1e6."""

    person: str
    percent: int
    area_limit: int | None
    volume_limit: int | None
    services: frozenset[str] | None
    """None: all services."""
    spans: tuple[tuple[str, str | None], ...]
    """Its own validity and the registration, half-open."""


class Claim(NamedTuple):
    """What a holder may claim of a line: a share, a limit (None: all), days of the month."""

    percent: int
    limit: int | None
    days: int


def discount(
    quantity: Fraction, price: int, percent: int, limit: Fraction | None, days: Fraction
) -> int:
    """Kopecks: min(quantity, limit) x price x percent x days, rounded once."""
    num, den = quantity
    if limit is not None and limit.num * den < num * limit.den:
        num, den = limit
    divisor = den * days.den * QUANTITY * TARIFF * SHARE // MONEY
    return half_up(num * days.num * price * percent, divisor)


def claims(
    benefits: Iterable[Benefit], service: str, limited_to: int | None, window: Window, by_area: bool
) -> list[Claim]:
    """The claims on a service: of each person the best, the highest percent first.

    `limited_to` is the national limit of area for benefits without one of their own.
    """
    best: dict[str, Claim] = {}
    for benefit in benefits:
        if benefit.services is not None and service not in benefit.services:
            continue
        days = _days(benefit, window)
        own = benefit.area_limit if by_area else benefit.volume_limit
        limit = own if own is not None else limited_to
        claim = Claim(benefit.percent, limit, days)
        known = best.get(benefit.person)
        if days > 0 and (known is None or _worth(claim) > _worth(known)):
            best[benefit.person] = claim
    return sorted(best.values(), key=_worth, reverse=True)


def _worth(claim: Claim) -> tuple[int, int, int]:
    unlimited = claim.limit is None
    return claim.percent * claim.days, int(unlimited), claim.limit or 0


def _days(benefit: Benefit, window: Window) -> int:
    spans = [window.clip(*span) for span in benefit.spans]
    return min(stop for _, stop in spans) - max(start for start, _ in spans)


def discounted(
    quantity: Fraction, price: int, found: Sequence[Claim], line_days: Fraction, month_days: int
) -> int:
    """The discounts of all holders on one line; together they do not pass its quantity.

    A limit is for a month; a line that stands for a part of it has that part of the limit.
    """
    left, taken = quantity, 0
    for percent, limit, days in found:
        share = None
        if limit is not None:
            share = Fraction(limit * line_days.num, line_days.den)
        taken += discount(left, price, percent, share, Fraction(days, month_days))
        if share is None or share.num * left.den >= left.num * share.den:
            break
        left = Fraction(left.num * share.den - share.num * left.den, left.den * share.den)
    return taken
