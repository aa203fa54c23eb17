"""Delimited tables: which file is whose, how columns are bound, what refuses a whole file."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import formats
from formats import table, table_text
from formats.contract import Envelope, Finding, Numbered, Unreadable
from formats.table import Table
from formats.table_header import normal

FOLDER = Path(formats.__file__).parent
LAYOUTS = {
    form.NAME: form
    for form in (table.load(path) for path in FOLDER.glob("*.toml") if path.name != "findings.toml")
}
SERVICE, ACCOUNT = LAYOUTS["ais.service"], LAYOUTS["ais.account"]
TARIFFS, REGISTER = LAYOUTS["hub.tariffs"], LAYOUTS["hub.supplier_register"]
HEADER = "service;region;supplier;tariff_kind;variant;valid_from;valid_to;price;unit;act"
PRICE = "gas;;;sub;;01.01.2026;;0,5220;m3;Решение"


def read(
    form: Table, content: bytes, options: dict[str, object] | None = None
) -> tuple[Envelope, list[Numbered]]:
    envelope, rows = form.decode(io.BytesIO(content), options or {})
    return envelope, list(rows)


def refusal(form: Table, content: bytes, options: dict[str, object] | None = None) -> Finding:
    with pytest.raises(Unreadable) as caught:
        read(form, content, options)
    return caught.value.finding


def tariffs(*lines: str, encoding: str = "windows-1251", end: str = "\r\n") -> bytes:
    return end.join((HEADER, *lines, "")).encode(encoding)


def named(form: Table, row: tuple[str, ...]) -> dict[str, str]:
    return {name: cell for name, cell in zip(form.layout.names, row, strict=True) if cell}


class TestLayouts:
    """Each layout of the specification is there, complete, and claims its own files only."""

    @pytest.mark.parametrize(
        ("name", "columns"),
        [("ais.account", 41), ("ais.service", 33), ("ais.registration", 102), ("meters.21", 21)],
    )
    def test_has_all_columns(self, name: str, columns: int) -> None:
        """The number of columns is that of the specification, and no name occurs twice."""
        names = LAYOUTS[name].layout.names

        assert (len(names), len(set(names))) == (columns, columns)

    def test_personal_data_is_marked(self) -> None:
        """Names, documents, contacts and benefits of a person are marked personal."""
        personal = {f.name for f in LAYOUTS["ais.registration"].layout.fields if f.personal}

        assert {"surname", "personal_number", "email", "social_category_id"} <= personal
        assert "registration_id" not in personal

    @pytest.mark.parametrize("name", sorted(LAYOUTS))
    def test_claims_what_it_writes(self, name: str) -> None:
        """A file of each version is claimed by its own layout and by no other."""
        form = LAYOUTS[name]
        for version in form.VERSIONS:
            head = b"".join(form.encode([], Envelope(version, form.layout), {}))[:4096]

            assert [n for n, other in LAYOUTS.items() if other.recognise("x", head)] == [name]

    def test_a_key_that_is_not_known(self, tmp_path: Path) -> None:
        """A misspelt key of a layout file is told with the nearest right one."""
        path = tmp_path / "x.toml"
        path.write_text('name = "x"\ndelimeter = ";"', encoding="utf-8")

        with pytest.raises(ValueError, match=r"x\.toml: 'delimeter'.*'delimiter'"):
            table.load(path)


class TestBinding:
    """АИС columns are bound by header, never by position (A3)."""

    def test_any_order_of_the_report(self) -> None:
        """Russian titles are found in any order, with other dashes, blanks, case and ё."""
        content = "тариф;код  ЛС (id лс);КОД УСЛУГИ;Код договора на услугу;Перерасчет\n0,2;1;7;9;-1"

        envelope, rows = read(SERVICE, content.encode("windows-1251"))

        assert envelope.version == "report"
        assert named(SERVICE, rows[0][1]) == {
            "account_id": "1", "contract_id": "9", "service_id": "7", "tariff": "0,2",
            "recalculation": "-1",
        }  # fmt: skip

    def test_the_kth_of_one_title(self) -> None:
        """Of two columns ACCOUNT_ID the first is the id and the second the flag."""
        content = b"ACCOUNT_ID;CLIENT_ACCOUNT;ACCOUNT_ID;ATTR_VALUE;ATTR_VALUE\n100001;010;1;3;2"

        _, rows = read(ACCOUNT, content)

        assert named(ACCOUNT, rows[0][1]) == {
            "account_id": "100001", "account_number": "010", "is_private_enterprise": "1",
            "housing_category_id": "3", "ownership_id": "2",
        }  # fmt: skip

    def test_equal_titles_in_another_order(self) -> None:
        """An id where the flag must stand refuses the file."""
        content = b"ACCOUNT_ID;CLIENT_ACCOUNT;ACCOUNT_ID\n0;010;100001"

        assert refusal(ACCOUNT, content)[:3] == ("E-COLUMNS", 2, "is_private_enterprise")

    def test_unknown_columns_are_told(self) -> None:
        """A column that the layout does not have is ignored and named in the envelope."""
        envelope, rows = read(SERVICE, b"ACCOUNT_ID;NEW;SERVICE_LIST_ID;SERVICE_ID\n1;x;2;3")

        assert envelope.fields == {"unknown_columns": "NEW"}
        assert rows[0][1][:3] == ("1", "2", "3")

    def test_a_mixture_of_dialects(self) -> None:
        """A Russian title among Oracle names refuses the file."""
        content = "ACCOUNT_ID;SERVICE_LIST_ID;SERVICE_ID;Тариф\n1;2;3;4".encode()

        assert refusal(SERVICE, content)[:3] == ("E-COLUMNS", 1, "Тариф")

    def test_a_key_column_is_missing(self) -> None:
        """Without a key column there is nothing to bind."""
        found = refusal(SERVICE, b"ACCOUNT_ID;SERVICE_LIST_ID;TARRIF\n1;2;3")

        assert found[:3] == ("E-COLUMNS", 1, "SERVICE_ID")

    @pytest.mark.parametrize("header", [HEADER.replace("unit;act", "act;unit"), HEADER + ";more"])
    def test_an_exact_header(self, header: str) -> None:
        """Our own tables have all their columns in their order."""
        assert refusal(TARIFFS, f"{header}\n{PRICE}\n".encode()).code == "E-COLUMNS"

    def test_the_total_of_ais_is_no_row(self) -> None:
        """A last line «Итого» is left out; nothing may follow it."""
        rows = b"ACCOUNT_ID;SERVICE_LIST_ID;SERVICE_ID\n1;2;3\n"
        total = "Итого;;\n".encode()

        assert [line for line, _ in read(SERVICE, rows + total)[1]] == [2]
        assert refusal(SERVICE, rows + total + b"4;5;6\n")[:2] == ("E-TRAIL", 4)

    @given(st.text())
    def test_normal_titles_stay_as_they_are(self, title: str) -> None:
        """Normalising twice is normalising once."""
        assert normal(normal(title)) == normal(title)


class TestReading:
    """What cannot be text, or is not whole, refuses the file with its place (B25-B39, B61-B63)."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1251"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_encodings_and_line_ends(self, encoding: str, end: str) -> None:
        """UTF-8 with or without BOM and windows-1251 give the same rows."""
        _, rows = read(TARIFFS, tariffs(PRICE, encoding=encoding, end=end))

        assert rows == [(2, tuple(PRICE.split(";")))]

    def test_no_last_line_end(self) -> None:
        """A missing last line end and one empty last line are no fault."""
        whole = tariffs(PRICE)

        assert read(TARIFFS, whole[:-2])[1] == read(TARIFFS, whole + b"\r\n")[1]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "E-EMPTY"),
            (tariffs(PRICE) + b"\x98", "E-ENC"),
            (tariffs(PRICE, encoding="utf-16"), "E-ENC"),
            (tariffs(PRICE, encoding="utf-16-le"), "E-ENC"),
            (tariffs(PRICE.replace("gas", "g\0as")), "E-CHAR"),
            (tariffs(PRICE, encoding="cp866"), "E-MOJIBAKE"),
            (tariffs(PRICE + ";more"), "E-COLUMNS"),
            (tariffs(PRICE.rpartition(";")[0]), "E-COLUMNS"),
            (tariffs(PRICE.replace(";", ",")), "E-COLUMNS"),
            (tariffs(PRICE.replace("gas", '"gas')), "E-PARSE"),
            (tariffs(PRICE.replace("gas", '"gas"s')), "E-PARSE"),
            (tariffs(PRICE, "", PRICE), "E-TRAIL"),
            (tariffs(PRICE + "x" * (1 << 16)), "E-LIMIT"),
            (tariffs(PRICE + "x" * (1 << 18)), "E-LIMIT"),
        ],
    )
    def test_refuses(self, content: bytes, code: str) -> None:
        """Each broken file is refused by the code of the catalogue."""
        assert refusal(TARIFFS, content).code == code

    def test_a_lost_quote_in_a_large_file(self) -> None:
        """An unclosed quote is told as such, not as a cell that is too long."""
        content = tariffs(PRICE.replace("gas", '"gas'), *[PRICE] * 10_000)

        assert refusal(TARIFFS, content)[:2] == ("E-PARSE", 2)

    def test_a_declared_encoding(self) -> None:
        """Where the agreement allows UTF-8 only, windows-1251 is refused with the position."""
        found = refusal(TARIFFS, tariffs(PRICE), {"encodings": ["utf-8"]})

        position = tariffs(PRICE).index("Р".encode("windows-1251")) + 1
        assert found == Finding("E-ENC", value=str(position), expected="utf-8")

    def test_utf_8_read_as_windows_1251(self) -> None:
        """Names that only look like text are recognised (B29)."""
        content = tariffs(PRICE.replace("Решение", "Требование"), encoding="utf-8")

        assert refusal(TARIFFS, content, {"encodings": ["windows-1251"]}).code in {
            "E-MOJIBAKE", "E-ENC",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "words", ["Ўладзіслаў Іваноў", "ООО «Ёлка» № 5 – кв. 17", "Фирма® 5° §1", "Єва Їжак"]
    )
    def test_words_are_not_taken_for_rubbish(self, words: str) -> None:
        """Belarusian and Ukrainian letters and signs of print are words."""
        assert table_text.unreadable_words(words) is None

    def test_lines_are_physical(self) -> None:
        """A row is numbered by the line on which it begins, also after a quoted line break."""
        _, rows = read(TARIFFS, tariffs(PRICE.replace("Решение", '"Решение\r\n№ 1"'), PRICE))

        assert [line for line, _ in rows] == [2, 4]

    def test_cut_at_any_place(self) -> None:
        """A quoted table that was cut inside a cell gives no row of it, but a refusal."""
        row = tuple(PRICE.split(";"))
        whole = b"".join(TARIFFS.encode([row] * 3, Envelope("1", TARIFFS.layout), {}))
        for size in range(1, len(whole)):
            try:
                _, rows = read(TARIFFS, whole[:size])
            except Unreadable:
                continue

            assert whole[:size].rstrip(b"\r\n").endswith((b'"', b'"m3";'))
            assert {cells for _, cells in rows} <= {row, (*row[:-1], "")}

    def test_blocks_join_seamlessly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a block ends makes no difference, not even inside a character."""
        content = tariffs(PRICE, PRICE, encoding="utf-8")
        expected = read(TARIFFS, content)
        for size in (1, 2, 3, 7):
            monkeypatch.setattr(table_text, "BLOCK", size)

            assert read(TARIFFS, content) == expected


class TestRegister:
    """The register for a supplier ends with the count of its rows and their sums (B7)."""

    ROWS = (
        ("09.2026", "0100000017", "gas", "10.00", "1.20", "0.00", "0.00", "0.05", "5.00", "0.05",
         "6.25"),
        ("09.2026", "0100000025", "gas", "-3.10", "1.20", "0.00", "-0.50", "0.00", "0.00", "0.00",
         "-2.40"),
    )  # fmt: skip

    def written(self) -> bytes:
        return b"".join(REGISTER.encode(self.ROWS, Envelope("1", REGISTER.layout), {}))

    def test_the_row_of_totals(self) -> None:
        """Count and sums are made from the rows and written last, quoted, with CRLF."""
        assert self.written().decode("windows-1251").splitlines()[-1] == (
            '"ИТОГО";"2";"";"6.90";"2.40";"0.00";"-0.50";"0.05";"5.00";"0.05";"3.85"'
        )

    def test_read_back(self) -> None:
        """Read again, the totals are the envelope's and no row."""
        envelope, rows = read(REGISTER, self.written())

        assert (envelope.count, envelope.fields["closing"]) == (2, "3.85")
        assert tuple(row for _, row in rows) == self.ROWS

    def test_an_empty_register(self) -> None:
        """A month without rows has zero sums."""
        content = b"".join(REGISTER.encode([], Envelope("1", REGISTER.layout), {}))

        envelope, rows = read(REGISTER, content)
        assert (envelope.count, envelope.fields["paid"], rows) == (0, "0.00", [])

    def test_cut_before_the_totals(self) -> None:
        """A register without its last row was not delivered whole."""
        content = b"".join(self.written().splitlines(keepends=True)[:-1])

        assert refusal(REGISTER, content).code == "E-PARSE"

    @pytest.mark.parametrize("cell", ["=1+1", "+375", "@x", "-x", "\tx"])
    def test_no_formulas(self, cell: str) -> None:
        """A text that a spreadsheet program would run is not written."""
        row = (self.ROWS[0][0], cell, *self.ROWS[0][2:])

        with pytest.raises(Unreadable) as caught:
            list(REGISTER.encode([row], Envelope("1", REGISTER.layout), {}))
        assert caught.value.finding[:3] == ("E-FIELD", 2, "account")

    def test_a_character_that_the_encoding_lacks(self) -> None:
        """Nothing is ever replaced by a question mark."""
        row = (self.ROWS[0][0], "\u0142", *self.ROWS[0][2:])

        with pytest.raises(Unreadable) as caught:
            list(REGISTER.encode([row], Envelope("1", REGISTER.layout), {}))
        assert caught.value.finding[:4] == ("E-ENC-OUT", 2, None, "\u0142")


WORDS = st.text(st.characters(codec="windows-1251", exclude_categories=["Cc"]), max_size=20)


@given(st.lists(WORDS.filter(lambda text: text[:1] not in tuple("=+-@")), min_size=41, max_size=41))
def test_what_is_written_is_read(cells: list[str]) -> None:
    """Rows of words come back as they were, whatever quotes and separators they hold."""
    names = ACCOUNT.layout.names
    flags = {"is_private_enterprise": "1", "housing_category_id": "3", "ownership_id": "2"}
    row = tuple(flags.get(name, cell) for name, cell in zip(names, cells, strict=True))
    row = ("DM0001", *row[1:])
    content = b"".join(ACCOUNT.encode([row], Envelope("report", ACCOUNT.layout), {}))
    try:
        _, rows = read(ACCOUNT, content)
    except Unreadable as refused:
        assert refused.finding.code == "E-MOJIBAKE"
    else:
        assert rows == [(2, row)]


@given(st.binary(max_size=300), st.sampled_from(sorted(LAYOUTS)))
def test_any_bytes(content: bytes, name: str) -> None:
    """Whatever comes under a right header is rows or a refusal, never a failure."""
    form = LAYOUTS[name]
    header = b"".join(form.encode([], Envelope(form.VERSIONS[0], form.layout), {}))
    for whole in (content, header + content, header[:-2] + content):
        form.recognise("x", whole)
        try:
            read(form, whole)
        except Unreadable as refused:
            assert refused.finding.text("be")
