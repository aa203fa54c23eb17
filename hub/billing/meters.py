"""What meters counted (`billing.md`, 8.1): a falling value is a roll-over."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hub.money import QUANTITY, half_up


class Shown(NamedTuple):
    """An accepted reading: day, value 1e6, id."""

    taken_on: str
    value: int
    id: int


class Meter(NamedTuple):
    """A meter with the reading charged last (or its start) and the accepted ones since."""

    id: int
    number: str
    digits: int
    coefficient: int
    zones: int
    verified_until: str | None
    charged: Shown
    readings: Sequence[Shown]


class Step(NamedTuple):
    """From one reading to the next: values 1e6, coefficient 1e6."""

    previous: int
    current: int
    digits: int
    coefficient: int


def consumption(steps: Iterable[Step]) -> int:
    """Σ (current - previous [+ 10^digits when it fell]) x coefficient, in millionths."""
    volume = 0
    for previous, current, digits, coefficient in steps:
        counted = current - previous
        if counted < 0:
            counted += 10**digits * QUANTITY
        volume += counted * coefficient
    return half_up(volume, QUANTITY)


def counted(meter: Meter) -> int:
    """What a meter counted since it was charged last, in millionths."""
    values = [meter.charged.value, *(reading.value for reading in meter.readings)]
    steps = (Step(*pair, meter.digits, meter.coefficient) for pair in pairwise(values))
    return consumption(steps)
