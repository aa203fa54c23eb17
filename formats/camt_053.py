"""ISO 20022 camt.053.001.08, bank statement (выписка банка): what came to an account and left it.

Source: `formats-partners.md`, F2 (paths, row identity) and E1 (balances). A row is a transaction
where the transactions of an entry have amounts that add up to it, else the entry as one. Amounts
are positive roubles as the bank wrote them; the party is the other side. One statement on one
page in a file; entries that are not booked are rows too but do not enter the control sum.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, cast

from formats import camt_053_writing, iso20022
from formats.camt_053_layout import CURRENCY, ENTRY, HEADER, MESSAGE
from formats.camt_053_reading import Statement, is_statement
from formats.contract import Envelope, Finding, Numbered, Options, Row
from formats.xml_stream import Element, elements

NAME = "bank.camt.053"
TITLE = "camt.053.001.08: выписка банка"
DIRECTION = "both"
VERSIONS = (MESSAGE,)
OPTIONS: Options = {}


def recognise(name: str, head: bytes) -> bool:
    """Whether this may be a statement; see `iso20022.recognise`."""
    return iso20022.recognise(MESSAGE, name, head)


def decode(stream: BinaryIO, options: Options) -> tuple[Envelope, Iterator[Numbered]]:
    """The head of the statement, and its rows numbered from 1 as they are read.

    `Envelope.fields` has the names of `camt_053_layout.HEADER`. Raises `Unreadable`: all of
    `xml_stream.elements`, E-REQUIRED for a balance; while iterating also E-AMOUNT,
    E-AMOUNT-RANGE, E-CUR, and E-SUM or E-COUNT where balances or totals do not agree with the
    entries.
    """
    found = elements(stream, iso20022.kind(MESSAGE, "Ntry", "Stmt"))
    first = next(found)
    statement = Statement(first if is_statement(first) else cast(Element, first.getparent()))
    fields = statement.fields
    envelope = Envelope(MESSAGE, ENTRY, fields, created=iso20022.moment(fields["created"]))
    return envelope, statement.rows(chain([first], found))


def check(envelope: Envelope, options: Options) -> list[Finding]:
    """What is wrong with the head of a statement: its instant, its currency, its account."""
    fields = envelope.fields
    account, currency = fields["account"], fields["currency"]
    findings = []
    if envelope.created is None:
        example = "2026-10-06T19:00:00+03:00"
        findings.append(Finding("E-DATE", None, "CreDtTm", fields["created"][:64], example=example))
    if currency != CURRENCY:
        findings.append(Finding("E-CUR", None, "Acct/Ccy", currency, CURRENCY))
    if account.startswith("BY") and not iso20022.is_iban(account):
        findings.append(Finding("E-IBAN", None, "Acct/Id/IBAN", account))
    return findings


def encode(rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
    """The bytes of a statement; `envelope.fields` has the names of `HEADER`.

    Raises `Unreadable`: all of `iso20022.refuse` (line = number of the row from 1, none for the
    head), and E-SUM at the end when the closing balance is not what the booked rows lead to.
    """
    head = tuple(envelope.fields.get(name, "") for name in HEADER.names)
    iso20022.refuse(HEADER, head, None)
    fields = dict(zip(HEADER.names, head, strict=True))
    return iso20022.written(MESSAGE, camt_053_writing.document(fields, rows))
