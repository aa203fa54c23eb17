"""The column types of every table, equal on SQLite and PostgreSQL.

Days are ISO text, instants UTC stamps (`hub.clock.stamp`), months the int `YYYYMM`: both
databases sort and compare them alike, and no driver converts them in a bulk path.
"""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary
from sqlmodel import Field


def big(default: Any = ..., **more: Any) -> Any:  # noqa: ANN401 - what SQLModel's Field takes
    """A whole number of 64 bits: kopecks, scaled quantities, internal ids."""
    return Field(default, sa_type=BigInteger, **more)


def key() -> Any:  # noqa: ANN401
    """An internal id that the hub itself numbers (`Transaction.reserve`)."""
    # INTEGER PRIMARY KEY is the row id of SQLite itself: no second index
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Field(primary_key=True, sa_type=kind, sa_column_kwargs={"autoincrement": False})


def of(column: str, default: Any = ..., **more: Any) -> Any:  # noqa: ANN401
    """A reference to another row, such as `of("account.id")`."""
    return Field(default, sa_type=BigInteger, sa_column_args=[ForeignKey(column)], **more)


def blob(default: Any = ...) -> Any:  # noqa: ANN401
    """Bytes, such as those of a receipt."""
    return Field(default, sa_type=LargeBinary)
