"""Bench `register`: a 210 is taken, checked and posted exactly once, against a hand-made loader.

Ours is the whole path of the file from the inbox to its receipt. The loader splits the lines at
`^`, checks the fields for this one layout and bulk-inserts the same rows in one transaction.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from hub.bench import byhand, payments
from hub.bench.files import add_traces, take
from hub.bench.measure import Stopwatch
from hub.bench.place import NOW, SCHEME, Place
from hub.clock import stamp
from hub.instance import Instance
from hub.month import Month
from hub.store import exchange
from hub.store import payments as table
from hub.store.payments import ERIP, RegisterRow
from hub.store.session import Row, Transaction

NAME = "register"
UNIT = "records/s"
STORES = True
FILE = "1.210"
_NOW, _MONTH = stamp(NOW), Month.of(NOW.date()).key


def make_input(place: Place) -> None:
    """A register of payments, all of known accounts."""
    payments.write_register(place.input / FILE, place.size.records)


def furnish(place: Place, hub: Instance) -> None:
    """The accounts that pay."""
    with hub.store.transaction() as tx:
        payments.settle_town(tx, payments.accounts_of(place.size.records))


def ours(place: Place, watch: Stopwatch) -> int:
    """Claim, keep, identify, decode, map, post, receipt, journal, archive."""
    return take(place, watch, "erip", FILE)


def calibration(place: Place, watch: Stopwatch) -> int:
    """Split, check and bulk insert of the same rows into the same tables."""
    with (
        place.opened() as hub,
        watch,
        hub.store.transaction() as tx,
        (place.input / FILE).open(encoding="cp1251") as lines,
    ):
        records = (line.rstrip("\n").split("^") for line in lines)
        return _Loader(tx, next(records)).load(records)


class _Loader:
    """Loads a register and nothing else."""

    def __init__(self, tx: Transaction, head: Sequence[str]) -> None:
        self._tx = tx
        self._intake = add_traces(tx, "erip-210", FILE)
        self._accounts = byhand.accounts(tx, SCHEME)
        self._count = int(head[4])
        self._total, penalty, sent = map(byhand.kopecks, head[12:15])
        named = (head[2], ERIP, head[16], head[9], byhand.day(head[10]))
        register = RegisterRow(self._intake, *named, self._total, penalty, sent, None, None)
        table.add_register(tx, register)

    def load(self, records: Iterator[list[str]]) -> int:
        """Check and insert all records; gives their count.

        Raises ValueError for a bad value, and when count or sum are not those of the header.
        """
        line, total = 2, 0
        while chunk := list(islice(records, byhand.CHUNK)):
            first = self._tx.reserve("payment", len(chunk))
            made = [self._row(first + at, line + at, fields) for at, fields in enumerate(chunk)]
            table.add_payments(self._tx, made)
            exchange.add_records(self._tx, map(_record, made))
            total += sum(row[6] for row in made)
            line += len(chunk)
        if (line - 2, total) != (self._count, self._total):
            raise ValueError(f"{line - 2} records, {total} kopecks: the header says otherwise")
        return line - 2

    def _row(self, number: int, line: int, fields: Sequence[str]) -> Row:
        m = byhand.payment(fields)
        sent = m.transferred or 0
        account = self._accounts.get(m.account or "")
        if account is None or m.service_number != "1" or not sent <= m.amount >= m.penalty:
            raise ValueError(f"no such payment is expected: {m.operation}")
        return (
            number, SCHEME, ERIP, m.operation, None, account, m.amount, m.penalty, m.paid_at,
            byhand.day(fields[9]), _MONTH, "transferred", self._intake, sent, m.amount - sent,
            None, 0, m.account, m.payer, m.address, m.service_number, m.period, m.demand_time,
            self._intake, line, _NOW,
        )  # fmt: skip


def _record(payment: Row) -> Row:
    return payment[23], payment[24], "erip.210", payment[3], "POSTED", payment[6], None
