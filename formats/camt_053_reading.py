"""How a camt.053 is read: where each value stands, which rows an entry makes, what must add up.

Source: `formats-partners.md`, F2 (paths, row identity) and E1 (balances).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from lxml import etree

from formats import iso20022
from formats.camt_053_layout import DIRECTIONS, ENTRY, HEADER, MESSAGE, SIDES
from formats.contract import Finding, Numbered, Row, Unreadable
from formats.iso20022 import Columns, columns, kopecks, roubles
from formats.xml_stream import Element

_NOT_THE_ONLY = "[PgNb!=1 or LastPgInd='false' or LastPgInd='0']"


def _balance(code: str) -> tuple[str, str]:
    place = f"Bal[Tp/CdOrPrtry/Cd='{code}']"
    return f"{place}/Amt", f"{place}/CdtDbtInd"


_OF_FILE = columns(
    MESSAGE,
    "/Document/*/GrpHdr/MsgId",
    "/Document/*/GrpHdr/CreDtTm",
    "Id",
    "ElctrncSeqNb",
    "FrToDt/FrDtTm",
    "FrToDt/ToDtTm",
    "Acct/Id/IBAN|Acct/Id/Othr/Id",
    "Acct/Ccy|Bal/Amt/@Ccy",
)
_PAGES = columns(
    MESSAGE,
    f"count(/Document/*/GrpHdr/MsgPgntn{_NOT_THE_ONLY})",
    f"count(StmtPgntn{_NOT_THE_ONLY})",
)
_BALANCES = columns(MESSAGE, *_balance("OPBD"), *_balance("PRCD"), *_balance("CLBD"))
_SUMMARY = columns(
    MESSAGE,
    *(f"TxsSummry/Ttl{part}Ntries/{value}"
      for part in ("", "Cdt", "Dbt") for value in ("NbOfNtries", "Sum")),
)  # fmt: skip
_OF_ENTRY = columns(
    MESSAGE,
    "AcctSvcrRef",
    "NtryRef",
    "Amt",
    "Amt/@Ccy",
    "CdtDbtInd",
    "Sts/*",
    "BookgDt/*",
    "ValDt/*",
    "BkTxCd/Domn/Cd",
    "BkTxCd/Domn/Fmly/Cd",
    "BkTxCd/Domn/Fmly/SubFmlyCd",
    "BkTxCd/Prtry/Cd",
    "AddtlNtryInf",
)


def _of_transaction(side: str) -> Columns:
    party, account = f"RltdPties/{side}", f"RltdPties/{side}Acct/Id"
    return columns(
        MESSAGE,
        "Refs/AcctSvcrRef",
        "Refs/InstrId|Refs/TxId|Refs/Prtry/Ref",
        "Refs/EndToEndId",
        f"{party}/Pty/Nm|{party}/Agt/FinInstnId/Nm",
        f"{party}/Pty/Id/OrgId/Othr/Id",
        f"{account}/IBAN|{account}/Othr/Id",
        f"RltdAgts/{side}Agt/FinInstnId/BICFI",
        "AddtlTxInf",
    )


_OF_SIDE = {direction: _of_transaction(side) for direction, side in SIDES.items()}
_OF_PART = columns(MESSAGE, "Amt", "Amt/@Ccy", "CdtDbtInd")
_NAMESPACES = {"p": iso20022.NAMESPACE + MESSAGE}
_TRANSACTIONS = etree.XPath("p:NtryDtls/p:TxDtls", namespaces=_NAMESPACES)
_PURPOSE = etree.XPath(
    "p:RmtInf/p:Ustrd/text()|p:RmtInf/p:Strd/p:CdtrRefInf/p:Ref/text()"
    "|p:RmtInf/p:Strd/p:AddtlRmtInf/text()",
    namespaces=_NAMESPACES,
    smart_strings=False,
)


def is_statement(element: Element) -> bool:
    """Whether this is the statement itself, and not an entry."""
    return etree.QName(element).localname == "Stmt"


class Statement:
    """One statement, read from the tree of its head; then its entries become rows."""

    def __init__(self, element: Element) -> None:
        if _PAGES(element) != ["0", "0"]:
            raise _misfit("one page")
        self._head = _OF_FILE(element)
        self._opening, self._closing = _opening_and_closing(element)
        self._summary = _SUMMARY(element)
        self._booked, self._every = _Turnover(), _Turnover()
        self._unnamed: Counter[str] = Counter()

    @property
    def fields(self) -> dict[str, str]:
        """The head by the names of `HEADER`; `from` and `to` in the time of Minsk."""
        message, created, identity, sequence, begin, end, account, currency = self._head
        period = iso20022.local(begin), iso20022.local(end)
        balances = roubles(self._opening), roubles(self._closing)
        values = (message, created, identity, sequence, *period, account, currency, *balances)
        return dict(zip(HEADER.names, values, strict=True))

    def rows(self, found: Iterable[Element]) -> Iterator[Numbered]:
        """The rows numbered from 1; at the end balances and totals are proved."""
        return enumerate(self._all_rows(found), 1)

    def _all_rows(self, found: Iterable[Element]) -> Iterator[Row]:
        fields, ended = self.fields, False
        for place, element in enumerate(found, 1):
            if ended:
                raise _misfit("one statement in a file")
            ended = is_statement(element)
            if not ended:
                yield from self._rows(_entry(element, place), fields)
        self._prove()

    def _rows(self, entry: "_Entry", fields: Mapping[str, str]) -> Iterator[Row]:
        if entry.currency != fields["currency"]:
            expected = fields["currency"]
            raise Unreadable(Finding("E-CUR", entry.number, "Amt/@Ccy", entry.currency, expected))
        self._every.add(entry.direction, entry.amount)
        if entry.status == "BOOK":
            self._booked.add(entry.direction, entry.amount)
        parts = _parts(entry)
        for place, part in enumerate(parts, 1):
            own, values = _values(entry, part)
            reference = _reference(entry, own, fields["statement_id"])
            if not reference:
                reference = self._unnamed_reference(fields["account"], values)
            elif len(parts) > 1 and not own:
                reference = f"{reference}#{place}"
            yield (reference, *values)

    def _unnamed_reference(self, account: str, values: Row) -> str:
        """The identity of an entry without any reference; the memory of it grows with these."""
        shown = dict(zip(ENTRY.names[1:], values, strict=True))
        names = ("booked_on", "amount", "direction", "document_number", "party_account")
        reference = "|".join((account, *(shown[name] for name in names)))
        self._unnamed[reference] += 1
        return f"{reference}|{self._unnamed[reference]}"

    def _prove(self) -> None:
        credit, debit = self._booked.sums["credit"], self._booked.sums["debit"]
        if max(credit, debit) > iso20022.MOST:
            raise Unreadable(Finding("E-AMOUNT-RANGE"))
        reached = self._opening + credit - debit
        if reached != self._closing:
            value, expected = roubles(reached), roubles(self._closing)
            raise Unreadable(Finding("E-SUM", None, "Bal CLBD", value, expected))
        self._compare_summary()

    def _compare_summary(self) -> None:
        """Totals may be those of the booked entries or of all: banks do either."""
        booked, every = self._booked.stated(), self._every.stated()
        for place, (text, *right) in enumerate(zip(self._summary, booked, every, strict=True)):
            code, read, show = _SUMMARY_PARTS[place % 2]
            if text and read(text) not in right:
                raise Unreadable(Finding(code, None, "TxsSummry", show(right[0]), text))


class _Entry(NamedTuple):
    """What stands in the entry itself; `amount` in kopecks, `text` as the bank wrote it."""

    element: Element
    number: int
    reference: str
    place: str
    amount: int
    text: str
    currency: str
    direction: str
    status: str
    booked_on: str
    value_on: str
    operation: str
    info: str


class _Part(NamedTuple):
    """A row in the making: the entry as one, or one transaction of it."""

    transaction: Element | None
    direction: str
    amount: str


class _Turnover:
    """Counts and sums of entries by direction, kopecks."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sums: Counter[str] = Counter()

    def add(self, direction: str, amount: int) -> None:
        self.counts[direction] += 1
        self.sums[direction] += amount

    def stated(self) -> tuple[int, ...]:
        """Count and sum of all, of the credits, of the debits: the order of a summary."""
        parts = (("credit", "debit"), ("credit",), ("debit",))
        return tuple(
            sum(figures[word] for word in part)
            for part in parts
            for figures in (self.counts, self.sums)
        )


_SUMMARY_PARTS = (("E-COUNT", int, str), ("E-SUM", kopecks, roubles))


def _entry(element: Element, number: int) -> _Entry:
    (reference, place, amount, currency, sign, status, booked, value,
     domain, family, sub, own, info) = _OF_ENTRY(element)  # fmt: skip
    return _Entry(
        element,
        number,
        reference,
        place,
        _amount(amount, number, "Amt"),
        amount,
        currency,
        DIRECTIONS[sign],
        status,
        _day(booked),
        _day(value),
        f"{domain}/{family}/{sub}" if domain else own,
        info,
    )


def _reference(entry: _Entry, own: str, statement: str) -> str:
    """The identity of a row by the references that the bank gave, or nothing."""
    if entry.reference and own not in ("", entry.reference):
        return f"{entry.reference}/{own}"
    return entry.reference or own or (f"{statement}:{entry.place}" if entry.place else "")


def _day(text: str) -> str:
    return iso20022.local(text)[:10] if "T" in text else text


def _parts(entry: _Entry) -> list[_Part]:
    transactions = cast(list[Element], _TRANSACTIONS(entry.element))
    if len(transactions) == 1:
        return [_Part(transactions[0], entry.direction, entry.text)]
    whole = _Part(None, entry.direction, entry.text)
    parts, total = [], 0
    for transaction in transactions:
        text, currency, sign = _OF_PART(transaction)
        amount, direction = kopecks(text), DIRECTIONS.get(sign, entry.direction)
        if amount is None or currency != entry.currency:
            return [whole]
        total += amount if direction == entry.direction else -amount
        parts.append(_Part(transaction, direction, text))
    return parts if parts and total == entry.amount else [whole]


def _values(entry: _Entry, part: _Part) -> tuple[str, Row]:
    """The transaction's own reference, and the row without its first field."""
    own = document = end_to_end = name = number = account = bic = purpose = ""
    if (transaction := part.transaction) is not None:
        side = _OF_SIDE[part.direction]
        own, document, end_to_end, name, number, account, bic, info = side(transaction)
        lines = cast(list[str], _PURPOSE(transaction))
        purpose = " ".join(line.strip() for line in lines) or info
    return own, (
        entry.booked_on,
        entry.value_on,
        part.direction,
        part.amount,
        entry.currency,
        entry.status,
        document,
        end_to_end,
        entry.operation,
        name,
        number,
        account,
        bic,
        purpose or entry.info,
    )


def _opening_and_closing(statement: Element) -> tuple[int, int]:
    opening, sign, former, former_sign, closing, closing_sign = _BALANCES(statement)
    if not opening:
        opening, sign = former, former_sign
    return _signed(opening, sign, "OPBD"), _signed(closing, closing_sign, "CLBD")


def _signed(text: str, sign: str, code: str) -> int:
    if not text:
        raise Unreadable(Finding("E-REQUIRED", None, f"Bal {code}"))
    amount = _amount(text, None, f"Bal {code}")
    return -amount if sign == "DBIT" else amount


def _amount(text: str, number: int | None, name: str) -> int:
    amount = kopecks(text)
    if amount is None:
        raise Unreadable(Finding("E-AMOUNT", number, name, text[:64], example="85.55"))
    if amount > iso20022.MOST:
        raise Unreadable(Finding("E-AMOUNT-RANGE", number, name, text[:64]))
    return amount


def _misfit(rule: str) -> Unreadable:
    return Unreadable(Finding("E-SCHEMA", expected=MESSAGE, rule=f"Stmt: {rule}"))
