"""Which debts a payment pays: pure arithmetic of `billing.md`, 13.2, 13.3 and 23.

A payment asks for a service part and a penalty part; how far the wish is followed is policy.
Amounts are kopecks. No debt is paid above its open balance, and what pays nothing stays
unallocated: the parts and the rest always add up to the payment.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from hub.money import spread

PRINCIPAL, PENALTY = "principal", "penalty"
Debt = tuple[int, int]
"""The place of a line in the list and its open balance on one ledger."""


class OpenLine(NamedTuple):
    """What a contract owes for a period; a balance of 0 or below attracts nothing."""

    contract: int | str
    period: int | str
    principal: int
    penalty: int


class Part(NamedTuple):
    """What a payment pays on one line and ledger; `line` is the place in the list given."""

    line: int
    ledger: str
    amount: int


class Rules(NamedTuple):
    """The policies of section 17 that allocation follows."""

    order: str = "oldest_first"
    """`oldest_first` or `proportional`."""
    split: str = "capped"
    """`capped` or `binding`."""
    service_excess: str = "unallocated"
    """`unallocated` or `penalty`."""


def allocate(
    service: int, penalty: int, lines: Sequence[OpenLine], rules: Rules
) -> tuple[list[Part], int]:
    """The parts of a payment of `service` + `penalty`, and what stays unallocated.

    Lines stand by period, then in their stable order. Principal parts come first, each ledger
    in the order of the lines; there are no parts of zero.
    """
    places = range(len(lines))
    owed = [(n, lines[n].principal) for n in places if lines[n].principal > 0]
    owed_penalty = [(n, lines[n].penalty) for n in places if lines[n].penalty > 0]
    open_principal = sum(balance for _, balance in owed)
    open_penalty = sum(balance for _, balance in owed_penalty)
    to_principal, to_penalty = divided(service, penalty, open_principal, open_penalty, rules)
    parts = [
        *_paid(to_principal, PRINCIPAL, owed, lines, rules),
        *_paid(to_penalty, PENALTY, owed_penalty, lines, rules),
    ]
    return parts, service + penalty - to_principal - to_penalty


def divided(
    service: int, penalty: int, open_principal: int, open_penalty: int, rules: Rules
) -> tuple[int, int]:
    """How much of a payment goes to principal and how much to penalty (13.2)."""
    to_penalty = min(penalty, open_penalty)
    if rules.split == "binding":
        return min(service, open_principal), to_penalty
    rest = service + penalty - to_penalty
    to_principal = min(rest, open_principal)
    if rules.service_excess == "penalty":
        to_penalty += min(rest - to_principal, open_penalty - to_penalty)
    return to_principal, to_penalty


def _paid(
    total: int,
    ledger: str,
    debts: Sequence[Debt],
    lines: Sequence[OpenLine],
    rules: Rules,
) -> Iterable[Part]:
    """Rules 4 and 5: group by group, inside a group by the largest remainder."""
    together = rules.order == "proportional"
    for _, group in groupby(debts, lambda debt: together or lines[debt[0]].period):
        if not total:
            return
        members = list(group)
        balances = [balance for _, balance in members]
        whole = sum(balances)
        paid = balances if total >= whole else spread(total, balances)
        total -= min(total, whole)
        for (place, _), amount in zip(members, paid, strict=True):
            if amount:
                yield Part(place, ledger, amount)


def mirrored(amounts: Iterable[int]) -> list[int]:
    """The exact opposite of allocations, for a refund or a reversal (rule 2)."""
    return [-amount for amount in amounts]
