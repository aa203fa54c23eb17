"""The billing month (расчетный период): a small value used wherever a period is meant."""

import calendar
from datetime import date
from typing import NamedTuple, Self


class Month(NamedTuple):
    """A calendar month; ordered, hashable, stored in the database as the int `YYYYMM`."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The month in which `day` lies."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`; anything else is a `ValueError` that says so."""
        year, dash, number = text.partition("-")
        whole = (year + number).isascii() and (year + number).isdecimal()
        if not (dash and whole and len(year) == 4 and len(number) == 2 and 1 <= int(number) <= 12):
            raise ValueError(f"a month is written YYYY-MM, not {text!r}")
        return cls(int(year), int(number))

    @classmethod
    def from_key(cls, key: int) -> Self:
        """The month of a stored `YYYYMM`."""
        return cls(*divmod(key, 100))

    @property
    def key(self) -> int:
        """The int `YYYYMM` as it is stored."""
        return self.year * 100 + self.number

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.number, self.days)

    @property
    def days(self) -> int:
        """Its calendar days."""
        return calendar.monthrange(self.year, self.number)[1]

    def plus(self, months: int) -> "Month":
        """The month so many months later (earlier when negative)."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def until(self, later: "Month") -> int:
        """Whole months from this one to `later`."""
        return (later.year - self.year) * 12 + later.number - self.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"
