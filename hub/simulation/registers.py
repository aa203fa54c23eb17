"""How a supplier examines the register of a month (`formats-partners.md`, B7), on its own."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hub.month import Month
from hub.simulation.handover import Taken
from hub.simulation.town import Town

_HEADER = "month;account;service;opening;charged;benefit;recalculated;penalty;paid;fee;closing"
_NAME = re.compile(r"register_([0-9]{6})_([0-9]+)\.csv")
_AMOUNT = re.compile(r"-?[0-9]+[.,][0-9]{2}")
_TOTAL = "ИТОГО"

Key = tuple[str, str]
"""Account and service."""


class Line(NamedTuple):
    """The amounts of a row, kopecks."""

    opening: int
    charged: int
    benefit: int
    recalculated: int
    penalty: int
    paid: int
    fee: int
    closing: int

    @property
    def balances(self) -> bool:
        """Whether opening and the month's turnover give the closing."""
        turnover = self.charged - self.benefit + self.recalculated + self.penalty - self.paid
        return self.opening + turnover == self.closing


class Registers:
    """The registers of one supplier: each must go on where the one before ended."""

    def __init__(self, supplier: str, town: Town, first: Month) -> None:
        self._next = first
        self._count = 0
        self._closing: dict[Key, int] = {
            (account.number, contract.service.code): contract.balance + contract.penalty
            for account in town.accounts
            for contract in account.contracts
            if contract.service.supplier == supplier
        }
        self.turnover: Counter[str] = Counter()
        """The sums of all months by the name of the column, kopecks."""

    @property
    def count(self) -> int:
        """How many registers came."""
        return self._count

    def examine(self, file: Taken) -> Iterator[str]:
        """What is wrong with a register, each as a sentence."""
        month = self._next
        self._next, self._count = month.plus(1), self._count + 1
        name = _NAME.fullmatch(file.name)
        if name is None or name.groups() != (str(month.key), str(self._count)):
            yield f"not register {self._count}, of {month}"
        lines = _decoded(file.content).splitlines()
        rows = list(csv.reader(lines, delimiter=";", strict=True))
        if len(rows) < 2 or ";".join(rows[0]) != _HEADER or any(len(row) != 11 for row in rows):
            yield "header or columns are not those agreed"
            return
        if any(_AMOUNT.fullmatch(cell) is None for row in rows[1:] for cell in row[3:]):
            yield "a cell is not an amount with two places"
            return
        yield from self._rows(month, rows[1:-1])
        yield from _totals(rows[1:-1], rows[-1])

    def _rows(self, month: Month, rows: list[list[str]]) -> Iterator[str]:
        period, seen = f"{month.number:02d}.{month.year}", set()
        for row in rows:
            key, line = (row[1], row[2]), _line(row)
            seen.add(key)
            if row[0] != period or not line.balances:
                yield f"{key}: of another month, or opening and turnover are not the closing"
            if self._closing.get(key) != line.opening:
                yield f"{key}: opens with {line.opening}, ended with {self._closing.get(key)}"
            self._closing[key] = line.closing
            self.turnover.update(line._asdict())
        if len(seen) != len(rows) or seen != self._closing.keys():
            yield "it has not one row for each contract"


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def _line(row: list[str]) -> Line:
    return Line(*(int(re.sub("[.,]", "", cell)) for cell in row[3:]))


def _totals(rows: list[list[str]], total: list[str]) -> Iterator[str]:
    if (total[0], total[1]) != (_TOTAL, str(len(rows))):
        yield f"the last row is not {_TOTAL} with {len(rows)} rows"
    sums = tuple(map(sum, zip(*map(_line, rows), strict=True)))
    if _line(total) != sums:
        yield f"the totals are {_line(total)} instead of {sums}"
