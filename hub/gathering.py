"""What each kind of outgoing file is made of: chosen from the ledger, not yet numbered."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from formats import erip_202, pain_001
from formats.contract import Envelope
from formats.table import Table
from hub.clock import stamp
from hub.instance import Instance
from hub.messages import Demand, TransferOrder
from hub.month import Month
from hub.settings import Agreement, Partner, Scheme
from hub.store import demands as store_demands
from hub.store import exchange as table
from hub.store import settlement as store_settlement
from hub.store.periods import latest_closed, publish
from hub.store.session import Transaction

PURPOSE_KIND, PURPOSE_CODE = "OTHR", "122601"
"""KNP of a transfer of collected payments [assumed]."""


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

    Accounts that a 204 rejected (`leave_out`) are not in the list that follows it. A list waits
    while the former one waits for its answer (`formats-erip.md`, A4 rule 3).
    """
    scheme = hub.settings.scheme_of(agreement)
    month = latest_closed(tx, scheme.code)
    unanswered = [*table.awaiting(tx, "WAITING"), *table.awaiting(tx, "OVERDUE")]
    outstanding = [d for d in unanswered if d.agreement == agreement.id]
    if month is None or outstanding:
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
        marked = ((row[0], row[4], int(row[0] in left_out)) for row in every)
        store_demands.add_demands(tx, dispatch_id, marked)
        publish(tx, scheme.code, month, now)

    def envelope(number: int, at: datetime) -> Envelope:
        return _list_header(hub, scheme, number, at, len(rows))

    names = {"month": str(month.key)}
    return [Draft(key, month, names, envelope, messages, sum(row[4] for row in rows), bind)]


def _list_header(
    hub: Instance, scheme: Scheme, number: int, at: datetime, records: int
) -> Envelope:
    fields = {
        "subscriber_code": scheme.subscriber_code,
        "message_number": str(number),
        "message_time": f"{at:%Y%m%d%H%M%S}",
        "record_count": str(records),
        "provider_unp": hub.settings.partners[scheme.partner].unp,
        "bank_code": scheme.bank_code,
        "settlement_account": scheme.iban,
        "service_number": scheme.service_number,
        "currency": "933",
    }
    return Envelope("5", erip_202.DEMAND_5, fields, number=str(number), created=at, count=records)


def register(tx: Transaction, hub: Instance, agreement: Agreement) -> list[Draft]:
    """The register of charges and payments of the last closed month for one supplier."""
    scheme = hub.settings.scheme_of(agreement)
    partner = hub.settings.partners[agreement.partner]
    month = latest_closed(tx, scheme.code)
    form = hub.format_of(agreement)
    if month is None or partner.provider_id is None or not isinstance(form, Table):
        return []
    lines = store_demands.supplier_register(tx, scheme.code, partner.provider_id, month)

    def envelope(number: int, at: datetime) -> Envelope:
        return Envelope(form.VERSIONS[0], form.layout, number=str(number), created=at)

    key = f"{scheme.code}|{month}"
    names = {"month": str(month.key)}
    return [Draft(key, month, names, envelope, lines, sum(m.closing for m in lines), _nothing)]


def orders(tx: Transaction, hub: Instance, agreement: Agreement) -> list[Draft]:
    """One payment order file for the transfers that were planned and not yet ordered."""
    scheme = hub.settings.scheme_of(agreement)
    planned = store_settlement.planned_transfers(tx, scheme.code)
    if not planned:
        return []
    messages = [_order(hub.settings.partners[row.supplier], row) for row in planned]
    at = hub.clock.now()

    def bind(tx: Transaction, dispatch_id: int) -> None:
        store_settlement.mark_ordered(tx, [row.id for row in planned], dispatch_id)

    def envelope(number: int, at: datetime) -> Envelope:
        return _order_header(hub, scheme, number, at)

    key = f"{scheme.code}|{planned[0].end_to_end}"
    names = {"month": f"{at:%Y%m}"}
    return [
        Draft(
            key,
            Month.of(at.date()),
            names,
            envelope,
            messages,
            sum(row.net for row in planned),
            bind,
        )
    ]


def _order(payee: Partner, row: store_settlement.TransferRow) -> TransferOrder:
    day = date.fromisoformat(row.day)
    return TransferOrder(
        str(row.order_number),
        row.end_to_end,
        row.net,
        payee.name,
        payee.unp,
        payee.iban or "",
        payee.bic or "",
        f"Перечисление платежей населения за {day:%d.%m.%Y}",
        PURPOSE_CODE,
        PURPOSE_KIND,
    )


def _order_header(hub: Instance, scheme: Scheme, number: int, at: datetime) -> Envelope:
    payer = hub.settings.partners[scheme.partner]
    message = f"ZH{at:%Y%m%d}-{number:04d}"
    fields = {
        "msg_id": message,
        "created": at.isoformat(timespec="seconds"),
        "payer_name": payer.name,
        "payer_unp": payer.unp,
        "payer_iban": scheme.iban,
        "payer_bic": scheme.bic,
        "execution_date": f"{at:%Y-%m-%d}",
        "pmt_inf_id": f"{message}-1",
    }
    return Envelope(pain_001.VERSIONS[0], pain_001.ORDER, fields, number=message, created=at)


GATHERERS: dict[str, Callable[[Transaction, Instance, Agreement], list[Draft]]] = {
    "erip.202": demands,
    "hub.supplier_register": register,
    "bank.pain.001": orders,
}
"""By the kind of an outbound agreement."""
