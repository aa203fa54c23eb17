"""Money and scaled integers: the only rounding, reading and printing of amounts.

Scales (`billing.md`, section 3): money 1e2 (kopecks), tariffs 1e5, quantities 1e6,
shares, percents and daily rates 1e6. No float comes near any of them.
"""

from collections.abc import Sequence

MONEY = 100
TARIFF = 100_000
QUANTITY = 1_000_000
SHARE = 1_000_000
MONEY_LIMIT = 10**15
"""Largest absolute amount in kopecks that any stored value may have."""


class NoWeights(ValueError):
    """A total other than zero cannot be spread over weights that are all zero (`no_weights`)."""


def half_up(numerator: int, divisor: int) -> int:
    """Round `numerator / divisor` to a whole number, a half away from zero (section 3, rule 3).

    >>> half_up(5, 10), half_up(-5, 10), half_up(-4, 10)
    (1, -1, 0)
    """
    whole = (abs(numerator) + divisor // 2) // divisor
    return whole if numerator >= 0 else -whole


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` over non-negative weights by the largest remainder; ties go by order.

    The shares add up to `total` exactly (section 3, rule 6). Raises `NoWeights`.

    >>> spread(-100, [1, 1, 1])
    [-34, -33, -33]
    """
    whole = sum(weights)
    if whole == 0:
        if total:
            raise NoWeights(total)
        return [0] * len(weights)
    size = abs(total)
    shares = [size * weight // whole for weight in weights]
    left = size - sum(shares)
    if left:
        order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), i))
        for index in order[:left]:
            shares[index] += 1
    return shares if total >= 0 else [-share for share in shares]


def roubles(kopecks: int) -> str:
    """Print kopecks as roubles with two places and a point; never `-0.00`.

    >>> roubles(8641), roubles(-5), roubles(0)
    ('86.41', '-0.05', '0.00')
    """
    sign = "-" if kopecks < 0 else ""
    whole, rest = divmod(abs(kopecks), MONEY)
    return f"{sign}{whole}.{rest:02d}"


def decimal_text(value: int, scale: int) -> str:
    """Print a scaled int without trailing zeros: `decimal_text(207450, 10**6)` is `0.20745`."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), scale)
    places = len(str(scale)) - 1
    tail = f"{rest:0{places}d}".rstrip("0")
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"
