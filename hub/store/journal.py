"""Queries of the journal."""

from collections.abc import Sequence

from hub.store.session import Row, Transaction
from hub.store.tables.exchange import Journal, JournalDetail

_COLUMNS = "j.seq, j.at, j.actor, j.action, j.object, j.result, j.origin, j.data, j.prev, j.hash"


def head(tx: Transaction) -> Row | None:
    """(seq, hash) of the last entry."""
    return tx.row("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")


def lock(tx: Transaction) -> None:
    """Let one transaction at a time chain its entries."""
    if not tx.is_sqlite:
        tx.run("LOCK TABLE journal IN EXCLUSIVE MODE")


def add(tx: Transaction, rows: Sequence[Row], details: Sequence[Row]) -> None:
    """Store entries and their details."""
    tx.insert(
        Journal,
        rows,
        (
            "seq",
            "at",
            "actor",
            "action",
            "object",
            "result",
            "origin",
            "data",
            "prev",
            "hash",
        ),
    )
    tx.insert(JournalDetail, details)


def after(tx: Transaction, seq: int, limit: int = 1_000_000) -> list[dict[str, object]]:
    """The entries behind `seq` in order, each as a dict with `hash` and `detail`."""
    names = [name.strip().removeprefix("j.") for name in _COLUMNS.split(",")] + ["detail"]
    found = tx.rows(
        f"SELECT {_COLUMNS}, d.detail FROM journal j LEFT JOIN journal_detail d ON d.seq = j.seq"
        " WHERE j.seq > :seq ORDER BY j.seq LIMIT :limit",
        seq=seq,
        limit=limit,
    )
    return [dict(zip(names, row, strict=True)) for row in found]
