"""All that the charges of one account depend on, as rating gets it.

Quantities and areas 1e6, days ISO text, the second day of a span exclusive.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.billing.benefit import Benefit
from hub.billing.days import Resident, Window
from hub.billing.line import CannotRate
from hub.billing.meters import Meter


class Contract(NamedTuple):
    """A service contract with what its meters show."""

    id: int
    service: str
    supplier: str
    valid_from: str
    valid_to: str | None
    meters: Sequence[Meter] = ()
    used_in_year: int = 0
    """What was charged in the year before this month; for tiers of the year."""


class Account(NamedTuple):
    """An account as known at the snapshot of a run."""

    id: int
    house: str | None
    area: int | None
    opened_on: str
    closed_on: str | None
    contracts: Sequence[Contract]
    residents: Sequence[Resident] = ()
    benefits: Sequence[Benefit] = ()


def no_conflict(account: Account, window: Window) -> None:
    """Raise `CannotRate` when a person, or a service, is there twice on one day."""
    people = [(r.person, r.arrived_on, r.left_on) for r in account.residents]
    services = [(c.service, c.valid_from, c.valid_to) for c in account.contracts]
    for code, dated in (("residents_conflict", people), ("double_biller", services)):
        if len({name for name, _, _ in dated}) < len(dated):
            _no_overlap(code, dated, window)


def _no_overlap(code: str, dated: list[tuple[str, str, str | None]], window: Window) -> None:
    until: dict[str, int] = {}
    for name, start, stop in sorted((name, *window.clip(a, z)) for name, a, z in dated):
        if start >= stop:
            continue
        if start < until.get(name, 0):
            raise CannotRate(code, name)
        until[name] = stop
