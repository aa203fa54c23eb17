"""Where Alembic meets the hub: the connection is handed in, nothing is read from a file."""

from alembic import context
from sqlmodel import SQLModel

from hub.store import tables

assert tables  # importing them fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
