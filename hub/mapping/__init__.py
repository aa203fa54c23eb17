"""Mappings: rows of a format <-> the hub's messages, declared in TOML and compiled to closures.

A mapping file says which format and message it joins, and for each field of the message from
which column it comes and `as` what (`architecture.md`, section 4; the conversions stand in
`values`). When a mapping wants an `if`, the code belongs into the format.

    name = "erip-206"
    version = 1
    format = "erip.206"
    message = "Payment"
    key = ["operation"]              # the business key, by fields of the message
    key_space = "erip.206"           # where it is unique; absent: only inside the file

    [control]                        # sums to compare: field of the message = of the envelope
    amount = "total_amount"

    [fields]
    operation = { from = "erip_operation", matches = "[0-9]{1,11}", on_bad = "file" }
    amount = { from = "amount", as = "money", sign = "positive" }

    [tables.services]                # for `as = "code"`: the partner's word = ours
    [constants]                      # columns that only writing fills
"""

from collections import abc
from operator import attrgetter
from pathlib import Path

from formats.contract import Finding, Layout, Row, Unreadable
from hub.mapping import declared, writer
from hub.mapping.columns import column
from hub.mapping.declared import Declared
from hub.mapping.reader import SHOWN, Bad, Message, Reader
from hub.mapping.values import BadValue, Form, money

__all__ = ["Bad", "Mapping", "Message", "Reader", "load", "read_money"]

_read_money = money(Form(mark="either", fewer=True))


class Mapping(Declared):
    """A mapping file with its two directions; made by `load`."""

    __slots__ = ()

    def reader(self, layout: Layout, fill: abc.Mapping[str, str]) -> Reader:
        """Compile for rows of a layout; `fill` holds the named groups of the file name.

        Raises `SettingsError` when a column that the mapping wants is not in the layout.
        """
        return Reader(self, layout, fill)

    def writer(self, layout: Layout) -> abc.Callable[[Message], Row]:
        """Compile the way back: a message becomes a row of the layout.

        Columns that no field and no constant fills are empty. Raises `SettingsError` when a
        mandatory one is among them, or a field is joined of several columns.
        """
        return writer.compiled(self, layout)

    def key_of(self) -> abc.Callable[[Message], object]:
        """What gives the business key of a message: one value, or a tuple of several."""
        return attrgetter(*self.key) if self.key else lambda message: None

    def announced(self, fields: abc.Mapping[str, str]) -> tuple[dict[str, int], list[Finding]]:
        """The control sums of an envelope by the field of the message, and what is unreadable.

        A sum that the envelope leaves empty is not announced.
        """
        sums, findings = {}, []
        forms = {target.name: target.form for target in self.targets}
        for name, field in self.control.items():
            text = fields.get(field, "")
            try:
                (number,) = column(forms[name]._replace(sign="any"), required=False)([text])
            except BadValue as bad:
                findings.append(Finding(bad.code, None, field, text[:SHOWN], example=bad.example))
                continue
            if isinstance(number, int):
                sums[name] = number
        return sums, findings


def load(path: Path) -> Mapping:
    """Read a mapping file. Raises `SettingsError` that names the file, the place and the key."""
    return Mapping(*declared.read(path))


def read_money(text: str) -> int:
    """Kopecks of an amount in roubles, with point or comma. Raises `Unreadable` E-AMOUNT."""
    try:
        return _read_money(text)
    except BadValue as bad:
        raise Unreadable(Finding(bad.code, value=text[:SHOWN], example=bad.example)) from bad
