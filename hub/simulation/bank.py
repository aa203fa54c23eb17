"""The bank: carries out payment orders and sends a statement of every banking day.

The statement is camt.053.001.08 (`formats-partners.md`, F2); its credits are the registers of
the day, its debits the orders of the day.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cryptography import x509
from lxml import etree

from hub.money import roubles
from hub.simulation.erip_files import Register
from hub.simulation.handover import Complaint, Sending, Taken
from hub.simulation.orders import Order, orders
from hub.simulation.partners import PARTNERS, Collector
from hub.simulation.signature import fault

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_PREFIXES: dict[Any, str] = {None: NAMESPACE}
_REFERENCES = 900_000


class Bank:
    """Keeps the one account; `balance` is in kopecks."""

    def __init__(self, us: Collector, hub: x509.Certificate) -> None:
        self._us = us
        self._hub = hub
        self._orders: list[Order] = []
        self._known: set[str] = set()
        self._entries = 0
        self.statements = 0
        self.balance = 0
        self.credited = 0
        self.debited = 0

    def take(self, file: Taken, now: datetime) -> None:
        """Accept a pain.001 for today. Raises `Complaint` when it is not as it must be."""
        wrong = fault(file.content, file.signature, self._hub)
        if wrong is not None:
            raise Complaint(f"{file.name}: {wrong}")
        for order in orders(file, self._us, now):
            if order.end_to_end in self._known:
                raise Complaint(f"{file.name}: {order.end_to_end} was ordered before")
            self._known.add(order.end_to_end)
            self._orders.append(order)

    def statement(self, now: datetime, registers: Iterable[Register]) -> Sending:
        """The statement of today. Raises `Complaint` when the orders exceed the balance."""
        opening = self.balance
        entries = [*self._credits(registers, now), *self._debits(now)]
        if self.balance < 0:
            raise Complaint(f"the orders exceed the balance by {roubles(-self.balance)}")
        self.statements += 1
        statement = _node(
            "Stmt",
            _node("Id", f"{now:%Y%m%d}-1"),
            _node("ElctrncSeqNb", str(self.statements)),
            _node(
                "FrToDt",
                _node("FrDtTm", f"{now:%Y-%m-%d}T00:00:00+03:00"),
                _node("ToDtTm", f"{now:%Y-%m-%d}T23:59:59+03:00"),
            ),
            _node("Acct", _node("Id", _node("IBAN", self._us.iban)), _node("Ccy", "BYN")),
            _balance("OPBD", opening, now),
            _balance("CLBD", self.balance, now),
            *entries,
        )
        return Sending("bank", f"ST-{now:%Y%m%d}.xml", _document(statement, now), signer="bank")

    def _credits(self, registers: Iterable[Register], now: datetime) -> Iterator[etree._Element]:
        for register in registers:
            self.balance += register.transferred
            self.credited += register.transferred
            yield self._entry("CRDT", register.transferred, now, _credit(register))

    def _debits(self, now: datetime) -> Iterator[etree._Element]:
        due, self._orders = self._orders, []
        for order in due:
            self.balance -= order.amount
            self.debited += order.amount
            yield self._entry("DBIT", order.amount, now, _debit(order))

    def _entry(
        self, direction: str, amount: int, now: datetime, details: etree._Element
    ) -> etree._Element:
        self._entries += 1
        return _node(
            "Ntry",
            _node("NtryRef", str(self._entries)),
            _node("Amt", roubles(amount), Ccy="BYN"),
            _node("CdtDbtInd", direction),
            _node("Sts", _node("Cd", "BOOK")),
            _node("BookgDt", _day(now)),
            _node("ValDt", _day(now)),
            _node("AcctSvcrRef", str(_REFERENCES + self._entries)),
            _node("BkTxCd", _node("Prtry", _node("Cd", "1"))),
            _node("NtryDtls", details),
        )


def _node(tag: str, *content: str | etree._Element, **attributes: str) -> etree._Element:
    made = etree.Element(f"{{{NAMESPACE}}}{tag}", attributes, _PREFIXES)
    for part in content:
        if isinstance(part, str):
            made.text = part
        else:
            made.append(part)
    return made


def _document(statement: etree._Element, now: datetime) -> bytes:
    header = _node(
        "GrpHdr",
        _node("MsgId", f"ST-{now:%Y%m%d}-1"),
        _node("CreDtTm", f"{now:%Y-%m-%dT%H:%M:%S}+03:00"),
    )
    document = _node("Document", _node("BkToCstmrStmt", header, statement))
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _day(now: datetime) -> etree._Element:
    return _node("Dt", f"{now:%Y-%m-%d}")


def _balance(kind: str, amount: int, now: datetime) -> etree._Element:
    return _node(
        "Bal",
        _node("Tp", _node("CdOrPrtry", _node("Cd", kind))),
        _node("Amt", roubles(amount), Ccy="BYN"),
        _node("CdtDbtInd", "CRDT"),
        _node("Dt", _day(now)),
    )


def _credit(register: Register) -> etree._Element:
    agent = register.agent
    return _node(
        "TxDtls",
        _node("Refs", _node("InstrId", register.order)),
        _node(
            "RltdPties",
            _node("Dbtr", _party(agent.name, agent.unp)),
            _node("DbtrAcct", _node("Id", _node("IBAN", agent.iban))),
        ),
        _node("RltdAgts", _node("DbtrAgt", _institution(agent.bic))),
        _node(
            "RmtInf",
            _node("Ustrd", f"OTHR 122601 Перечисление платежей по реестру {register.number}"),
        ),
    )


def _debit(order: Order) -> etree._Element:
    payee = order.payee
    return _node(
        "TxDtls",
        _node("Refs", _node("InstrId", order.instruction), _node("EndToEndId", order.end_to_end)),
        _node(
            "RltdPties",
            _node("Cdtr", _party(payee.name, payee.unp)),
            _node("CdtrAcct", _node("Id", _node("IBAN", payee.iban or ""))),
        ),
        _node("RltdAgts", _node("CdtrAgt", _institution(payee.bic or PARTNERS["bank"].bic or ""))),
        _node("Purp", _node("Prtry", order.purpose_code)),
        _node("RmtInf", _node("Ustrd", order.purpose)),
    )


def _party(name: str, unp: str) -> etree._Element:
    number = _node("Id", _node("OrgId", _node("Othr", _node("Id", unp))))
    return _node("Pty", _node("Nm", name), number)


def _institution(bic: str) -> etree._Element:
    return _node("FinInstnId", _node("BICFI", bic))
