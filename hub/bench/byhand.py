"""What a programmer writes who knows one layout only: the yardstick of our mapping and posting.

No mapping, no findings, no partial acceptance: the first bad value ends the whole.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.messages import Payment
from hub.store.session import Transaction

CHUNK = 20_000
"""Rows that a loader inserts at a time; of its own, so that ours may change."""
_MINSK = timedelta(hours=3)
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,12})\.([0-9]{2})").fullmatch
_OPERATION = re.compile("[0-9]{1,11}").fullmatch
_SERVICE = re.compile("[0-9]{1,8}").fullmatch
_ACCOUNT = re.compile("[0-9]{1,30}").fullmatch
_MOMENT = re.compile("[0-9]{14}").fullmatch
_MONTH = re.compile("(0[1-9]|1[0-2])[.](20[0-9]{2})").fullmatch


def kopecks(text: str) -> int:
    """An amount with two places. Raises ValueError."""
    found = _AMOUNT(text)
    if found is None:
        raise ValueError(f"no amount: {text!r}")
    return int(found[1] + found[2])


def utc(text: str) -> str:
    """The stamp of fourteen digits of the clock of Minsk. Raises ValueError."""
    if not _MOMENT(text):
        raise ValueError(f"no instant: {text!r}")
    local = datetime(  # noqa: DTZ001 - the zone is a constant here
        int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]),
        int(text[12:]),
    )  # fmt: skip
    return (local - _MINSK).isoformat() + ".000000Z"


def month(text: str) -> str:
    """`MM.YYYY` as `YYYY-MM`. Raises ValueError."""
    found = _MONTH(text)
    if found is None:
        raise ValueError(f"no month: {text!r}")
    return f"{found[2]}-{found[1]}"


def day(text: str) -> str:
    """The day of an instant that was found good."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


def accounts(tx: Transaction, scheme: str) -> dict[str, int]:
    """All accounts of a scheme by number."""
    return dict(tx.rows("SELECT number, id FROM account WHERE scheme = :scheme", scheme=scheme))


def payment(fields: Sequence[str]) -> Payment:
    """The message of a record of a 210, all its fields checked. Raises ValueError."""
    (
        _, service, account, payer, address, period, amount, penalty, transferred, paid_time,
        meters, demand_time, operation, agent_operation, *_,
    ) = fields  # fmt: skip
    if not (_OPERATION(operation) and _SERVICE(service) and _ACCOUNT(account)):
        raise ValueError(f"no payment: {operation!r} {service!r} {account!r}")
    if len(payer) > 99 or len(address) > 99:
        raise ValueError(f"too long: {operation!r}")
    paid = kopecks(amount)
    if paid <= 0:
        raise ValueError(f"nothing paid: {operation!r}")
    return Payment(
        operation,
        account,
        service,
        paid,
        kopecks(penalty or "0.00"),
        kopecks(transferred),
        utc(paid_time),
        month(period) if period else None,
        utc(demand_time) if demand_time else None,
        payer.strip() or None,
        address.strip() or None,
        agent_operation.strip() or None,
        meters.strip() or None,
    )
