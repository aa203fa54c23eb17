"""What each kind of outgoing file is made of: chosen from the ledger, not yet numbered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from formats.contract import Envelope, Layout
from hub.clock import stamp
from hub.instance import Instance
from hub.messages import Demand, SupplierLine, TransferOrder
from hub.money import roubles
from hub.month import Month
from hub.settings import Agreement, Partner, Scheme
from hub.store import demands as store_demands
from hub.store import exchange as table
from hub.store import settlement as store_settlement
from hub.store.periods import latest_closed
from hub.store.session import Transaction


class Draft(NamedTuple):
    """The content of one outgoing file."""

    business_key: str
    period: Month | None
    names: dict[str, str]
    """What the file name template may use beside `number` and `date`."""
    envelope: Callable[[int, datetime], Envelope]
    """The envelope once the number and the moment of building are known."""
    messages: Sequence[tuple[Any, ...]]
    amount: int
    """Σ of the amounts, kopecks; compared with our own bytes."""
    bind: Callable[[Transaction, int], None]
    """Ties the rows of the ledger to the dispatch, in the transaction that numbers it."""


def _nothing(tx: Transaction, dispatch_id: int) -> None:
    """For files whose content needs no mark in the ledger."""


def demands(tx: Transaction, hub: Instance, agreement: Agreement) -> list[Draft]:
    """The 202 of the last closed month: every open account, also with 0.00.

    Accounts that a 204 rejected (`leave_out`) are not in the list that follows it.
    """
    scheme = hub.settings.scheme_of(agreement)
    month = latest_closed(tx, scheme.code)
    if month is None:
        return []
    key = f"{scheme.code}|{month}"
    left_out = store_demands.left_out(tx, agreement.id, key)
    every = store_demands.demand_amounts(tx, scheme.code, month)
    rows = [row for row in every if row[0] not in left_out]
    now = stamp(hub.clock.now())
    messages = [
        Demand(number, payer, address, str(month), amount, now, None)
        for _, number, payer, address, amount in rows
    ]

    def bind(tx: Transaction, dispatch_id: int) -> None:
        store_demands.add_demands(tx, dispatch_id, [(row[0], row[4], 0) for row in rows])
        excluded = [(row[0], row[4], 1) for row in every if row[0] in left_out]
        store_demands.add_demands(tx, dispatch_id, excluded)

    layout = hub.format_of(agreement)
    return [Draft(key, month, {"month": f"{month.key}"},
                  lambda number, at: _erip_envelope(hub, agreement, scheme, number, at, len(rows)),
                  messages, sum(row[4] for row in rows), bind)]
