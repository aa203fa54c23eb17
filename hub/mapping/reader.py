"""Rows to messages: a mapping compiled to columns; row by row only where something is wrong."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

from formats.contract import Finding, Layout, Numbered, Row
from hub.mapping.columns import Column, column
from hub.mapping.declared import Declared, Target, places_of
from hub.mapping.values import BadValue, Form
from hub.messages import MESSAGES

Message = tuple[object, ...]
"""One of the named tuples of `hub.messages`."""
Step = Callable[[Sequence[Sequence[str]], int], Sequence[object]]
"""From the columns of a chunk and the number of its rows to the values of one field."""
RECORD, FILE, SUSPENSE = "record", "file", "suspense"
_FATES = {"E-AMOUNT-SIGN": RECORD, "E-AMOUNT-RANGE": FILE, "E-SENDER": RECORD}
"""Codes whose outcome `exchange.md`, 10.3 fixes, whatever the field says."""
_MASK = "***"
SHOWN = 64
"""Characters of a value that a finding repeats."""


class Bad(NamedTuple):
    """A row in which something is wrong."""

    line: int
    key: str | None
    """Its business key, when that could be read."""
    findings: tuple[Finding, ...]
    fate: str
    """`record`, `file`, or `suspense`: money that is kept although its owner is not known."""
    message: Message | None
    """For suspense the message with None for what could not be read."""
    sums: Mapping[str, int]
    """The control fields that could be read: they count in the sums of the file all the same."""


class Reader:
    """Turns the rows of one layout into messages; made by `Mapping.reader`."""

    def __init__(self, said: Declared, layout: Layout, fill: Mapping[str, str]) -> None:
        self._said = said
        self._layout = layout
        self._steps = [_step(said, target, layout, fill) for target in said.targets]
        self._make = partial(tuple.__new__, MESSAGES[said.message])

    def translate(self, chunk: list[Numbered]) -> tuple[list[tuple[int, Message]], list[Bad]]:
        """The messages with their lines, and what is wrong with the other rows."""
        try:
            return self._translated(chunk), []
        except BadValue:
            return self._one_by_one(chunk)

    def _translated(self, chunk: list[Numbered]) -> list[tuple[int, Message]]:
        if not chunk:
            return []
        lines, rows = zip(*chunk, strict=True)
        columns = tuple(zip(*rows, strict=True))
        fields = [step(columns, len(rows)) for step in self._steps]
        return list(zip(lines, map(self._make, zip(*fields, strict=True)), strict=True))

    def _one_by_one(self, chunk: list[Numbered]) -> tuple[list[tuple[int, Message]], list[Bad]]:
        good, bad = [], []
        for numbered in chunk:
            try:
                good += self._translated([numbered])
            except BadValue:
                bad.append(self._explained(*numbered))
        return good, bad

    def _explained(self, line: int, row: Row) -> Bad:
        """Go through a bad row field by field and collect all that is wrong with it."""
        columns = [(cell,) for cell in row]
        found: dict[str, object] = {}
        wrong: list[tuple[Target, BadValue]] = []
        for target, step in zip(self._said.targets, self._steps, strict=True):
            try:
                found[target.name] = step(columns, 1)[0]
            except BadValue as cause:
                found[target.name] = cause.read
                wrong.append((target, cause))
        key = _key_text(self._said, found, {target.name for target, _ in wrong})
        message = self._make([found[target.name] for target in self._said.targets])
        fate = _fate(wrong)
        return Bad(
            line,
            key,
            tuple(self._finding(line, row, key, *pair) for pair in wrong),
            fate,
            message if fate == SUSPENSE else None,
            _sums(self._said, found),
        )

    def _finding(
        self, line: int, row: Row, key: str | None, target: Target, cause: BadValue
    ) -> Finding:
        name = target.sources[0] if target.sources else target.name
        names = self._layout.names
        field = self._layout.fields[names.index(name)] if name in names else None
        stood = row[names.index(name)] if field else ""
        shown = _MASK if field and field.personal and stood else stood[:SHOWN]
        value = cause.value or shown
        return Finding(
            cause.code, line, name, value, cause.expected, key=key, example=cause.example
        )


def _step(said: Declared, target: Target, layout: Layout, fill: Mapping[str, str]) -> Step:
    places = places_of(said, target, layout)
    if not places and not target.groups:
        return lambda columns, rows: list(repeat(target.constant, rows))
    convert = column(_narrowed(target, layout), target.required, target.default)
    filled = next(filter(None, (fill.get(group) for group in target.groups)), "")
    if not places:
        return lambda columns, rows: convert([filled] * rows)
    if filled:
        return _filled(places[0], filled, target.agrees, convert)
    if len(places) == 1:
        at = places[0]
        return lambda columns, rows: convert(columns[at])
    return lambda columns, rows: convert(_joined([columns[at] for at in places]))


def _joined(columns: Sequence[Sequence[str]]) -> Sequence[str]:
    return [" ".join(filter(None, cells)) for cells in zip(*columns, strict=True)]


def _narrowed(target: Target, layout: Layout) -> Form:
    """The form, with the width and the pattern that the layout states for the column."""
    form = target.form
    if len(target.sources) != 1 or form.kind not in ("text", "account"):
        return form
    field = layout.fields[layout.names.index(target.sources[0])]
    return form._replace(
        width=field.width,
        matches=form.matches or (field.pattern if form.kind == "text" else None),
    )


def _filled(at: int, filled: str, agrees: bool, convert: Column) -> Step:
    def step(columns: Sequence[Sequence[str]], rows: int) -> Sequence[object]:
        texts = [text.strip() or filled for text in columns[at]]
        if agrees and texts.count(filled) < len(texts):
            raise BadValue("E-SENDER", filled)
        return convert(texts)

    return step


def _fate(wrong: Sequence[tuple[Target, BadValue]]) -> str:
    fates = {_FATES.get(cause.code, target.on_bad) for target, cause in wrong}
    return next(fate for fate in (FILE, RECORD, SUSPENSE) if fate in fates)


def _sums(said: Declared, found: Mapping[str, object]) -> Mapping[str, int]:
    read = {name: found[name] for name in said.control}
    return {name: number for name, number in read.items() if isinstance(number, int)}


def _key_text(said: Declared, found: Mapping[str, object], unread: set[str]) -> str | None:
    if not said.key or not unread.isdisjoint(said.key):
        return None
    return "|".join("" if found[name] is None else str(found[name]) for name in said.key)
