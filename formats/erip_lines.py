"""Lines of the ERIP text messages: bytes to rows and rows to bytes, by layouts as data.

Both ways a layout becomes one regular expression of a line, built by `erip_values.expression`:
what matches is good as it stands, and only what does not is looked at field by field.
Source: `formats-erip.md`, A2 and A13.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import BinaryIO

from formats import erip_values
from formats.contract import Field, Finding, Layout, Numbered, Row, Unreadable
from formats.erip_values import CONTROL, ENCODING, READ, RESERVED, WRITE

Block = tuple[int, str]
"""Whole lines, each with its line end, and the number of the first."""

_LINE = re.compile("[^\n]*\n")
_BLOCK, _LONGEST_LINE, _BATCH = 1 << 18, 1 << 20, 1000


def blocks(stream: BinaryIO) -> Iterator[Block]:
    """The text in whole lines, some thousands at a time; a missing last line end is added.

    Raises `Unreadable`: E-ENC with the position in the line, E-LIMIT for an endless line.
    """
    tail, line = b"", 1
    while data := stream.read(_BLOCK):
        whole, end, tail = (tail + data).rpartition(b"\n")
        if end:
            yield line, _text(whole + end, line)
            line += whole.count(b"\n") + 1
        if len(tail) > _LONGEST_LINE:
            raise Unreadable(Finding("E-LIMIT", line, None, None, str(_LONGEST_LINE), "line"))
    if tail:
        yield line, _text(tail + b"\n", line)


def _text(data: bytes, first: int) -> str:
    try:
        return data.decode(ENCODING)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, position = first + before.count(b"\n"), error.start - before.rfind(b"\n")
        raise Unreadable(Finding("E-ENC", line, None, str(position), ENCODING)) from None


def _pattern(layout: Layout, character: str, limit: int, rest: bool) -> re.Pattern[str]:
    """The regular expression of a line with its end; the groups are the fields."""
    values = [erip_values.expression(field, character, limit) for field in layout.fields]
    if rest:
        values[-1] = r"[^\x00-\x1f\x7f]*+"
    return re.compile("(?m)^" + r"\^".join(f"({value})" for value in values) + "\r?\n")


@dataclass(frozen=True)
class Reader:
    """Turns the lines after the header into rows."""

    layouts: tuple[Layout, ...]
    rest: bool
    """Whether the last field keeps its carets."""
    limit: int
    """Characters in a field that has no width of its own."""
    count: int | None
    """The records that the header announces; what is no record after them is no record."""

    def rows(self, source: Iterable[Block]) -> Iterator[Numbered]:
        """The rows with their lines. Raises `Unreadable` at the first line that is none.

        A good block becomes rows by one call; only another is looked at line by line.
        """
        find_all = self._patterns[0].findall
        ended = False
        for first, text in source:
            if ended:
                raise Unreadable(Finding("E-TRAIL", first))
            rows = find_all(text)
            if len(rows) == text.count("\n"):
                yield from enumerate(rows, first)
            else:
                ended = yield from self._each(first, text)

    @cached_property
    def _patterns(self) -> Sequence[re.Pattern[str]]:
        return [_pattern(layout, READ, self.limit, self.rest) for layout in self.layouts]

    def _each(self, first: int, text: str) -> Generator[Numbered, None, bool]:
        """The rows of a block by line; returns whether its last line is the empty one."""
        ended = False
        for line, record in enumerate(_LINE.findall(text), first):
            if ended:
                raise Unreadable(Finding("E-TRAIL", line))
            ended = record in ("\n", "\r\n")
            if not ended:
                yield line, self._row(line, record)
        return ended

    def _row(self, line: int, record: str) -> Row:
        for pattern in self._patterns:
            if found := pattern.fullmatch(record):
                return found.groups()
        raise Unreadable(self._finding(line, re.sub("\r?\n$", "", record)))

    def _finding(self, line: int, text: str) -> Finding:
        values = text.split("^", len(self.layouts[0].fields) - 1 if self.rest else -1)
        layout = self._meant(values[0])
        right = len(values) == len(layout.fields)
        if not right and self.count is not None and line > self.count + 1:
            return Finding("E-TRAIL", line)
        if finding := erip_values.bad_character(text, line, CONTROL):
            return finding
        if not right:
            expected = str(len(layout.fields))
            return Finding("E-COLUMNS", line, None, str(len(values)), expected)
        told = (
            erip_values.fault(field, value, line, self.limit)
            for field, value in zip(layout.fields, values, strict=True)
        )
        return next(filter(None, told), Finding("E-PARSE", line))

    def _meant(self, mark: str) -> Layout:
        """The layout that the first field names, else the usual one."""
        named = (one for one in self.layouts if re.fullmatch(one.fields[0].pattern or "", mark))
        return next(named, self.layouts[0])


@dataclass(frozen=True)
class Writer:
    """Turns rows into lines without their ends."""

    layouts: tuple[Layout, ...]
    rest: bool
    limit: int

    def line(self, number: int | None, row: Row) -> str:
        """The line of a row, `number` the record for a finding. Raises `Unreadable`.

        A row that is clean as it stands is only joined; another is cleaned field by field.
        """
        place = self._place(number, row)
        text = "^".join(row)
        if not self.rest and _is_tidy(text) and self._patterns[place].fullmatch(text + "\n"):
            return text
        fields = self.layouts[place].fields
        return "^".join(self._value(f, v, number) for f, v in zip(fields, row, strict=True))

    @cached_property
    def _patterns(self) -> Sequence[re.Pattern[str]]:
        return [_pattern(layout, WRITE, self.limit, self.rest) for layout in self.layouts]

    def _place(self, number: int | None, row: Row) -> int:
        for place, layout in enumerate(self.layouts):
            if len(layout.fields) == len(row):
                return place
        expected = str(len(self.layouts[0].fields))
        raise Unreadable(Finding("E-COLUMNS", number, None, str(len(row)), expected))

    def _value(self, field: Field, value: str, number: int | None) -> str:
        text = erip_values.cleaned(field, value)
        own_form = field.pattern or (self.rest and field is self.layouts[0].fields[-1])
        finding = (
            erip_values.bad_character(text, number, CONTROL if own_form else RESERVED)
            or erip_values.unwritable(field, text, number)
            or erip_values.fault(field, text, number, self.limit)
        )
        if finding:
            raise Unreadable(finding._replace(field=field.name))
        return text


def _is_tidy(text: str) -> bool:
    """Whether no value begins or ends with a blank or holds two in a row."""
    return not ("  " in text or " ^" in text or "^ " in text or text[-1:] == " ")


def joined(lines: Iterable[str], end: str, last: bool) -> Iterator[bytes]:
    """The bytes of the lines, `end` between them and, if `last`, after the last."""
    source, before = iter(lines), ""
    while batch := list(islice(source, _BATCH)):
        yield (before + end.join(batch)).encode(ENCODING)
        before = end
    if last:
        yield end.encode(ENCODING)
