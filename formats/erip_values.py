"""Values of the ERIP text messages: their forms, their characters, what is wrong with one.

Source: `formats-erip.md`, A2 (syntax and characters) and A13 (what bad input gets);
`formats-partners.md`, G1 (IBAN).
"""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from formats.contract import Field, Finding

ENCODING = "windows-1251"
MINSK = ZoneInfo("Europe/Minsk")

AMOUNT = r"-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,2})?"
WHOLE = r"-?(?:0|[1-9][0-9]{0,12})"
PERIOD = r"(?:0?[1-9]|1[0-2])\.[0-9]{4}"
TIME = (
    "20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
)
TIME_EXAMPLE = "20261001010500"
PERSON = r"[ \-.,'’\"«»/()№*0-9A-Za-zА-яЁёІіЎўҐґЄєЇї]{0,99}"
"""The alphabet of a name. Cyrillic means the letters of Russian, Belarusian and Ukrainian: what
else windows-1251 has of Cyrillic is what UTF-8 and CP866 bytes turn into when misread."""

METERS = r"[0-9.~]*"

WRITTEN = {
    AMOUNT: r"(?:0|[1-9][0-9]{0,12})\.[0-9]{2}|-(?:0\.(?!00)|[1-9][0-9]{0,12}\.)[0-9]{2}",
    WHOLE: r"0|-?[1-9][0-9]{0,12}",
    PERIOD: r"(?:0[1-9]|1[0-2])\.[0-9]{4}",
}
"""The one form that is written of a value of which several forms are read; never `-0.00`."""

TEXTS = frozenset({"payer_name", "payer_address", "info_text", "tariff_name", "error_text"})
"""Fields in which a character that cannot stand becomes a blank."""
CUT = frozenset({"payer_name", "payer_address", "info_text"})
"""Fields that are cut to their width when written."""

READ = r"[^\x00-\x1f\x7f^]"
"""A character that may stand in a field when reading."""
_UNWRITTEN = {0x7F, 0x98, 0xA0, *b"^~"}
WRITE = f"[{re.escape(bytes({*range(32, 256)} - _UNWRITTEN).decode(ENCODING))}]"
"""A character that may stand in a field when writing; a no-break blank is looked at first."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
RESERVED = re.compile(r"[\x00-\x1f\x7f^~]")

_SUBSTITUTES = str.maketrans(
    {
        **dict.fromkeys([*map(chr, range(32)), "\x7f", "^", "~"], " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2015\u2212", "-"),
        **dict.fromkeys("\u02bc\u2032", "’"),
        **dict.fromkeys("\u201f\u2033", '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
    }
)
"""The declared substitutions: what windows-1251 lacks, and what would break the line."""

_BAD = {
    AMOUNT: ("E-AMOUNT", "1234.50"),
    WHOLE: ("E-AMOUNT", "1234"),
    TIME: ("E-DATE", TIME_EXAMPLE),
    PERIOD: ("E-PERIOD", "09.2026"),
    WRITTEN[AMOUNT]: ("E-AMOUNT", "1234.50"),
    WRITTEN[WHOLE]: ("E-AMOUNT", "1234"),
    WRITTEN[PERIOD]: ("E-PERIOD", "09.2026"),
}
"""The code and the example for a value that breaks a pattern; E-FIELD for any other."""


def digits(most: int, least: int = 1) -> str:
    """The pattern of a number that is an identifier, of so many digits."""
    return f"[0-9]{{{most}}}" if least == most else f"[0-9]{{{least},{most}}}"


def moment(text: str) -> datetime | None:
    """The instant of 14 digits, local time of Minsk; None when there is none such."""
    if not re.fullmatch(TIME, text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=MINSK)
    except ValueError:
        return None


def is_iban(text: str) -> bool:
    """Whether this is a Belarusian IBAN with right check digits (G1).

    >>> is_iban("BY39TSTB30120000000010000000"), is_iban("BY93TSTB30120000000010000000")
    (True, False)
    """
    if not re.fullmatch("BY[0-9]{2}[A-Z0-9]{4}[0-9]{4}[A-Z0-9]{16}", text):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def expression(field: Field, character: str, limit: int) -> str:
    """The regular expression that a value of the field matches, empty when it may be."""
    if field.pattern is None:
        return f"{character}{{{int(field.mandatory)},{field.width or limit}}}+"
    return f"(?:{field.pattern})" + ("" if field.mandatory else "?")


def fault(field: Field, value: str, line: int | None, limit: int) -> Finding | None:
    """What is wrong with a value by the form of its field, or None."""
    if not value:
        return Finding("E-REQUIRED", line, field.name) if field.mandatory else None
    size, most = len(value), field.width or limit
    if size > limit:
        return Finding("E-LIMIT", line, field.name, str(size), str(limit), "max_field")
    if field.pattern in (None, PERSON):
        if size > most:
            return Finding("E-LENGTH", line, field.name, str(size), str(most))
        if field.pattern and not re.fullmatch(field.pattern, value):
            return Finding("E-MOJIBAKE", line, field.name, expected=ENCODING)
        return None
    return _bad_form(field, value, line)


def _bad_form(field: Field, value: str, line: int | None) -> Finding | None:
    pattern = field.pattern or ""
    if re.fullmatch(pattern, value):
        return None
    code, example = _BAD.get(pattern, ("E-FIELD", None))
    return Finding(code, line, field.name, value[:64], example or pattern, example=example)


def bad_character(text: str, line: int | None, forbidden: re.Pattern[str]) -> Finding | None:
    """The first forbidden character of a line or value by its position from 1, or None."""
    found = forbidden.search(text)
    return Finding("E-CHAR", line, value=str(found.start() + 1)) if found else None


def cleaned(field: Field, value: str) -> str:
    """A value as it may be written: texts by A2, cut where that is allowed; others untouched."""
    if field.name not in TEXTS:
        return value
    text = unicodedata.normalize("NFC", value).translate(_SUBSTITUTES)
    text = " ".join(text.split())
    return text[: field.width].rstrip() if field.name in CUT else text


def unwritable(field: Field, value: str, number: int | None) -> Finding | None:
    """The first character that windows-1251 lacks, by its code point, or None."""
    try:
        value.encode(ENCODING)
    except UnicodeEncodeError as error:
        sign = f"U+{ord(value[error.start]):04X}"
        return Finding("E-ENC-OUT", number, field.name, sign, ENCODING)
    return None
