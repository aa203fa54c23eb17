"""Bench `accept`: many small files become ours for good, against the least that could do it.

Ours: each is claimed, hashed, copied into the archive, and its intake row is committed. The
calibration reads and hashes them, appends all to one file, and syncs and commits once for every
64. Files of the archive are synced one by one, for each is ours before the next is touched.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from hub import pipeline
from hub.arrival import Arrival
from hub.bench.files import intake_values, listed
from hub.bench.measure import Stopwatch
from hub.bench.payments import notice
from hub.bench.place import Place
from hub.daemon import AT_ONCE
from hub.errors import Inconsistent
from hub.instance import Instance
from hub.store.session import Transaction
from hub.store.tables.exchange import Intake

NAME = "accept"
UNIT = "files/s"
STORES = True
RECORDS_A_FILE = 100
"""Of the records asked for, this many make one file."""
RECORDS_IN_FILE = 3
TOGETHER = 64


def make_input(place: Place) -> None:
    """Small 206 messages, each of a few records."""
    folder = place.input / NAME
    folder.mkdir()
    for number in range(1, max(1, place.size.records // RECORDS_A_FILE) + 1):
        content = notice(number, RECORDS_IN_FILE, number * RECORDS_IN_FILE)
        (folder / f"{number}.206").write_bytes(content)


def furnish(place: Place, hub: Instance) -> None:
    """The messages lie in the inbox."""
    shutil.copytree(place.input / NAME, hub.folder("inbox", "erip"), dirs_exist_ok=True)


def ours(place: Place, watch: Stopwatch) -> int:
    """Listing after listing, as the daemon does it."""
    count = 0
    with place.opened() as hub, watch:
        while ready := listed(hub, "erip").ready[:AT_ONCE]:
            for one in ready:
                if claim_id := pipeline.claim(hub, one):
                    _accept(hub, claim_id)
                    count += 1
    return count


def _accept(hub: Instance, claim_id: str) -> None:
    """The steps of a file up to the commit of its row."""
    (data,) = (hub.root / "work" / claim_id).iterdir()
    channel = hub.settings.channels["erip"]
    arrival = Arrival(hub, claim_id, channel, data.name, hub.clock.now(), data=data)
    if pipeline.identify(arrival) or pipeline.keep(arrival):
        raise Inconsistent(f"{data.name} of the bench cannot be taken")
    with hub.store.transaction() as tx:
        pipeline.intake_row(tx, arrival, hub.clock.now())


def calibration(place: Place, watch: Stopwatch) -> int:
    """Read, hash, append; one sync and one commit for so many files."""
    count = 0
    with place.opened() as hub:
        paths = iter(sorted(hub.folder("inbox", "erip").iterdir()))
        with watch, (place.root / "store" / "all").open("ab") as out:
            while batch := list(islice(paths, TOGETHER)):
                digests = [_appended(out, path) for path in batch]
                out.flush()
                os.fdatasync(out.fileno())
                with hub.store.transaction() as tx:
                    _add_intakes(tx, batch, digests)
                count += len(batch)
    return count


def _appended(out: BinaryIO, path: Path) -> str:
    content = path.read_bytes()
    out.write(content)
    return hashlib.sha256(content).hexdigest()


def _add_intakes(tx: Transaction, paths: Sequence[Path], digests: Sequence[str]) -> None:
    first = tx.reserve("intake", len(paths))
    rows = [
        intake_values(first + at, "erip-206", path.name, digest)
        for at, (path, digest) in enumerate(zip(paths, digests, strict=True))
    ]
    tx.insert(Intake, (tuple(row.values()) for row in rows), tuple(rows[0]))
