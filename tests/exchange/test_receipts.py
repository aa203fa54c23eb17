"""Receipts: their XML is the one of the specification, valid by its schema, and safe to read."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from formats.contract import Finding
from hub import VERSION
from hub.exchange.receipts import MOST_FINDINGS, ReceiptFacts, as_text, render, shown

SCHEMA_FILE = Path(__file__).parents[2] / "xsd" / "hub-receipt.xsd"
SCHEMA = etree.XMLSchema(etree.parse(SCHEMA_FILE))
PERIOD = Finding("E-PERIOD", 4, "PERIOD", "13.2026", "MM.YYYY", key="6836800003", example="09.2026")
FACTS = ReceiptFacts(
    number=418,
    created=datetime(2026, 10, 1, 4, 5, 1, 999_999, UTC),
    partner="demo",
    agreement="demo-payments-in",
    agreement_version="3",
    name="PAY_57_20261001.csv",
    size=1042,
    object_sha="0a" * 32,
    payload_sha="0b" * 32,
    envelope_number="57",
    envelope_date="2026-10-01",
    received=datetime(2026, 10, 1, 4, 5, tzinfo=UTC),
    late=False,
    window=datetime(2026, 10, 1, 15, tzinfo=UTC),
    next_cutoff=datetime(2026, 10, 2, 15, tzinfo=UTC),
    outcome="ACCEPTED_WITH_ERRORS",
    totals={
        "file": (3, 15061),
        "accepted": (1, 8641),
        "suspended": (1, 4000),
        "parked": (0, 0),
        "rejected": (1, 2420),
    },
    findings=(PERIOD,),
    findings_more=0,
    mapping="demo-payments",
    mapping_version="2",
    format="delimited",
    format_version="1",
    journal_seq=90211,
    journal_hash="0c" * 32,
    signer="0d" * 32,
)
SAMPLE = (
    '<receipt version="1"><number>418</number>'
    '<created at="2026-10-01T04:05:01Z" minsk="2026-10-01T07:05:01+03:00"/>'
    '<partner>demo</partner><agreement id="demo-payments-in" version="3"/>'
    f'<file name="PAY_57_20261001.csv" size="1042" object="{"0a" * 32}" payload="{"0b" * 32}"'
    ' number="57" date="2026-10-01"/>'
    '<received at="2026-10-01T04:05:00Z" late="no" window="2026-10-01T15:00:00Z"'
    ' nextCutoff="2026-10-02T15:00:00Z"/>'
    "<outcome>ACCEPTED_WITH_ERRORS</outcome>"
    '<totals><file n="3" sum="150.61"/><accepted n="1" sum="86.41"/>'
    '<suspended n="1" sum="40.00"/><parked n="0" sum="0.00"/><rejected n="1" sum="24.20"/></totals>'
    '<findings><finding code="E-PERIOD" severity="error" line="4" key="6836800003"'
    ' field="PERIOD" value="13.2026" expected="MM.YYYY" example="09.2026">'
    "<text>Строка 4, поле PERIOD: период «13.2026» указан неверно; образец: 09.2026.</text>"
    "</finding></findings>"
    '<judged mapping="demo-payments" mappingVersion="2" format="delimited" formatVersion="1"'
    ' hub="'
    f'{VERSION}"/>'
    f'<journal seq="90211" hash="{"0c" * 32}"/><signer>{"0d" * 32}</signer></receipt>'
)
BARE = replace(
    FACTS,
    envelope_number=None,
    envelope_date=None,
    late=True,
    window=None,
    next_cutoff=None,
    outcome="REJECTED",
    findings=(),
    mapping=None,
    mapping_version=None,
    format=None,
    format_version=None,
)


def test_the_sample_of_the_specification() -> None:
    """The facts of the specification's example give its bytes, in its order, without a blank."""
    assert render(FACTS).decode() == SAMPLE


@pytest.mark.parametrize("facts", [FACTS, BARE], ids=["all", "least"])
def test_receipts_are_valid(facts: ReceiptFacts) -> None:
    """With all facts and with the fewest a receipt is valid for both validators."""
    body = render(facts)

    SCHEMA.assertValid(etree.fromstring(body))
    assert xmlschema.XMLSchema(str(SCHEMA_FILE)).is_valid(body.decode())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<partner>demo</partner>", ""),
        ('sum="40.00"', 'sum="40.0"'),
        ("ACCEPTED_WITH_ERRORS", "HELD"),
        ('late="no"', 'late="maybe"'),
        ("0d" * 32, "0d" * 31),
        ("</receipt>", "<extra/></receipt>"),
    ],
)
def test_the_schema_refuses(right: str, wrong: str) -> None:
    """The schema sees what is missing, malformed or too much."""
    assert right in SAMPLE
    assert not SCHEMA.validate(etree.fromstring(SAMPLE.replace(right, wrong, 1)))


def test_absent_facts_leave_no_attribute() -> None:
    """An agreement without a cut-off has no window; a file without a number has none."""
    receipt = etree.fromstring(render(BARE))

    assert dict(receipt.find("received").attrib) == {"at": "2026-10-01T04:05:00Z", "late": "yes"}
    assert set(receipt.find("file").attrib) == {"name", "size", "object", "payload"}
    assert dict(receipt.find("judged").attrib) == {"hub": VERSION}


def test_findings_stand_in_the_order_of_lines() -> None:
    """What concerns the whole file comes first, then the lines as they stand in the file."""
    found = [PERIOD, Finding("E-SUM", None), PERIOD._replace(line=2), PERIOD._replace(line=11)]
    receipt = etree.fromstring(render(replace(FACTS, findings=found)))

    assert [one.get("line") for one in receipt.iter("finding")] == [None, "2", "4", "11"]


def test_at_most_a_thousand_findings() -> None:
    """The thousand first are listed, the others are counted."""
    found = [PERIOD._replace(line=line) for line in range(1, MOST_FINDINGS + 8)]
    receipt = etree.fromstring(render(replace(FACTS, findings=found, findings_more=5)))
    listed = receipt.find("findings")

    assert (len(listed), listed.get("more")) == (MOST_FINDINGS, "12")
    assert SCHEMA.validate(receipt)
    assert "и ещё замечаний: 12" in as_text(replace(FACTS, findings=found, findings_more=5))


def test_what_is_internal_stays_here() -> None:
    """A finding that is never sent to a partner is in neither form of the receipt."""
    facts = replace(FACTS, findings=[Finding("E-DISK", rule="/srv/hub: errno 28"), PERIOD])

    assert b"E-DISK" not in render(facts)
    assert "errno" not in as_text(facts)


def test_values_are_cut_and_escaped() -> None:
    """A long value is cut to 64 characters; bidi marks, controls and surrogates are escaped."""
    long = PERIOD._replace(value="9" * 90)
    hidden = PERIOD._replace(value="1\u202e2\x1b3\udc804\x005", rule="r" * 300)
    receipt = etree.fromstring(render(replace(FACTS, findings=[long, hidden], name="a\u202eb")))
    first, second = receipt.iter("finding")

    assert first.get("value") == "9" * 63 + "…"
    assert second.get("value") == r"1\u202e2\x1b3".replace(r"\x1b", r"\u001b") + r"\udc804\u00005"
    assert len(second.get("rule")) == 200
    assert r"1\u202e2" in second.findtext("text")
    assert receipt.find("file").get("name") == r"a\u202eb"
    assert SCHEMA.validate(receipt)


@given(st.text(max_size=200))
def test_any_text_can_be_shown(text: str) -> None:
    """Whatever a file holds, the receipt about it is well formed, valid and short."""
    receipt = etree.fromstring(render(replace(FACTS, findings=[PERIOD._replace(value=text)])))

    assert SCHEMA.validate(receipt)
    assert len(shown(text)) <= 64


@pytest.mark.parametrize(
    ("lang", "sentence", "outcome"),
    [
        ("ru", "период «13.2026» указан неверно", "Результат: файл принят с ошибками"),
        ("be", "перыяд «13.2026» указаны няправільна", "Вынік: файл прыняты з памылкамі"),
        ("en", 'the period "13.2026" is wrong', "Outcome: the file is accepted with errors"),
    ],
)
def test_the_same_in_words(lang: str, sentence: str, outcome: str) -> None:
    """People read the same facts in three languages, in the time of Minsk."""
    text = as_text(FACTS, lang)

    assert sentence in text
    assert outcome in text
    for told in ("418", "01.10.2026 07:05:01", "PAY_57_20261001.csv", "150.61", "24.20", "0d" * 32):
        assert told in text


def test_words_leave_out_what_is_absent() -> None:
    """No number, no window and no finding: no line about them; a late file is called late."""
    text = as_text(BARE, "en")

    assert "Message number" not in text
    assert "window" not in text
    assert "Findings" not in text
    assert "after the cut-off" in text
