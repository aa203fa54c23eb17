"""ISO 20022: what is written is valid everywhere, what is officially valid is read, the rules."""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
import sepaxml
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from formats import camt_053, iso20022, pain_001
from formats.camt_053_layout import ENTRY
from formats.contract import Format, Row, Unreadable
from tests.formats.conftest import HERE, head, read, refusal
from tests.formats.official import Official

ROOT = HERE.parents[1]
OFFICIAL = ROOT.parent / "shared" / "xsd" / "iso20022"
CAMT, PAIN = camt_053.MESSAGE, pain_001.MESSAGE
STATEMENT = (HERE / "camt_053" / "statement.xml").read_bytes()
MANY = (HERE / "camt_053" / "many_kinds.xml").read_bytes()
ORDERS = (HERE / "pain_001" / "orders.xml").read_bytes()
IN_PACKAGE = Path(sepaxml.__file__).parent / "schemas" / f"{PAIN}.xsd"

needs_official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="no official schemas here")


def valid(path: Path, content: bytes) -> bool:
    """Whether both validators find a document valid by a schema."""
    return etree.XMLSchema(etree.parse(path)).validate(
        etree.fromstring(content)
    ) and xmlschema.XMLSchema(str(path)).is_valid(content.decode())


def profile(message: str) -> Path:
    """Our profile of a message."""
    return ROOT / "xsd" / f"profile-{message}.xsd"


# --- payment orders ----------------------------------------------------------------------------

PAYER = head(pain_001, ORDERS)
ORDER = read(pain_001, ORDERS)[0][1]


def orders(*rows: Row, **options: object) -> bytes:
    """A file with these orders of the payer of the samples."""
    return b"".join(pain_001.encode(rows, PAYER, options))


def with_value(layout_names: Sequence[str], row: Row, **values: str) -> Row:
    """A row with some values changed by name."""
    shown = dict(zip(layout_names, row, strict=True)) | values
    return tuple(shown.values())


def order(**values: str) -> Row:
    """The order of the samples with some values changed."""
    return with_value(pain_001.ORDER.names, ORDER, **values)


WRITTEN_ORDERS = orders(
    ORDER,
    order(end_to_end="ZH-T-000016", payee_name="«Тепло & Свет» <ООО>", amount="9999999999.99"),
    order(end_to_end="ZH-T-000017", purpose="слово " * 40, payee_unp="AB1000002"),
    charge_bearer="SLEV",
    purpose_lines=2,
)


def test_written_orders_are_valid_by_our_profile() -> None:
    """What is written fits the strict profile."""
    assert valid(profile(PAIN), WRITTEN_ORDERS)


def test_written_orders_are_valid_by_the_schema_of_a_library() -> None:
    """What is written fits the official schema as a library carries it."""
    assert valid(IN_PACKAGE, WRITTEN_ORDERS)


@needs_official
@pytest.mark.parametrize("content", [WRITTEN_ORDERS, ORDERS], ids=["written", "sample"])
def test_orders_are_valid_by_the_official_schema(content: bytes) -> None:
    """What is written, and the sample, fit the official schema."""
    assert valid(OFFICIAL / f"{PAIN}.xsd", content)


def test_orders_say_their_count_and_sum_twice() -> None:
    """Count and sum of all orders stand in the head of the file and of the payment."""
    tree = etree.fromstring(WRITTEN_ORDERS)

    assert [e.text for e in tree.iter("{*}NbOfTxs")] == ["3", "3"]
    assert [e.text for e in tree.iter("{*}CtrlSum")] == ["10000000099.99"] * 2


def test_a_purpose_of_two_lines_is_read_as_one() -> None:
    """A long purpose is parted between words and read again whole."""
    rows = read(pain_001, WRITTEN_ORDERS)

    assert rows[2][1][7] == ("слово " * 40).strip()
    assert [number for number, _ in rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (order(payee_name=""), "E-REQUIRED", "payee_name"),
        (order(payee_name="н" * 141), "E-LENGTH", "payee_name"),
        (order(payee_name="a\x02b"), "E-CHAR", "payee_name"),
        (order(payee_unp="390000007"), "E-UNP", "payee_unp"),
        (order(payee_unp="HP7000010"), "E-UNP", "payee_unp"),
        (order(payee_unp="ВС1000002"), "E-UNP", "payee_unp"),
        (order(payee_iban="BY41DEMB38190000000030000000"), "E-IBAN", "payee_iban"),
        (order(payee_iban="DE89370400440532013000"), "E-IBAN", "payee_iban"),
        (order(payee_bic="DEMBDE2X"), "E-FIELD", "payee_bic"),
        (order(purpose_code="12260"), "E-FIELD", "purpose_code"),
        (order(purpose_code="１２２６０１"), "E-FIELD", "purpose_code"),
        (order(purpose_kind=""), "E-REQUIRED", "purpose_kind"),
        (order(purpose=" "), "E-REQUIRED", "purpose"),
        (order(purpose="слово " * 40), "E-LENGTH", "purpose"),
        (order(amount="50"), "E-AMOUNT", "amount"),
        (order(amount="50,00"), "E-AMOUNT", "amount"),
        (order(amount="-50.00"), "E-AMOUNT", "amount"),
        (order(amount="0.00"), "E-AMOUNT-SIGN", "amount"),
        (order(order_number="9" * 36), "E-LENGTH", "order_number"),
        (ORDER[:-1], "E-COLUMNS", None),
    ],
)
def test_orders_are_written_strictly(row: Row, code: str, field: str | None) -> None:
    """Nothing that a bank would refuse is written; the place is the number of the order."""
    with pytest.raises(Unreadable) as caught:
        orders(order(end_to_end="other"), row)

    assert caught.value.finding[:3] == (code, 2, field)


def test_one_order_cannot_stand_twice() -> None:
    """An identifier names one transfer."""
    with pytest.raises(Unreadable, match="E-DUP-REC"):
        orders(ORDER, ORDER)


def test_no_order_no_file() -> None:
    """A file without orders is not written."""
    with pytest.raises(Unreadable, match="E-EMPTY"):
        orders()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("payer_unp", "190000017", "E-UNP"),
        ("payer_iban", "", "E-REQUIRED"),
        ("created", "2026-10-07T05:00:00Z", "E-FIELD"),
        ("execution_date", "07.10.2026", "E-FIELD"),
    ],
)
def test_a_wrong_payer_is_found(name: str, value: str, code: str) -> None:
    """The head is judged by the same rules, when it is checked and when it is written."""
    envelope = replace(PAYER, fields={**PAYER.fields, name: value})

    assert [found.code for found in pain_001.check(envelope, {})] == [code]
    with pytest.raises(Unreadable, match=code):
        pain_001.encode([ORDER], envelope, {})


def test_the_instant_of_the_envelope_is_written() -> None:
    """Without a text of its own, the file takes the instant of the envelope, in Minsk."""
    fields = {name: text for name, text in PAYER.fields.items() if name != "created"}
    envelope = replace(PAYER, fields=fields, created=datetime.fromisoformat("2026-10-07T05:00Z"))
    written = b"".join(pain_001.encode([ORDER], envelope, {}))

    assert head(pain_001, written) == PAYER


@given(
    st.lists(
        st.tuples(st.integers(1, 10**12), st.text("абвʼ &<>\"'ЁіЎў-", min_size=1, max_size=140)),
        min_size=1,
        max_size=5,
    )
)
def test_orders_come_back_as_they_were(given_orders: list[tuple[int, str]]) -> None:
    """Decoding what was encoded gives the same rows."""
    rows = [
        order(end_to_end=f"T{n}", amount=iso20022.roubles(amount), payee_name=f"н{name}н")
        for n, (amount, name) in enumerate(given_orders)
    ]

    assert [row for _, row in read(pain_001, orders(*rows))] == rows


# --- statements --------------------------------------------------------------------------------


def test_written_statements_are_valid() -> None:
    """What is written fits our profile."""
    assert valid(profile(CAMT), rewritten(STATEMENT))


def rewritten(content: bytes) -> bytes:
    """A statement decoded and encoded again."""
    rows = [row for _, row in read(camt_053, content)]
    return b"".join(camt_053.encode(rows, head(camt_053, content), {}))


@needs_official
@pytest.mark.parametrize("content", [rewritten(STATEMENT), STATEMENT, MANY])
def test_statements_are_valid_by_the_official_schema(content: bytes) -> None:
    """What is written, and the samples, fit the official schema."""
    assert valid(OFFICIAL / f"{CAMT}.xsd", content)


OUR_RULES = {"E-SUM", "E-COUNT", "E-CUR", "E-AMOUNT"}
"""What our own rules may say of a document that the official schema accepts."""


@needs_official
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_every_official_statement_is_read(seed: int) -> None:
    """Whatever the official schema accepts, our profile accepts, and decoding understands."""
    path = OFFICIAL / f"{CAMT}.xsd"
    tree = etree.fromstring(Official(path, Random(seed)).document())
    official, ours = etree.XMLSchema(etree.parse(path)), iso20022.kind(CAMT, "Ntry", "Stmt").schema

    for version in (tree, of_one_account(tree)):
        assert official.validate(version)
        assert ours.validate(version)
    try:
        assert all(len(row) == 15 for _, row in read(camt_053, etree.tostring(tree)))
    except Unreadable as unreadable:
        assert unreadable.finding.code in OUR_RULES


def of_one_account(tree: etree._Element) -> etree._Element:
    """The document with one statement in roubles on one page, its two balances included."""
    statements = tree.findall(".//{*}Stmt")
    pages = tree.findall("./*/*/{*}MsgPgntn") + tree.findall("./*/*/{*}StmtPgntn")
    for surplus in pages + statements[1:]:
        surplus.getparent().remove(surplus)
    balance = statements[0].find("{*}Bal")
    for code in ("OPBD", "CLBD"):
        made = deepcopy(balance)
        made.find("{*}Tp/{*}CdOrPrtry")[:] = [made.makeelement(f"{balance.tag[:-3]}Cd")]
        made.find("{*}Tp/{*}CdOrPrtry/{*}Cd").text = code
        balance.addprevious(made)
    for priced in statements[0].iterfind(".//*[@Ccy]"):
        priced.set("Ccy", "BYN")
    for currency in statements[0].iterfind("{*}Acct/{*}Ccy"):
        currency.text = "BYN"
    return tree


def statement(old: str, new: str) -> bytes:
    """The statement of the samples with something replaced everywhere."""
    text = STATEMENT.decode()
    assert old in text
    return text.replace(old, new).encode()


TWO_ENTRIES = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (statement("1085.55", "1085.54"), "E-SUM"),
        (statement("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>"), "E-SUM"),
        (statement("OPBD", "ITBD"), "E-REQUIRED"),
        (statement(">85.55<", ">85.555<"), "E-AMOUNT"),
        (statement(">85.55<", ">+85.55<"), "E-AMOUNT"),
        (statement('<Amt Ccy="BYN">85.55', '<Amt Ccy="USD">85.55'), "E-CUR"),
        (statement(">85.55<", ">99999999999999999<"), "E-AMOUNT-RANGE"),
        (statement("<Ntry>", f"{TWO_ENTRIES}<Ntry>"), "E-COUNT"),
    ],
)
def test_a_statement_that_does_not_add_up(content: bytes, code: str) -> None:
    """Balances, totals, amounts and the currency are proved over the booked entries."""
    assert refusal(camt_053, content).code == code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("BYN", "USD", "E-CUR"),
        ("2026-10-06T19:00:00+03:00", "2026-10-06T24:00:00+03:00", "E-DATE"),
        ("BY39TSTB30120000000010000000", "BY93TSTB30120000000010000000", "E-IBAN"),
    ],
)
def test_the_head_of_a_statement(old: str, new: str, code: str) -> None:
    """What is wrong with the head is told without reading the entries."""
    envelope = head(camt_053, statement(old, new))

    assert [found.code for found in camt_053.check(envelope, {})] == [code]


def test_a_good_head_has_no_finding() -> None:
    """Nothing is found in the samples."""
    for content in (STATEMENT, MANY):
        assert camt_053.check(head(camt_053, content), {}) == []


def test_a_statement_without_entries() -> None:
    """A day without movement is a statement too."""
    text = STATEMENT.decode().replace("1085.55", "1000.00")
    content = re.sub("<Ntry>.*</Ntry>", "", text, flags=re.DOTALL).encode()

    assert read(camt_053, content) == []
    assert head(camt_053, content).fields["closing"] == "1000.00"


def values(content: bytes, *names: str) -> list[tuple[str, ...]]:
    """Some columns of a statement."""
    places = [ENTRY.names.index(name) for name in names]
    return [tuple(row[place] for place in places) for _, row in read(camt_053, content)]


def test_identities_of_rows() -> None:
    """A row is known by the bank's references, else by its place in the statement, else by
    what it says and an ordinal; no two are equal."""
    found = [reference for (reference,) in values(MANY, "entry_ref")]

    assert found[:5] == ["A1/T1", "A1#2", "A1#3", "A2", "20261007-1:3"]
    assert found[5].endswith("|0.25|credit|||1")
    assert found[6].endswith("|0.25|credit|||2")
    assert len(set(found)) == len(found)


def test_the_party_is_the_other_side() -> None:
    """On a credit the party is the debtor, on a debit the creditor, also inside one entry."""
    found = values(MANY, "direction", "party_name")

    assert found[0] == ("credit", "Первый плательщик")
    assert found[2] == ("debit", "Банк, комиссия")
    assert found[4] == ("debit", "Поставщик воды")


def test_days_are_those_of_minsk() -> None:
    """An instant late in the evening of UTC belongs to the next day; so do the limits."""
    assert values(MANY, "booked_on")[0] == ("2026-10-07",)
    assert head(camt_053, MANY).fields["from"] == "2026-10-07T00:00:00+03:00"


def test_a_statement_is_written_only_when_it_adds_up() -> None:
    """A closing balance that the rows do not lead to is not written."""
    envelope = head(camt_053, STATEMENT)
    wrong = replace(envelope, fields={**envelope.fields, "closing": "1085.56"})
    rows = [row for _, row in read(camt_053, STATEMENT)]

    with pytest.raises(Unreadable, match="E-SUM"):
        b"".join(camt_053.encode(rows, wrong, {}))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**10),
            st.sampled_from(["credit", "debit"]),
            st.sampled_from(["BOOK", "PDNG"]),
            st.sampled_from(["1", "PMNT/RCDT/DMCT", ""]),
            st.sampled_from(["BY25TSTB38190000000020000000", "3012000000001", ""]),
        ),
        max_size=6,
    ),
    st.integers(-(10**10), 10**10),
)
def test_statements_come_back_as_they_were(
    entries: list[tuple[int, str, str, str, str]], opening: int
) -> None:
    """Decoding what was encoded gives the same rows and the same head."""
    rows = [
        with_value(
            ENTRY.names,
            ("",) * len(ENTRY.names),
            entry_ref=f"R{number}",
            booked_on="2026-10-06",
            direction=direction,
            amount=iso20022.roubles(amount),
            currency="BYN",
            status=status,
            operation_code=operation,
            party_account=account,
            purpose="за воду & тепло",
        )
        for number, (amount, direction, status, operation, account) in enumerate(entries)
    ]
    booked = [(amount, direction) for amount, direction, status, *_ in entries if status == "BOOK"]
    closing = opening + sum(a if d == "credit" else -a for a, d in booked)
    balances = {"opening": iso20022.roubles(opening), "closing": iso20022.roubles(closing)}
    envelope = head(camt_053, STATEMENT)
    envelope = replace(envelope, fields={**envelope.fields, **balances})
    written = b"".join(camt_053.encode(rows, envelope, {}))

    assert [row for _, row in read(camt_053, written)] == rows
    assert head(camt_053, written) == envelope


# --- what both share ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "content", "claimed"),
    [
        (camt_053, STATEMENT, True),
        (camt_053, ORDERS, False),
        (pain_001, ORDERS, True),
        (pain_001, STATEMENT, False),
        (camt_053, STATEMENT[:30], True),
        (camt_053, STATEMENT.decode().encode("utf-16"), True),
        (camt_053, STATEMENT.replace(b"001.08", b"001.02"), True),
    ],
)
def test_a_message_is_known_by_its_namespace(form: Format, content: bytes, claimed: bool) -> None:
    """A format claims its message in every version, and what is too broken to tell."""
    assert form.recognise("ST-20261006.xml", content[:4096]) is claimed


def test_only_xml_files_are_claimed() -> None:
    """The name ends in `.xml`, in whatever case."""
    assert camt_053.recognise("a.XML", STATEMENT)
    assert not camt_053.recognise("a.txt", STATEMENT)


@pytest.mark.parametrize("path", sorted((ROOT / "xsd").glob("profile-*.xsd")), ids=lambda p: p.name)
def test_a_profile_is_named_by_its_namespace(path: Path) -> None:
    """The target namespace of a profile is the one that its file name says."""
    space = etree.parse(path).getroot().get("targetNamespace")

    assert space == iso20022.NAMESPACE + path.stem.removeprefix("profile-")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-06T19:00:00+03:00", "2026-10-06T19:00:00+03:00"),
        ("2026-10-06T16:00:00.5Z", "2026-10-06T16:00:00.500000+00:00"),
        ("2026-10-06T19:00:00", "2026-10-06T19:00:00+03:00"),
        ("2026-10-06T24:00:00", None),
        ("2026-10-06T23:59:60", None),
        ("2026-02-29T00:00:00", None),
        ("2026-W09-1T00:00:00", None),
        ("20261006T190000", None),
        ("２026-10-06T19:00:00", None),
    ],
)
def test_instants(text: str, instant: str | None) -> None:
    """An instant has one form; without a zone it is one of Minsk."""
    read_as = iso20022.moment(text)

    assert (read_as and read_as.isoformat()) == instant


@given(st.integers(0, 10**17))
def test_amounts_come_back_as_they_were(amount: int) -> None:
    """Kopecks that are printed are read again."""
    assert iso20022.kopecks(iso20022.roubles(amount)) == amount


@pytest.mark.parametrize(
    "text",
    ["", "-1.00", "+1.00", "1,00", ".5", "5.", "1e3", "01.00", "1.005", "NaN", "１.00", "1 0"],
)
def test_what_is_no_amount(text: str) -> None:
    """Only digits with at most two places are an amount; nothing is rounded."""
    assert iso20022.kopecks(text) is None
