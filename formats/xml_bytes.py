"""The bytes of an XML document, looked at before a parser sees them.

What a parser would let through or choke on is refused here: foreign encodings, a DOCTYPE (and
with it every entity), CDATA, XInclude, stylesheets, `xml:base` and `xml:id`, endless tags. All of
these are found by their literal bytes: only encodings that agree with ASCII pass, so no document
can hide them. Source: `exchange.md`, 18 (B28-B36, B47-B53, B60) and 22.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from formats.contract import Finding, Unreadable
from formats.table_text import unreadable_words

ENCODINGS = ("utf-8", "windows-1251")
BLOCK = 1 << 16

_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([^"'<>]{0,40})""")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_FORBIDDEN = (
    (b"<!DOCTYPE", Finding("E-DTD")),
    (b"<![CDATA[", Finding("E-XML-MIXED")),
    (b"<?xml-stylesheet", Finding("E-XML", value="xml-stylesheet")),
    (b"www.w3.org/2001/XInclude", Finding("E-XML", value="XInclude")),
    (b"xml:base", Finding("E-XML", value="xml:base")),
    (b"xml:id", Finding("E-XML", value="xml:id")),
)
_REMARKS = (b"<!--", b"<?")
_OVERLAP = max(len(mark) for mark, _ in _FORBIDDEN)


class Source:
    """The blocks of a document, each examined before it is given out.

    Raises `Unreadable`: E-EMPTY, E-ENC, E-CHAR, E-MOJIBAKE, E-DTD, E-XML, E-XML-MIXED, E-LIMIT,
    and E-PARSE for what does not begin like XML.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._head = stream.read(BLOCK)
        self._window = b""
        self.encoding = _encoding(self._head)
        self._decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        self.remarks = False
        """Whether a comment or an instruction was seen, the XML declaration not counted."""

    def __iter__(self) -> Iterator[bytes]:
        place, block = 0, self._head
        while block:
            self._examine(block, place)
            yield block
            place += len(block)
            block = self._stream.read(BLOCK)

    def after(self, root: str) -> bytes:
        """What stands behind the end tag of the root, as far as it was read last."""
        parts = re.split(rb"</(?:[^<>:]*:)?%s\s*>" % root.encode(), self._window, maxsplit=1)
        return parts[-1].lstrip()

    def _examine(self, block: bytes, place: int) -> None:
        window = self._window = self._window[-_OVERLAP:] + block
        for mark, finding in _FORBIDDEN:
            if mark in window:
                raise Unreadable(finding)
        begin = 0 if place else len(codecs.BOM_UTF8 + b"<?")
        self.remarks = self.remarks or any(window.find(mark, begin) >= 0 for mark in _REMARKS)
        if len(block) == BLOCK and b"<" not in block:
            raise Unreadable(Finding("E-LIMIT", rule="max_tag", expected=str(BLOCK)))
        if len(block.translate(None, _CONTROLS)) < len(block):
            at = next(at for at, byte in enumerate(block, place + 1) if byte in _CONTROLS)
            raise Unreadable(Finding("E-CHAR", value=str(at)))
        self._read(block, place)

    def _read(self, block: bytes, place: int) -> None:
        """Prove that the bytes are text of their encoding and, where they could be, no other."""
        waiting = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(block)
        except UnicodeDecodeError as cause:
            raise _misfit(place - waiting + cause.start + 1) from cause
        if self.encoding != "utf-8" and (words := unreadable_words(text)):
            raise Unreadable(Finding("E-MOJIBAKE", value=words, expected=", ".join(ENCODINGS)))


def _encoding(head: bytes) -> str:
    if not head:
        raise Unreadable(Finding("E-EMPTY"))
    if head.startswith(_WIDE) or head.count(0) * 8 >= len(head):
        raise _misfit(1)
    marked = head.startswith(codecs.BOM_UTF8)
    text = head.removeprefix(codecs.BOM_UTF8)
    declared = _DECLARED.match(text)
    name = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if name not in ENCODINGS or (marked and name != "utf-8"):
        raise _misfit(declared.start(1) + 1 if declared else 1)
    if not text.lstrip().startswith(b"<"):
        raise Unreadable(Finding("E-PARSE", 1))
    return name


def _misfit(position: int) -> Unreadable:
    return Unreadable(Finding("E-ENC", value=str(position), expected=", ".join(ENCODINGS)))
