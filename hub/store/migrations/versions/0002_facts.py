"""Dated facts about accounts, contracts, residents, prices and meters."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('provider',
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('provider_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('scheme', 'provider_id')
    )
    op.create_table('rate',
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('valid_to', sa.String(), nullable=True),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('debt_date_after', sa.String(), nullable=True),
    sa.Column('act', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'name', 'valid_from', 'recorded_at')
    )
    op.create_table('account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('unified', sa.String(), nullable=True),
    sa.Column('servicing_id', sa.String(), nullable=True),
    sa.Column('house_id', sa.String(), nullable=True),
    sa.Column('opened_on', sa.String(), nullable=False),
    sa.Column('balance_in', sa.BigInteger(), nullable=True),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('scheme', 'account_id', name='account_once'),
    sa.UniqueConstraint('scheme', 'servicing_id', 'number', name='account_number_once')
    )
    op.create_index('account_by_number', 'account', ['scheme', 'number'], unique=False)
    op.create_table('benefit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('law', sa.String(), nullable=False),
    sa.Column('category', sa.String(), nullable=True),
    sa.Column('percent', sa.BigInteger(), nullable=False),
    sa.Column('area_limit', sa.BigInteger(), nullable=True),
    sa.Column('volume_limit', sa.BigInteger(), nullable=True),
    sa.Column('services', sa.String(), nullable=True),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('valid_to', sa.String(), nullable=True),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('benefit_registration', 'benefit', ['scheme', 'registration_id'], unique=False)
    op.create_table('norm',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('scope_id', sa.String(), nullable=True),
    sa.Column('service', sa.String(), nullable=False),
    sa.Column('attribute', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('valid_to', sa.String(), nullable=True),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(), nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('tariff',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('service', sa.String(), nullable=False),
    sa.Column('region', sa.String(), nullable=True),
    sa.Column('supplier', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('variant', sa.String(), nullable=True),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('valid_to', sa.String(), nullable=True),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(), nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('account_state',
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('closed_on', sa.String(), nullable=True),
    sa.Column('area', sa.BigInteger(), nullable=True),
    sa.Column('rooms', sa.Integer(), nullable=True),
    sa.Column('category', sa.String(), nullable=True),
    sa.Column('ownership', sa.String(), nullable=True),
    sa.Column('payer', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('flat', sa.String(), nullable=True),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('account', 'valid_from', 'recorded_at')
    )
    op.create_table('contract',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('contract_id', sa.String(), nullable=False),
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('service', sa.String(), nullable=False),
    sa.Column('supplier', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('scheme', 'contract_id', name='contract_once')
    )
    op.create_index('contract_account', 'contract', ['account'], unique=False)
    op.create_table('registration',
    sa.Column('scheme', sa.String(), nullable=False),
    sa.Column('registration_id', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('account', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('is_payer', sa.Integer(), nullable=False),
    sa.Column('is_family', sa.Integer(), nullable=False),
    sa.Column('not_employed', sa.Integer(), nullable=False),
    sa.Column('has_benefit', sa.Integer(), nullable=False),
    sa.Column('arrived_on', sa.String(), nullable=False),
    sa.Column('left_on', sa.String(), nullable=True),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('scheme', 'registration_id', 'recorded_at')
    )
    op.create_index('registration_account', 'registration', ['account'], unique=False)
    op.create_table('contract_term',
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('valid_from', sa.String(), nullable=False),
    sa.Column('valid_to', sa.String(), nullable=True),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contract'], ['contract.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('contract', 'recorded_at')
    )
    op.create_table('meter',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('contract', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('zones', sa.Integer(), nullable=False),
    sa.Column('digits', sa.Integer(), nullable=False),
    sa.Column('coefficient', sa.BigInteger(), nullable=False),
    sa.Column('installed_on', sa.String(), nullable=False),
    sa.Column('removed_on', sa.String(), nullable=True),
    sa.Column('verified_until', sa.String(), nullable=True),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['contract'], ['contract.id'], ),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('contract', 'number', name='meter_once')
    )
    op.create_table('reading',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('meter', sa.BigInteger(), nullable=False),
    sa.Column('zone', sa.Integer(), nullable=False),
    sa.Column('taken_on', sa.String(), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('received_on', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('recorded_at', sa.String(), nullable=False),
    sa.Column('intake_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['intake_id'], ['intake.id'], ),
    sa.ForeignKeyConstraint(['meter'], ['meter.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('reading_meter', 'reading', ['meter', 'zone', 'taken_on'], unique=False)


def downgrade() -> None:
    op.drop_table("reading")
    op.drop_table("meter")
    op.drop_table("contract_term")
    op.drop_table("registration")
    op.drop_table("contract")
    op.drop_table("account_state")
    op.drop_table("tariff")
    op.drop_table("norm")
    op.drop_table("benefit")
    op.drop_table("account")
    op.drop_table("rate")
    op.drop_table("provider")
