"""From a file that came to what it became: journal, records, rows, money, answers."""

from sqlmodel import SQLModel

from hub.store import tables
from hub.store.session import Row, Transaction

__all__ = ["answered", "journal", "money", "records", "rows", "tables"]

_OWN = {"record", "finding", "receipt"}
"""Tables that tell of the file itself, not of what it became."""


def journal(tx: Transaction, object: str) -> list[Row]:
    """(at, action, actor, result) of the entries about an object, in order."""
    return tx.rows(
        "SELECT at, action, actor, result FROM journal WHERE object = :object ORDER BY seq",
        object=object,
    )


def records(tx: Transaction, intake_id: int) -> list[Row]:
    """(state, count, kopecks) of the records of a file."""
    found = tx.rows(
        "SELECT state, count(*), sum(amount) FROM record WHERE intake_id = :id"
        " GROUP BY state ORDER BY state",
        id=intake_id,
    )
    return [(state, count, int(amount)) for state, count, amount in found]


def rows(tx: Transaction, intake_id: int) -> list[Row]:
    """(table, count) of the facts and postings that name the file as their source."""
    named = [
        name
        for name, table in SQLModel.metadata.tables.items()
        if "intake_id" in table.columns and name not in _OWN
    ]
    counted = [
        (name, tx.value(f"SELECT count(*) FROM {name} WHERE intake_id = :id", id=intake_id))
        for name in sorted(named)
    ]
    return [(name, count) for name, count in counted if count]


def money(tx: Transaction, intake_id: int) -> list[Row]:
    """(supplier, ledger, order number, dispatch id, kopecks) of what its payments paid.

    Order and dispatch are None for what was not yet passed on.
    """
    found = tx.rows(
        "SELECT c.supplier, a.ledger, t.order_number, t.dispatch, sum(a.amount)"
        " FROM payment p JOIN allocation a ON a.payment = p.id"
        " JOIN contract c ON c.id = a.contract LEFT JOIN transfer t ON t.id = a.transfer"
        " WHERE p.intake_id = :id GROUP BY c.supplier, a.ledger, t.order_number, t.dispatch"
        " ORDER BY c.supplier, a.ledger, coalesce(t.order_number, 0)",
        id=intake_id,
    )
    return [(*row[:4], int(row[4])) for row in found]


def answered(tx: Transaction, intake_id: int) -> list[Row]:
    """(id, name, acknowledgement state) of the dispatches that the file answers."""
    return tx.rows(
        "SELECT id, name, ack_state FROM dispatch WHERE ack_intake_id = :id ORDER BY id",
        id=intake_id,
    )
