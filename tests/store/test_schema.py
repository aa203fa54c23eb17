"""The migrations and the tables of the code are the same database."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from hub.store import tables
from hub.store.schema import is_current, upgrade
from hub.store.session import Store

assert tables  # importing them fills the metadata


def test_migrated_is_what_the_code_declares(store: Store) -> None:
    """After all migrations nothing is missing and nothing is left over."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_second_upgrade_changes_nothing(store: Store) -> None:
    """A database that is up to date is left alone."""
    upgrade(store)
    assert is_current(store)


def test_the_ledger_is_a_view(store: Store) -> None:
    """The ledger holds no amount of its own: it is read from the source tables."""
    with store.reading() as tx:
        assert tx.rows("SELECT account, contract, ledger, amount FROM ledger_entry") == []
