"""The database behind one small object: transactions, named queries, bulk inserts.

The same code runs on SQLite (WAL, full sync, one writer) and PostgreSQL. Queries take named
parameters (`:name`); bulk rows are plain tuples that go by `executemany` or `COPY`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import SQLModel

from hub.errors import Clash, StoreAway

CHUNK = 20_000
"""Rows that one bulk statement carries: more gains nothing and costs memory."""

Row = tuple[Any, ...]


@lru_cache(maxsize=512)
def _clause(sql: str) -> TextClause:
    return text(sql)


class Transaction:
    """One database transaction; every query of the hub goes through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    def rows(self, sql: str, **params: object) -> list[Row]:
        """All rows of a query, as tuples."""
        return [tuple(row) for row in self._connection.execute(_clause(sql), params)]

    def row(self, sql: str, **params: object) -> Row | None:
        """The first row of a query, or None."""
        found = self._connection.execute(_clause(sql), params).first()
        return None if found is None else tuple(found)

    def value(self, sql: str, **params: object) -> Any:  # noqa: ANN401 - any column type
        """The first column of the first row, or None."""
        found = self._connection.execute(_clause(sql), params).first()
        return None if found is None else found[0]

    def text(self, sql: str, **params: object) -> str | None:
        """The first column of the first row as text, or None."""
        found = self.value(sql, **params)
        return None if found is None else str(found)

    def run(self, sql: str, **params: object) -> int:
        """Execute a statement; gives the number of rows it touched."""
        return self._connection.execute(_clause(sql), params).rowcount

    def run_many(self, sql: str, rows: Sequence[dict[str, object]]) -> None:
        """Execute one statement for many parameter sets."""
        if rows:
            self._connection.execute(_clause(sql), rows)

    def insert(
        self, table: type[SQLModel], rows: Iterable[Row], columns: Sequence[str] | None = None
    ) -> int:
        """Bulk-insert tuples in the order of `columns` (or of the table); gives their count."""
        name = str(table.__tablename__)
        names = tuple(columns or column_names(table))
        stream = iter(rows)
        first = next(stream, None)
        if first is None:
            return 0
        everything = chain((first,), stream)
        if self.is_sqlite:
            return self._insert_sqlite(name, names, everything)
        return self._copy(name, names, everything)

    def _insert_sqlite(self, name: str, names: Sequence[str], rows: Iterator[Row]) -> int:
        marks = ",".join("?" * len(names))
        statement = f"INSERT INTO {name} ({','.join(_quoted(names))}) VALUES ({marks})"
        cursor = self._connection.connection.cursor()
        count = 0
        while chunk := list(islice(rows, CHUNK)):
            cursor.executemany(statement, chunk)
            count += len(chunk)
        cursor.close()
        return count

    def _copy(self, name: str, names: Sequence[str], rows: Iterator[Row]) -> int:
        driver: Any = self._connection.connection.driver_connection
        count = 0
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {name} ({','.join(_quoted(names))}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
                count += 1
        return count

    def among(self, column: str, name: str = "keys") -> str:
        """SQL that holds when `column` is one of the list given as parameter `name`."""
        if self.is_sqlite:
            return f"{column} IN (SELECT value FROM json_each(:{name}))"
        return f"{column} = ANY(:{name})"

    def listed(self, values: Sequence[object]) -> object:
        """The list parameter that belongs to `among`."""
        return json.dumps(values) if self.is_sqlite else list(values)

    def reserve(self, counter: str, count: int = 1) -> int:
        """The first of `count` consecutive numbers of a counter; no gaps, no repeats."""
        last = self.value(
            "INSERT INTO counter (name, value) VALUES (:name, :count) ON CONFLICT (name)"
            " DO UPDATE SET value = counter.value + :count RETURNING value",
            name=counter,
            count=count,
        )
        return int(last) - count + 1

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done inside is undone when an exception leaves it."""
        with self._connection.begin_nested():
            yield


def column_names(table: type[SQLModel]) -> tuple[str, ...]:
    """The columns of a table in order."""
    return tuple(table.model_fields)


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


class Store:
    """The database of an instance: `sqlite:///path` or `postgresql+psycopg://...`."""

    def __init__(self, url: str, schema: str | None = None) -> None:
        self.url = url
        self.schema = schema
        self.engine = _engine(url, schema)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A writing transaction: committed when the block ends, rolled back when it raises.

        Raises `StoreAway` when the database is away or busy, `Clash` when a key was taken.
        """
        with _plain_errors(), self.engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads; on SQLite it never waits for the writer."""
        with (
            _plain_errors(),
            self.engine.connect().execution_options(hub_reads=True) as connection,
        ):
            yield Transaction(connection)

    def check(self) -> None:
        """Raise `StoreAway` when the database does not answer."""
        with self.reading() as tx:
            tx.value("SELECT 1")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


_AWAY = (OperationalError, sqlite3.OperationalError, psycopg.OperationalError)
_TAKEN = (IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)
_OURS = ("no such table", "no such column", "syntax error", "disk i/o error", "malformed")
"""SQLite tells defects of ours and of the disk by the same class as a busy database."""


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the drivers raise in bulk and in single statements, in the hub's own words."""
    try:
        yield
    except _TAKEN as error:
        raise Clash(_reason(error)) from error
    except _AWAY as error:
        reason = _reason(error)
        if any(word in reason.lower() for word in _OURS):
            raise
        raise StoreAway(reason) from error


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(cause).strip().splitlines()[0]


def _engine(url: str, schema: str | None) -> Engine:
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        options = {"options": f"-csearch_path={schema}"} if schema else {}
        return create_engine(url, connect_args=options, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 60})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the hub says BEGIN itself
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("hub_reads", False)
    # a second writer waits at BEGIN, not half-way through its work
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
