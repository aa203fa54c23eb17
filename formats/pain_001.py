"""ISO 20022 pain.001.001.09, payment orders (платежные поручения) to transfer money to suppliers.

Source: `formats-partners.md`, F2 (paths, order of the elements), G1-G4 (identifiers). One payer
and one day in a file, one transfer in BYN a row. Written strictly by our profile; read only to
see our own bytes again.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import BinaryIO, cast

from lxml import etree

from formats import iso20022
from formats.contract import (
    Envelope,
    Field,
    Finding,
    Layout,
    Numbered,
    Options,
    Row,
    Unreadable,
    option,
)
from formats.iso20022 import Node, columns, full, kopecks, node, roubles
from formats.xml_stream import Element, elements

NAME = "bank.pain.001"
TITLE = "pain.001.001.09: платежные поручения"
DIRECTION = "both"
VERSIONS = ("pain.001.001.09",)
OPTIONS: Options = {"charge_bearer": "", "purpose_lines": 1}
"""`charge_bearer`: CRED, DEBT, SHAR, SLEV or nothing; `purpose_lines`: how many times 140
characters a purpose may have."""

MESSAGE = VERSIONS[0]
CURRENCY = "BYN"
_LINE = 140
_DAY = "20[0-9]{2}-[0-9]{2}-[0-9]{2}"

ORDER = Layout(
    "pain.001 order",
    (
        Field("order_number", 35, True),
        Field("end_to_end", 35, True),
        Field("amount", 19, True, iso20022.AMOUNT),
        Field("payee_name", 140, True),
        Field("payee_unp", 9, True, iso20022.UNP),
        Field("payee_iban", 28, True, iso20022.IBAN),
        Field("payee_bic", 11, True, iso20022.BIC),
        Field("purpose", 0, True),
        Field("purpose_code", 6, True, "[0-9]{6}"),
        Field("purpose_kind", 4, True, "[A-Z]{4}"),
    ),
)
HEADER = Layout(
    "pain.001 payer",
    (
        Field("msg_id", 35, True),
        Field("created", 32, True, rf"{_DAY}T[0-9:.]+\+03:00"),
        Field("pmt_inf_id", 35, True),
        Field("execution_date", 10, True, _DAY),
        Field("payer_name", 140, True),
        Field("payer_unp", 9, True, iso20022.UNP),
        Field("payer_iban", 28, True, iso20022.IBAN),
        Field("payer_bic", 11, True, iso20022.BIC),
    ),
)
"""`Envelope.fields`; `created` is an xs:dateTime with the zone of Minsk."""

_OF_FILE = columns(
    MESSAGE,
    "../GrpHdr/MsgId",
    "../GrpHdr/CreDtTm",
    "PmtInfId",
    "ReqdExctnDt/Dt",
    "Dbtr/Nm",
    "Dbtr/Id/OrgId/Othr/Id",
    "DbtrAcct/Id/IBAN",
    "DbtrAgt/FinInstnId/BICFI",
)
_TOTALS = columns(MESSAGE, "../GrpHdr/NbOfTxs", "NbOfTxs", "../GrpHdr/CtrlSum", "CtrlSum")
_OF_ORDER = columns(
    MESSAGE,
    "PmtId/InstrId",
    "PmtId/EndToEndId",
    "Amt/InstdAmt",
    "Cdtr/Nm",
    "Cdtr/Id/OrgId/Othr/Id",
    "CdtrAcct/Id/IBAN",
    "CdtrAgt/FinInstnId/BICFI",
    "Purp/Prtry",
    "PmtTpInf/CtgyPurp/Cd",
)
_PURPOSE = etree.XPath(
    "p:RmtInf/p:Ustrd/text()", namespaces={"p": iso20022.NAMESPACE + MESSAGE}, smart_strings=False
)


def recognise(name: str, head: bytes) -> bool:
    """Whether these may be payment orders; see `iso20022.recognise`."""
    return iso20022.recognise(MESSAGE, name, head)


def check(envelope: Envelope, options: Options) -> list[Finding]:
    """What is wrong with the payer and the names of the file: the first such thing."""
    try:
        iso20022.refuse(HEADER, _head(envelope), None)
    except Unreadable as unreadable:
        return [unreadable.finding]
    if envelope.created is None:
        return [Finding("E-DATE", None, "created", envelope.fields["created"])]
    return []


# --- reading -----------------------------------------------------------------------------------


def decode(stream: BinaryIO, options: Options) -> tuple[Envelope, Iterator[Numbered]]:
    """The payer and the orders; `Envelope.count` is the number of orders the file states.

    Raises `Unreadable`: all of `xml_stream.elements`, and at the end E-COUNT and E-SUM where the
    file states other totals than it has.
    """
    found = elements(stream, iso20022.kind(MESSAGE, "CdtTrfTxInf"))
    first = next(found)
    payment = cast(Element, first.getparent())
    fields = dict(zip(HEADER.names, _OF_FILE(payment), strict=True))
    created, totals = iso20022.moment(fields["created"]), _TOTALS(payment)
    envelope = Envelope(MESSAGE, ORDER, fields, created=created, count=int(totals[0]))
    return envelope, enumerate(_rows(chain([first], found), totals), 1)


def _rows(found: Iterable[Element], totals: Sequence[str]) -> Iterator[Row]:
    count = total = 0
    for element in found:
        row = _row(element)
        count += 1
        total += kopecks(row[2]) or 0
        yield row
    for stated in totals[:2]:
        if int(stated) != count:
            raise Unreadable(Finding("E-COUNT", None, "NbOfTxs", str(count), stated))
    for stated in totals[2:]:
        if kopecks(stated) != total:
            raise Unreadable(Finding("E-SUM", None, "CtrlSum", roubles(total), stated))


def _row(element: Element) -> Row:
    *order, code, kind = _OF_ORDER(element)
    purpose = " ".join(cast(list[str], _PURPOSE(element)))
    return (*order, purpose, code, kind)


# --- writing -----------------------------------------------------------------------------------


def encode(rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
    """The bytes of a file of orders; `envelope.fields` has the names of `HEADER`.

    The rows are held until their count and sum are known, for these stand before them. Raises
    `Unreadable`: all of `iso20022.refuse` (line = number of the order from 1, none for the head),
    E-EMPTY without orders, E-AMOUNT-SIGN for 0.00, E-DUP-REC for an `end_to_end` that comes twice.
    """
    head, lines = _head(envelope), option(options, OPTIONS, "purpose_lines")
    iso20022.refuse(HEADER, head, None)
    orders = list(rows)
    if not orders:
        raise Unreadable(Finding("E-EMPTY"))
    known: set[str] = set()
    for number, row in enumerate(orders, 1):
        _refuse(row, number, lines)
        if row[1] in known:
            raise Unreadable(Finding("E-DUP-REC", number, "end_to_end", row[1]))
        known.add(row[1])
    fields = dict(zip(HEADER.names, head, strict=True))
    bearer = option(options, OPTIONS, "charge_bearer")
    return iso20022.written(MESSAGE, _document(fields, orders, bearer))


def _head(envelope: Envelope) -> Row:
    created = envelope.created.astimezone(iso20022.MINSK).isoformat() if envelope.created else ""
    fields = {"created": created, **envelope.fields}
    return tuple(fields.get(name, "") for name in HEADER.names)


def _refuse(row: Row, number: int, lines: int) -> None:
    iso20022.refuse(ORDER, row, number)
    if not kopecks(row[2]):
        raise Unreadable(Finding("E-AMOUNT-SIGN", number, "amount", row[2]))
    if not row[7].strip():
        raise Unreadable(Finding("E-REQUIRED", number, "purpose"))
    if len(_lines(row[7])) > lines:
        expected = str(lines * _LINE)
        raise Unreadable(Finding("E-LENGTH", number, "purpose", str(len(row[7])), expected))


def _lines(purpose: str) -> list[str]:
    return textwrap.wrap(purpose, _LINE, break_on_hyphens=False)


def _document(fields: Mapping[str, str], orders: Sequence[Row], bearer: str) -> Node:
    total = roubles(sum(kopecks(row[2]) or 0 for row in orders))
    totals = node("NbOfTxs", str(len(orders))), node("CtrlSum", total)
    payer = iso20022.organisation(fields["payer_name"], fields["payer_unp"])
    header = full(
        node("MsgId", fields["msg_id"]),
        node("CreDtTm", fields["created"]),
        *totals,
        node("InitgPty", *payer),
    )
    payment = full(
        node("PmtInfId", fields["pmt_inf_id"]),
        node("PmtMtd", "TRF"),
        node("BtchBookg", "false"),
        *totals,
        node("ReqdExctnDt", node("Dt", fields["execution_date"])),
        node("Dbtr", *payer),
        node("DbtrAcct", _account(fields["payer_iban"]), node("Ccy", CURRENCY)),
        node("DbtrAgt", _bank(fields["payer_bic"])),
        node("ChrgBr", bearer),
    )
    parts = Node("GrpHdr", header), "\n", Node("PmtInf", chain(payment, _transfers(orders)))
    return Node("Document", (Node("CstmrCdtTrfInitn", parts),))


def _transfers(orders: Sequence[Row]) -> Iterator[Node | str]:
    for row in orders:
        yield "\n"
        yield Node("CdtTrfTxInf", _transfer(dict(zip(ORDER.names, row, strict=True))))
    yield "\n"


def _transfer(order: Mapping[str, str]) -> tuple[Node, ...]:
    names = node("InstrId", order["order_number"]), node("EndToEndId", order["end_to_end"])
    payee = iso20022.organisation(order["payee_name"], order["payee_unp"])
    return full(
        node("PmtId", *names),
        node("PmtTpInf", node("CtgyPurp", node("Cd", order["purpose_kind"]))),
        node("Amt", node("InstdAmt", order["amount"], Ccy=CURRENCY)),
        node("CdtrAgt", _bank(order["payee_bic"])),
        node("Cdtr", *payee),
        node("CdtrAcct", _account(order["payee_iban"])),
        node("Purp", node("Prtry", order["purpose_code"])),
        node("RmtInf", *(node("Ustrd", line) for line in _lines(order["purpose"]))),
    )


def _account(iban: str) -> Node | None:
    return node("Id", node("IBAN", iban))


def _bank(bic: str) -> Node | None:
    return node("FinInstnId", node("BICFI", bic))
