"""One charge line: a quantity as a fraction, a price, one rounding (`billing.md`, 3.4 and 3.5).

A quantity is `q_num / q_den` millionths, kept as a fraction until it is priced. Prices are 1e5
roubles a unit, amounts kopecks.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.money import MONEY, MONEY_LIMIT, QUANTITY, TARIFF, half_up

_TO_KOPECKS = QUANTITY * TARIFF // MONEY
STORED_LIMIT = 2**63
"""What a stored whole number must stay below."""


class Fraction(NamedTuple):
    """A quantity in millionths, not rounded."""

    num: int
    den: int

    @property
    def rounded(self) -> int:
        """Whole millionths: for print, export and control sums only."""
        return half_up(self.num, self.den)


class CannotRate(ValueError):
    """An account cannot be rated; `code` is of `billing.md`, 20.1, the text names the inputs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def quantity_of(factors: Sequence[int], divisors: Sequence[int] = ()) -> Fraction:
    """The product of factors (1e6 each) over the product of whole divisors, in millionths."""
    num, den = 1, 1
    for factor in factors:
        num *= factor
    for divisor in divisors:
        den *= divisor
    return Fraction(num, den * QUANTITY ** (len(factors) - 1))


def amount(quantity: Fraction, price: int) -> int:
    """Kopecks of a quantity at a price: the only rounding of a line.

    >>> amount(Fraction(50_000_000, 1), 2_850)
    143
    """
    return half_up(quantity.num * price, quantity.den * _TO_KOPECKS)


def checked(quantity: Fraction, money: int, what: str) -> None:
    """Raise `CannotRate` when a line does not fit what can be stored (3.8)."""
    if abs(money) > MONEY_LIMIT or abs(quantity.num) >= STORED_LIMIT:
        raise CannotRate("value_out_of_range", what)
