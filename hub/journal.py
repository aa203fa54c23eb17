"""The journal: a hash chain of all acts, written in the transaction of the act.

An entry answers who, what, when, result, origin and object (`exchange.md`, section 14); its
details are hashed into it and kept in a table of their own. After the commit, and before
anything leaves the hub, the entries are appended to a file outside the database.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hub.clock import stamp, unstamp
from hub.store import journal as table
from hub.store.session import Store, Transaction

FIRST_PREV = "0" * 64
_MAGIC = b"zhku-hub journal 1\n"


class Entry(NamedTuple):
    """An act to be entered; `detail` holds ids, numbers, sums and hashes, no personal data."""

    action: str
    about: str
    """The object of the act, such as `intake:1`."""
    result: str
    actor: str = "hub"
    origin: str = "local"
    detail: Mapping[str, object] = MappingProxyType({})


class Head(NamedTuple):
    """The last entry: its number and hash."""

    seq: int
    hash: str


def canonical(fields: dict[str, object]) -> bytes:
    """JSON as it is hashed: sorted keys, no blanks, UTF-8, nothing escaped that need not be."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry_hash(fields: dict[str, object]) -> str:
    """The hash of an entry's canonical bytes (`exchange.md`, 14.1)."""
    return hashlib.sha256(_MAGIC + canonical(fields)).hexdigest()


def head(tx: Transaction) -> Head:
    """The last committed entry as this transaction sees it; (0, zeros) when there is none."""
    return Head(*table.head(tx) or (0, FIRST_PREV))


def enter(tx: Transaction, now: datetime, entries: Sequence[Entry]) -> Head:
    """Chain the entries to the journal; the last statement before COMMIT. Gives the new head."""
    table.lock(tx)
    last = head(tx)
    rows, details = [], []
    for entry in entries:
        detail = canonical(dict(entry.detail))
        fields: dict[str, object] = {
            "seq": last.seq + 1,
            "at": stamp(now),
            "actor": entry.actor,
            "action": entry.action,
            "object": entry.about,
            "result": entry.result,
            "origin": entry.origin,
            "data": hashlib.sha256(detail).hexdigest(),
            "prev": last.hash,
        }
        last = Head(last.seq + 1, entry_hash(fields))
        rows.append((*fields.values(), last.hash))
        details.append((last.seq, detail.decode()))
    table.add(tx, rows, details)
    return last


class JournalFile:
    """The journal outside the database: `journal/YYYY-MM-DD.jsonl`, one entry a line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = self._last_written()

    def _last_written(self) -> int:
        for path in sorted(self._folder.glob("*.jsonl"), reverse=True):
            lines = path.read_bytes().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith(b"\n")]
            if len(whole) != len(lines):  # a kill left half a line: it is written again
                path.write_bytes(b"".join(whole))
            if whole:
                return int(json.loads(whole[-1])["seq"])
        return 0

    def flush(self, store: Store) -> None:
        """Append and sync every committed entry that the file lacks."""
        with store.reading() as tx:
            rows = table.after(tx, self._written)
        by_day: dict[str, list[bytes]] = {}
        for row in rows:
            day = f"{unstamp(str(row['at'])):%Y-%m-%d}"
            by_day.setdefault(day, []).append(canonical(row) + b"\n")
            self._written = int(str(row["seq"]))
        for day, lines in by_day.items():
            with (self._folder / f"{day}.jsonl").open("ab") as out:
                out.writelines(lines)
                out.flush()
                os.fsync(out.fileno())


def broken_at(store: Store) -> int | None:
    """The number of the first entry that does not fit the chain, or None when all do."""
    last = Head(0, FIRST_PREV)
    for row in _entries(store):
        stored = str(row.pop("hash"))
        fits = row["seq"] == last.seq + 1 and row["prev"] == last.hash
        if not fits or entry_hash(row) != stored:
            return int(str(row["seq"]))
        last = Head(int(str(row["seq"])), stored)
    return None


def _entries(store: Store) -> Iterator[dict[str, object]]:
    seq = 0
    with store.reading() as tx:
        while rows := table.after(tx, seq, limit=10_000):
            for row in rows:
                row.pop("detail")
                seq = int(str(row["seq"]))
                yield row
