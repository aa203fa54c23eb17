"""The table of finding codes: complete, stable, and a whole sentence in three languages."""

import re
import string

import pytest

from formats.contract import ERROR, HOLD, LANGUAGES, WARNING, Finding, codes

KINDS = {
    "W": "E-EMPTY E-LIMIT E-NUM-REUSED E-COMPANION E-ENC E-MOJIBAKE E-CHAR E-PARSE E-TRAIL E-DTD "
    "E-XML E-XML-MIXED E-SCHEMA E-COLUMNS E-DBF E-BOMB E-ARCHIVE E-VERSION E-COUNT E-SUM E-SENDER "
    "E-RECEIVER E-ENV E-CONTRACT E-SIG-NONE E-SIG E-SIG-SIGNER E-SIG-CONTENT E-SIG-TIME "
    "E-SIG-REVOKED E-SIG-PURPOSE E-SIG-CHAIN E-SIG-COUNT E-SIG-FORM E-ALG E-AMOUNT-RANGE E-CUR",
    "W/Q": "E-SIZE",
    "W/R": "E-DATE E-DUP-REC",
    "R": "E-REQUIRED E-LENGTH E-FIELD E-AMOUNT-SIGN E-ACCOUNT E-UNP E-IBAN E-PERIOD E-DATE-ORDER "
    "E-ACC-UNKNOWN E-ACC-CLOSED E-CONFLICT E-DAMAGE",
    "R/W": "E-AMOUNT",
    "R/H": "E-READING-LOW",
    "Q": "E-NAME E-KIND E-PARTNER",
    "H": "E-ACCESS E-SET E-GAP E-NUM-ORDER E-QUOTA E-DATE-OLD E-CRL E-PERIOD-CLOSED E-PERIOD-OLD "
    "E-LIMIT-SUM E-NO-ORIGINAL E-CANCEL-PAID E-READING-JUMP E-NUM-NAME E-METER E-SPLIT",
    "S": "E-DUP-FILE",
    "N": "W-DUP-FILE W-GAP W-LATE W-CERT W-EQUAL W-DAMAGE W-IDENTITY W-MATCH",
    "X": "E-ENC-OUT E-OUT-CONFLICT E-ACK-UNKNOWN E-ACK-CONFLICT E-ACK-OVERDUE E-HOSTKEY E-CHANNEL "
    "E-SIGNER-DOWN E-DISK E-INTERNAL",
}
PLACEHOLDERS = {"value", "expected", "rule", "line", "example"}


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_code_has_its_outcome() -> None:
    """The table holds the codes of the specification, each with its usual outcome."""
    told = {name: kind for kind, names in KINDS.items() for name in names.split()}

    assert {name: code.out for name, code in codes().items()} == told


@pytest.mark.parametrize("name", sorted(codes()))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentence_is_whole(name: str, lang: str) -> None:
    """A code is told in a sentence with a capital, a full stop and known placeholders."""
    text = codes()[name].texts[lang]

    assert re.fullmatch(r"[A-ZА-ЯІЎЁ№].*\.", text)
    assert _placeholders(text) <= PLACEHOLDERS
    assert not re.search("  | [.,;]", text)


@pytest.mark.parametrize("name", sorted(codes()))
def test_languages_tell_the_same_facts(name: str) -> None:
    """The three sentences of a code name the same facts."""
    russian, belarusian, english = (codes()[name].texts[lang] for lang in LANGUAGES)

    assert _placeholders(russian) == _placeholders(belarusian) == _placeholders(english)


@pytest.mark.parametrize("name", sorted(codes()))
def test_languages_do_not_mix(name: str) -> None:
    """Belarusian has no Russian letters, Russian no Belarusian ones, English no Cyrillic."""
    texts = codes()[name].texts

    assert not re.search("[ІіЎў']", texts["ru"])
    assert not re.search("[ИиЩщЪъ]", texts["be"])
    assert not re.search("[А-яЁё]", texts["en"])


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("E-COUNT", ERROR),
        ("E-LENGTH", ERROR),
        ("E-INTERNAL", ERROR),
        ("E-SPLIT", HOLD),
        ("E-NAME", HOLD),
        ("W-GAP", WARNING),
        ("E-DUP-FILE", WARNING),
    ],
)
def test_severity_follows_from_the_outcome(code: str, severity: str) -> None:
    """What refuses is an error, what waits a hold, what only tells a warning."""
    assert Finding(code).severity == severity


def test_sentence_is_filled_in() -> None:
    """The place stands in front, the facts in the sentence, the example comes from the table."""
    finding = Finding("E-PERIOD", line=4, field="PERIOD", value="13.2026")

    assert finding.text() == (
        "Строка 4, поле PERIOD: период «13.2026» указан неверно; образец: 09.2026."
    )
    assert Finding("E-EMPTY").text("en") == "The file is empty; send a file with data."
