"""ERIP texts: what bad input gets, and what holds for any file that is read."""

import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats import erip_202, erip_204, erip_206, erip_210, erip_216, erip_values
from formats.contract import LANGUAGES, Format, Unreadable
from tests.formats.conftest import HERE, head, read, refusal

NOTICE = (HERE / "erip_206" / "7701.206").read_bytes()
REGISTER = (HERE / "erip_210" / "7801.210").read_bytes()
REPLY = (HERE / "erip_204" / "503.204").read_bytes()
KINDS = [cast(Format, kind) for kind in (erip_202, erip_204, erip_206, erip_210, erip_216)]
E204, E206, E210 = KINDS[1:4]


def _codes(form: Format, content: bytes, **options: object) -> list[tuple[str, str | None]]:
    found = form.check(head(form, content), options)
    return [(finding.code, finding.field) for finding in found]


class TestName:
    """`<message number>.<kind>`, at most 8 digits, padded or not."""

    @pytest.mark.parametrize("name", ["1.206", "00000012.206", "99999999.206"])
    def test_claimed(self, name: str) -> None:
        """A number and the kind name the format."""
        assert [form.NAME for form in KINDS if form.recognise(name, b"")] == ["erip.206"]

    @pytest.mark.parametrize(
        "name",
        ["1.203", "1.215", "123456789.206", "a.206", "1.206 ", "1.206\n", ".206", "/out/1.206"],
    )
    def test_not_claimed(self, name: str) -> None:
        """Another kind, a longer number or anything around it is not ours."""
        assert not any(form.recognise(name, NOTICE) for form in KINDS)

    def test_padding_means_nothing(self) -> None:
        """`00007701` and `7701` in the header are one number."""
        assert head(E206, NOTICE.replace(b"^7701^", b"^00007701^")).number == "7701"


class TestBytes:
    """Bytes that are no windows-1251 text of lines refuse the file."""

    def test_empty(self) -> None:
        """A file of 0 bytes is told to be empty."""
        assert refusal(E206, b"").code == "E-EMPTY"

    @pytest.mark.parametrize("sign", [b"\x00", b"\t", b"\x1a", b"\x1b", b"\x7f", b"\r"])
    @pytest.mark.parametrize("place", [b"7701", b"Pay", b"BANKCARD"])
    def test_control_character(self, sign: bytes, place: bytes) -> None:
        """A control character in the header or in any field is told with its position."""
        content = NOTICE.replace("Иванов Иван".encode(erip_values.ENCODING), b"Pay", 1)
        at = content.index(place)

        finding = refusal(E206, content[: at + 1] + sign + content[at + 1 :])

        position = at + 2 - (content.rfind(b"\n", 0, at) + 1)
        assert (finding.code, finding.value) == ("E-CHAR", str(position))

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
    def test_other_encoding(self, encoding: str) -> None:
        """UTF-16 with and without its mark, and UTF-8 with a mark, are no windows-1251."""
        content = NOTICE.decode(erip_values.ENCODING).encode(encoding)

        assert refusal(E206, content).code == "E-ENC"

    @pytest.mark.parametrize("encoding", ["utf-8", "cp866"])
    @pytest.mark.parametrize("name", ["Петров Пётр", "Ефремова Мая", "Каралёнак Надзея"])
    def test_name_in_another_encoding(self, encoding: str, name: str) -> None:
        """A name that decodes but is no word of the alphabet betrays the encoding."""
        fields = NOTICE.split(b"^")
        assert fields[12] == "Иванов Иван Иванович".encode(erip_values.ENCODING)

        content = b"^".join([*fields[:12], name.encode(encoding), *fields[13:]])

        assert refusal(E206, content).code in ("E-MOJIBAKE", "E-ENC")

    @pytest.mark.parametrize(
        "name", ["Ўладзіслаў І. Ґудзь-Ёлкін", "O'Neill (дог. №5/2)", "ООО «Ясень», *", ""]
    )
    def test_honest_name(self, name: str) -> None:
        """Names in Russian, Belarusian, Ukrainian or Latin letters are read as they are."""
        content = NOTICE.replace(
            "Иванов Иван Иванович".encode(erip_values.ENCODING), name.encode(erip_values.ENCODING)
        )

        assert read(E206, content)[0][1][3] == name

    def test_endless_line(self) -> None:
        """A line without an end is refused before it fills the memory."""
        assert refusal(E206, NOTICE + b"1" * (3 << 20)).code == "E-LIMIT"

    def test_long_field(self) -> None:
        """A field over `max_field` is refused though the layout gives it no width."""
        content = NOTICE.replace(b"^86.41^", b"^" + b"8" * 70_000 + b"^")

        assert refusal(E206, content)[:3] == ("E-LIMIT", 2, "amount")

    @given(st.binary(max_size=400))
    def test_any_bytes_after_the_header(self, junk: bytes) -> None:
        """Whatever follows the header gives rows or a finding with a sentence, no accident."""
        start = NOTICE[: NOTICE.index(b"\n") + 1]
        try:
            rows = read(E206, start + junk)
        except Unreadable as stop:
            assert all(stop.finding.text(lang) for lang in LANGUAGES)
            assert stop.finding.code != "E-PARSE"
        else:
            assert all(len(row) == 20 for _, row in rows)

    @given(st.binary(max_size=200))
    def test_any_bytes_at_all(self, junk: bytes) -> None:
        """No bytes make the decoder fail otherwise than by a finding."""
        for form in KINDS:
            try:
                envelope, rows = form.decode(io.BytesIO(junk), {})
                form.check(envelope, {})
                list(rows)
            except Unreadable as stop:
                assert stop.finding.text()


class TestWhole:
    """A file that is cut, or that goes on after its end, is never taken for a whole one."""

    @pytest.mark.parametrize("size", range(len(NOTICE)))
    def test_cut(self, size: int) -> None:
        """Cut anywhere the file is refused, lacks records, or lacks only the end of the last
        optional field, which no structure can show.
        """
        whole = read(E206, NOTICE)
        try:
            rows = read(E206, NOTICE[:size])
        except Unreadable as stop:
            assert stop.finding.code in ("E-EMPTY", "E-COLUMNS", "E-VERSION")
        else:
            assert len(rows) < 2 or [row[:-1] for _, row in rows] == [row[:-1] for _, row in whole]

    def test_lines_are_numbered_in_the_file(self) -> None:
        """The header is line 1, records follow, across all blocks."""
        rows = read(E210, _register(30_000))

        assert [line for line, _ in rows] == list(range(2, 30_002))

    def test_bad_line_far_inside(self) -> None:
        """A bad line is named exactly, and the rows before it were given."""
        lines = _register(20_000).split(b"\r\n")
        lines[15_432] = lines[15_432].replace(b"^20261005", b"20261005", 1)
        _, rows = E210.decode(io.BytesIO(b"\n".join(lines)), {})
        taken = 0
        with pytest.raises(Unreadable) as caught:
            for _ in rows:
                taken += 1

        assert (taken, caught.value.finding[:2]) == (15_431, ("E-COLUMNS", 15_433))

    def test_bad_byte_far_inside(self) -> None:
        """The place of a byte that is no character is its line and position there."""
        lines = _register(20_000).split(b"\r\n")
        lines[15_432] = b"15432^\x98"

        finding = refusal(E210, b"\r\n".join(lines))

        assert (finding.code, finding.line, finding.value) == ("E-ENC", 15_433, "7")

    def test_text_after_the_empty_line(self) -> None:
        """Nothing may follow the empty line, not even in a further block."""
        content = _register(3_000)

        assert refusal(E210, content + b"\r\n" + content)[:2] == ("E-TRAIL", 3_003)

    def test_memory_does_not_grow(self) -> None:
        """Ten times the records need no more memory."""
        small, large = (_peak(count) for count in (4_000, 40_000))

        assert large < small * 1.2


def _register(count: int) -> bytes:
    return b"".join(_lines(count))


def _lines(count: int) -> Iterator[bytes]:
    header, record, _ = REGISTER.split(b"\r\n")
    yield header.replace(b"^1^795^", b"^%d^795^" % count, 1) + b"\r\n"
    for number in range(1, count + 1):
        tail = record[1:].replace(b"6836800001", b"%d" % (6836800000 + number))
        yield b"%d" % number + tail + b"\r\n"


class _Pipe(io.BytesIO):
    """A stream that is made while it is read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts = parts

    def read(self, size: int | None = -1, /) -> bytes:
        return b"".join(islice(self._parts, 500))


def _peak(count: int) -> int:
    stream = _Pipe(_lines(count))
    tracemalloc.start()
    _, rows = E210.decode(stream, {})
    taken = sum(1 for _ in rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken == count
    return peak


class TestHeader:
    """What the header says wrong is told by `check`, all of it, and refuses the file."""

    @pytest.mark.parametrize(
        ("text", "right"),
        [
            ("20261005153000", True),
            ("20280229000000", True),
            ("20991231235959", True),
            ("20260229000000", False),
            ("20260431000000", False),
            ("20261301000000", False),
            ("20261000000000", False),
            ("20261005240000", False),
            ("20261005235960", False),
            ("19991231235959", False),
            ("20261005", False),
            ("202610051530", False),
            ("2026100515300٣", False),
        ],
    )
    def test_date(self, text: str, right: bool) -> None:
        """Only a real instant of 2000 to 2099 in 14 ASCII digits is a time."""
        envelope = head(E206, NOTICE)
        fields = {**envelope.fields, "message_time": text}

        found = E206.check(replace(envelope, fields=fields), {})

        assert [(one.code, one.field) for one in found] == (
            [] if right else [("E-DATE", "message_time")]
        )
        assert (erip_values.moment(text) is not None) == right

    def test_time_is_that_of_minsk(self) -> None:
        """The moment of the message is aware."""
        assert head(E206, NOTICE).created == datetime(
            2026, 10, 5, 15, 30, tzinfo=ZoneInfo("Europe/Minsk")
        )

    @pytest.mark.parametrize("amount", ["1,50", "1 000.00", "1e3", "+5", ".5", "5.", "007", "NaN"])
    def test_total(self, amount: str) -> None:
        """A total that is no amount cannot prove anything."""
        content = NOTICE.replace(b"^126.41^", f"^{amount}^".encode())

        assert _codes(E206, content) == [("E-AMOUNT", "total_amount")]

    @pytest.mark.parametrize("amount", ["0", "126.4", "126.41", "-1.00"])
    def test_total_that_is_understood(self, amount: str) -> None:
        """Two decimals normally, none or one also."""
        assert _codes(E206, NOTICE.replace(b"^126.41^", f"^{amount}^".encode())) == []

    def test_decimal_comma_by_agreement(self) -> None:
        """`decimal_in` names the one mark that is understood."""
        content = NOTICE.replace(b"126.41^3.63", b"126,41^3,63")

        assert _codes(E206, content, decimal_in=",") == []
        assert len(_codes(E206, NOTICE, decimal_in=",")) == 2

    def test_version_by_agreement(self) -> None:
        """A known version that the agreement does not take is refused."""
        assert _codes(E206, NOTICE, versions_in=[4]) == [("E-VERSION", None)]

    def test_short_reply_by_agreement(self) -> None:
        """A 204 of 8 fields is refused where only 9 are agreed."""
        finding = refusal(E204, REPLY, {"reply_header_fields": [9]})

        assert (finding.code, finding.value, finding.expected) == ("E-COLUMNS", "8", "9")

    @pytest.mark.parametrize(
        ("currency", "time", "found"),
        [
            ("933", "20261006090000", []),
            ("974", "20160630235959", []),
            ("974", "20160701000000", [("E-CUR", "currency")]),
            ("840", "20160630235959", [("E-CUR", "currency")]),
        ],
    )
    def test_currency(self, currency: str, time: str, found: list[tuple[str, str]]) -> None:
        """933, and 974 only in messages before July 2016."""
        content = REGISTER.replace(b"^933^", f"^{currency}^".encode())

        assert _codes(E210, content.replace(b"20261006090000", time.encode())) == found

    @pytest.mark.parametrize(
        ("account", "time", "right"),
        [
            ("BY39TSTB30120000000010000000", "20261006090000", True),
            ("BY93TSTB30120000000010000000", "20261006090000", False),
            ("BY00TSTB30120000000010000000", "20261006090000", False),
            ("BY39ТSTB30120000000010000000", "20261006090000", False),
            ("BY39TSTB3012000000001000000", "20261006090000", False),
            ("3012000000000", "20170703235959", True),
            ("3012000000000", "20170704000000", False),
        ],
    )
    def test_account(self, account: str, time: str, right: bool) -> None:
        """An IBAN with right check digits; 13 digits only before July 2017."""
        encoded = account.encode(erip_values.ENCODING)
        content = REGISTER.replace(b"BY39TSTB30120000000010000000", encoded)

        found = _codes(E210, content.replace(b"20261006090000", time.encode()))

        assert found == ([] if right else [("E-IBAN", "settlement_account")])

    def test_taxpayer_number(self) -> None:
        """A wrong check digit is let through unless the agreement says otherwise."""
        content = NOTICE.replace(b"190000018", b"191234567")

        assert _codes(E206, content) == []
        assert _codes(E206, content, unp_check="refuse") == [("E-UNP", "provider_unp")]


class TestRecord:
    """Reading refuses the file only for its shape and its keys; the rest is for the mapping."""

    @pytest.mark.parametrize(
        ("option", "width", "field", "place"),
        [
            ("account_width_in", 9, "personal_account", 0),
            ("info_width_in", 3, "info_text", 0),
        ],
    )
    def test_width_by_agreement(self, option: str, width: int, field: str, place: int) -> None:
        """Widths that programs differ in are those of the agreement."""
        content = NOTICE.replace(b"BANKCARD^^", b"BANKCARD^text^")

        finding = refusal(E206, content, {option: width})

        assert (finding.code, finding.field, finding.expected) == ("E-LENGTH", field, str(width))

    def test_reply_keeps_the_record(self) -> None:
        """The third field of a 204 is the rejected line whole, whatever carets it has."""
        content = REPLY + b"1^text^2^0100^^~^\r\n"

        assert read(E204, content) == [(2, ("1", "text", "2^0100^^~^"))]


@pytest.mark.parametrize("form", KINDS, ids=lambda form: form.NAME)
def test_layouts_fit_the_format(form: Format) -> None:
    """Names in a layout are unique, and every version of a format has a sample's header."""
    samples = [p for p in (HERE / form.NAME.replace(".", "_")).iterdir() if _is_good(p)]

    assert samples
    for sample in samples:
        layout = head(form, sample.read_bytes()).layout
        assert len(set(layout.names)) == len(layout.names)


def _is_good(path: Path) -> bool:
    return path.is_file() and path.suffix != ".expected"
