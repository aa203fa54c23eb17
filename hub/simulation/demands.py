"""How ERIP examines a list of demands, message 202 (`formats-erip.md`, A4), on its own."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from hub.month import Month
from hub.simulation.erip_files import moment
from hub.simulation.handover import Complaint, Taken
from hub.simulation.partners import Collector
from hub.simulation.payments import Demand
from hub.simulation.signature import fault

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,12})\.([0-9]{2})")
_HEADER_FIELDS, _RECORD_FIELDS = 11, 15


class DemandList(NamedTuple):
    """A 202 in which nothing is wrong."""

    number: int
    time: str
    sources: tuple[str, ...]
    """The records as they stand, without line ends."""
    demands: tuple[Demand, ...]


class Examiner:
    """Remembers the last number and knows which accounts must stand in a list."""

    def __init__(self, us: Collector, hub: x509.Certificate) -> None:
        self._us = us
        self._hub = hub
        self._last = 0

    def read(self, file: Taken, now: datetime, accounts: Collection[str]) -> DemandList:
        """The list of a file that must name exactly `accounts`. Raises `Complaint`."""
        wrong = fault(file.content, file.signature, self._hub)
        if wrong is not None:
            raise Complaint(f"{file.name}: {wrong}")
        header, records = _lines(file)
        for complaint in self._header_faults(file.name, header, len(records), now):
            raise Complaint(f"{file.name}: {complaint}")
        self._last = int(header[2])
        found = DemandList(
            self._last, header[3], records, tuple(_demand(file.name, line) for line in records)
        )
        for complaint in _list_faults(found, Month.of(now.date()).plus(-1), accounts):
            raise Complaint(f"{file.name}: {complaint}")
        return found

    def _header_faults(
        self, name: str, header: Sequence[str], records: int, now: datetime
    ) -> Iterator[str]:
        us, number = self._us, str(self._last + 1)
        if len(header) != _HEADER_FIELDS:
            yield f"the header has {len(header)} fields instead of {_HEADER_FIELDS}"
            return
        expected = (
            "5", us.subscriber_code, number, header[3], str(records), us.unp, us.bank_code,
            us.iban, us.service_number, "933", "PS",
        )  # fmt: skip
        for at, (found, right) in enumerate(zip(header, expected, strict=True), 1):
            if found != right:
                yield f"header field {at} is {found!r} instead of {right!r}"
        if name != f"{number}.202":
            yield f"the name of message {number} is {number}.202"
        if not re.fullmatch("[0-9]{14}", header[3]) or header[3] > moment(now):
            yield f"the time {header[3]!r} is no time, or not yet come"


def _lines(file: Taken) -> tuple[list[str], tuple[str, ...]]:
    try:
        content = file.content.decode("cp1251")
    except UnicodeDecodeError as error:
        raise Complaint(f"{file.name}: not windows-1251: {error}") from None
    lines = content.split("\r\n")
    if lines.pop() != "" or any("\n" in line or "\r" in line for line in lines):
        raise Complaint(f"{file.name}: every line, also the last, must end in CRLF")
    if not lines:
        raise Complaint(f"{file.name}: empty")
    return lines[0].split("^"), tuple(lines[1:])


def _demand(name: str, line: str) -> Demand:
    fields = line.split("^")
    if len(fields) != _RECORD_FIELDS:
        raise Complaint(f"{name}: a record has {len(fields)} fields instead of {_RECORD_FIELDS}")
    kind, account, payer, address, period, amount, _, time, *_ = fields
    money = _AMOUNT.fullmatch(amount)
    if kind != "2" or money is None or any(fields[10:]):
        raise Complaint(f"{name}: not a demand of version 5: {line!r}")
    if len(payer) > 99 or len(address) > 99:
        raise Complaint(f"{name}: name or address of {account} is longer than 99")
    return Demand(account, payer, address, period, int(money[1] + money[2]), time)


def _list_faults(found: DemandList, month: Month, accounts: Collection[str]) -> Iterator[str]:
    named = [demand.account for demand in found.demands]
    period = f"{month.number:02d}.{month.year}"
    if len(set(named)) != len(named):
        yield "an account stands in the list twice"
    if strangers := sorted(set(named) - set(accounts)):
        yield f"account {strangers[0]} is unknown or was refused before"
    if missing := sorted(set(accounts) - set(named)):
        yield f"account {missing[0]} is missing"
    for demand in found.demands:
        if demand.period != period or demand.time != found.time:
            yield f"account {demand.account} has not the period {period} and the list's time"
