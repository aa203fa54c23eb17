"""A small fixed scenario: six accounts and a dozen files.

Three readings and one 206 are bad. For tests that run the same drops again and again, as those
that kill the daemon between any two steps. Only signatures differ from one call to the next.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from hub.clock import minsk
from hub.simulation import erip_files
from hub.simulation.bank import Bank
from hub.simulation.erip_files import Register
from hub.simulation.handover import Sending
from hub.simulation.other_side import signers
from hub.simulation.partners import AGENTS, COLLECTOR
from hub.simulation.payments import FIRST_OPERATION, Demand, Payment
from hub.simulation.signature import Signer
from hub.simulation.suppliers import Charging, Supplier
from hub.simulation.town import Town

ACCOUNTS, SEED = 6, 6
LOADED, READ = minsk(2026, 8, 31, 9), minsk(2026, 9, 25, 12)
PAID, NOTICED = minsk(2026, 10, 5, 9, 15), minsk(2026, 10, 5, 12)
TRANSFERRED, BOOKED = minsk(2026, 10, 6, 9), minsk(2026, 10, 6, 19)


class Drop(NamedTuple):
    """A file to be put at an instant into a channel, with the signature beside it."""

    instant: datetime
    channel: str
    name: str
    content: bytes
    signature: bytes | None


def drops(root: Path) -> list[Drop]:
    """The files of the scenario in their order, signed with the keys under `root/partners`."""
    town = Town.make(ACCOUNTS, SEED)
    keys = signers(root)
    return [
        _drop(instant, sending, keys)
        for instant, sendings in (*_facts(town), *_money(town, keys))
        for sending in sendings
    ]


Moment = tuple[datetime, Iterable[Sending]]


def _facts(town: Town) -> list[Moment]:
    water, gas = Supplier("water", "cold_water", town), Supplier("gas", "gas", town)
    loaded = LOADED.date()
    return [
        (LOADED, [*Charging(town).load(loaded), water.load(loaded), gas.load(loaded)]),
        (READ, [water.spoilt_readings(READ.date()), gas.readings(READ.date())]),
    ]


def _money(town: Town, keys: dict[str, Signer]) -> list[Moment]:
    payments = [_payment(town, at) for at in range(4)]
    register = Register(1, AGENTS[0], "2941", payments)
    short = erip_files.shortened(erip_files.notice(COLLECTOR, 1, NOTICED, payments[:3]))
    notice = erip_files.notice(COLLECTOR, 2, NOTICED, payments[:3])
    transfer = erip_files.register(COLLECTOR, TRANSFERRED, register)
    statement = Bank(COLLECTOR, keys["bank"].certificate).statement(BOOKED, [register])
    return [
        (
            NOTICED,
            [
                Sending("erip", "1.206", short, None, None),
                Sending("erip", "2.206", notice, None, None),
            ],
        ),
        (TRANSFERRED, [Sending("erip", "1.210", transfer, None, None)]),
        (BOOKED, [statement]),
    ]


def _payment(town: Town, at: int) -> Payment:
    account = town.accounts[at]
    demand = Demand(account.number, account.payer, account.address, "09.2026", 0, "")
    return Payment(FIRST_OPERATION + at, demand, 5000 + 1234 * at, 0, PAID, AGENTS[0])


def _drop(instant: datetime, sending: Sending, keys: dict[str, Signer]) -> Drop:
    signature = None if sending.signer is None else keys[sending.signer].sign(sending.content)
    return Drop(instant, sending.channel, sending.name, sending.content, signature)
