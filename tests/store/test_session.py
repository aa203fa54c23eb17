"""The one way to the database, on both databases."""

import pytest

from hub.store.session import Store
from hub.store.tables.exchange import Meta


def test_bulk_rows_come_back(store: Store) -> None:
    """What is inserted in bulk is there, whatever the number of chunks."""
    with store.transaction() as tx:
        tx.insert(Meta, ((f"k{n}", str(n)) for n in range(45_000)))
        wanted = tx.listed(["k7", "k44999", "absent"])
        found = tx.rows(
            f"SELECT value FROM meta WHERE {tx.among('name')} ORDER BY value", keys=wanted
        )

    assert found == [("44999",), ("7",)]


def test_numbers_have_no_gap(store: Store) -> None:
    """A number reserved in a transaction that fails is given out again."""
    with store.transaction() as tx:
        assert tx.reserve("receipt") == 1
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.reserve("receipt", 5)
        raise RuntimeError
    with store.transaction() as tx:
        assert tx.reserve("receipt") == 2


def test_a_savepoint_undoes_only_its_own_work(store: Store) -> None:
    """An exception inside a savepoint leaves what was done before it."""
    with store.transaction() as tx:
        tx.insert(Meta, [("kept", "1")])
        with pytest.raises(RuntimeError), tx.savepoint():
            tx.insert(Meta, [("undone", "1")])
            raise RuntimeError
        assert tx.rows("SELECT name FROM meta") == [("kept",)]
