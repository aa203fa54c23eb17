"""An XML document read as a stream: validated while it is read, at constant memory.

The parser knows faults against the schema at once, though it would tell them only at the end;
rows that were given before a fault must not be kept, which `Unreadable` says while iterating.
Places are numbers of records, for E-PARSE the line of the text. Source: `exchange.md`, 18
(B26, B47-B60) and 22.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from lxml import etree

from formats.contract import Finding, Unreadable
from formats.xml_bytes import BLOCK, Source

DEPTH = 32
RECORD_LIMIT = 4 << 20
"""Bytes within which a record must end, so that memory stays bounded (elements of four bytes
take thirty times their size)."""

_TYPES = etree.ErrorTypes
_SCHEMA_FAULTS = range(_TYPES.SCHEMAV_NOROOT, _TYPES.SCHEMAV_MISC + 1)
_ELEMENT_IN_VALUE = {_TYPES.SCHEMAV_CVC_TYPE_3_1_2, _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_2_2}
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (DEPTH + 1) + ")")
_REMARK_IN_VALUE = etree.XPath(
    "boolean((//comment()|//processing-instruction())[not(../*) and normalize-space(..)])"
)
_FAULT = re.compile(
    r"Element '(?:\{(?P<space>[^}]*)\})?(?P<name>[^']+)'(?:, attribute '(?P<attribute>[^']+)')?: "
    r"(?:\[facet '(?P<facet>\w+)'\] )?(?P<text>.*)",
    re.DOTALL,
)
_VALUE = re.compile(r"(?:The value )?'.*?' (?=is not |has |exceeds |does )", re.DOTALL)
_RULE_LENGTH = 200

Element = etree._Element


class Kind(NamedTuple):
    """A kind of document: its name to the sender, its schema, its outer and inner elements."""

    name: str
    namespace: str
    schema: etree.XMLSchema
    root: str
    record: str
    others: tuple[str, ...] = ()
    """Further elements that the reader asks for."""

    @property
    def record_tag(self) -> str:
        """The full name of a record."""
        return f"{{{self.namespace}}}{self.record}"


def elements(stream: BinaryIO, kind: Kind) -> Iterator[Element]:
    """The records and the other elements as they end.

    With the first one, everything before it still hangs in its tree; when the next one is asked
    for, what was given is forgotten. Raises `Unreadable`: all of `xml_bytes.Source`, E-PARSE,
    E-TRAIL, E-LIMIT, E-XML-MIXED, E-SCHEMA, E-VERSION for another message of the family.
    """
    return _Reading(stream, kind).elements()


class _Reading:
    def __init__(self, stream: BinaryIO, kind: Kind) -> None:
        self._stream, self._kind = stream, kind
        self._source = Source(stream)
        self._parser = _parser(kind, self._source.encoding)
        self._root: Element | None = None

    def elements(self) -> Iterator[Element]:
        waiting = 0
        # the line end makes the parser look at what it kept back
        for block in chain(self._source, [b"\n"]):
            self._feed(block)
            waiting += len(block)
            for event, element in self._events():
                waiting = 0
                if event == "end" and element is not self._root:
                    yield element
                    _forget(element)
            if waiting > RECORD_LIMIT:
                raise _limit("max_record", RECORD_LIMIT)
        self._close()

    def _events(self) -> list[tuple[str, Element]]:
        """What ended in the block; the tree that it left is judged where a schema cannot."""
        events: list[tuple[str, Element]] = list(self._parser.read_events())
        if events:
            self._root = root = events[0][1] if self._root is None else self._root
            if _TOO_DEEP(root):
                raise _limit("max_depth", DEPTH)
            if self._source.remarks and _REMARK_IN_VALUE(root):
                raise Unreadable(Finding("E-XML-MIXED"))
        return events

    def _feed(self, block: bytes) -> None:
        try:
            self._parser.feed(block)
        except etree.XMLSyntaxError as error:
            if _code(error) not in _SCHEMA_FAULTS:
                raise self._broken(error) from error
            raise self._misfit(_code(error), error.msg) from error
        if (fault := _first_fault(self._parser)) is not None:
            raise self._misfit(fault.type, fault.message)

    def _close(self) -> None:
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise Unreadable(Finding("E-PARSE", error.lineno or None)) from error

    def _broken(self, error: etree.XMLSyntaxError) -> Unreadable:
        code, after = _code(error), self._source.after(self._kind.root)
        if code == _TYPES.ERR_RESOURCE_LIMIT and "depth" in error.msg:
            return _limit("max_depth", DEPTH)
        if code == _TYPES.ERR_DOCUMENT_END and not after.startswith(b"<"):
            return Unreadable(Finding("E-TRAIL"))
        return Unreadable(self._source.fault() or Finding("E-PARSE", error.lineno or None))

    def _misfit(self, code: int, message: str) -> Unreadable:
        fault = _FAULT.match(message)
        if fault is None:
            return Unreadable(Finding("E-SCHEMA", expected=self._kind.name, rule=self._kind.root))
        if code == _TYPES.SCHEMAV_CVC_ELT_1:
            return self._foreign(fault["space"] or "", fault["name"])
        self._events()  # what is too deep or mixed is told rather than what follows from it
        place = _place_of_fault(self._stream, self._kind)
        if code in _ELEMENT_IN_VALUE:
            return Unreadable(Finding("E-XML-MIXED", place, fault["name"]))
        rule = _rule(fault)
        return Unreadable(Finding("E-SCHEMA", place, fault["name"], None, self._kind.name, rule))

    def _foreign(self, space: str, name: str) -> Unreadable:
        family, _, other = space.rpartition(":")
        if name == self._kind.root and family == self._kind.namespace.rpartition(":")[0]:
            return Unreadable(Finding("E-VERSION", value=other[:64], expected=self._kind.name))
        rule = f"{self._kind.root} ({self._kind.namespace})"
        return Unreadable(Finding("E-SCHEMA", None, name[:64], None, self._kind.name, rule))


def _parser(kind: Kind, encoding: str) -> Any:  # noqa: ANN401 - the stubs lack its error log
    # Entities: with resolve_entities=False and a schema, lxml accepts documents that are not well
    # formed. Nothing can be declared, for a DOCTYPE never comes here.
    names = (kind.record, *kind.others, kind.root)
    return etree.XMLPullParser(
        ("start", "end"),
        tag=[f"{{{kind.namespace}}}{name}" for name in names],
        schema=kind.schema,
        encoding=encoding,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )


def _first_fault(parser: Any) -> Any:  # noqa: ANN401
    log = parser.feed_error_log
    return next((entry for entry in log if entry.type in _SCHEMA_FAULTS), None) if log else None


def _place_of_fault(stream: BinaryIO, kind: Kind) -> int | None:
    """The number of the record with the first fault: read again, tag by tag, up to it."""
    stream.seek(0)
    parser = _parser(kind, Source(stream).encoding)
    stream.seek(0)
    record, inside = 0, False
    for piece in _tags(stream):
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError:
            break
        ended = False
        for event, element in parser.read_events():
            if element.tag == kind.record_tag:
                inside, ended = True, event == "end"
                record += not ended
            if event == "end":
                _forget(element)
        if _first_fault(parser) is not None:
            break
        inside = inside and not ended
    return record if inside else None


def _tags(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield from re.findall(rb"[^>]+>?|>", block)


def _code(error: Any) -> int:  # noqa: ANN401
    return int(error.code)


def _rule(fault: re.Match[str]) -> str:
    """The fault without values, which may be personal, and without namespaces."""
    text = _VALUE.sub("", re.sub(r"\{[^}]*\}", "", fault["text"])).rstrip(". ")
    name = f"{fault['name']}/@{fault['attribute']}" if fault["attribute"] else fault["name"]
    return f"{name}: {fault['facet'] or text}"[:_RULE_LENGTH]


def _forget(element: Element) -> None:
    parent = element.getparent()
    element.clear()
    while parent is not None and (first := parent[0]) is not element:
        parent.remove(first)


def _limit(rule: str, most: int) -> Unreadable:
    return Unreadable(Finding("E-LIMIT", rule=rule, expected=str(most)))
