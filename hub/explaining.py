"""How the charges of an account came about: facts, formula, numbers, in sentences.

The stored facts are read as known at the snapshot of the run, rated by the same functions, and
compared with the stored rows; a difference is said loudly (`explain_differs`).
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hub.billing.catalogue import Service
from hub.billing.rate import Line
from hub.errors import Refused
from hub.money import QUANTITY, SHARE, TARIFF, decimal_text, roubles
from hub.month import Month
from hub.rating import Work, rated, reach_of
from hub.settings import Scheme
from hub.store import periods, rates
from hub.store import rating as facts
from hub.store.session import Row, Store, Transaction

Words = Mapping[str, str]


@cache
def _texts() -> Mapping[str, Words]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


class Section(NamedTuple):
    """One charge line or one penalty: what it is called, why, and its amount."""

    title: str
    sentences: tuple[str, ...]
    amount: str
    """Roubles: gross less benefit of a line, the posting of a penalty."""


class Explanation(NamedTuple):
    """The month of an account; `agrees` is False when `explain_differs`."""

    account: str
    month: str
    agrees: bool
    sections: tuple[Section, ...]
    remarks: tuple[str, ...]
    """What holds for the whole account: that it was not rated, that the rows differ."""


def explain(
    store: Store, scheme: Scheme, number: str, service: str | None, month: Month, lang: str
) -> Explanation:
    """Explain the charges and penalties of an account, all or those of one service.

    Raises `Refused`: `unmatched_account`, `period_state` when the month was not rated.
    """
    with store.reading() as tx:
        run = periods.final_run(tx, scheme.code, month)
        account = facts.account_called(tx, scheme.code, number)
        if account is None:
            raise Refused("unmatched_account", f"{scheme.code} has no account {number}")
        if run is None or run.state != "sealed":
            raise Refused("period_state", f"{month} is not rated")
        again = rated(tx, Work.of(tx, run), reach_of(run, account, account))
        charges = facts.stored_charges(tx, run.id, account)
        penalties = facts.stored_penalties(tx, run.id, account)
        error = facts.stored_error(tx, run.id, account)
        teller = _Teller(tx, scheme.code, account, lang)
    same_rows = [row[1:] for row in again.charges] == charges
    same = same_rows and [row[1:] for row in again.penalties] == penalties
    agrees = same and [tuple(problem) for problem in again.errors.values()] == [error] * bool(error)
    sections = [*teller.charges(charges, service), *teller.penalties(penalties, service)]
    remarks = teller.remarks(error, agrees)
    return Explanation(number, str(month), agrees, tuple(sections), tuple(remarks))


class _Teller:
    """Puts the rows of one account into words."""

    def __init__(self, tx: Transaction, scheme: str, account: int, lang: str) -> None:
        self._words = _texts()["en" if lang == "en" else "ru"]
        self._lang = lang
        self._services = facts.services_of(tx, account)
        self._acts = rates.tariff_acts(tx, scheme)
        self._catalogue = rates.services()

    def charges(self, rows: Sequence[Row], service: str | None) -> Iterator[Section]:
        """The sections of charge lines."""
        for line in map(Line._make, rows):
            code = self._services[line.contract]
            if service in (None, code):
                yield self._charge(line, self._catalogue[code])

    def _charge(self, line: Line, service: Service) -> Section:
        say, net = self._words, roubles(line.gross - line.benefit)
        title = say["head"].format(
            service=self._name(service), component=say[f"in_{line.component}"]
        )
        formula = say["formula"].format(
            quantity=decimal_text(line.quantity, QUANTITY),
            unit=say[service.unit],
            price=decimal_text(line.price, TARIFF),
            gross=roubles(line.gross),
        )
        told = [*self._inputs(line.trace), formula]
        told.append(say["act"].format(act=self._acts.get(line.tariff, "?")))
        if line.benefit:
            told.append(say["benefit"].format(benefit=roubles(line.benefit), net=net))
        return Section(title, tuple(told), net)

    def _name(self, service: Service) -> str:
        return service.names.get(self._lang, service.names["ru"])

    def _inputs(self, trace: str) -> Iterator[str]:
        """The words of a trace one by one."""
        for word in trace.split():
            name, _, value = word.lstrip("!").partition("=")
            if name in self._words:
                yield self._words[name].format(*_shown(name, value))

    def penalties(self, rows: Sequence[Row], service: str | None) -> Iterator[Section]:
        """The sections of penalties."""
        for contract, about, amount, total, segments in rows:
            code = self._services[contract]
            if service not in (None, code):
                continue
            name, month = self._name(self._catalogue[code]), Month.from_key(about)
            told = [self._segment(*map(int, s.split(":"))) for s in segments.split()]
            told.append(
                self._words["penalty_total"].format(
                    total=roubles(total), before=roubles(total - amount), amount=roubles(amount)
                )
            )
            title = self._words["penalty"].format(service=name, month=month)
            yield Section(title, tuple(told), roubles(amount))

    def _segment(self, base: int, rate: int, days: int) -> str:
        percent = decimal_text(rate * 100, SHARE)
        return self._words["segment"].format(base=roubles(base), rate=percent, days=days)

    def remarks(self, error: Row | None, agrees: bool) -> Iterator[str]:
        """What holds for the whole account."""
        if error is not None:
            yield self._words["error"].format(code=error[0], text=error[1])
        if not agrees:
            yield self._words["differs"]


_SCALED = ("area", "norm", "fixed", "limit", "used")


def _shown(name: str, value: str) -> tuple[str, ...]:
    """The value of a word of a trace for a person: `area` is 1e6, `to` a day and a value."""
    if name in _SCALED:
        return (decimal_text(int(value), QUANTITY),)
    if name in ("from", "to"):
        day, _, read = value.partition(":")
        return day, decimal_text(int(read), QUANTITY)
    return tuple(value.split("/"))
