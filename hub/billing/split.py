"""Which part of a volume is subsidised (`billing.md`, 6.3 and 23).

A part with no volume makes no line; when the whole volume is zero, one `sub` part of zero is
left, so that a zero line is written.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.billing.line import Fraction

SUB, RAISED, FULL = "sub", "raised", "full"


class Part(NamedTuple):
    """A volume that is priced by one kind of tariff."""

    component: str
    quantity: Fraction


class Tier(NamedTuple):
    """A part of the volume of a year: up to a limit in millionths (None: without limit)."""

    component: str
    up_to: int | None


def whole(quantity: Fraction, full: bool) -> list[Part]:
    """The whole volume by one tariff (rows 2, 4 and 10)."""
    return [Part(FULL if full and quantity.num else SUB, quantity)]


def above_norm(quantity: Fraction, norm: Fraction) -> list[Part]:
    """Up to the norm subsidised, above it full (row 6)."""
    num, den = quantity
    if num * norm.den <= norm.num * den:
        return [Part(SUB, quantity)]
    if norm.den == den == 1:
        rest = Fraction(num - norm.num, 1)
    else:
        rest = Fraction(num * norm.den - norm.num * den, den * norm.den)
    return [Part(SUB, norm), Part(FULL, rest)] if norm.num else [Part(FULL, rest)]


def by_share(quantity: Fraction, num: int, den: int) -> list[Part]:
    """`num / den` of the volume full, the rest subsidised (row 5)."""
    parts = [
        Part(FULL, Fraction(quantity.num * num, quantity.den * den)),
        Part(SUB, Fraction(quantity.num * (den - num), quantity.den * den)),
    ]
    return [part for part in parts if part.quantity.num] or [Part(SUB, quantity)]


def by_tiers(volume: int, tiers: Sequence[Tier], used_before: int = 0, den: int = 1) -> list[Part]:
    """`volume / den` millionths by the tiers of the year, of which `used_before` is used (row 7).

    The limits and `used_before` are whole millionths.
    """
    parts = []
    used, left = used_before * den, volume
    for component, up_to in tiers:
        taken = left if up_to is None else min(left, max(0, up_to * den - used))
        if taken:
            parts.append(Part(component, Fraction(taken, den)))
        used, left = used + taken, left - taken
    return parts or [Part(SUB, Fraction(0, 1))]
