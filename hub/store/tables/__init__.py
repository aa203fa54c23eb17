"""All tables of the hub; importing this package fills `SQLModel.metadata`."""

from hub.store.tables import exchange, facts, ledger

__all__ = ["exchange", "facts", "ledger"]
