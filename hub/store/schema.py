"""Bringing a database to the present schema: the migrations, run on the store's connection."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.store.session import Store


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def upgrade(store: Store) -> None:
    """Run the migrations that the database lacks, all in one transaction."""
    config = _config()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(store: Store) -> bool:
    """Whether the database has every migration of this version of the hub."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with store.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def make_schema_anew(store: Store, schema: str) -> None:
    """Drop a schema of PostgreSQL with all that is in it and create it empty."""
    drop_schema(store, schema)
    with store.transaction() as tx:
        tx.run(f"CREATE SCHEMA {schema}")


def drop_schema(store: Store, schema: str) -> None:
    """Drop a schema of PostgreSQL with all that is in it, where there is one."""
    with store.transaction() as tx:
        tx.run(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
