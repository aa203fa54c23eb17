"""Bench `xml`: a camt.053 is validated, decoded and posted, against a hand-made loader.

Ours is the whole path of the file from the inbox to its receipt. The loader validates with the
same schema while it parses, takes each value by its position and bulk-inserts the same rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from lxml import etree

from formats import iso20022
from formats.camt_053_layout import MESSAGE
from hub.bench import byhand
from hub.bench.files import add_traces, take
from hub.bench.measure import Stopwatch
from hub.bench.place import NOW, Place
from hub.bench.statement import write_statement
from hub.instance import Instance
from hub.store import exchange
from hub.store import payments as table
from hub.store.session import Row, Transaction

NAME = "xml"
UNIT = "records/s"
STORES = True
FILE = f"ST-{NOW:%Y%m%d}.xml"


def make_input(place: Place) -> None:
    """A statement of one day."""
    write_statement(place.input / FILE, place.size.records)


def furnish(place: Place, hub: Instance) -> None:
    """A statement asks for nothing stored."""


def ours(place: Place, watch: Stopwatch) -> int:
    """Claim, keep, identify, validate, decode, map, post, receipt, journal, archive."""
    return take(place, watch, "bank", FILE)


def calibration(place: Place, watch: Stopwatch) -> int:
    """A validating parser, values by position, bulk insert of the same rows."""
    kind = iso20022.kind(MESSAGE, "Ntry", "Stmt")
    path = str(place.input / FILE)
    with place.opened() as hub, watch, hub.store.transaction() as tx:
        parser = etree.iterparse(path, events=("end",), tag=kind.record_tag, schema=kind.schema)
        entries = (entry for _, entry in parser)
        first = next(entries)
        loader = _Loader(tx, first.getparent())
        return loader.load(chain([first], entries))


class _Loader:
    def __init__(self, tx: Transaction, statement: Any) -> None:  # noqa: ANN401
        identity, _, period, account, opening, closing = statement[:6]
        self._tx = tx
        self._intake = add_traces(tx, "bank-statement", FILE)
        self._account: str = account[0][0].text
        self._balance, self._closing = (byhand.kopecks(b[1].text) for b in (opening, closing))
        days = (instant.text[:10] for instant in period)
        balances = (self._balance, self._closing)
        table.add_statement(tx, (self._intake, self._account, identity.text, *days, *balances))

    def load(self, entries: Iterator[Any]) -> int:
        """Insert all entries; gives their count. Raises ValueError when the sums do not agree."""
        line = 0
        while chunk := [self._values(entry) for entry in islice(entries, byhand.CHUNK)]:
            first = self._tx.reserve("statement_entry", len(chunk))
            lines = range(line + 1, line + 1 + len(chunk))
            table.add_entries(self._tx, self._entries(first, chunk, lines))
            exchange.add_records(self._tx, self._records(chunk, lines))
            self._balance += sum(values[3] for values in chunk)
            line += len(chunk)
        if self._balance != self._closing:
            raise ValueError(f"the balances differ by {self._closing - self._balance}")
        return line

    def _values(self, entry: Any) -> Row:  # noqa: ANN401
        """What stands at the known places of a credit; the entry is forgotten."""
        _, amount, sign, _, booked, _, reference, _, details = entry
        document, parties, _, remittance = details[0]
        if sign.text != "CRDT" or amount.get("Ccy") != "BYN":
            raise ValueError(f"no credit in roubles: {reference.text}")
        values = (
            reference.text,
            booked[0].text,
            "credit",
            byhand.kopecks(amount.text),
            document[0].text,
            None,
            parties[1][0][0].text,
            remittance[0].text,
        )
        entry.clear()
        while entry.getprevious() is not None:
            del entry.getparent()[0]
        return values

    def _entries(self, first: int, chunk: Sequence[Row], lines: Iterable[int]) -> Iterator[Row]:
        for at, (values, line) in enumerate(zip(chunk, lines, strict=True)):
            yield first + at, self._account, *values, self._intake, line

    def _records(self, chunk: Sequence[Row], lines: Iterable[int]) -> Iterator[Row]:
        for values, line in zip(chunk, lines, strict=True):
            yield self._intake, line, None, None, "POSTED", values[3], None
