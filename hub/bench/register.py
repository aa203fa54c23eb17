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
from hub.records import CHUNK
from hub.store import exchange
from hub.store import payments as table
from hub.store.payments import ERIP, RegisterRow
from hub.store.session import Row, Transaction

NAME = "register"
UNIT = "records/s"
STORES = True
FILE = "1.210"


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
    with place.opened() as hub, watch, hub.store.transaction() as tx:
        with (place.input / FILE).open(encoding="cp1251") as lines:
            head = next(lines).rstrip("\n").split("^")
            loader = _Loader(tx, head)
            count = loader.load(line.rstrip("\n").split("^") for line in lines)
            if count != int(head[4]):
                raise ValueError(f"{count} records instead of {head[4]}")
    return count


class _Loader:
    def __init__(self, tx: Transaction, head: Sequence[str]) -> None:
        self._tx = tx
        self._intake = add_traces(tx, "erip-210", FILE)
        self._accounts = byhand.accounts(tx, SCHEME)
        totals = tuple(map(byhand.kopecks, head[12:15]))
        day = byhand.day(head[10])
        register = RegisterRow(
            self._intake, head[2], ERIP, head[16], head[9], day, *totals, None, None
        )
        table.add_register(tx, register)

    def load(self, lines: Iterator[list[str]]) -> int:
        """Check and insert all records; gives their count. Raises ValueError."""
        line, now, month = 2, stamp(NOW), Month.of(NOW.date()).key
        while chunk := list(islice(lines, CHUNK)):
            first = self._tx.reserve("payment", len(chunk))
            made = [
                self._row(first + at, fields, line + at, (month, now))
                for at, fields in enumerate(chunk)
            ]
            table.add_payments(self._tx, made)
            exchange.add_records(
                self._tx, [(row[23], row[24], "erip.210", row[3], "POSTED", row[6], None) for row in made]
            )
            line += len(chunk)
        return line - 2

    def _row(self, number: int, fields: Sequence[str], line: int, posted: tuple[int, str]) -> Row:
        m = byhand.payment(fields)
        sent = m.transferred or 0
        account = self._accounts.get(m.account or "")
        if account is None or m.service_number != "1" or not sent <= m.amount >= m.penalty:
            raise ValueError(f"no such payment is expected: {m.operation}")
        return (
            number, SCHEME, ERIP, m.operation, None, account, m.amount, m.penalty, m.paid_at,
            byhand.day(fields[9]), posted[0], "transferred", self._intake, sent, m.amount - sent,
            None, 0, m.account, m.payer, m.address, m.service_number, m.period, m.demand_time,
            self._intake, line, posted[1],
        )  # fmt: skip
