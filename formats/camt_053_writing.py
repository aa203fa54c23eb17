"""How a camt.053 is written: one row an entry with one transaction; see `camt_053`."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from formats import iso20022
from formats.camt_053_layout import DIRECTIONS, ENTRY, SIDES, WRITTEN
from formats.contract import Finding, Row, Unreadable
from formats.iso20022 import Node, full, node, roubles

_SIGNS = {direction: sign for sign, direction in DIRECTIONS.items()}


def document(fields: Mapping[str, str], rows: Iterable[Row]) -> Node:
    """The document with these rows, made as they come. Raises as `camt_053.encode` does."""
    header = full(node("MsgId", fields["message_id"]), node("CreDtTm", fields["created"]))
    statement = Node("Stmt", chain(_head(fields), _entries(fields, rows)))
    return Node("Document", (Node("BkToCstmrStmt", (Node("GrpHdr", header), "\n", statement)),))


def _head(fields: Mapping[str, str]) -> tuple[Node, ...]:
    period = node("FrDtTm", fields["from"]), node("ToDtTm", fields["to"])
    return full(
        node("Id", fields["statement_id"]),
        node("ElctrncSeqNb", fields["sequence"]),
        node("FrToDt", *period) if all(period) else None,
        node("Acct", _account(fields["account"]), node("Ccy", fields["currency"])),
        _balance_node("OPBD", fields["opening"], fields),
        _balance_node("CLBD", fields["closing"], fields),
    )


def _account(number: str) -> Node | None:
    if iso20022.is_iban(number):
        return node("Id", node("IBAN", number))
    return node("Id", node("Othr", node("Id", number)))


def _balance_node(code: str, text: str, fields: Mapping[str, str]) -> Node | None:
    return node(
        "Bal",
        node("Tp", node("CdOrPrtry", node("Cd", code))),
        node("Amt", text.removeprefix("-"), Ccy=fields["currency"]),
        node("CdtDbtInd", "DBIT" if text.startswith("-") else "CRDT"),
        node("Dt", node("Dt", (fields["to"] or fields["created"])[:10])),
    )


def _entries(fields: Mapping[str, str], rows: Iterable[Row]) -> Iterator[Node | str]:
    reached = _plain(fields["opening"])
    for number, row in enumerate(rows, 1):
        iso20022.refuse(WRITTEN, row, number)
        shown = dict(zip(ENTRY.names, row, strict=True))
        if shown["status"] == "BOOK":
            amount = _plain(shown["amount"])
            reached += amount if shown["direction"] == "credit" else -amount
        yield "\n"
        yield Node("Ntry", _entry_nodes(shown))
    if reached != _plain(fields["closing"]):
        raise Unreadable(Finding("E-SUM", None, "closing", roubles(reached), fields["closing"]))
    yield "\n"


def _plain(text: str) -> int:
    return int(text.replace(".", ""))


def _entry_nodes(shown: Mapping[str, str]) -> tuple[Node, ...]:
    booked, value = node("Dt", shown["booked_on"]), node("Dt", shown["value_on"])
    return full(
        node("Amt", shown["amount"], Ccy=shown["currency"]),
        node("CdtDbtInd", _SIGNS[shown["direction"]]),
        node("Sts", node("Cd", shown["status"])),
        node("BookgDt", booked),
        node("ValDt", value),
        node("AcctSvcrRef", shown["entry_ref"]),
        Node("BkTxCd", full(_operation(shown["operation_code"]))),
        node("NtryDtls", _transaction(shown)),
    )


def _operation(code: str) -> Node | None:
    domain, *rest = code.split("/")
    if len(rest) == 2 and all(1 <= len(part) <= 4 for part in (domain, *rest)):
        family = node("Fmly", node("Cd", rest[0]), node("SubFmlyCd", rest[1]))
        return node("Domn", node("Cd", domain), family)
    return node("Prtry", node("Cd", code))


def _transaction(shown: Mapping[str, str]) -> Node | None:
    side = SIDES[shown["direction"]]
    name, number = node("Nm", shown["party_name"]), node("Id", shown["party_unp"])
    identity = node("Id", node("OrgId", node("Othr", number)))
    account = _account(shown["party_account"])
    bank = node("FinInstnId", node("BICFI", shown["party_bic"]))
    return node(
        "TxDtls",
        node(
            "Refs",
            node("InstrId", shown["document_number"]),
            node("EndToEndId", shown["end_to_end"]),
        ),
        node("RltdPties", node(side, node("Pty", name, identity)), node(f"{side}Acct", account)),
        node("RltdAgts", node(f"{side}Agt", bank)),
        node("RmtInf", *(node("Ustrd", line) for line in _lines(shown["purpose"]))),
    )


def _lines(purpose: str) -> list[str]:
    return textwrap.wrap(purpose, 140, break_on_hyphens=False)
