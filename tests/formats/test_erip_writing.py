"""ERIP texts: what is written is strict, and what is written is read."""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats import erip_202, erip_206, erip_values
from formats.contract import Envelope, Finding, Format, Row, Unreadable
from tests.formats.conftest import HERE, head, read

NOTICE = (HERE / "erip_206" / "7701.206").read_bytes()
DEMANDS = (HERE / "erip_202" / "12.202").read_bytes()
OLD_DEMANDS = (HERE / "erip_202" / "20151123.202").read_bytes()
E202, E206 = cast(Format, erip_202), cast(Format, erip_206)


def _write(form: Format, rows: list[Row], envelope: Envelope, **options: object) -> bytes:
    return b"".join(form.encode(rows, envelope, options))


def _stop(form: Format, rows: list[Row], envelope: Envelope, **options: object) -> Finding:
    with pytest.raises(Unreadable) as caught:
        _write(form, rows, envelope, **options)
    return caught.value.finding


class TestWriting:
    """What is written is strict: cleaned where that loses nothing, else not written."""

    envelope = head(E202, DEMANDS)
    row = read(E202, DEMANDS)[0][1]

    def _changed(self, name: str, value: str) -> Row:
        place = erip_202.DEMAND_5.names.index(name)
        return (*self.row[:place], value, *self.row[place + 1 :])

    def _written(self, name: str, value: str) -> str:
        content = _write(E202, [self._changed(name, value)], self.envelope)
        return read(E202, content)[0][1][erip_202.DEMAND_5.names.index(name)]

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("  Иванов \t Иван\r\nИванович ", "Иванов Иван Иванович"),
            ("Иванов^Иван~Иванович\0", "Иванов Иван Иванович"),
            ("Дар\u02bcя Ў\u0456\u0456", "Дар’я Ўіі"),
            ("Сергеи\u0306", "Сергей"),
            ("Иванов\u00a0И.", "Иванов И."),
            ("А\u2010Б \u2033В\u2033", 'А-Б "В"'),
            ("«Ясень» — “А”", "«Ясень» — “А”"),
            ("Я" * 120, "Я" * 99),
        ],
    )
    def test_name(self, text: str, written: str) -> None:
        """A name is cleaned of what would break the line and cut to its width."""
        assert self._written("payer_name", text) == written

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("personal_account", "", "E-REQUIRED"),
            ("personal_account", "0" * 21, "E-LENGTH"),
            ("personal_account", "01^17", "E-CHAR"),
            ("personal_account", "01~17", "E-CHAR"),
            ("personal_account", "0117\n", "E-CHAR"),
            ("personal_account", "01\u200b17", "E-ENC-OUT"),
            ("payer_name", "José", "E-ENC-OUT"),
            ("extra_data", "x" * 256, "E-LENGTH"),
            ("period", "9.2026", "E-PERIOD"),
            ("period", "13.2026", "E-PERIOD"),
            ("amount", "", "E-REQUIRED"),
            ("amount", "86,41", "E-AMOUNT"),
            ("amount", "86.4", "E-AMOUNT"),
            ("amount", "-0.00", "E-AMOUNT"),
            ("amount", "086.41", "E-AMOUNT"),
            ("demand_time", "20261001", "E-DATE"),
            ("meters", "1~1~1", "E-FIELD"),
            ("reserved_3", "x", "E-FIELD"),
            ("record_type", "3", "E-FIELD"),
        ],
    )
    def test_value_that_cannot_be_written(self, name: str, value: str, code: str) -> None:
        """The record is named by its number, the field by its name."""
        finding = _stop(E202, [self.row, self._changed(name, value)], self.envelope)

        assert finding[:3] == (code, 2, name)

    def test_meters_beside_a_name_to_clean(self) -> None:
        """The tildes of the meters stay, those of a name become blanks."""
        names, row = erip_202.DEMAND_5.names, list(self.row)
        row[names.index("meters")], row[names.index("payer_name")] = "1~1~1~~~6~1250~", "A~B"

        content = _write(E202, [tuple(row)], self.envelope)

        assert b"^A B^" in content
        assert b"^1~1~1~~~6~1250~^" in content

    @pytest.mark.parametrize("amount", ["0.00", "-0.05", "-3.10", "9999999999999.99"])
    def test_amount(self, amount: str) -> None:
        """Two decimals, a point, a minus for an overpayment."""
        assert self._written("amount", amount) == amount

    def test_row_of_another_shape(self) -> None:
        """A row that is of no layout is not written."""
        assert _stop(E202, [self.row[:-1]], self.envelope)[:2] == ("E-COLUMNS", 1)

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            ("provider_unp", "191234567", "E-UNP"),
            ("settlement_account", "BY93TSTB30120000000010000000", "E-IBAN"),
            ("record_count", "", "E-REQUIRED"),
            ("message_number", "123456789", "E-FIELD"),
        ],
    )
    def test_header_that_cannot_be_written(self, name: str, value: str, code: str) -> None:
        """Our own header is held to more than a foreign one."""
        fields = {**self.envelope.fields, name: value}

        finding = _stop(E202, [self.row], replace(self.envelope, fields=fields))

        assert (finding.code, finding.line, finding.field) == (code, None, name)

    def test_version_4_by_agreement(self) -> None:
        """Version 4 numbers its records and has no mark; its amounts are whole roubles."""
        fields = {**self.envelope.fields, "message_time": "20151123010312", "currency": "974"}
        envelope = replace(self.envelope, fields=fields)
        rows = [self._changed("amount", "150000")] * 2

        content = _write(E202, rows, envelope, demand_version=4)

        assert head(E202, content).version == "4"
        assert [row[0] for _, row in read(E202, content)] == ["1", "2"]
        assert b"PS" not in content

    def test_options_of_the_text(self) -> None:
        """Line ends, the last of them, the mark and the service follow the agreement."""
        content = _write(
            E202,
            [self.row],
            self.envelope,
            line_end_out="lf",
            final_line_end=False,
            header_mark="XX",
            service_in_header=False,
        )

        assert content.count(b"\n") == 1
        assert b"\r" not in content
        assert content.split(b"\n")[0].endswith(b"^^933^XX")

    def test_old_list_stays_old(self) -> None:
        """What was read in version 4 is written in version 4."""
        envelope = head(E202, OLD_DEMANDS)
        rows = [row for _, row in read(E202, OLD_DEMANDS)]

        assert _write(E202, rows, envelope) == OLD_DEMANDS


TEXT = st.text(
    st.characters(codec="cp1251", exclude_characters="^~\x7f", exclude_categories=["Cc", "Zs"]),
    max_size=30,
)
KOPECKS = st.integers(0, 10**12).map(lambda amount: f"{amount // 100}.{amount % 100:02d}")


@st.composite
def payments(draw: st.DrawFn) -> Row:
    """A record of a 206 as it may be written."""
    values = {field.name: "" for field in erip_206.RECORD.fields}
    values |= {name: draw(TEXT) for name in ("payer_address", "info_text", "extra_data", "auth_id")}
    values |= {
        "record_number": str(draw(st.integers(1, 10**7))),
        "service_number": "1",
        "personal_account": draw(TEXT.filter(lambda text: 0 < len(text) <= 20)),
        "payer_name": draw(st.from_regex(erip_values.PERSON, fullmatch=True)).strip(),
        "amount": draw(KOPECKS),
        "penalty": draw(st.just("") | KOPECKS),
        "paid_time": draw(st.from_regex(erip_values.TIME, fullmatch=True)),
        "erip_operation": str(draw(st.integers(0, 10**11 - 1))),
    }
    values["payer_name"] = " ".join(values["payer_name"].split())
    return tuple(values.values())


@given(st.lists(payments(), max_size=5), st.sampled_from(["crlf", "lf"]), st.booleans())
def test_what_is_written_is_read(rows: list[Row], end: str, last: bool) -> None:
    """Decoding what was encoded gives the same rows, and encoding them again the same bytes."""
    envelope = head(E206, NOTICE)
    content = _write(E206, rows, envelope, line_end_out=end, final_line_end=last)
    again = [row for _, row in read(E206, content)]

    assert again == rows
    assert _write(E206, again, envelope, line_end_out=end, final_line_end=last) == content
