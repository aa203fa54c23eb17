"""The bytes of an XML document, looked at before a parser sees them.

What a parser would let through or choke on is refused here: foreign encodings, a DOCTYPE (and
with it every entity), CDATA, XInclude, stylesheets, `xml:base` and `xml:id`, endless tags. All of
these are found by their literal bytes: only encodings that agree with ASCII pass, so no document
can hide them. Source: `exchange.md`, 18 (B28-B36, B47-B53, B60) and 22.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from formats.contract import Finding, Unreadable
from formats.table_text import unreadable_words

ENCODINGS = ("utf-8", "windows-1251")
BLOCK = 1 << 16

_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([^"'<>]{0,40})["']""")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_UNUSUAL = re.compile(rb"<[!?]")
"""What is neither tag nor text: comments and instructions, if it is not refused."""
_DECLARATIONS = (
    (b"<!DOCTYPE", Finding("E-DTD")),
    (b"<![CDATA[", Finding("E-XML-MIXED")),
    (b"<?xml-stylesheet", Finding("E-XML", value="xml-stylesheet")),
)
_MEANS = (
    (b"www.w3.org/2001/XInclude", Finding("E-XML", value="XInclude")),
    (b"xml:base", Finding("E-XML", value="xml:base")),
    (b"xml:id", Finding("E-XML", value="xml:id")),
)
_OVERLAP = max(len(mark) for mark, _ in (*_DECLARATIONS, *_MEANS))
_CONTINUATION = bytes(range(0x80, 0xC0))


class Source:
    """The blocks of a document, each examined before it is given out.

    Raises `Unreadable`: E-EMPTY, E-ENC, E-CHAR, E-MOJIBAKE, E-DTD, E-XML, E-XML-MIXED, E-LIMIT,
    and E-PARSE for what does not begin like XML.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._block = stream.read(BLOCK)
        self._before = b""
        self._place = 0
        self.encoding = _encoding(self._block)
        self.remarks = False
        """Whether a comment or an instruction was seen, the XML declaration not counted."""

    def __iter__(self) -> Iterator[bytes]:
        while self._block:
            self._examine(self._before + self._block)
            yield self._block
            self._before = (self._before + self._block)[-_OVERLAP:]
            self._place += len(self._block)
            self._block = self._stream.read(BLOCK)

    def fault(self) -> Finding | None:
        """Why no parser could read the block that was given out last, if its bytes show it."""
        for at, byte in enumerate(self._block, self._place + 1):
            if byte in _CONTROLS:
                return Finding("E-CHAR", value=str(at))
        window = self._before + self._block
        begin = self._place - len(self._before)
        skipped = len(window) - len(window.lstrip(_CONTINUATION)) if begin else 0
        try:
            codecs.getincrementaldecoder(self.encoding)("strict").decode(window[skipped:])
        except UnicodeDecodeError as cause:
            return _misfit(begin + skipped + cause.start + 1)
        return None

    def after(self, root: str) -> bytes:
        """What stands behind the end tag of the root, as far as it was read last."""
        window = self._before + self._block
        parts = re.split(rb"</(?:[^<>:]*:)?%s\s*>" % root.encode(), window, maxsplit=1)
        return parts[-1].lstrip()

    def _examine(self, window: bytes) -> None:
        begin = 0 if self._place else len(codecs.BOM_UTF8 + b"<?")
        if _UNUSUAL.search(window, begin):
            self.remarks = True
            _refuse(window, _DECLARATIONS)
        _refuse(window, _MEANS)
        if len(self._block) == BLOCK and b"<" not in self._block:
            raise Unreadable(Finding("E-LIMIT", rule="max_tag", expected=str(BLOCK)))
        if b"\0" in self._block:
            raise Unreadable(Finding("E-CHAR", value=str(self._place + self._block.index(0) + 1)))
        if self.encoding != "utf-8":
            self._read()

    def _read(self) -> None:
        """Prove that the bytes are words of the alphabet: nearly any byte is a letter of it."""
        try:
            text = self._block.decode(self.encoding)
        except UnicodeDecodeError as cause:
            raise Unreadable(_misfit(self._place + cause.start + 1)) from cause
        if words := unreadable_words(text):
            raise Unreadable(Finding("E-MOJIBAKE", value=words, expected=", ".join(ENCODINGS)))


def _encoding(head: bytes) -> str:
    if not head:
        raise Unreadable(Finding("E-EMPTY"))
    if head.startswith(_WIDE) or head.count(0) * 8 >= len(head):
        raise Unreadable(_misfit(1))
    marked = head.startswith(codecs.BOM_UTF8)
    text = head.removeprefix(codecs.BOM_UTF8)
    declared = _DECLARED.match(text)
    name = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if name not in ENCODINGS or (marked and name != "utf-8"):
        raise Unreadable(_misfit(declared.start(1) + 1 if declared else 1))
    if not text.lstrip().startswith(b"<"):
        raise Unreadable(Finding("E-PARSE", 1))
    return name


def _refuse(window: bytes, marks: Iterable[tuple[bytes, Finding]]) -> None:
    for mark, finding in marks:
        if mark in window:
            raise Unreadable(finding)


def _misfit(position: int) -> Finding:
    return Finding("E-ENC", value=str(position), expected=", ".join(ENCODINGS))
