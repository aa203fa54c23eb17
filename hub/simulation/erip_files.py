"""The texts that ERIP writes: 204, 206, 216, 210 (`formats-erip.md`, A6-A9).

Fields are joined by `^`, lines end in CRLF, the encoding is windows-1251.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hub.money import roubles
from hub.simulation.partners import AgentBank, Collector
from hub.simulation.payments import Payment

_SYSTEM = "795"
"""The code of the settlement agent that ERIP itself is."""


def moment(instant: datetime) -> str:
    """An instant as ERIP writes it."""
    return f"{instant:%Y%m%d%H%M%S}"


def text(lines: Iterable[Sequence[str]]) -> bytes:
    """The bytes of a message of these lines."""
    return "".join("^".join(line) + "\r\n" for line in lines).encode("cp1251")


class Refusal(NamedTuple):
    """A record of a 202 that ERIP does not take."""

    record_number: int
    reason: str
    source: str


def reply(
    us: Collector, number: int, now: datetime, answered: tuple[str, str], refused: list[Refusal]
) -> bytes:
    """A 204 to the 202 with the number and time `answered`."""
    result = ("1", "Ошибки в записях сообщения") if refused else ("0", "")
    head = ("5", us.subscriber_code, str(number), moment(now), *answered, *result)
    lines = [(str(number), reason, source) for number, reason, source in refused]
    return text([(*head, str(len(refused))), *lines])


def notice(us: Collector, number: int, now: datetime, payments: list[Payment]) -> bytes:
    """A 206 of these payments."""
    records = ((str(at), *_record(us, payment)) for at, payment in enumerate(payments, 1))
    return text([_notice_head(us, number, now, payments), *records])


def reversal(us: Collector, number: int, now: datetime, payment: Payment) -> bytes:
    """A 216 of one payment: the record of a 206 with the time of reversal as field 10."""
    record = ("1", *_record(us, payment))
    taken_back = moment(payment.reversed_at or now)
    return text([_notice_head(us, number, now, [payment]), (*record[:9], taken_back, *record[9:])])


def shortened(content: bytes) -> bytes:
    """A message without its last record, cut exactly between two lines."""
    return content[: content.rindex(b"\n", 0, -1) + 1]


def _notice_head(
    us: Collector, number: int, now: datetime, payments: list[Payment]
) -> tuple[str, ...]:
    amounts = roubles(sum(p.amount for p in payments)), roubles(sum(p.penalty for p in payments))
    head = ("5", us.subscriber_code, str(number), moment(now), str(len(payments)))
    return (*head, _SYSTEM, us.unp, "933", *amounts)


def _record(us: Collector, payment: Payment) -> tuple[str, ...]:
    """Fields 2 to 20 of a 206."""
    demand = payment.demand
    return (
        us.service_number, demand.account, demand.payer, demand.address, demand.period,
        roubles(payment.amount), roubles(payment.penalty), moment(payment.paid_at), "",
        demand.time, str(payment.operation), str(payment.agent_operation), *_DEVICE, "",
        payment.agent.code, "", *_CARD,
    )  # fmt: skip


_DEVICE = ("T0012345", "BANKCARD")
_CARD = ("4***1111", "11")


class Register(NamedTuple):
    """What a 210 says of itself beside its payments."""

    number: int
    agent: AgentBank
    order: str
    """The number of the payment order by which the agent bank transfers the money."""
    payments: list[Payment]

    @property
    def transferred(self) -> int:
        """What the bank is credited with, kopecks."""
        return sum(payment.transferred for payment in self.payments)


def register(us: Collector, now: datetime, told: Register, surplus: int = 0) -> bytes:
    """A 210; `surplus` kopecks make its total wrong."""
    payments = told.payments
    head = (
        "5", us.subscriber_code, str(told.number), moment(now), str(len(payments)), _SYSTEM,
        us.unp, us.bank_code, us.iban, told.order, moment(now - timedelta(minutes=30)), "933",
        roubles(sum(p.amount for p in payments) + surplus),
        roubles(sum(p.penalty for p in payments)),
        roubles(told.transferred), told.agent.code, told.agent.iban, "",
    )  # fmt: skip
    records = ((str(at), *_register_record(us, p)) for at, p in enumerate(payments, 1))
    return text([head, *records])


def _register_record(us: Collector, payment: Payment) -> tuple[str, ...]:
    """Fields 2 to 20 of a 210."""
    demand = payment.demand
    return (
        us.service_number, demand.account, demand.payer, demand.address, demand.period,
        roubles(payment.amount), roubles(payment.penalty), roubles(payment.transferred),
        moment(payment.paid_at), "", demand.time, str(payment.operation),
        str(payment.agent_operation), *_DEVICE, "", "", *_CARD,
    )  # fmt: skip
