"""What the exchange remembers: intakes, records, receipts, dispatches, the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('counter',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('intake',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('claim_id', sa.String(), nullable=False),
    sa.Column('partner', sa.String(), nullable=False),
    sa.Column('agreement', sa.String(), nullable=False),
    sa.Column('agreement_version', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('object_sha', sa.String(), nullable=False),
    sa.Column('signature_sha', sa.String(), nullable=True),
    sa.Column('payload_sha', sa.String(), nullable=False),
    sa.Column('dedup_key', sa.String(), nullable=True),
    sa.Column('number_key', sa.String(), nullable=True),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('envelope_date', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('codes', sa.String(), nullable=False),
    sa.Column('received_at', sa.String(), nullable=False),
    sa.Column('claimed_at', sa.String(), nullable=False),
    sa.Column('decided_at', sa.String(), nullable=False),
    sa.Column('format', sa.String(), nullable=True),
    sa.Column('mapping', sa.String(), nullable=True),
    sa.Column('mapping_version', sa.String(), nullable=True),
    sa.Column('mapping_digest', sa.String(), nullable=True),
    sa.Column('signer', sa.String(), nullable=True),
    sa.Column('records', sa.BigInteger(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('suspended', sa.BigInteger(), nullable=False),
    sa.Column('parked', sa.BigInteger(), nullable=False),
    sa.Column('rejected', sa.BigInteger(), nullable=False),
    sa.Column('sum_file', sa.BigInteger(), nullable=False),
    sa.Column('sum_accepted', sa.BigInteger(), nullable=False),
    sa.Column('sum_suspended', sa.BigInteger(), nullable=False),
    sa.Column('sum_parked', sa.BigInteger(), nullable=False),
    sa.Column('sum_rejected', sa.BigInteger(), nullable=False),
    sa.Column('first_id', sa.BigInteger(), nullable=True),
    sa.Column('replay_of', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['first_id'], ['intake.id'], ),
    sa.ForeignKeyConstraint(['replay_of'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('claim_id'),
    sa.UniqueConstraint('dedup_key'),
    sa.UniqueConstraint('number_key')
    )
    op.create_index('intake_name', 'intake', ['agreement', 'name'], unique=False)
    op.create_index('intake_payload', 'intake', ['partner', 'payload_sha'], unique=False)
    op.create_table('job_run',
    sa.Column('job', sa.String(), nullable=False),
    sa.Column('due_at', sa.String(), nullable=False),
    sa.Column('done_at', sa.String(), nullable=False),
    sa.Column('result', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('job', 'due_at')
    )
    op.create_table('journal',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.String(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('object', sa.String(), nullable=False),
    sa.Column('result', sa.String(), nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('data', sa.String(), nullable=False),
    sa.Column('prev', sa.String(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('meta',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('sighting',
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('mtime_ns', sa.BigInteger(), nullable=False),
    sa.Column('inode', sa.BigInteger(), nullable=False),
    sa.Column('first_seen', sa.String(), nullable=False),
    sa.Column('changed_at', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('channel', 'name')
    )
    op.create_table('todo',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('object', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.Column('done_at', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('todo_open', 'todo', ['done_at'], unique=False, sqlite_where=sa.text('done_at IS NULL'))
    op.create_table('dispatch',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('partner', sa.String(), nullable=False),
    sa.Column('agreement', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('business_key', sa.String(), nullable=False),
    sa.Column('effect', sa.Integer(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('object_sha', sa.String(), nullable=False),
    sa.Column('signature_sha', sa.String(), nullable=True),
    sa.Column('wants_signature', sa.Integer(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('records', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('period', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.Column('sent_at', sa.String(), nullable=True),
    sa.Column('repeats', sa.Integer(), nullable=False),
    sa.Column('ack_state', sa.String(), nullable=False),
    sa.Column('ack_due', sa.String(), nullable=True),
    sa.Column('ack_intake_id', sa.BigInteger(), nullable=True),
    sa.Column('ack_text', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['ack_intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('agreement', 'business_key', 'effect', name='dispatch_effect_once'),
    sa.UniqueConstraint('partner', 'kind', 'number', name='dispatch_number_once')
    )
    op.create_table('finding',
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=True),
    sa.Column('field', sa.String(), nullable=True),
    sa.Column('value', sa.String(), nullable=True),
    sa.Column('expected', sa.String(), nullable=True),
    sa.Column('rule', sa.String(), nullable=True),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('example', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('intake_id', 'position')
    )
    op.create_table('journal_detail',
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['seq'], ['journal.seq'], ),
    sa.PrimaryKeyConstraint('seq')
    )
    op.create_table('receipt',
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('partner', sa.String(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('created_at', sa.String(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('intake_id'),
    sa.UniqueConstraint('partner', 'number', name='receipt_number_once')
    )
    op.create_table('record',
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.Column('space', sa.String(), nullable=True),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('intake_id', 'line'),
    sa.UniqueConstraint('space', 'key', name='record_takes_effect_once')
    )


def downgrade() -> None:
    op.drop_table("record")
    op.drop_table("receipt")
    op.drop_table("journal_detail")
    op.drop_table("finding")
    op.drop_table("dispatch")
    op.drop_table("todo")
    op.drop_table("sighting")
    op.drop_table("meta")
    op.drop_table("journal")
    op.drop_table("job_run")
    op.drop_table("intake")
    op.drop_table("counter")
