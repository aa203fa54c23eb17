"""Conversions of a mapping: the strict form of each value, text by text and column by column."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock
from hub.mapping import printed, values
from hub.mapping.columns import column
from hub.mapping.values import BadValue, Form


def one(kind: str, text: str, **said: Any) -> object:
    return column(Form(kind)._replace(**said), required=True)([text])[0]


def code(kind: str, text: str, **said: Any) -> str:
    with pytest.raises(BadValue) as caught:
        one(kind, text, **said)
    return caught.value.code


class TestValues:
    """Amounts and dates have strict ASCII forms; nothing is rounded, nothing guessed."""

    @pytest.mark.parametrize(
        ("text", "kopecks"),
        [
            ("86.41", 8641),
            ("0.05", 5),
            ("-0.05", -5),
            ("0.00", 0),
            ("99999999999999.99", 10**16 - 1),
        ],
    )
    def test_money(self, text: str, kopecks: int) -> None:
        """Roubles with two places are kopecks."""
        assert one("money", text) == kopecks

    @pytest.mark.parametrize(
        "text",
        [
            "1,50", "1 000.00", "1_000.00", "１０.00", "٣.00", "0x10", "1e3", "NaN", "Infinity",
            "sNaN", "1E+999999", "-0", "-0.00", "+5.00", ".50", "5.", "10.505", "007.00", "40",
            "0.5", "1.00\n", " 1.00", "1.00\x1f2.00", "--1.00",
        ],
    )  # fmt: skip
    def test_money_otherwise(self, text: str) -> None:
        """Every other form is E-AMOUNT (B83-B86)."""
        assert code("money", text) == "E-AMOUNT"

    @pytest.mark.parametrize(("text", "kopecks"), [("40", 4000), ("0.5", 50), ("1.25", 125)])
    def test_fewer_places(self, text: str, kopecks: int) -> None:
        """ERIP and АИС may leave decimals out; three are still refused."""
        assert one("money", text, fewer=True) == kopecks
        assert code("money", "1.005", fewer=True) == "E-AMOUNT"

    @pytest.mark.parametrize("text", ["1 234 567,89", "1\u00a0234\u202f567,89", "1234567.89"])
    def test_thousands(self, text: str) -> None:
        """Blanks between thousands go only where the field says so."""
        assert one("money", text, mark="either", thousands=True) == 123456789

    def test_the_largest_amount(self) -> None:
        """The largest number of 64 bits is read, one more kopeck is out of range (B88)."""
        assert one("money", "92233720368547758.07") == 2**63 - 1
        assert code("money", "92233720368547758.08") == "E-AMOUNT-RANGE"

    def test_signs(self) -> None:
        """Zero and negative amounts are refused where they make no sense (B87)."""
        assert code("money", "0.00", sign="positive") == "E-AMOUNT-SIGN"
        assert code("money", "-1.00", sign="not_negative") == "E-AMOUNT-SIGN"
        assert one("money", "0.00", sign="not_negative") == 0

    def test_decimals(self) -> None:
        """A tariff has five places at most; a sixth is not rounded away."""
        assert one("decimal", "0,20745", scale=5, mark="either") == 20745
        assert code("decimal", "0.207451", scale=5) == "E-AMOUNT"
        assert one("int", "103") == 103

    @pytest.mark.parametrize("text", ["01.фев", "янв.18", "#ССЫЛКА!", "####", "51,2°"])
    def test_damaged_numbers(self, text: str) -> None:
        """What a spreadsheet program made of a number is told as damage (A4)."""
        assert code("decimal", text, scale=6, mark="either") == "E-DAMAGE"

    @pytest.mark.parametrize(
        "text",
        [
            "29.02.2026", "29.02.2100", "31.04.2026", "00.00.2026", "01.13.2026", "01.01.0000",
            "01.01.26", "1.1.2026", "2026-09-01", "20260901", "2026-W09-1", "01.09.2026Z",
            "01.09.1999", "０1.09.2026",
        ],
    )  # fmt: skip
    def test_dates_otherwise(self, text: str) -> None:
        """Only real days of 2000-2099 in the declared form are dates (B91-B94)."""
        assert code("date", text) == "E-DATE"

    def test_dates(self) -> None:
        """A leap day, an older year where it is allowed, the second pattern, the open end."""
        assert one("date", "29.02.2028") == "2028-02-29"
        assert one("date", "01.03.1998", min_year=1900) == "1998-03-01"
        assert one("date", "2026-09-01", pattern=("%d.%m.%Y", "%Y-%m-%d")) == "2026-09-01"
        assert one("date", "01.01.2100", open_end=True) is None
        assert code("date", "01.01.2100") == "E-DATE"

    def test_instants(self) -> None:
        """Fourteen digits of Minsk are an instant of UTC, also over midnight and in 2010."""
        assert one("datetime", "20261005150915") == "2026-10-05T12:09:15.000000Z"
        assert one("datetime", "20260101025959") == "2025-12-31T23:59:59.000000Z"
        assert one("datetime", "20100701120000") == "2010-07-01T09:00:00.000000Z"

    @pytest.mark.parametrize(
        "text",
        [
            "20261005240000",
            "20261005235960",
            "20260229120000",
            "20261005",
            "202610051509",
            "x" * 14,
        ],
    )
    def test_instants_otherwise(self, text: str) -> None:
        """Hour 24, second 60, missing digits and impossible days are E-DATE (B95)."""
        assert code("datetime", text) == "E-DATE"

    def test_months(self) -> None:
        """A month is read with and without its zero; 13 and 00 are E-PERIOD (B97)."""
        assert one("month", "09.2026") == one("month", "9.2026") == "2026-09"
        assert {code("month", text) for text in ("13.2026", "00.2026", "2026-09")} == {"E-PERIOD"}

    @pytest.mark.parametrize(
        "text", ["0100\u00a0017", "0100\u200b017", "\ufeff0100", "АB0017", "0100000017\u00a0"]
    )
    def test_accounts_otherwise(self, text: str) -> None:
        """Unseen blanks and look-alikes are never silently cleaned (B38)."""
        assert code("account", text) == "E-ACCOUNT"

    def test_accounts(self) -> None:
        """Leading zeros stay, blanks at the ends go, й is one character (B37)."""
        assert one("account", " 0100000017 ") == "0100000017"
        assert one("account", "и\u0306-5") == "й-5"
        assert code("account", "7,70003E+11") == "E-DAMAGE"
        assert code("account", "1" * 31, width=30) == "E-LENGTH"

    def test_codes(self) -> None:
        """A word of the table is translated, another refused or kept as the field says."""
        table = {"1": "maintenance", "ХВС": "cold_water"}
        assert one("code", "хвс", table=table) == "cold_water"
        assert code("code", "9", table=table) == "E-FIELD"
        assert one("code", "9", table=table, unknown="keep") == "9"

    @given(st.text(), st.sampled_from(sorted(values.MAKERS)))
    def test_any_text(self, text: str, kind: str) -> None:
        """Whatever stands in a cell is a value or a finding, never a failure."""
        for form in (Form(kind, table={}), Form(kind, scale=6, mark="either", thousands=True)):
            try:
                (found,) = column(form, required=False)([text])
            except BadValue as bad:
                assert bad.code.startswith("E-")
            else:
                assert found is None or isinstance(found, str | int)

    @given(st.integers(-(10**15), 10**15), st.sampled_from([".", ","]))
    def test_money_agrees_with_exact_decimals(self, kopecks: int, mark: str) -> None:
        """Printed and read again an amount is the same, and the text is the exact decimal."""
        form = Form("money", mark=mark)
        text = printed.printer(form)(kopecks)

        assert Decimal(text.replace(",", ".")) * 100 == kopecks
        assert one("money", text, mark=mark) == kopecks

    @given(st.lists(st.sampled_from(["1.00", "0.10", "-5.00", "7", "", "x", "0.00"]), min_size=1))
    def test_a_column_is_its_texts(self, texts: list[str]) -> None:
        """A column gives what its texts give one by one, good or bad."""
        convert = column(Form("money", fewer=True), required=False)

        def each() -> list[object]:
            return [convert([text])[0] for text in texts]

        try:
            expected = each()
        except BadValue:
            with pytest.raises(BadValue):
                convert(texts)
        else:
            assert list(convert(texts)) == expected

    @given(st.integers(1_330_000_000, 4_090_000_000))
    def test_instants_come_back(self, seconds: int) -> None:
        """Printed for ERIP and read again an instant is the same."""
        instant = clock.stamp(datetime.fromtimestamp(seconds, clock.MINSK))

        assert one("datetime", printed.printer(Form("datetime"))(instant)) == instant


@pytest.mark.parametrize("kind", sorted(values.MAKERS))
def test_absent_is_absent_both_ways(kind: str) -> None:
    """An empty text is None, and None is written as an empty text."""
    form = Form(kind, table={})

    assert column(form, required=False)(["", ""]) == [None, None]
    assert printed.printer(form)(None) == ""
