"""What the ISO 20022 messages have in common: names, schemas, amounts, instants, writing.

Source: `formats-partners.md`, F2 (common rules), G1-G4 (identifiers), I (schemas).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lxml import etree
from stdnum.by import unp

from formats.contract import Field, Finding, Layout, Row, Unreadable
from formats.erip_values import is_iban as is_iban
from formats.xml_stream import Element, Kind

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
MINSK = ZoneInfo("Europe/Minsk")

IBAN = "BY[0-9]{2}[A-Z0-9]{4}[0-9]{4}[A-Z0-9]{16}"
BIC = "[A-Z]{4}BY[A-Z0-9]{2}(?:[A-Z0-9]{3})?"
UNP = "[1-7][0-9]{8}|[ABCEHKM][ABCEHKMOPT][0-9]{7}"
AMOUNT = r"(?:0|[1-9][0-9]{0,15})\.[0-9]{2}"
MOST = 2**63 - 1
"""Kopecks that an amount or a total may have."""

_SCHEMAS = Path(__file__).parents[1] / "xsd"
_MESSAGE = re.compile(rf"{NAMESPACE}([a-z]{{4}}\.[0-9]{{3}})".encode())
_MARK = "\ue000"
_STEP = re.compile(r"(?<![\w@'])([A-Z]\w*)")
_MONEY = re.compile(r"(0|[1-9][0-9]{0,16})(?:\.([0-9]{1,2})0*)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CODES = {IBAN: "E-IBAN", UNP: "E-UNP", AMOUNT: "E-AMOUNT"}
_CHECKS: Mapping[str, Callable[[str], bool]] = {IBAN: is_iban, UNP: unp.is_valid}
_BLOCK = 1 << 16

Columns = Callable[[Element], list[str]]


# --- reading -----------------------------------------------------------------------------------


def recognise(message: str, name: str, head: bytes) -> bool:
    """Whether a file may be this message: an `.xml` whose head names no other ISO message.

    A head that names none is claimed too, so that `decode` can say what is wrong with it.
    """
    named = _MESSAGE.search(head.replace(b"\0", b""))
    return name.lower().endswith(".xml") and (
        named is None or message.startswith(named[1].decode() + ".")
    )


@cache
def kind(message: str, record: str, *others: str) -> Kind:
    """The kind of document of a message, with our profile as its schema, compiled once."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    profile = etree.XMLSchema(etree.parse(_SCHEMAS / f"profile-{message}.xsd", parser))
    return Kind(message, NAMESPACE + message, profile, "Document", record, others)


def columns(message: str, *paths: str) -> Columns:
    """A function that gives the text at each path below an element, empty where there is none.

    Paths are XPath in the names of the message. The function raises `Unreadable` E-CHAR for a
    text that holds U+E000, which parts the columns.
    """
    parts = f",'{_MARK}',".join(_STEP.sub(r"p:\1", path) for path in paths)
    xpath = etree.XPath(
        f"concat({parts})", namespaces={"p": NAMESPACE + message}, smart_strings=False
    )

    def read(element: Element) -> list[str]:
        values = list(map(str.strip, str(xpath(element)).split(_MARK)))
        if len(values) != len(paths):
            raise Unreadable(Finding("E-CHAR", value="U+E000"))
        return values

    return read


def kopecks(text: str) -> int | None:
    """An amount without a sign and with at most two places; None for any other text.

    >>> kopecks("85.5"), kopecks("85.50000"), kopecks("85.505"), kopecks("-1")
    (8550, 8550, None, None)
    """
    found = _MONEY.fullmatch(text)
    return int(found[1] + (found[2] or "").ljust(2, "0")) if found else None


def roubles(amount: int) -> str:
    """Kopecks as roubles with two places and a point.

    >>> roubles(8550), roubles(-5), roubles(0)
    ('85.50', '-0.05', '0.00')
    """
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:02d}"


def moment(text: str) -> datetime | None:
    """The instant of an xs:dateTime, in Minsk where it has no zone; None where there is none."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=MINSK)


def local(text: str) -> str:
    """An instant by the clock of Minsk; any other text as it stands.

    >>> local("2026-10-05T21:30:00Z"), local("2026-10-06")
    ('2026-10-06T00:30:00+03:00', '2026-10-06')
    """
    instant = moment(text)
    return instant.astimezone(MINSK).isoformat() if instant else text


# --- writing -----------------------------------------------------------------------------------


class Node(NamedTuple):
    """An element to be written; its content may be lazy."""

    tag: str
    content: Iterable["str | Node"]
    attributes: Mapping[str, str] = {}


def node(tag: str, *content: "str | Node | None", **attributes: str) -> Node | None:
    """An element, or None when there is nothing to stand in it."""
    inside = tuple(part for part in content if part)
    return Node(tag, inside, attributes) if inside else None


def full(*nodes: Node | None) -> tuple[Node, ...]:
    """Those of the elements that have a content."""
    return tuple(one for one in nodes if one is not None)


def written(message: str, document: Node) -> Iterator[bytes]:
    """The bytes of a document, UTF-8, as its lazy content comes."""
    sink, space = BytesIO(), NAMESPACE + message
    with etree.xmlfile(sink, encoding="UTF-8") as out:
        out.write_declaration()
        with out.element(f"{{{space}}}{document.tag}", nsmap={None: space}):
            for _ in _inside(out, f"{{{space}}}", document):
                if sink.tell() >= _BLOCK:
                    yield sink.getvalue()
                    sink.seek(0)
                    sink.truncate()
    yield sink.getvalue() + b"\n"


def _inside(out: etree.xmlfile, prefix: str, parent: Node) -> Iterator[None]:
    for part in parent.content:
        if isinstance(part, str):
            out.write(part)
        else:
            with out.element(prefix + part.tag, part.attributes):
                yield from _inside(out, prefix, part)
    yield


def organisation(name: str, number: str) -> tuple[Node | None, ...]:
    """What stands in a party: its name and its УНП, marked as a tax number."""
    scheme = node("SchmeNm", node("Cd", "TXID"))
    other = node("Othr", node("Id", number), scheme) if number else None
    return node("Nm", name), node("Id", node("OrgId", other))


def refuse(layout: Layout, row: Row, number: int | None) -> None:
    """Raise `Unreadable` for the first value that does not fit its field; `number` is the line.

    E-COLUMNS, E-REQUIRED, E-LENGTH, E-CHAR, E-IBAN, E-UNP, E-AMOUNT, E-FIELD.
    """
    if len(row) != len(layout.fields):
        expected = str(len(layout.fields))
        raise Unreadable(Finding("E-COLUMNS", number, None, str(len(row)), expected))
    for field, value in zip(layout.fields, row, strict=True):
        if finding := _fault(field, value, number):
            raise Unreadable(finding)


def _fault(field: Field, value: str, number: int | None) -> Finding | None:
    if not value:
        return Finding("E-REQUIRED", number, field.name) if field.mandatory else None
    if field.width and len(value) > field.width:
        return Finding("E-LENGTH", number, field.name, str(len(value)), str(field.width))
    if found := _NO_XML.search(value):
        return Finding("E-CHAR", number, field.name, str(found.start() + 1))
    pattern = field.pattern
    if pattern is None:
        return None
    check = _CHECKS.get(pattern)
    if re.fullmatch(pattern, value) and (check is None or check(value)):
        return None
    return Finding(_CODES.get(pattern, "E-FIELD"), number, field.name, value[:64], pattern)
