"""What the ERIP text messages 202, 204, 206, 210 and 216 have in common.

Line 1 is the header, the others are records; fields stand between carets, `windows-1251`, LF or
CRLF; nothing is quoted or escaped (`formats-erip.md`, A2). A `Message` holds the layouts of one
kind and offers the functions of a format. What a record says is judged by the mapping: reading
refuses only what makes the whole file worthless (A13), writing is strict.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import BinaryIO

from stdnum.by import unp

from formats import erip_lines, erip_values
from formats.contract import Envelope, Field, Finding, Layout, Numbered, Options, Row, Unreadable
from formats.erip_values import AMOUNT, CONTROL, ENCODING, MINSK, TIME, TIME_EXAMPLE

LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
OPTIONS: Options = {
    "versions_in": [4, 5],
    "line_end_out": "crlf",
    "final_line_end": True,
    "account_width_in": 30,
    "account_width_out": 20,
    "info_width_in": 500,
    "info_width_out": 255,
    "decimal_in": ".",
    "unp_check": "warn",
    "max_field": 65_536,
}
"""What all five can be told (A12). `decimal_in` here is the mark in the header; with `unp_check`
`refuse` a wrong taxpayer number of a file is a finding (in our own it always is)."""

_KEYS = frozenset({"record_type", "record_number", "erip_operation", "payer_name"})
"""Fields of a record whose form the file depends on: its shape, its keys, its alphabet."""
_WIDTHS_IN = {
    "personal_account": "account_width_in",
    "info_text": "info_width_in",
    "extra_data": "info_width_in",
}
_WIDTHS_OUT = {"personal_account": "account_width_out", "info_text": "info_width_out"}
_FOREIGN = re.compile("яю|юя|п»ї|.?\x00")
"""How UTF-16 and a byte order mark begin when they are read as windows-1251."""
_ONLY_BYN = datetime(2016, 7, 1, tzinfo=MINSK)
_ONLY_IBAN = datetime(2017, 7, 4, tzinfo=MINSK)

Versions = Mapping[str, tuple[Layout, ...]]
"""Layouts by version; the first is the usual one."""


@dataclass(frozen=True)
class Message:
    """One kind of message; its methods are the functions of a format (`contract.Format`)."""

    kind: str
    headers: Versions
    records: Versions
    options: Options
    ours: bool = False
    """Whether the subscriber of the header is the sender: in a 202 only."""
    rest: bool = False
    """Whether the last field of a record keeps its carets: in a 204 only."""

    def recognise(self, name: str, head: bytes) -> bool:
        """Whether the name is `<message number>.<kind>`; the content is for `decode` to judge."""
        return re.fullmatch(rf"[0-9]{{1,8}}\.{self.kind}", name) is not None

    def decode(self, stream: BinaryIO, options: Options) -> tuple[Envelope, Iterator[Numbered]]:
        """The envelope, and the rows as they are read.

        Raises `Unreadable`: E-EMPTY, E-ENC, E-CHAR, E-MOJIBAKE, E-COLUMNS, E-VERSION, E-LIMIT,
        E-LENGTH, E-TRAIL, and E-REQUIRED or E-FIELD for the number of a record or operation.
        """
        settings = {**self.options, **options}
        blocks = erip_lines.blocks(stream)
        first = next(blocks, None)
        if first is None:
            raise Unreadable(Finding("E-EMPTY"))
        head, _, rest = first[1].partition("\n")
        envelope = self._envelope(head.removesuffix("\r"), settings)
        widths = {name: settings[option] for name, option in _WIDTHS_IN.items()}
        layouts = tuple(_readable(layout, widths) for layout in self.records[envelope.version])
        reader = erip_lines.Reader(layouts, self.rest, settings["max_field"], envelope.count)
        return envelope, reader.rows(chain([(2, rest)], blocks))

    def check(self, envelope: Envelope, options: Options) -> list[Finding]:
        """Everything that is wrong with the header: version, forms, currency, accounts, УНП."""
        settings = {**self.options, **options}
        known = [str(version) for version in settings["versions_in"]]
        version = Finding("E-VERSION", 1, None, envelope.version[:64], ", ".join(known))
        if envelope.version not in self.headers:
            return [version]
        return [
            *([] if envelope.version in known else [version]),
            *_malformed(self._header(envelope), envelope.fields, settings),
            *_wrong_currency(envelope),
            *_wrong_accounts(envelope),
            *(_wrong_taxpayer(envelope) if settings["unp_check"] == "refuse" else ()),
        ]

    def encode(self, rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
        """The bytes of a message; `envelope.fields` holds the whole header, its count included.

        A row has the fields of a layout of `envelope.version`. Raises `Unreadable` with the
        number of the record from 1 as line: E-COLUMNS, E-REQUIRED, E-LENGTH, E-CHAR, E-ENC-OUT,
        E-AMOUNT, E-DATE, E-PERIOD, E-FIELD; without a line, what `check` finds in the header.
        """
        settings = {**self.options, **options}
        for finding in self.check(envelope, {**settings, "unp_check": "refuse"}):
            raise Unreadable(finding._replace(line=None))
        limit = settings["max_field"]
        widths = {name: settings[option] for name, option in _WIDTHS_OUT.items()}
        layouts = tuple(_writable(layout, widths) for layout in self.records[envelope.version])
        record = erip_lines.Writer(layouts, self.rest, limit).line
        header = _writable(self._header(envelope), {})
        head = erip_lines.Writer((header,), False, limit).line(
            None, tuple(envelope.fields.get(name, "") for name in header.names)
        )
        lines = chain([head], (record(number, row) for number, row in enumerate(rows, 1)))
        end = LINE_ENDS[settings["line_end_out"]]
        return erip_lines.joined(lines, end, settings["final_line_end"])

    def _envelope(self, line: str, settings: Options) -> Envelope:
        if _FOREIGN.match(line):
            raise Unreadable(Finding("E-ENC", 1, value="1", expected=ENCODING))
        if finding := erip_values.bad_character(line, 1, CONTROL):
            raise Unreadable(finding)
        values = line.split("^")
        version = values[0]
        if version not in self.headers:
            known = ", ".join(self.headers)
            raise Unreadable(Finding("E-VERSION", 1, None, version[:64], known))
        layout = _fitting(self.headers[version], values, settings)
        fields = dict(zip(layout.names, values, strict=True))
        return self._told(version, fields)

    def _told(self, version: str, fields: Mapping[str, str]) -> Envelope:
        subscriber = fields["subscriber_code"] or None
        number = _number(fields["message_number"])
        return Envelope(
            version,
            self.records[version][0],
            fields,
            number=None if number is None else str(number),
            created=erip_values.moment(fields["message_time"]),
            sender=subscriber if self.ours else None,
            receiver=None if self.ours else subscriber,
            count=_number(fields.get("record_count", fields.get("error_count", ""))),
        )

    def _header(self, envelope: Envelope) -> Layout:
        layouts = self.headers[envelope.version]
        return next((one for one in layouts if {*one.names} == {*envelope.fields}), layouts[0])


def _fitting(layouts: Sequence[Layout], values: Sequence[str], settings: Options) -> Layout:
    lengths = settings.get("reply_header_fields") or [len(one.fields) for one in layouts]
    for layout in layouts:
        if len(values) == len(layout.fields) and len(values) in lengths:
            return layout
    expected = ", ".join(map(str, lengths))
    raise Unreadable(Finding("E-COLUMNS", 1, None, str(len(values)), expected))


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,8}", text) else None


def _malformed(layout: Layout, values: Mapping[str, str], settings: Options) -> Iterator[Finding]:
    amount = AMOUNT.replace(r"\.", re.escape(settings["decimal_in"]))
    for field in layout.fields:
        value = values.get(field.name, "")
        form = field._replace(pattern=amount) if field.pattern == AMOUNT else field
        if finding := erip_values.fault(form, value, 1, settings["max_field"]):
            yield finding
        elif field.pattern == TIME and value and erip_values.moment(value) is None:
            yield Finding("E-DATE", 1, field.name, value, example=TIME_EXAMPLE)


def _sent_before(envelope: Envelope, instant: datetime) -> bool:
    sent = erip_values.moment(envelope.fields.get("message_time", ""))
    return sent is not None and sent < instant


def _wrong_currency(envelope: Envelope) -> Iterator[Finding]:
    currency = envelope.fields.get("currency", "")
    old = _sent_before(envelope, _ONLY_BYN)
    if currency and currency != "933" and not (currency == "974" and old):
        yield Finding("E-CUR", 1, "currency", currency[:64], "933")


def _wrong_accounts(envelope: Envelope) -> Iterator[Finding]:
    old = _sent_before(envelope, _ONLY_IBAN)
    for name in ("settlement_account", "agent_account"):
        account = envelope.fields.get(name, "")
        before = old and re.fullmatch("[0-9]{13}", account)
        if account and not before and not erip_values.is_iban(account):
            yield Finding("E-IBAN", 1, name, account[:64])


def _wrong_taxpayer(envelope: Envelope) -> Iterator[Finding]:
    number = envelope.fields.get("provider_unp", "")
    if number and not unp.is_valid(number):
        yield Finding("E-UNP", 1, "provider_unp", number[:64])


def _readable(layout: Layout, widths: Mapping[str, int]) -> Layout:
    """The layout as reading demands it: what the mapping judges may have any form here."""
    return layout._replace(fields=tuple(_relaxed(field, widths) for field in layout.fields))


def _relaxed(field: Field, widths: Mapping[str, int]) -> Field:
    if field.name in _KEYS:
        return field
    width = 0 if field.pattern else widths.get(field.name, field.width)
    return field._replace(width=width, mandatory=False, pattern=None)


def _writable(layout: Layout, widths: Mapping[str, int]) -> Layout:
    """The layout as it is written: the one canonical form of every value, our own widths."""
    return layout._replace(fields=tuple(_canonical(field, widths) for field in layout.fields))


def _canonical(field: Field, widths: Mapping[str, int]) -> Field:
    pattern = erip_values.WRITTEN.get(field.pattern or "", field.pattern)
    return field._replace(width=widths.get(field.name, field.width), pattern=pattern)
