"""Where a bench works: a fresh instance with a database of its own, and the input it reads."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.clock import SimulatedClock, minsk
from hub.instance import Instance
from hub.signing import keys
from hub.simulation.partners import COLLECTOR, PARTNERS
from hub.store.schema import drop_schema, make_schema_anew, upgrade
from hub.store.session import Store

SCHEMA = "hub_bench"
SCHEME = "BN0001"
NOW = minsk(2026, 10, 6, 9)
"""The instant at which every bench stands still."""


class Size(NamedTuple):
    """How much a bench has to do."""

    records: int = 100_000
    accounts: int = 5_000
    services: int = 6


class Place(NamedTuple):
    """An instance made for one measurement; `input` is shared with the calibration."""

    root: Path
    input: Path
    size: Size

    @contextmanager
    def opened(self) -> Iterator[Instance]:
        """The instance, open; what lies in caches of the disk is written before."""
        with closing(Instance(self.root, SimulatedClock(NOW))) as hub:
            os.sync()  # a measurement must not pay for the bytes of its preparation
            yield hub


def make(place: Place, database: str) -> None:
    """An empty instance of the bench's settings; a schema of PostgreSQL is made anew."""
    place.root.mkdir(parents=True)
    is_sqlite = database.startswith("sqlite")
    if not is_sqlite:
        with closing(Store(database)) as store:
            make_schema_anew(store, SCHEMA)
    (place.root / "settings.toml").write_text(_settings(database, is_sqlite), encoding="utf-8")
    keys.new(place.root / "keys", "hub", "zhku-hub bench", NOW, None)
    with place.opened() as hub:
        hub.make_folders()
        upgrade(hub.store)


def clear(database: str) -> None:
    """Take our schema out of a PostgreSQL."""
    with closing(Store(database)) as store:
        drop_schema(store, SCHEMA)


def _settings(database: str, is_sqlite: bool) -> str:
    text = Path(__file__).with_name("bench.toml").read_text(encoding="utf-8")
    schema = "" if is_sqlite else f'\nschema = "{SCHEMA}"'
    return text.format(
        database=f"url = {json.dumps(database)}{schema}",
        scheme=SCHEME,
        erip_unp=PARTNERS["erip"].unp,
        bank_unp=PARTNERS["bank"].unp,
        **COLLECTOR._asdict(),
    )
