"""The text of a delimited table: its encoding, its lines, its cells (`formats-partners.md`, B2).

Everything here streams: a file of any size is read in blocks, and what cannot be text at all
(a byte that no allowed encoding has, a control character, a quote that never closes) is
`Unreadable` with the place where it stands.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from formats.contract import Finding, Unreadable

BLOCK = 1 << 18
LINE_LIMIT = 8 << 20
"""Characters after which a line without an end is given up, so that memory stays bounded."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_ODD = "ЂЃ‚ѓ†‡€‰Љ‹ЊЌЋЏђ•™љ›њќћџЈ¤¦©¬®±µ¶јЅѕї"
_MOJIBAKE = re.compile(
    rf"[{_ODD}][{_ODD}\xa0\xadўЎҐ]|[\xa0\xadўЎҐ][{_ODD}]|(?:[РС][{_ODD}\xa0°-»]){{2}}"
)
"""CP866 or UTF-8 bytes read as windows-1251: two signs side by side that no name has."""


def encoding_of(stream: BinaryIO, allowed: Sequence[str]) -> str:
    """The first of the allowed encodings that fits the whole file; the stream is rewound.

    Raises `Unreadable`: E-EMPTY, E-ENC (also for UTF-16), E-CHAR for control characters.
    """
    head = stream.read(4096)
    if not head:
        raise Unreadable(Finding("E-EMPTY"))
    misfit = 0
    if not head.startswith(_UTF16) and head.count(0) * 8 < len(head):
        _refuse_controls(stream)
        for name in allowed:
            encoding = "utf-8-sig" if name == "utf-8" else name
            place = _first_misfit(stream, encoding)
            if place is None:
                return encoding
            misfit = place
    raise Unreadable(Finding("E-ENC", value=str(misfit + 1), expected=", ".join(allowed)))


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The whole stream from its beginning, block by block; it is rewound afterwards."""
    stream.seek(0)
    while block := stream.read(BLOCK):
        yield block
    stream.seek(0)


def lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The lines with their ends, from the beginning of the stream. Raises E-LIMIT."""
    decode = codecs.getincrementaldecoder(encoding)("strict").decode
    rest = ""
    for block in blocks(stream):
        parts = (rest + decode(block)).split("\n")
        rest = parts.pop()
        if len(rest) > LINE_LIMIT:
            raise Unreadable(Finding("E-LIMIT", rule="max_line", expected=str(LINE_LIMIT)))
        yield from (f"{part}\n" for part in parts)
    if rest:
        yield rest


def last_line(stream: BinaryIO, encoding: str) -> str:
    """The last line that is not empty, among the last 64 KiB."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - (1 << 16)))
    tail = stream.read().decode(encoding, errors="replace").rstrip("\r\n")
    stream.seek(0)
    return tail.rpartition("\n")[2]


def cells(text: Iterable[str], delimiter: str, max_field: int) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line where each begins; strict quoting.

    Raises `Unreadable`: E-PARSE for broken quoting, E-LIMIT for a cell above `max_field`.
    """
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as cause:
            # The reader gives up on an endless cell too, but over many lines that is a lost quote.
            long = "field larger" in str(cause) and reader.line_num == line
            raise _too_long(line, max_field) if long else _broken(line) from cause
        if max(map(len, row), default=0) > max_field:
            raise _too_long(line, max_field)
        yield line, row


def split(line: str, delimiter: str) -> list[str]:
    """The cells of one line, also of one that was cut or is otherwise broken."""
    return next(csv.reader([line.replace("\r", "")], delimiter=delimiter), [])


def unreadable_words(text: str) -> str | None:
    """The piece of a text that shows that it was written in another encoding, or None."""
    found = _MOJIBAKE.search(text)
    return found[0] if found else None


def _refuse_controls(stream: BinaryIO) -> None:
    place = 0
    for block in blocks(stream):
        if len(block.translate(None, _CONTROLS)) < len(block):
            place += next(at for at, byte in enumerate(block) if byte in _CONTROLS)
            raise Unreadable(Finding("E-CHAR", value=str(place + 1)))
        place += len(block)


def _first_misfit(stream: BinaryIO, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    place = 0
    for block in blocks(stream):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as cause:
            return place - waiting + cause.start
        place += len(block)
    return place if decoder.getstate()[0] else None


def _broken(line: int) -> Unreadable:
    return Unreadable(Finding("E-PARSE", line))


def _too_long(line: int, limit: int) -> Unreadable:
    return Unreadable(Finding("E-LIMIT", line, rule="max_field", expected=str(limit)))
