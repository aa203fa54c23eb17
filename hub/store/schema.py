"""Bringing a database to the present schema."""

from sqlmodel import SQLModel

from hub.store import tables
from hub.store.session import Store

__all__ = ["tables", "upgrade"]

LEDGER_ENTRY = """
CREATE VIEW ledger_entry AS
SELECT 'opening' AS source, c.account AS account, o.contract AS contract, o.ledger AS ledger,
       o.about_period AS about_period, o.posted_period AS posted_period, 'opening' AS kind,
       o.amount AS amount
  FROM opening o JOIN contract c ON c.id = o.contract
UNION ALL
SELECT 'charge', c.account, h.contract, 'principal', h.period, h.period, 'charge', h.gross
  FROM charge h JOIN run r ON r.id = h.run AND r.kind = 'final' AND r.state = 'sealed'
  JOIN contract c ON c.id = h.contract
UNION ALL
SELECT 'charge', c.account, h.contract, 'principal', h.period, h.period, 'benefit', -h.benefit
  FROM charge h JOIN run r ON r.id = h.run AND r.kind = 'final' AND r.state = 'sealed'
  JOIN contract c ON c.id = h.contract
 WHERE h.benefit <> 0
UNION ALL
SELECT 'penalty', c.account, p.contract, 'penalty', p.about_period, p.posted_period, 'penalty',
       p.amount
  FROM penalty p JOIN run r ON r.id = p.run AND r.kind = 'final' AND r.state = 'sealed'
  JOIN contract c ON c.id = p.contract
UNION ALL
SELECT 'payment', p.account, NULL, 'unallocated', NULL, p.posted_period, 'payment', -p.amount
  FROM payment p WHERE p.account IS NOT NULL
UNION ALL
SELECT 'allocation', c.account, a.contract, a.ledger, a.about_period, a.posted_period, 'paid',
       -a.amount
  FROM allocation a JOIN contract c ON c.id = a.contract
UNION ALL
SELECT 'allocation', c.account, NULL, 'unallocated', NULL, a.posted_period, 'paid', a.amount
  FROM allocation a JOIN contract c ON c.id = a.contract
"""


def upgrade(store: Store) -> None:
    """Create what is missing; a database that is up to date is left alone."""
    with store.engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
        connection.exec_driver_sql("DROP VIEW IF EXISTS ledger_entry")
        connection.exec_driver_sql(LEDGER_ENTRY)
