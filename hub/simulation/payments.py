"""What the residents of the town pay, and through which bank, once ERIP knows the demands."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hub.clock import MINSK
from hub.money import half_up
from hub.month import Month
from hub.simulation.partners import AGENTS, AgentBank

FIRST_DAY, LAST_DAY = 3, 24
"""The days of a month on which people pay."""
CROWDED_DAY = 5
"""A day whose morning has at least two payments, so that a file of them can lose one."""
_PAYING = 0.86
FIRST_OPERATION, _FIRST_AGENT_OPERATION = 6_836_800_001, 90_001


class Demand(NamedTuple):
    """A demand as it stands in an accepted 202; the amount in kopecks."""

    account: str
    payer: str
    address: str
    period: str
    amount: int
    time: str


@dataclass
class Payment:
    """A payment and what ERIP has told of it so far."""

    operation: int
    demand: Demand
    amount: int
    penalty: int
    """The payer's wish how much of the amount is penalty."""
    paid_at: datetime
    agent: AgentBank
    silent: bool = False
    """Told only in a 210, never in a 206."""
    noticed: bool = False
    """Told in a 206."""
    reversed_at: datetime | None = None
    registered: bool = False
    """Told in a 210."""

    @property
    def commission(self) -> int:
        """One percent of the amount, rounded half up."""
        return half_up(self.amount, 100)

    @property
    def transferred(self) -> int:
        """What reaches the collecting account."""
        return self.amount - self.commission

    @property
    def agent_operation(self) -> int:
        """The number that the agent bank gave it."""
        return _FIRST_AGENT_OPERATION + self.operation - FIRST_OPERATION


def planned(
    demands: Iterable[Demand], month: Month, known: int, rng: random.Random
) -> list[Payment]:
    """The payments of a month in the order in which they are made.

    About 86 % of who owes something pays: in full, in part, or more than asked. `known` is the
    number of payments of the months before, on which the operation numbers follow.
    """
    paying = [demand for demand in demands if demand.amount and rng.random() < _PAYING]
    moments = [_moment(month, rng) for _ in paying]
    moments[:2] = [_morning(month, CROWDED_DAY, rng) for _ in moments[:2]]
    order = sorted(zip(moments, paying, strict=True), key=lambda pair: (pair[0], pair[1].account))
    payments = [
        _payment(FIRST_OPERATION + known + at, demand, moment, rng)
        for at, (moment, demand) in enumerate(order)
    ]
    _silence_one(payments, rng)
    return payments


def _silence_one(payments: Sequence[Payment], rng: random.Random) -> None:
    candidates = [p for p in payments if p.paid_at.day != CROWDED_DAY]
    if candidates:
        rng.choice(candidates).silent = True


def _payment(operation: int, demand: Demand, moment: datetime, rng: random.Random) -> Payment:
    amount = _amount(demand.amount, rng)
    penalty = amount * rng.randint(1, 5) // 100 if rng.random() < 0.15 else 0
    return Payment(operation, demand, amount, penalty, moment, AGENTS[rng.random() < 0.35])


def _amount(due: int, rng: random.Random) -> int:
    mood = rng.random()
    if mood < 0.78:
        return due
    if mood < 0.90:
        return max(1, due * rng.randint(30, 80) // 100)
    return due + rng.randint(1, 40) * 100


def _moment(month: Month, rng: random.Random) -> datetime:
    day = rng.randint(FIRST_DAY, LAST_DAY)
    return _morning(month, day, rng) + timedelta(hours=4 * rng.randint(0, 1))


def _morning(month: Month, day: int, rng: random.Random) -> datetime:
    """A second between 08:00 and 11:54, so that four hours later is before 16:00."""
    start = datetime(month.year, month.number, day, 8, tzinfo=MINSK)
    return start + timedelta(seconds=rng.randrange(3 * 3600 + 54 * 60))


def before(payments: Iterable[Payment], day: date) -> list[Payment]:
    """The payments made before `day` that count and that no register has told of."""
    return [
        payment
        for payment in payments
        if payment.paid_at.date() < day and not payment.registered and not payment.reversed_at
    ]
