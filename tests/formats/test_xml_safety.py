"""Hostile and broken XML (`exchange.md`, 18): refused with its code, quickly and without traffic.

Each case is the good statement of the samples with one thing done to it.
"""

import socket
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats import camt_053
from formats.contract import Numbered, Unreadable
from formats.xml_bytes import BLOCK
from formats.xml_stream import RECORD_LIMIT
from tests.formats.conftest import HERE, read, refusal

GOOD = (HERE / "camt_053" / "statement.xml").read_bytes()
ROOT = b"<Document"
HINTS = (
    b"<Document xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
    b" xsi:schemaLocation='urn:example http://127.0.0.1:9/evil.xsd'"
    b" xsi:noNamespaceSchemaLocation='file:///etc/hostname'"
)


def changed(old: bytes, new: bytes) -> bytes:
    """The good statement with its first `old` replaced."""
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def nested(depth: int) -> bytes:
    """So many elements inside one another."""
    return b"<a>" * depth + b"</a>" * depth


def with_info(inside: bytes) -> bytes:
    """The good statement with something in an element that the hub does not read."""
    return changed(b"</Stmt>", b"<AddtlStmtInf>" + inside + b"</AddtlStmtInf></Stmt>")


def declared(encoding: str) -> str:
    """The text of the good statement with another encoding declared."""
    return GOOD.decode().replace("UTF-8", encoding)


LAUGHS = b"<!DOCTYPE a [<!ENTITY a0 'ha'>%s]>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)
BLOAT = b"<!DOCTYPE a [<!ENTITY b '%s'>]>" % (b"b" * 100_000)
CASES = {
    "empty doctype": ("E-DTD", changed(ROOT, b"<!DOCTYPE Document><Document")),
    "billion laughs": ("E-DTD", changed(ROOT, LAUGHS + ROOT)),
    "quadratic": ("E-DTD", changed(ROOT, BLOAT + ROOT).replace(b"2941", b"&b;" * 10_000)),
    "external entity": (
        "E-DTD",
        changed(ROOT, b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><Document"),
    ),
    "external subset": ("E-DTD", changed(ROOT, b"<!DOCTYPE a SYSTEM 'http://x/a.dtd'><Document")),
    "xinclude": (
        "E-XML",
        changed(ROOT, b"<Document xmlns:i='http://www.w3.org/2001/XInclude'"),
    ),
    "stylesheet": ("E-XML", changed(ROOT, b"<?xml-stylesheet href='x'?><Document")),
    "xml:base": ("E-XML", changed(b"<Ntry>", b"<Ntry xml:base='http://x'>")),
    "xml:id": ("E-XML", changed(b"<Ntry>", b"<Ntry xml:id='a'>")),
    "attributes": (
        "E-LIMIT",
        changed(b"<InstrId>", b"<InstrId %s>" % b" ".join(b"a%d='1'" % n for n in range(200_000))),
    ),
    "long text": ("E-LIMIT", changed(b"2941", b"9" * 11_000_000)),
    "depth 33": ("E-LIMIT", with_info(nested(30))),
    "depth 300": ("E-LIMIT", changed(b"<NtryDtls>", b"<NtryDtls>" + nested(300))),
    "wide": ("E-LIMIT", with_info(b"<a/>" * (RECORD_LIMIT // 3))),
    "comment in amount": ("E-XML-MIXED", changed(b"85.55", b"85<!-- x -->.55")),
    "instruction in amount": ("E-XML-MIXED", changed(b"85.55", b"85<?x y?>.55")),
    "cdata in amount": ("E-XML-MIXED", changed(b"85.55", b"85<![CDATA[.55]]>")),
    "element in amount": ("E-XML-MIXED", changed(b"85.55", b"85<b/>.55")),
    "comment in balance": ("E-XML-MIXED", changed(b"1000.00", b"10<!-- x -->00.00")),
    "other namespace": ("E-SCHEMA", changed(b"urn:iso:std:iso:20022:tech:xsd:", b"urn:example:")),
    "no namespace": ("E-SCHEMA", changed(b" xmlns=", b" title=")),
    "other version": ("E-VERSION", changed(b"camt.053.001.08", b"camt.053.001.02")),
    "unknown element": ("E-SCHEMA", changed(b"<NtryRef>", b"<Invented/><NtryRef>")),
    "double attribute": ("E-PARSE", changed(b"<InstrId>", b"<InstrId a='1' a='2'>")),
    "two roots": ("E-PARSE", GOOD + b"<a/>"),
    "two documents": ("E-PARSE", GOOD + GOOD),
    "unknown entity": ("E-PARSE", changed(b"2941", b"&x;")),
    "junk after": ("E-TRAIL", GOOD + b"junk"),
    "nothing": ("E-EMPTY", b""),
    "blank": ("E-PARSE", b" \n"),
    "not xml": ("E-PARSE", b"hello"),
    "windows-1251 as utf-8": ("E-ENC", GOOD.decode().encode("cp1251")),
    "utf-8 as windows-1251": ("E-MOJIBAKE", declared("windows-1251").encode()),
    "cp866 as windows-1251": ("E-MOJIBAKE", declared("windows-1251").encode("cp866")),
    "byte 98": ("E-ENC", declared("windows-1251").encode("cp1251").replace(b"2941", b"\x98")),
    "utf-16": ("E-ENC", declared("UTF-16").encode("utf-16")),
    "utf-16 without mark": ("E-ENC", declared("UTF-16").encode("utf-16-le")),
    "utf-7": ("E-ENC", declared("UTF-7").encode()),
    "two marks": ("E-ENC", b"\xef\xbb\xbf" + declared("windows-1251").encode("cp1251")),
    "NUL": ("E-CHAR", changed(b"2941", b"29\x0041")),
    "control": ("E-CHAR", changed(b"2941", b"29\x0141")),
    "NUL by reference": ("E-PARSE", changed(b"2941", b"29&#0;41")),
    "overlong": ("E-ENC", changed(b"2941", b"\xc0\xaf")),
    "surrogate": ("E-ENC", changed(b"2941", b"\xed\xa0\x80")),
    "mark of our own": ("E-CHAR", changed(b"2941", "29\ue00041".encode())),
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may open a connection."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused(case: str) -> None:
    """Each bad input ends with its own code."""
    code, content = CASES[case]

    assert refusal(camt_053, content).code == code


@pytest.mark.parametrize("case", ["billion laughs", "quadratic", "attributes", "depth 300"])
def test_a_bomb_costs_next_to_nothing(case: str) -> None:
    """What would grow is refused before it does: less than a second of work."""
    begun = time.process_time()
    refusal(camt_053, CASES[case][1])

    assert time.process_time() - begun < 1


def test_a_secret_is_never_read(tmp_path: Path) -> None:
    """An external entity gives no byte of the file that it names."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    head = f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file://{secret}'>]><Document".encode()

    found = refusal(camt_053, changed(ROOT, head).replace(b"2941", b"&x;"))

    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    "content",
    [
        changed(ROOT, HINTS),
        changed(b"<Ntry>", b"<!-- one --><Ntry><?bank note?><!-- two -->"),
        b"\xef\xbb\xbf" + GOOD,
        with_info(nested(28)),
        GOOD.rstrip(),
        GOOD.replace(b"\n", b"\r\n"),
    ],
    ids=["schema hints", "remarks", "mark of utf-8", "depth 32", "no line end", "line ends"],
)
def test_harmless_oddities_change_nothing(content: bytes) -> None:
    """Hints are ignored, remarks between elements and line ends are allowed."""
    assert read(camt_053, content) == read(camt_053, GOOD)


@pytest.mark.parametrize("room", range(0, 40, 3))
def test_remarks_at_the_border_of_a_block(room: int) -> None:
    """A remark in an element of which only the beginning was read is not one inside a value."""
    begin = b"<Ntry><!-- x -->"
    filler = b"<!--" + b"< " * ((BLOCK - room - GOOD.index(b"<Ntry>")) // 2) + b"-->"

    assert len(read(camt_053, changed(b"<Ntry>", filler + begin))) == 1


@given(st.integers(1, len(GOOD.rstrip()) - 1))
def test_a_cut_file_is_refused(length: int) -> None:
    """A file that ends anywhere too early is broken, and says so."""
    assert refusal(camt_053, GOOD[:length]).code == "E-PARSE"


class Dripping(BytesIO):
    """A stream that gives a few bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        """At most eleven bytes."""
        return super().read(11)


def test_marks_are_found_across_reads() -> None:
    """What is forbidden is found although it never stands in one read."""
    with pytest.raises(Unreadable) as caught:
        rows(Dripping(CASES["xinclude"][1]))

    assert caught.value.finding.code == "E-XML"
    assert rows(Dripping(GOOD)) == rows(BytesIO(GOOD))


def rows(stream: BytesIO) -> list[Numbered]:
    """All rows of a stream."""
    found: Iterator[Numbered] = camt_053.decode(stream, {})[1]
    return list(found)


@pytest.mark.parametrize("number", [1, 2, 1500])
def test_the_place_of_a_fault_is_the_number_of_the_record(number: int) -> None:
    """A fault against the schema names the record and the element, but no value."""
    entry = GOOD[GOOD.index(b"<Ntry>") : GOOD.index(b"</Stmt>")]
    bad = entry.replace(b"700000005", b"secret" * 10)
    many = entry * (number - 1) + bad + entry * 3

    found = refusal(camt_053, GOOD.replace(entry, many))

    assert (found.code, found.line, found.field) == ("E-SCHEMA", number, "Id")
    assert "secret" not in str(found)


def test_a_fault_in_the_head_has_no_record() -> None:
    """A fault before the first record is one of the file."""
    found = refusal(camt_053, changed(b"<Ccy>BYN</Ccy>", b"<Ccy>roubles</Ccy>"))

    assert (found.code, found.line, found.field) == ("E-SCHEMA", None, "Ccy")
