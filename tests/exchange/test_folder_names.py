"""Names of files: which are allowed, and how they are shown; inputs B1-B12 of section 18."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.exchange import folders

CP1251 = "показания.csv".encode("cp1251")


def harmless(name: bytes, cyrillic: bool) -> bool:
    """Whether a name is refused, or printable and the name of a file in its folder."""
    if folders.name_problem(name, cyrillic) is not None:
        return True
    text = name.decode()
    return text.isprintable() and Path("folder", text).parent == Path("folder")


class TestNames:
    """Which names are allowed; the pattern of an agreement comes on top of it."""

    @pytest.mark.parametrize(
        "name",
        [
            "readings_1.csv",
            "00000012.206",
            "ST-20260901.xml",
            "a b.csv",
            "x" * 255,
            "A.XML",
            "a-",
        ],
    )
    def test_allowed(self, name: str) -> None:
        """Ordinary names of up to 255 bytes pass (B4)."""
        assert folders.name_problem(name.encode(), cyrillic=False) is None

    @pytest.mark.parametrize(
        "name",
        ["Карточка ЛС DM0001.csv", "Услуги DM0001.csv", "Рэестр ўсіх №1.csv", "Отчет_DM1.csv"],
    )
    def test_allowed_where_cyrillic_is(self, name: str) -> None:
        """Russian and Belarusian words pass only where the agreement has such names."""
        assert folders.name_problem(name.encode(), cyrillic=True) is None
        assert folders.name_problem(name.encode(), cyrillic=False) is not None

    def test_decomposed_letters(self) -> None:
        """A letter written as two, as some systems do, is the same letter."""
        assert folders.name_problem("Мои\u0306.csv".encode(), cyrillic=True) is None

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            (b"", "length"),
            (b"x" * 256, "length"),
            ("ж".encode() * 128, "length"),
            (b"../../x", "path"),
            (b"..\\x", "path"),
            (b"/etc/passwd", "path"),
            (b"..", "path"),
            (b"C:\\x", "path"),
            (b"a*.csv", "path"),
            (b"a\nfake line.csv", "control"),
            (b"\x1b[31m.csv", "control"),
            (b"a\x00.csv", "control"),
            (b"a\x7f.csv", "control"),
            ("a\u202egpj.csv".encode(), "invisible"),
            ("a\u200b.csv".encode(), "invisible"),
            ("a\u00a0b.csv".encode(), "invisible"),
            (CP1251, "not UTF-8"),
            ("показания.csv".encode("cp866"), "not UTF-8"),
            (b"CON", "device"),
            (b"nul.xml", "device"),
            (b"com1.tar.gz", "device"),
            (b"a.xml.", "ends"),
            (b"a.xml ", "ends"),
            (b"-rf.csv", "begins"),
            ("pаin001_1.xml".encode(), "mixes"),
            ("Карточкa.csv".encode(), "mixes"),
            ("DM00О1.csv".encode(), "mixes"),
            ("ραin.csv".encode(), "another alphabet"),
            ("１.206".encode(), "another alphabet"),
            ("a∕b.csv".encode(), "another alphabet"),
        ],
    )
    def test_not_allowed(self, name: bytes, why: str) -> None:
        """Paths, control and bidi characters, devices, look-alikes and the like (B1-B6, B12)."""
        assert why in (folders.name_problem(name, cyrillic=True) or "")

    def test_a_look_alike_in_a_latin_name(self) -> None:
        """Where names are Latin, one Cyrillic letter is enough (B5)."""
        assert folders.name_problem("pаin001.xml".encode(), cyrillic=False) is not None

    @given(name=st.binary(max_size=300), cyrillic=st.booleans())
    def test_what_is_allowed_is_harmless(self, name: bytes, cyrillic: bool) -> None:
        """An allowed name is one line of printable text and names a file in its folder."""
        assert harmless(name, cyrillic)

    @given(text=st.text(alphabet="aаo1._- \\/:\n\u202e№", min_size=1, max_size=12))
    def test_nearly_allowed(self, text: str) -> None:
        """The same for texts made of the dangerous characters."""
        assert harmless(text.encode(), True)


class TestShown:
    """A raw name in a log is one printable line."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (b"readings_1.csv", "readings_1.csv"),
            ("Услуги.csv".encode(), "Услуги.csv"),
            (b"a\nb\x1b[0m\0", r"a\nb\x1b[0m\x00"),
            ("a\u202eb".encode(), r"a\u202eb"),
            (b"\xef\xee\xea.csv", r"\xef\xee\xea.csv"),
            (b"a\\nb", r"a\\nb"),
        ],
    )
    def test_escapes(self, name: bytes, text: str) -> None:
        """Control and bidi characters and foreign bytes are escaped (B2, B3)."""
        assert folders.shown(name) == text

    @given(st.lists(st.binary(max_size=40), min_size=2, max_size=2, unique=True))
    def test_one_line_each(self, pair: list[bytes]) -> None:
        """Whatever the bytes, the text is printable, and different names look different."""
        first, second = map(folders.shown, pair)

        assert first.isprintable()
        assert first != second
