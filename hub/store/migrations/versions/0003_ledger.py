"""Money: runs, charges, penalties, payments, allocations, balances."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = '0002'
branch_labels = None
depends_on = None


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


def upgrade() -> None:
    op.create_table('account_balance',
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('unallocated', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('account', 'month')
    )
    op.create_table('balance',
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('principal_in', sa.BigInteger(), nullable=False),
    sa.Column('penalty_in', sa.BigInteger(), nullable=False),
    sa.Column('charged', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.BigInteger(), nullable=False),
    sa.Column('recalculated', sa.BigInteger(), nullable=False),
    sa.Column('penalty', sa.BigInteger(), nullable=False),
    sa.Column('paid', sa.BigInteger(), nullable=False),
    sa.Column('penalty_paid', sa.BigInteger(), nullable=False),
    sa.Column('principal_out', sa.BigInteger(), nullable=False),
    sa.Column('penalty_out', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('contract', 'month')
    )
    op.create_table('charge',
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('period', sa.Integer(), nullable=False),
    sa.Column('component', sa.String(), nullable=False),
    sa.Column('tariff', sa.BigInteger(), nullable=False),
    sa.Column('run', sa.BigInteger(), nullable=False),
    sa.Column('q_num', sa.BigInteger(), nullable=False),
    sa.Column('q_den', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('gross', sa.BigInteger(), nullable=False),
    sa.Column('benefit', sa.BigInteger(), nullable=False),
    sa.Column('trace', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('contract', 'period', 'component', 'tariff', 'run')
    )
    op.create_table('meter_charge',
    sa.Column('meter', sa.BigInteger(), nullable=False),
    sa.Column('run', sa.BigInteger(), nullable=False),
    sa.Column('reading', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('meter', 'run')
    )
    op.create_table('penalty',
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('about_period', sa.Integer(), nullable=False),
    sa.Column('posted_period', sa.Integer(), nullable=False),
    sa.Column('run', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('segments', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('contract', 'about_period', 'posted_period', 'run')
    )
    op.create_table('period',
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('opened_at', sa.String(), nullable=False),
    sa.Column('rated_at', sa.String(), nullable=True),
    sa.Column('closed_at', sa.String(), nullable=True),
    sa.Column('published_at', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('scheme', 'month')
    )
    op.create_table('run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('snapshot', sa.String(), nullable=False),
    sa.Column('rules_version', sa.String(), nullable=False),
    sa.Column('policies', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('chain', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('one_final_run', 'run', ['scheme', 'month'], unique=True, sqlite_where=sa.text("kind = 'final' AND state <> 'void'"), postgresql_where=sa.text("kind = 'final' AND state <> 'void'"))
    op.create_table('run_chunk',
    sa.Column('run', sa.BigInteger(), nullable=False),
    sa.Column('chunk', sa.Integer(), nullable=False),
    sa.Column('account_from', sa.BigInteger(), nullable=False),
    sa.Column('account_to', sa.BigInteger(), nullable=False),
    sa.Column('accounts', sa.BigInteger(), nullable=False),
    sa.Column('errors', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('sum_quantity', sa.BigInteger(), nullable=False),
    sa.Column('sum_gross', sa.BigInteger(), nullable=False),
    sa.Column('sum_benefit', sa.BigInteger(), nullable=False),
    sa.Column('sum_penalty', sa.BigInteger(), nullable=False),
    sa.Column('body_sha256', sa.String(), nullable=True),
    sa.Column('finished_at', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['run'], ['run.id'], ),
    sa.PrimaryKeyConstraint('run', 'chunk')
    )
    op.create_table('statement',
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('account', sa.String(), nullable=False),
    sa.Column('statement_id', sa.String(), nullable=False),
    sa.Column('from_day', sa.String(), nullable=False),
    sa.Column('to_day', sa.String(), nullable=False),
    sa.Column('opening', sa.BigInteger(), nullable=False),
    sa.Column('closing', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('intake_id'),
    sa.UniqueConstraint('account', 'statement_id', name='statement_once')
    )
    op.create_table('statement_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('account', sa.String(), nullable=False),
    sa.Column('entry_ref', sa.String(), nullable=False),
    sa.Column('booked_on', sa.String(), nullable=False),
    sa.Column('direction', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('document_number', sa.String(), nullable=True),
    sa.Column('end_to_end', sa.String(), nullable=True),
    sa.Column('party_account', sa.String(), nullable=True),
    sa.Column('purpose', sa.String(), nullable=True),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('account', 'entry_ref', name='entry_once')
    )
    op.create_table('demand',
    sa.Column('dispatch', sa.BigInteger(), nullable=False),
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('left_out', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['dispatch'], ['dispatch.id'], ),
    sa.PrimaryKeyConstraint('dispatch', 'account')
    )
    op.create_table('register',
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('agent_account', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('transfer_on', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('penalty', sa.BigInteger(), nullable=False),
    sa.Column('transferred', sa.BigInteger(), nullable=False),
    sa.Column('entry', sa.BigInteger(), nullable=True),
    sa.Column('bank_date', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['entry'], ['statement_entry.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('intake_id'),
    sa.UniqueConstraint('entry')
    )
    op.create_table('run_error',
    sa.Column('run', sa.BigInteger(), nullable=False),
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['run'], ['run.id'], ),
    sa.PrimaryKeyConstraint('run', 'account')
    )
    op.create_table('transfer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('supplier', sa.String(), nullable=False),
    sa.Column('day', sa.String(), nullable=False),
    sa.Column('gross', sa.BigInteger(), nullable=False),
    sa.Column('refunds', sa.BigInteger(), nullable=False),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('net', sa.BigInteger(), nullable=False),
    sa.Column('order_number', sa.BigInteger(), nullable=False),
    sa.Column('end_to_end', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('dispatch', sa.BigInteger(), nullable=True),
    sa.Column('entry', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['dispatch'], ['dispatch.id'], ),
    sa.ForeignKeyConstraint(['entry'], ['statement_entry.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('end_to_end'),
    sa.UniqueConstraint('supplier', 'day', name='one_order_a_day')
    )
    op.create_table('opening',
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('ledger', sa.String(), nullable=False),
    sa.Column('about_period', sa.Integer(), nullable=False),
    sa.Column('posted_period', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contract'], ['contract.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('contract', 'ledger', 'about_period')
    )
    op.create_table('payment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('operation', sa.String(), nullable=False),
    sa.Column('source_payment', sa.BigInteger(), nullable=True),
    sa.Column('account', sa.BigInteger(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('penalty', sa.BigInteger(), nullable=False),
    sa.Column('paid_at', sa.String(), nullable=True),
    sa.Column('paid_on', sa.String(), nullable=False),
    sa.Column('posted_period', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('register_id', sa.BigInteger(), nullable=True),
    sa.Column('transferred', sa.BigInteger(), nullable=True),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('bank_date', sa.String(), nullable=True),
    sa.Column('allocated', sa.Integer(), nullable=False),
    sa.Column('file_account', sa.String(), nullable=True),
    sa.Column('file_payer', sa.String(), nullable=True),
    sa.Column('file_address', sa.String(), nullable=True),
    sa.Column('service_number', sa.String(), nullable=False),
    sa.Column('asked_period', sa.String(), nullable=True),
    sa.Column('demand_time', sa.String(), nullable=True),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.ForeignKeyConstraint(['register_id'], ['register.intake_id'], ),
    sa.ForeignKeyConstraint(['source_payment'], ['payment.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('payment_account', 'payment', ['account'], unique=False)
    op.create_index('payment_mirrored_once', 'payment', ['source_payment'], unique=True, sqlite_where=sa.text('source_payment IS NOT NULL'), postgresql_where=sa.text('source_payment IS NOT NULL'))
    op.create_index('payment_operation_once', 'payment', ['scheme', 'agent', 'operation'], unique=True, sqlite_where=sa.text('source_payment IS NULL'), postgresql_where=sa.text('source_payment IS NULL'))
    op.create_index('payment_register', 'payment', ['register_id'], unique=False)
    op.create_table('allocation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('payment', sa.BigInteger(), nullable=False),
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('about_period', sa.Integer(), nullable=False),
    sa.Column('posted_period', sa.Integer(), nullable=False),
    sa.Column('ledger', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('mirrors', sa.BigInteger(), nullable=True),
    sa.Column('transfer', sa.BigInteger(), nullable=True),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['contract'], ['contract.id'], ),
    sa.ForeignKeyConstraint(['mirrors'], ['allocation.id'], ),
    sa.ForeignKeyConstraint(['payment'], ['payment.id'], ),
    sa.ForeignKeyConstraint(['transfer'], ['transfer.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('allocation_contract', 'allocation', ['contract'], unique=False)
    op.create_index('allocation_payment', 'allocation', ['payment'], unique=False)
    op.create_index('allocation_waiting', 'allocation', ['transfer'], unique=False)
    op.execute(LEDGER_ENTRY)


def downgrade() -> None:
    op.execute("DROP VIEW ledger_entry")
    op.drop_table("allocation")
    op.drop_table("payment")
    op.drop_table("opening")
    op.drop_table("transfer")
    op.drop_table("run_error")
    op.drop_table("register")
    op.drop_table("demand")
    op.drop_table("statement_entry")
    op.drop_table("statement")
    op.drop_table("run_chunk")
    op.drop_table("run")
    op.drop_table("period")
    op.drop_table("penalty")
    op.drop_table("meter_charge")
    op.drop_table("charge")
    op.drop_table("balance")
    op.drop_table("account_balance")
