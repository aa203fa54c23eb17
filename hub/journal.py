"""The journal: a hash chain of all acts, written in the transaction of the act.

An entry answers who, what, when, result, origin and object (`exchange.md`, section 14); its
details are hashed into it and kept in a table of their own. After the commit, and before
anything leaves the hub, the entries are appended to a file outside the database.
"""

import fcntl
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
    """The journal outside the database: `journal/YYYY-MM-DD.jsonl`, one entry a line.

    Several processes may append (the daemon, a command beside it): each looks under a lock
    what stands there already.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def flush(self, store: Store) -> None:
        """Append and sync every committed entry that the file lacks."""
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with store.reading() as tx:
                rows = table.after(tx, self._last_written())
            by_day: dict[str, list[bytes]] = {}
            for row in rows:
                day = f"{unstamp(str(row['at'])):%Y-%m-%d}"
                by_day.setdefault(day, []).append(canonical(row) + b"\n")
            for day, lines in by_day.items():
                self._append(self._folder / f"{day}.jsonl", lines)

    def _append(self, path: Path, lines: list[bytes]) -> None:
        with path.open("ab") as out:
            out.writelines(lines)
            out.flush()
            os.fsync(out.fileno())

    def _last_written(self) -> int:
        for path in sorted(self._folder.glob("*.jsonl"), reverse=True):
            tail = _tail(path)
            if not tail.endswith(b"\n"):  # a kill left half a line: it is written again
                os.truncate(path, path.stat().st_size - len(tail) + tail.rfind(b"\n") + 1)
            whole = tail[: tail.rfind(b"\n") + 1].splitlines()
            if whole:
                return int(json.loads(whole[-1])["seq"])
        return 0

    def differs_at(self, store: Store) -> int | None:
        """The number of the first entry that file and database tell differently, or None."""
        stored = _entries(store)
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open("rb") as lines:
                for line in lines:
                    row = next(stored, None)
                    if row is None or canonical(row) != line.rstrip(b"\n"):
                        return int(json.loads(line)["seq"])
        behind = next(stored, None)
        return int(str(behind["seq"])) if behind is not None else None


_TAIL = 1 << 20
"""More than the longest entry: enough of a file to find its last whole line."""


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        return stream.read()


def broken_at(store: Store) -> int | None:
    """The number of the first entry that does not fit the chain, or None when all do.

    A detail that is still there must have the hash that its entry names.
    """
    last = Head(0, FIRST_PREV)
    for row in _entries(store):
        stored, detail = str(row.pop("hash")), row.pop("detail")
        fits = row["seq"] == last.seq + 1 and row["prev"] == last.hash
        told = detail is None or hashlib.sha256(str(detail).encode()).hexdigest() == row["data"]
        if not fits or not told or entry_hash(row) != stored:
            return int(str(row["seq"]))
        last = Head(int(str(row["seq"])), stored)
    return None


def _entries(store: Store) -> Iterator[dict[str, object]]:
    seq = 0
    with store.reading() as tx:
        while rows := table.after(tx, seq, limit=10_000):
            for row in rows:
                seq = int(str(row["seq"]))
                yield row
