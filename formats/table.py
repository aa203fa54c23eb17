"""Delimited tables whose layout is data: a TOML file beside this module makes a format.

    name = "hub.tariffs"            # the NAME that agreements and mappings use
    title = "..."                   # one line for a person
    direction = "in"                # in, out, both
    binding = "exact"               # or "aliases": see `formats/table_header.py`
    signs = ["price"]               # any of these columns in the header claims the file
    columns = [{ name = "price", ... }]

Optional: `version`, `delimiter`, `encodings` (tried in this order, strictly), `encoding_out`,
`quote_all`, `total = { word, count, sums }` (a last row with the count of the rows and sums).
A column: `name`, `header` (exact) or `export` and `report` (aliases; a text or a list),
`occurrence`, `width`, `mandatory`, `pattern`, `personal`, `words`.

Rules of reading and writing: `formats-partners.md`, A2, A3, B2 and B7.
"""

import csv
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from formats import contract, table_header, table_text
from formats.contract import Envelope, Field, Finding, Layout, Numbered, Options, Row, Unreadable
from formats.table_header import EXPORT, REPORT, Binding, Column

LAYOUT_KEYS = {
    "name", "title", "direction", "version", "binding", "signs", "delimiter", "encodings",
    "encoding_out", "quote_all", "total", "columns",
}  # fmt: skip
COLUMN_KEYS = {
    "name", "header", "export", "report", "occurrence", "width", "mandatory", "pattern",
    "personal", "words",
}  # fmt: skip
TOTAL_KEYS = {"word", "count", "sums"}
_FORMULA = re.compile(r"[=+\-@\t\r](?!(?<=-)[0-9]+(?:[.,][0-9]+)?\Z)")
"""A cell that a spreadsheet program would run; a negative number is a number."""


class Total(NamedTuple):
    """The row of totals: its word in the first column, where the count and the sums stand."""

    word: str
    counted: str | None = None
    sums: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A delimited table as a `Format`; made by `load`."""

    NAME: str
    TITLE: str
    DIRECTION: str
    VERSIONS: tuple[str, ...]
    OPTIONS: Options
    columns: tuple[Column, ...]
    signs: frozenset[str]
    """Normalised titles of which one claims a file."""
    total: Total | None
    quote_all: bool

    @property
    def layout(self) -> Layout:
        """The columns in the order of the layout, whatever their order in a file."""
        return Layout(self.NAME, tuple(column.field for column in self.columns))

    def recognise(self, name: str, head: bytes) -> bool:
        """Whether the header line has a title that only this table has."""
        line = _decoded(head).partition("\n")[0].rstrip("\r")
        titles = table_text.split(line, self.OPTIONS["delimiter"])
        return not self.signs.isdisjoint(map(table_header.normal, titles))

    def decode(self, stream: BinaryIO, options: Options) -> tuple[Envelope, Iterator[Numbered]]:
        """The envelope and the rows, each with the line where it begins.

        The stream must be seekable: it is read once to know its encoding, then for its rows.
        `Envelope.version` is the dialect; a row of totals becomes its count and fields.
        """
        encoding = table_text.encoding_of(stream, self._option(options, "encodings"))
        delimiter = self._option(options, "delimiter")
        lines = table_text.lines(stream, encoding)
        rows = table_text.cells(lines, delimiter, self._option(options, "max_field"))
        last = table_text.last_line(stream, encoding)
        binding = self._bind(next(rows, (1, []))[1])
        totals = self._totals(last, delimiter)
        envelope = Envelope(
            binding.version,
            self.layout,
            fields=self._told(binding, totals),
            count=self._count(totals),
        )
        return envelope, self._rows(rows, binding, encoding)

    def check(self, envelope: Envelope, options: Options) -> list[Finding]:
        """A table says nothing of itself that could be wrong."""
        return contract.no_check(envelope, options)

    def encode(self, rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
        """The bytes of the table with all its columns, in the dialect `envelope.version`.

        Raises `Unreadable` with the number of the line: E-ENC-OUT for a character that the
        encoding lacks, E-FIELD for a cell that a spreadsheet program would run.
        """
        writer = csv.writer(
            _Echo(),
            delimiter=self._option(options, "delimiter"),
            quoting=csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",
        )
        encoding = self._option(options, "encoding_out")
        version = envelope.version if envelope.version in self.VERSIONS else self.VERSIONS[0]
        titles = tuple(column.titles[version][0] for column in self.columns)
        for line, row in enumerate(self._with_total(titles, rows), 1):
            yield self._encoded(writer.writerow(row), row, line, encoding)

    def _option(self, options: Options, name: str) -> Any:  # noqa: ANN401 - as `contract.option`
        return contract.option(options, self.OPTIONS, name)

    def _bind(self, header: Sequence[str]) -> Binding:
        if self.VERSIONS == (EXPORT, REPORT):
            return table_header.bind_aliases(self.columns, header)
        return table_header.bind_exact(self.columns, self.VERSIONS[0], header)

    def _rows(
        self, rows: Iterator[tuple[int, list[str]]], binding: Binding, encoding: str
    ) -> Iterator[Numbered]:
        width = len(binding.positions) + len(binding.unknown) - binding.positions.count(None)
        pick = _picker([width if at is None else at for at in binding.positions])
        examine = self._examiner(binding, encoding)
        for line, cells in self._body(rows, width):
            cells.append("")
            row = pick(cells)
            examine(line, row)
            yield line, row

    def _body(
        self, rows: Iterator[tuple[int, list[str]]], width: int
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows up to the row of totals or an empty line, after which nothing may stand."""
        line, end = 1, list[str]()
        for line, cells in rows:
            if not cells or self._is_total(cells):
                end = cells
                break
            if len(cells) != width:
                raise Unreadable(Finding("E-COLUMNS", line, None, str(len(cells)), str(width)))
            yield line, cells
        if self._summed and len(end) != width:
            raise Unreadable(Finding("E-PARSE", line, rule="the row of totals is missing"))
        for line, cells in rows:
            if cells:
                raise Unreadable(Finding("E-TRAIL", line))

    def _examiner(self, binding: Binding, encoding: str) -> Callable[[int, Row], None]:
        twins = [
            (at, column.field, re.compile(column.field.pattern).fullmatch)
            for at, column in enumerate(self.columns)
            if column.occurrence and column.field.pattern and binding.positions[at] is not None
        ]
        words = [at for at, column in enumerate(self.columns) if column.words]
        pick = _picker(words if encoding != "utf-8-sig" else [])

        def examine(line: int, row: Row) -> None:
            for at, field, fits in twins:
                if row[at] and not fits(row[at]):
                    rule = "columns of one title in another order"
                    raise Unreadable(
                        Finding("E-COLUMNS", line, field.name, str(len(row)), str(len(row)), rule)
                    )
            odd = table_text.unreadable_words(" ".join(pick(row)))
            if odd:
                raise Unreadable(Finding("E-MOJIBAKE", line, value=odd, expected=encoding))

        return examine

    def _is_total(self, cells: Sequence[str]) -> bool:
        return self.total is not None and cells[0].strip().casefold() == self.total.word.casefold()

    @property
    def _summed(self) -> bool:
        """Whether the table ends with a row of its count and sums."""
        return self.total is not None and self.total.counted is not None

    def _totals(self, last: str, delimiter: str) -> Mapping[str, str]:
        """The row of totals by column names, when there is a whole one at the end."""
        cells = table_text.split(last, delimiter)
        if not self._summed or len(cells) != len(self.columns) or not self._is_total(cells):
            return {}
        return dict(zip(self.layout.names, cells, strict=True))

    def _count(self, totals: Mapping[str, str]) -> int | None:
        if self.total is None or not totals:
            return None
        count = totals[str(self.total.counted)]
        if not re.fullmatch("[0-9]{1,9}", count):
            raise Unreadable(Finding("E-COUNT", field=self.total.counted, value=count))
        return int(count)

    def _told(self, binding: Binding, totals: Mapping[str, str]) -> Mapping[str, str]:
        sums = {name: totals[name] for name in self.total.sums} if self.total and totals else {}
        unknown = {"unknown_columns": "; ".join(binding.unknown)} if binding.unknown else {}
        return {**sums, **unknown}

    def _with_total(self, titles: Row, rows: Iterable[Row]) -> Iterator[Row]:
        yield titles
        if self.total is None or not self.total.counted:
            yield from rows
            return
        names = self.layout.names
        places = [names.index(name) for name in self.total.sums]
        sums, count = [Decimal("0.00")] * len(places), 0
        for row in rows:
            sums = [total + Decimal(row[at]) for total, at in zip(sums, places, strict=True)]
            count += 1
            yield row
        filled = dict(zip(self.total.sums, map(str, sums), strict=True))
        filled |= {names[0]: self.total.word, self.total.counted: str(count)}
        yield tuple(filled.get(name, "") for name in names)

    def _encoded(self, text: str, row: Row, line: int, encoding: str) -> bytes:
        for column, cell in zip(self.columns, row, strict=True):
            if line > 1 and _FORMULA.match(cell):
                rule = "a text must not begin like a formula"
                raise Unreadable(Finding("E-FIELD", line, column.field.name, cell, rule=rule))
        try:
            return text.encode(encoding)
        except UnicodeEncodeError as cause:
            lost = text[cause.start : cause.end]
            raise Unreadable(Finding("E-ENC-OUT", line, value=lost, expected=encoding)) from cause


class _Echo:
    """Lets `csv.writer` give back the line instead of storing it."""

    def write(self, text: str) -> str:
        return text


def load(path: Path) -> Table:
    """Make a format of a layout file. Raises `ValueError` that names the file and the key."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    _known(path, told, LAYOUT_KEYS)
    versions = (EXPORT, REPORT) if told["binding"] == "aliases" else (told.get("version", "1"),)
    columns = tuple(_column(path, entry, versions) for entry in told["columns"])
    return Table(
        NAME=told["name"],
        TITLE=told["title"],
        DIRECTION=told["direction"],
        VERSIONS=versions,
        OPTIONS={
            "encodings": tuple(told.get("encodings", ("utf-8", "windows-1251"))),
            "encoding_out": told.get("encoding_out", "windows-1251"),
            "delimiter": told.get("delimiter", ";"),
            "max_field": 1 << 16,
        },
        columns=columns,
        signs=_signs(path, columns, told["signs"]),
        total=_total(path, told.get("total")),
        quote_all=told.get("quote_all", True),
    )


def _column(path: Path, entry: Mapping[str, Any], versions: Sequence[str]) -> Column:
    _known(path, entry, COLUMN_KEYS)
    field = Field(
        entry["name"],
        entry.get("width", 0),
        entry.get("mandatory", False),
        entry.get("pattern"),
        entry.get("personal", False),
    )
    keys = versions if versions == (EXPORT, REPORT) else ("header",)
    titles = (_listed(entry.get(key, entry["name"])) for key in keys)
    return Column(
        field,
        dict(zip(versions, titles, strict=True)),
        entry.get("occurrence", 0),
        entry.get("words", False),
    )


def _listed(titles: str | list[str]) -> tuple[str, ...]:
    return (titles,) if isinstance(titles, str) else tuple(titles)


def _signs(path: Path, columns: Sequence[Column], names: Sequence[str]) -> frozenset[str]:
    _known(path, names, {column.field.name for column in columns})
    chosen = [column for column in columns if column.field.name in names]
    versions = chosen[0].titles
    return frozenset(
        title for version in versions for title in table_header.titles_of(chosen, version)
    )


def _total(path: Path, told: Mapping[str, Any] | None) -> Total | None:
    if told is None:
        return None
    _known(path, told, TOTAL_KEYS)
    return Total(told["word"], told.get("count"), tuple(told.get("sums", ())))


def _known(path: Path, found: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0)
            raise ValueError(f"{path}: {key!r} is not known here; did you mean {near[0]!r}?")


def _picker(positions: Sequence[int]) -> Callable[[Sequence[str]], Row]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda row: tuple(row[at] for at in positions)


def _decoded(head: bytes) -> str:
    """The beginning of a file as text; it may end inside a character."""
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        if cause.end == len(head) and cause.start > len(head) - 4:
            return head[: cause.start].decode("utf-8-sig")
        return head.decode("windows-1251", errors="replace")
