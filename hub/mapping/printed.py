"""The conversions the other way: a value of the hub becomes a text of a partner's row."""

from collections.abc import Callable, Mapping

from hub import clock, money
from hub.errors import Inconsistent
from hub.mapping.values import OPEN_END, Form

Print = Callable[[object], str]


def printer(form: Form) -> Print:
    """How a value of this form is written; an absent value is the empty text."""
    write = _MAKERS[form.kind](form)
    absent = _day(form)(OPEN_END) if form.open_end else ""
    return lambda value: absent if value is None else write(value)


def _plain(form: Form) -> Print:
    return str


def _money(form: Form) -> Print:
    mark = _mark(form)
    return lambda value: money.roubles(_int(value)).replace(".", mark)


def _decimal(form: Form) -> Print:
    mark, scale = _mark(form), 10**form.scale
    return lambda value: money.decimal_text(_int(value), scale).replace(".", mark)


def _day(form: Form) -> Print:
    def write(value: object) -> str:
        year, month, day = str(value).split("-")
        pattern = form.pattern[0].replace("%Y", year)
        return pattern.replace("%m", month).replace("%d", day)

    return write


def _moment(form: Form) -> Print:
    return lambda value: clock.unstamp(str(value)).strftime("%Y%m%d%H%M%S")


def _month(form: Form) -> Print:
    def write(value: object) -> str:
        year, _, month = str(value).partition("-")
        return f"{month}.{year}"

    return write


def _code(form: Form) -> Print:
    words: dict[str, str] = {}
    for word, meaning in (form.table or {}).items():
        words.setdefault(meaning, word)

    def write(value: object) -> str:
        word = words.get(str(value), str(value) if form.unknown == "keep" else None)
        if word is None:
            raise Inconsistent(f"no word of the partner means {value!r}")
        return word

    return write


def _mark(form: Form) -> str:
    return "," if form.mark == "," else "."


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise Inconsistent(f"{value!r} is not a whole number")
    return value


_MAKERS: Mapping[str, Callable[[Form], Print]] = {
    "text": _plain,
    "account": _plain,
    "money": _money,
    "decimal": _decimal,
    "int": _plain,
    "date": _day,
    "datetime": _moment,
    "month": _month,
    "code": _code,
    "bool": _plain,
}
