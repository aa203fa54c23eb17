"""Whole columns at once: the same conversions as `values`, some of them much faster.

A chunk of rows is turned into columns, and a column whose texts are all in the usual form is
checked by one regular expression and converted by one call. Any other column goes text by text.
"""

import re
from collections.abc import Callable, Sequence

from hub.mapping import values
from hub.mapping.values import BadValue, Convert, Form

Column = Callable[[Sequence[str]], Sequence[object]]
_SPLIT = "\x1f"
"""Stands between the texts of a column; no format lets it through."""


def column(form: Form, required: bool, default: str | None = None) -> Column:
    """Convert a column; raises `BadValue` for its first bad text.

    An empty text is the default, or E-REQUIRED, or None.
    """
    bulk = _signed(form, _BULK.get(form.kind, _one_by_one)(form, values.MAKERS[form.kind](form)))
    trim = _TRIMMED.get(form.kind, _untouched)

    def convert(texts: Sequence[str]) -> Sequence[object]:
        texts = trim(texts)
        if "" not in texts:
            return bulk(texts)
        if default is not None:
            return bulk([text or default for text in texts])
        if required:
            raise BadValue("E-REQUIRED")
        found = iter(bulk([text for text in texts if text]))
        return [next(found) if text else None for text in texts]

    return convert


def _signed(form: Form, bulk: Column) -> Column:
    lowest = {"positive": 1, "not_negative": 0}.get(form.sign)
    if lowest is None:
        return bulk

    def checked(texts: Sequence[str]) -> Sequence[object]:
        numbers = bulk(texts)
        for number in numbers:
            if isinstance(number, int) and number < lowest:
                raise BadValue("E-AMOUNT-SIGN", read=number)
        return numbers

    return checked


def _one_by_one(form: Form, convert: Convert) -> Column:
    return lambda texts: list(map(convert, texts))


def _untouched(texts: Sequence[str]) -> Sequence[str]:
    return texts


def _stripped(texts: Sequence[str]) -> Sequence[str]:
    return list(map(str.strip, texts))


def _without_blanks(texts: Sequence[str]) -> Sequence[str]:
    """Only plain blanks go: an unseen one inside or beside an account is a finding."""
    return [text.strip(" ") for text in texts]


_TRIMMED: dict[str, Callable[[Sequence[str]], Sequence[str]]] = {
    "text": _stripped,
    "code": _stripped,
    "bool": _stripped,
    "account": _without_blanks,
}


def _text(form: Form, convert: Convert) -> Column:
    if form.matches is not None:
        return _as_it_is(form.matches, convert)
    if not form.width:
        return _untouched
    width = form.width

    def bulk(texts: Sequence[str]) -> Sequence[object]:
        if max(map(len, texts), default=0) > width:
            return list(map(convert, texts))
        return texts

    return bulk


def _account(form: Form, convert: Convert) -> Column:
    return _as_it_is(f"[0-9]{{1,{form.width or 30}}}", convert)


def _as_it_is(usual: str, convert: Convert) -> Column:
    fits = _uniform(usual)
    return lambda texts: texts if fits(texts) else list(map(convert, texts))


def _money(form: Form, convert: Convert) -> Column:
    mark = "," if form.mark == "," else "."
    fits = _uniform(rf"(?:0|[1-9][0-9]{{0,{min(form.digits, 16) - 1}}})\{mark}[0-9]{{2}}")

    def bulk(texts: Sequence[str]) -> Sequence[object]:
        if not fits(texts):
            return list(map(convert, texts))
        return list(map(int, _SPLIT.join(texts).replace(mark, "").split(_SPLIT)))

    return bulk


def _moment(form: Form, convert: Convert) -> Column:
    fits, stamped = _uniform("20[0-9]{8}[0-5][0-9][0-5][0-9]"), values.stamped

    def bulk(texts: Sequence[str]) -> Sequence[object]:
        return [stamped(text) for text in texts] if fits(texts) else list(map(convert, texts))

    return bulk


def _uniform(form: str) -> Callable[[Sequence[str]], bool]:
    """Whether every text of a column (of one at least) matches whole."""
    fits = re.compile(f"(?:(?:{form}){_SPLIT})*+").fullmatch

    def uniform(texts: Sequence[str]) -> bool:
        joined = _SPLIT.join(texts) + _SPLIT
        return fits(joined) is not None and joined.count(_SPLIT) == len(texts)

    return uniform


_BULK: dict[str, Callable[[Form, Convert], Column]] = {
    "text": _text,
    "account": _account,
    "money": _money,
    "datetime": _moment,
}
