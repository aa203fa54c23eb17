"""The input of the benches that read ERIP messages: a town that pays, told in a 206 or a 210.

Everything follows from the number of a payment, so that a file of any size is written as a
stream and two runs read the same bytes.
"""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from hub.bench.files import add_traces
from hub.bench.place import NOW, SCHEME
from hub.clock import stamp
from hub.money import half_up, roubles
from hub.simulation.partners import AGENTS, COLLECTOR
from hub.simulation.people import STREETS
from hub.store.session import Transaction
from hub.store.tables.facts import Account, AccountState

FIRST_ACCOUNT, FIRST_OPERATION, FIRST_AGENT_OPERATION = 100_000_017, 6_836_800_001, 90_001
ACCOUNTS_MOST = 250_000
"""Accounts of the town that pays: each pays once, in larger registers several times."""
_AGENT = "795"


def account_number(at: int) -> str:
    """The number of an account by its place in the town."""
    return f"{FIRST_ACCOUNT + 8 * at:010d}"


def accounts_of(records: int) -> int:
    """How many accounts pay in a register of so many payments."""
    return min(records, ACCOUNTS_MOST)


def settle_town(tx: Transaction, accounts: int) -> None:
    """Store the accounts of the town, all open."""
    source, now, opened = add_traces(tx, "bench", "town"), stamp(NOW), "2010-01-01"
    tx.insert(
        Account,
        (
            (at, SCHEME, str(at), account_number(at), opened, now, source, at)
            for at in range(1, accounts + 1)
        ),
        ("id", "scheme", "account_id", "number", "opened_on", "recorded_at", "intake_id", "line"),
    )
    tx.insert(
        AccountState,
        ((at, opened, now, source, at) for at in range(1, accounts + 1)),
        ("account", "valid_from", "recorded_at", "intake_id", "line"),
    )


class Paid(NamedTuple):
    """The sums of a payment, kopecks."""

    amount: int
    penalty: int

    @property
    def transferred(self) -> int:
        """What is left when the agent has kept one percent."""
        return self.amount - half_up(self.amount, 100)


def paid(count: int) -> Iterator[Paid]:
    """The sums of the payments of a message."""
    for at in range(count):
        amount = 1_000 + 7_919 * at % 20_000
        yield Paid(amount, 0 if at % 7 else amount // 50)


def write_register(path: Path, records: int) -> None:
    """Write a 210 with so many payments, number 1."""
    totals = [sum(sums) for sums in zip(*((*p, p.transferred) for p in paid(records)), strict=True)]
    head = (
        "5", COLLECTOR.subscriber_code, "1", _instant(), str(records), _AGENT, COLLECTOR.unp,
        COLLECTOR.bank_code, COLLECTOR.iban, "2941", f"{NOW:%Y%m%d}083000", "933",
        *map(roubles, totals), AGENTS[0].code, AGENTS[0].iban, "",
    )  # fmt: skip
    people = zip(
        islice(cycle(range(1, accounts_of(records) + 1)), records), paid(records), strict=True
    )
    with path.open("w", encoding="cp1251", newline="\r\n") as out:
        print(*head, sep="^", file=out)
        for at, (account, sums) in enumerate(people):
            amounts = map(roubles, (*sums, sums.transferred))
            out.write(f"{_payer(at, account)}^{'^'.join(amounts)}^{_act(at)}^^^4***1111^11\n")


def notice(number: int, records: int, first: int) -> bytes:
    """A small 206: `first` is the place of its first payment among all that were told of."""
    sums = list(paid(records))
    totals = roubles(sum(s.amount for s in sums)), roubles(sum(s.penalty for s in sums))
    head = ("5", COLLECTOR.subscriber_code, str(number), _instant(), str(records), _AGENT,
            COLLECTOR.unp, "933", *totals)  # fmt: skip
    lines = ["^".join(head)]
    for at, (amount, penalty) in enumerate(sums):
        amounts = f"{roubles(amount)}^{roubles(penalty)}"
        lines.append(
            f"{_payer(at, first + at)}^{amounts}^{_act(first + at)}^^{_AGENT}^^4***1111^11"
        )
    return "".join(line + "\r\n" for line in lines).encode("cp1251")


def _instant() -> str:
    return f"{NOW:%Y%m%d%H%M%S}"


def _payer(at: int, account: int) -> str:
    """The first six fields of a record."""
    address = f"г. Примерск, {STREETS[account % len(STREETS)]}, д.{account % 97 + 1}"
    payer = f"Ракитский Богдан {account}"
    return f"{at + 1}^1^{account_number(account)}^{payer}^{address}^09.2026"


def _act(at: int) -> str:
    """From the instant of the payment, one second after the other of a day, to the way of it."""
    hour, second = divmod(at % 86_400, 3_600)
    moment = f"20261005{hour:02d}{second // 60:02d}{second % 60:02d}"
    numbers = f"{FIRST_OPERATION + at}^{FIRST_AGENT_OPERATION + at}"
    return f"{moment}^^20261001010000^{numbers}^T0012345^BANKCARD"
