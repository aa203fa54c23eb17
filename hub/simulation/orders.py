"""How the bank examines payment orders, pain.001.001.09 (`formats-partners.md`, F2), on its own."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from lxml import etree

from hub.money import roubles
from hub.simulation.handover import Complaint, Taken
from hub.simulation.partners import PARTNERS, Collector, Partner, is_iban

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_PREFIX = {"p": NAMESPACE}
_AMOUNT = re.compile(r"([0-9]{1,13})\.([0-9]{2})")


class Order(NamedTuple):
    """One transfer to be made; the amount in kopecks."""

    instruction: str
    end_to_end: str
    amount: int
    payee: Partner
    purpose_code: str
    purpose: str


def orders(file: Taken, us: Collector, now: datetime) -> list[Order]:
    """The orders of a file. Raises `Complaint` when anything in it is not as it must be."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(file.content, parser)
    except etree.XMLSyntaxError as error:
        raise Complaint(f"{file.name}: not XML: {error}") from None
    if root.tag != f"{{{NAMESPACE}}}Document":
        raise Complaint(f"{file.name}: the root is {root.tag}")
    found = [_order(file.name, node) for node in _nodes(root, ".//p:CdtTrfTxInf")]
    for complaint in _faults(root, found, us, now):
        raise Complaint(f"{file.name}: {complaint}")
    return found


def _nodes(root: etree._Element, path: str) -> list[etree._Element]:
    return root.findall(path, _PREFIX)


def _text(root: etree._Element, path: str) -> str:
    steps = "/".join(f"p:{step}" for step in path.split("/"))
    return root.findtext(steps, "", _PREFIX)


def _order(name: str, node: etree._Element) -> Order:
    amount = _text(node, "Amt/InstdAmt")
    money = _AMOUNT.fullmatch(amount)
    if money is None or int(money[1] + money[2]) == 0:
        raise Complaint(f"{name}: {amount!r} is not an amount of an order")
    iban = _text(node, "CdtrAcct/Id/IBAN")
    payee = next((partner for partner in PARTNERS.values() if partner.iban == iban), None)
    if not is_iban(iban) or payee is None:
        raise Complaint(f"{name}: nobody has the account {iban!r}")
    if _text(node, "Cdtr/Id/OrgId/Othr/Id") != payee.unp:
        raise Complaint(f"{name}: the account {iban} is not that of the payee's УНП")
    return Order(
        _text(node, "PmtId/InstrId"),
        _text(node, "PmtId/EndToEndId"),
        int(money[1] + money[2]),
        payee,
        _text(node, "Purp/Prtry"),
        _text(node, "RmtInf/Ustrd"),
    )


def _faults(
    root: etree._Element, found: list[Order], us: Collector, now: datetime
) -> Iterator[str]:
    message, payments = _nodes(root, "p:CstmrCdtTrfInitn"), _nodes(root, ".//p:PmtInf")
    if len(message) != 1 or len(payments) != 1 or not found:
        yield "it has not one message with one payer and at least one order"
        return
    expected = {"NbOfTxs": str(len(found)), "CtrlSum": roubles(sum(o.amount for o in found))}
    for element, right in expected.items():
        if {_text(message[0], f"GrpHdr/{element}"), _text(payments[0], element)} != {right}:
            yield f"{element} is not {right} at both places"
    payer = _text(payments[0], "DbtrAcct/Id/IBAN")
    if payer != us.iban or _text(payments[0], "Dbtr/Id/OrgId/Othr/Id") != us.unp:
        yield f"the payer {payer} is not our customer"
    if _text(payments[0], "ReqdExctnDt/Dt") != f"{now:%Y-%m-%d}":
        yield "the orders are not for the day on which they came"
    if len({order.end_to_end for order in found}) != len(found):
        yield "an EndToEndId stands twice"
