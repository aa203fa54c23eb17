"""The fee of the settlement agent and what remains for suppliers: `billing.md`, 13.5 and 14.

Amounts are kopecks, rates 1e6 (10000 = 1 %).
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.money import SHARE, half_up, spread

TOLERANCE = 1
"""Kopecks by which a stated fee may differ from the table (`fee_differs`)."""


def fee(amount: int, rate: int) -> int:
    """The fee of one payment by the table, rounded for itself, before any summing."""
    return half_up(amount * rate, SHARE)


def fee_differs(amount: int, stated: int, rate: int) -> bool:
    """Whether a stated fee is further from the table than a kopeck."""
    return abs(stated - half_up(amount * rate, SHARE)) > TOLERANCE


def fee_parts(total: int, parts: Sequence[tuple[str, int]], rest: int) -> list[int]:
    """The share of a fee for each (supplier, amount) of one payment.

    Amounts of one supplier are added before the fee is spread, suppliers in the order of their
    first appearance. The unallocated `rest` is one more weight, whose share is not given out
    here: it is charged when the rest is allocated, so the shares over the life of the payment
    add up to the fee exactly. A payment without amounts gives shares of 0.
    """
    sums: dict[str, int] = {}
    for supplier, amount in parts:
        sums[supplier] = sums.get(supplier, 0) + amount
    if not total or not sum(sums.values()):
        return [0] * len(parts)
    shares = dict(zip(sums, spread(total, [*sums.values(), rest]), strict=False))
    found = [0] * len(parts)
    for supplier, share in shares.items():
        own = [n for n, (name, _) in enumerate(parts) if name == supplier]
        for n, part in zip(own, spread(share, [parts[n][1] for n in own]), strict=True):
            found[n] = part
    return found


class Due(NamedTuple):
    """What a supplier is to get on a settlement day."""

    gross: int = 0
    refunds: int = 0
    fee: int = 0

    @property
    def net(self) -> int:
        """The sum of the order; 0 or below is carried to the next day."""
        return self.gross - self.fee - self.refunds
