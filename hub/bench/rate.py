"""Bench `rate`: a month of a town is rated and stored, against inserting the same rows.

Ours finds the facts, reckons charges and penalties, stores them in chunks with their hashes and
seals the run. The calibration is handed the finished rows and merely inserts them.
"""

import pickle
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import SQLModel

from hub import closing
from hub.bench import town
from hub.bench.measure import Stopwatch
from hub.bench.place import NOW, SCHEME, Place
from hub.errors import Inconsistent
from hub.instance import Instance
from hub.store.session import Row, column_names
from hub.store.tables.ledger import Charge, MeterCharge, Penalty

NAME = "rate"
UNIT = "rows/s"
STORES = True
TABLES: tuple[type[SQLModel], ...] = (Charge, Penalty, MeterCharge)
"""What a run writes; the first column is the contract, or the meter with its number."""
_SPAN = 60_000
"""Contracts whose rows go into one transaction of the calibration."""


def make_input(place: Place) -> None:
    """The rows to insert are known only when our path has made them."""


def furnish(place: Place, hub: Instance) -> None:
    """The town, and its month open."""
    with hub.store.transaction() as tx:
        town.build(tx, place.size)
    closing.open_period(hub.store, hub.settings.schemes[SCHEME], town.MONTH, NOW)


def ours(place: Place, watch: Stopwatch) -> int:
    """The whole run; its rows are laid aside for the calibration afterwards."""
    with place.opened() as hub:
        with watch:
            run = closing.rate(hub.store, hub.settings.schemes[SCHEME], town.MONTH, NOW)
        if run.errors:
            raise Inconsistent(f"{run.errors} accounts of the bench cannot be rated")
        return _lay_aside(place, hub)


def calibration(place: Place, watch: Stopwatch) -> int:
    """Insert the rows, a transaction for as many accounts as a chunk of ours has."""
    count = 0
    with place.opened() as hub:
        for table, rows in _laid_aside(place):
            with watch, hub.store.transaction() as tx:
                count += tx.insert(table, rows)
    return count


def _file(place: Place) -> Path:
    return place.input / "rated"


def _lay_aside(place: Place, hub: Instance) -> int:
    """Write what the run wrote to a file, in parts; gives their count."""
    last, count = (place.size.accounts + 1) * place.size.services, 0
    with _file(place).open("wb") as out, hub.store.reading() as tx:
        for low in range(0, last, _SPAN):
            for table in TABLES:
                names = column_names(table)
                rows = tx.rows(
                    f"SELECT {', '.join(names)} FROM {table.__tablename__}"
                    f" WHERE {names[0]} >= :low AND {names[0]} < :high",
                    low=low,
                    high=low + _SPAN,
                )
                pickle.dump((table, rows), out)
                count += len(rows)
    return count


def _laid_aside(place: Place) -> Iterator[tuple[type[SQLModel], list[Row]]]:
    with _file(place).open("rb") as parts:
        while parts.peek(1):
            yield pickle.load(parts)
