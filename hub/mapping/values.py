"""The fixed list of conversions: one text of a partner's row becomes one value of the hub.

Each maker takes the `Form` of a field and gives a function of one text that is not empty. The
function returns the value or raises `BadValue` with the code of `exchange.md`, 10.3. Forms are
strict and ASCII (section 18, notes under B112); nothing is ever rounded.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from hub import clock
from hub.month import Month

Convert = Callable[[str], object]
LARGEST = 2**63 - 1
"""Largest number that any database column holds (B88)."""
OPEN_END = "2100-01-01"
"""How АИС writes "no end" (`formats-partners.md`, A2)."""
MARKS = {".": r"\.", ",": ",", "either": "[.,]"}
_BLANKS = str.maketrans("", "", " \u00a0\u202f")
_DAMAGED = re.compile(
    "#.*|.*(?:°|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек).*", re.IGNORECASE
)
"""A number that a spreadsheet program turned into an error, a date or an angle (A4)."""
_SCIENTIFIC = re.compile("[0-9]+(?:[.,][0-9]*)?E[+-][0-9]+|[0-9]+[.,][0-9]+E[0-9]+", re.IGNORECASE)
_UNSEEN = re.compile("[\u00a0\u00ad\u1680\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff]")
_LATIN, _CYRILLIC = re.compile("[A-Za-z]"), re.compile("[\u0400-\u04ff]")
_DIRECTIVES = {"%d": "(?P<d>[0-9]{2})", "%m": "(?P<m>[0-9]{2})", "%Y": "(?P<Y>[0-9]{4})"}
_FLAGS = {"0": 0, "1": 1, "нет": 0, "да": 1, "no": 0, "yes": 1}


class Form(NamedTuple):
    """How a field is written; the words of a mapping file with their defaults."""

    kind: str = "text"
    scale: int = 0
    """Places of a `decimal`: the value is an int of `10**scale`."""
    mark: str = "."
    thousands: bool = False
    """Blanks between thousands are removed."""
    fewer: bool = False
    """Money with one decimal or none is understood too."""
    digits: int = 17
    """Largest number of digits before the mark."""
    sign: str = "any"
    pattern: tuple[str, ...] = ("%d.%m.%Y",)
    min_year: int = 2000
    open_end: bool = False
    matches: str | None = None
    """Regular expression that a text must match whole."""
    width: int = 0
    table: Mapping[str, str] | None = None
    unknown: str = "refuse"


class BadValue(Exception):
    """A text that is not what the field wants; it becomes a finding."""

    def __init__(
        self,
        code: str,
        expected: str | None = None,
        *,
        value: str | None = None,
        example: str | None = None,
        read: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.expected = expected
        self.value = value
        self.example = example
        self.read = read
        """The number that was understood although it is not allowed here."""


def text(form: Form) -> Convert:
    """The text as it is."""
    matches = re.compile(form.matches or "(?s:.*)").fullmatch

    def convert(value: str) -> str:
        _check_width(value, form.width)
        if not matches(value):
            damaged = "E-DAMAGE" if _SCIENTIFIC.fullmatch(value) else "E-FIELD"
            raise BadValue(damaged, form.matches)
        return value

    return convert


def account(form: Form) -> Convert:
    """A personal account in NFC: no unseen blanks, no mixture of Cyrillic and Latin letters."""

    def convert(value: str) -> str:
        value = unicodedata.normalize("NFC", value)
        if _UNSEEN.search(value) or (_LATIN.search(value) and _CYRILLIC.search(value)):
            raise BadValue("E-ACCOUNT")
        if _SCIENTIFIC.fullmatch(value):
            raise BadValue("E-DAMAGE")
        _check_width(value, form.width)
        return value

    return convert


def money(form: Form) -> Callable[[str], int]:
    """Kopecks: `86.41` is 8641."""
    return _number(form, 1 if form.fewer else 2, 2, "1234.50")


def decimal(form: Form) -> Callable[[str], int]:
    """A scaled int; more places than the scale are refused."""
    return _number(form, min(1, form.scale), form.scale, None)


def whole(form: Form) -> Callable[[str], int]:
    """An int."""
    return _number(form._replace(digits=min(form.digits, 18)), 0, 0, None)


def _number(form: Form, least: int, most: int, example: str | None) -> Callable[[str], int]:
    fraction = rf"{MARKS[form.mark]}(?P<places>[0-9]{{{least},{most}}})"
    tail = fraction if least == 2 else f"(?:{fraction})?"
    fits = re.compile(rf"-?(?P<units>0|[1-9][0-9]{{0,{form.digits - 1}}}){tail}").fullmatch

    def convert(value: str) -> int:
        plain = value.translate(_BLANKS) if form.thousands else value
        found = fits(plain)
        if found is None:
            raise BadValue("E-DAMAGE" if _DAMAGED.fullmatch(plain) else "E-AMOUNT", example=example)
        number = int(found["units"] + (found["places"] or "").ljust(most, "0"))
        if number > LARGEST:
            raise BadValue("E-AMOUNT-RANGE")
        if plain[0] != "-":
            return number
        if number == 0:
            raise BadValue("E-AMOUNT", example=example)
        return -number

    return convert


def date(form: Form) -> Convert:
    """A day as ISO text, by the first pattern that fits; the open end is None."""
    fits = [_date_pattern(pattern) for pattern in form.pattern]
    example = "01.10.2026" if form.pattern[0] == "%d.%m.%Y" else "2026-10-01"

    @lru_cache(4096)
    def convert(value: str) -> str | None:
        found = next(filter(None, (fit(value) for fit in fits)), None)
        if found is None:
            damaged = value.startswith("#")
            raise BadValue("E-DAMAGE" if damaged else "E-DATE", form.pattern[0], example=example)
        day = f"{found['Y']}-{found['m']}-{found['d']}"
        if form.open_end and day == OPEN_END:
            return None
        if not (form.min_year <= int(found["Y"]) <= 2099 and _real(day)):
            raise BadValue("E-DATE", form.pattern[0], example=example)
        return day

    return convert


def _date_pattern(pattern: str) -> Callable[[str], re.Match[str] | None]:
    regex = re.escape(pattern)
    for directive, digits in _DIRECTIVES.items():
        regex = regex.replace(directive, digits)
    return re.compile(regex).fullmatch


def _real(day: str) -> bool:
    try:
        datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007 - only whether the day exists
    except ValueError:
        return False
    return True


_MOMENT = re.compile("20[0-9]{8}[0-5][0-9][0-5][0-9]").fullmatch
"""Fourteen digits; whether day and hour exist is seen by `_hour`."""


def moment(form: Form) -> Convert:
    """An instant as UTC stamp, from fourteen digits of the clock of Minsk (ERIP, A2)."""

    def convert(value: str) -> str:
        if not _MOMENT(value):
            raise BadValue("E-DATE", "YYYYMMDDhhmmss", example="20261005150915")
        return stamped(value)

    return convert


def stamped(digits: str) -> str:
    """The UTC stamp of fourteen digits whose minutes and seconds are known to be right."""
    return f"{_hour(digits[:10])}{digits[10:12]}:{digits[12:]}.000000Z"


@lru_cache(8192)
def _hour(digits: str) -> str:
    """The UTC stamp down to the hour: instants of a file share a few hours."""
    try:
        local = datetime.strptime(digits, "%Y%m%d%H").replace(tzinfo=clock.MINSK)
    except ValueError:
        raise BadValue("E-DATE", "YYYYMMDDhhmmss", example="20261005150915") from None
    return clock.stamp(local)[:14]


def month(form: Form) -> Convert:
    """A month as `YYYY-MM`, from `MM.YYYY` or `M.YYYY`."""
    fits = re.compile("(0?[1-9]|1[0-2])[.](20[0-9]{2})").fullmatch

    @lru_cache(1024)
    def convert(value: str) -> str:
        found = fits(value)
        if found is None:
            raise BadValue("E-PERIOD", "MM.YYYY", example="09.2026")
        return str(Month(int(found[2]), int(found[1])))

    return convert


def code(form: Form) -> Convert:
    """The hub's word for a partner's code or word; case makes no difference."""
    table = {word.casefold(): meaning for word, meaning in (form.table or {}).items()}

    def convert(value: str) -> str:
        meaning = table.get(value.casefold())
        if meaning is not None:
            return meaning
        if form.unknown == "keep":
            return value
        raise BadValue("E-FIELD", ", ".join(form.table or ()))

    return convert


def flag(form: Form) -> Convert:
    """0 or 1, also as words."""

    def convert(value: str) -> int:
        meaning = _FLAGS.get(value.casefold())
        if meaning is None:
            raise BadValue("E-FIELD", "0, 1")
        return meaning

    return convert


def _check_width(value: str, width: int) -> None:
    if width and len(value) > width:
        raise BadValue("E-LENGTH", str(width), value=str(len(value)))


MAKERS: Mapping[str, Callable[[Form], Convert]] = {
    "text": text,
    "account": account,
    "money": money,
    "decimal": decimal,
    "int": whole,
    "date": date,
    "datetime": moment,
    "month": month,
    "code": code,
    "bool": flag,
}
"""The conversions by the word that a mapping file says after `as`."""
