"""Money: runs and charges, penalties, payments, allocations, transfers, balances.

Amounts are kopecks and never change; only states and dates of a row may be filled in later.
`ledger_entry` is a view over these rows (`billing.md`, section 5; `architecture.md`, 10.4).
"""

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from hub.store.tables.columns import big, key, of


class Period(SQLModel, table=True):
    """A billing month of a scheme: `open`, `rated`, `closed` (final)."""

    scheme: str = Field(primary_key=True)
    month: int = Field(primary_key=True)
    state: str
    opened_at: str
    rated_at: str | None
    closed_at: str | None
    published_at: str | None
    """When a demand or notice left; it forbids `unrate`."""


class Run(SQLModel, table=True):
    """One rating of a month as known at `snapshot`: `running`, `sealed` or `void`."""

    __table_args__ = (
        Index(
            "one_final_run",
            "scheme",
            "month",
            unique=True,
            sqlite_where=text("kind = 'final' AND state <> 'void'"),
            postgresql_where=text("kind = 'final' AND state <> 'void'"),
        ),
    )
    id: int = key()
    scheme: str
    month: int
    kind: str
    snapshot: str
    rules_version: str
    policies: str
    state: str
    chain: str | None


class RunChunk(SQLModel, table=True):
    """An account range of a run, written in one transaction with its rows."""

    __tablename__ = "run_chunk"
    run: int = of("run.id", primary_key=True)
    chunk: int = Field(primary_key=True)
    account_from: int = big()
    account_to: int = big()
    accounts: int = big(0)
    errors: int = big(0)
    rows: int = big(0)
    sum_quantity: int = big(0)
    sum_gross: int = big(0)
    sum_benefit: int = big(0)
    sum_penalty: int = big(0)
    body_sha256: str | None
    finished_at: str | None


class RunError(SQLModel, table=True):
    """An account that could not be rated, with the reason; it has no charges in this run."""

    __tablename__ = "run_error"
    run: int = of("run.id", primary_key=True)
    account: int = of("account.id", primary_key=True)
    code: str
    text: str


class Charge(SQLModel, table=True):
    """A charge line: (contract, period, component, tariff, run) once. No foreign keys: bulk."""

    contract: int = big(primary_key=True)
    period: int = Field(primary_key=True)
    component: str = Field(primary_key=True)
    """`sub`, `full`, later `raised`, zone names, `reimbursement`."""
    tariff: int = big(primary_key=True)
    run: int = big(primary_key=True)
    q_num: int = big()
    q_den: int = big()
    quantity: int = big()
    """half_up(q_num, q_den), 1e6."""
    price: int = big()
    gross: int = big()
    benefit: int = big()
    trace: str
    """The inputs in short, such as `days=62 norm=17`; what `explain` reads first."""


class MeterCharge(SQLModel, table=True):
    """The reading up to which a run charged a meter. No foreign keys: bulk."""

    __tablename__ = "meter_charge"
    meter: int = big(primary_key=True)
    run: int = big(primary_key=True)
    reading: int = big()


class Penalty(SQLModel, table=True):
    """A posting of penalty for one debt period: total minus what was posted before."""

    contract: int = big(primary_key=True)
    about_period: int = Field(primary_key=True)
    posted_period: int = Field(primary_key=True)
    run: int = big(primary_key=True)
    amount: int = big()
    total: int = big()
    segments: str
    """`base:rate:days` parted by blanks."""


class Opening(SQLModel, table=True):
    """A balance taken over by contract, ledger and month of the debt."""

    contract: int = of("contract.id", primary_key=True)
    ledger: str = Field(primary_key=True)
    about_period: int = Field(primary_key=True)
    posted_period: int
    amount: int = big()
    intake_id: int = of("intake.id")
    line: int = big()


class Payment(SQLModel, table=True):
    """A paid sum; what glossary and golden cases call receipt (квитанция плательщика)."""

    __table_args__ = (
        Index(
            "payment_operation_once",
            "scheme",
            "agent",
            "operation",
            unique=True,
            sqlite_where=text("source_payment IS NULL"),
            postgresql_where=text("source_payment IS NULL"),
        ),
        Index(
            "payment_mirrored_once",
            "source_payment",
            unique=True,
            sqlite_where=text("source_payment IS NOT NULL"),
            postgresql_where=text("source_payment IS NOT NULL"),
        ),
        Index("payment_account", "account"),
        Index("payment_register", "register_id"),
    )
    id: int = key()
    scheme: str
    agent: str
    """Who numbers the operations: `erip` for all its messages."""
    operation: str
    source_payment: int | None = of("payment.id", None)
    """The payment that this negative one takes back."""
    account: int | None = of("account.id", None)
    """Empty while the payment is in suspense (невыясненные)."""
    amount: int = big()
    penalty: int = big()
    """What the payer asked to be penalty; part of `amount`."""
    paid_at: str | None
    paid_on: str
    posted_period: int
    state: str
    """`announced`, `transferred`, `reversed`."""
    register_id: int | None = of("register.intake_id", None)
    transferred: int | None = big(None)
    fee: int = big(0)
    bank_date: str | None
    """Day of the bank credit of its register; from then on its money may be passed on."""
    allocated: int = 0
    """1 when the last distribution left nothing of it to allocate."""
    file_account: str | None
    file_payer: str | None
    file_address: str | None
    service_number: str
    asked_period: str | None
    demand_time: str | None
    intake_id: int = of("intake.id")
    line: int = big()
    recorded_at: str


class Register(SQLModel, table=True):
    """A posted register of transferred payments (210), to be met by one bank credit."""

    intake_id: int = of("intake.id", primary_key=True)
    number: str
    agent: str
    agent_account: str
    order_number: str
    transfer_on: str
    amount: int = big()
    penalty: int = big()
    transferred: int = big()
    entry: int | None = of("statement_entry.id", None, unique=True)
    bank_date: str | None


class Statement(SQLModel, table=True):
    """A bank statement of one account and day."""

    __table_args__ = (UniqueConstraint("account", "statement_id", name="statement_once"),)
    intake_id: int = of("intake.id", primary_key=True)
    account: str
    statement_id: str
    from_day: str
    to_day: str
    opening: int = big()
    closing: int = big()


class StatementEntry(SQLModel, table=True):
    """A booked entry of a statement; amount positive, direction `credit` or `debit`."""

    __tablename__ = "statement_entry"
    __table_args__ = (UniqueConstraint("account", "entry_ref", name="entry_once"),)
    id: int = key()
    account: str
    entry_ref: str
    booked_on: str
    direction: str
    amount: int = big()
    document_number: str | None
    end_to_end: str | None
    party_account: str | None
    purpose: str | None
    intake_id: int = of("intake.id")
    line: int = big()


class Transfer(SQLModel, table=True):
    """Money for one supplier and day: `planned`, `ordered`, `confirmed`, `returned`."""

    __table_args__ = (UniqueConstraint("supplier", "day", name="one_order_a_day"),)
    id: int = key()
    scheme: str
    supplier: str
    day: str
    gross: int = big()
    refunds: int = big()
    fee: int = big()
    net: int = big()
    order_number: int = big()
    end_to_end: str = Field(unique=True)
    state: str
    dispatch: int | None = of("dispatch.id", None)
    entry: int | None = of("statement_entry.id", None)


class Allocation(SQLModel, table=True):
    """A part of a payment on a contract, month and ledger; mirrored ones are negative."""

    __table_args__ = (
        Index("allocation_contract", "contract"),
        Index("allocation_payment", "payment"),
        Index("allocation_waiting", "transfer"),
    )
    id: int = key()
    payment: int = of("payment.id")
    contract: int = of("contract.id")
    about_period: int
    posted_period: int
    ledger: str
    """`principal` or `penalty`."""
    amount: int = big()
    method: str
    mirrors: int | None = of("allocation.id", None)
    transfer: int | None = of("transfer.id", None)
    fee: int = big(0)
    """Its part of the agent's fee, set when it enters a transfer."""
    recorded_at: str


class DemandRow(SQLModel, table=True):
    """The amount of an account in a 202; `left_out` where the list went without it."""

    __tablename__ = "demand"
    dispatch: int = of("dispatch.id", primary_key=True)
    account: int = of("account.id", primary_key=True)
    amount: int = big()
    left_out: int = 0


class Balance(SQLModel, table=True):
    """Opening, turnovers and closing of a contract in a closed month."""

    contract: int = big(primary_key=True)
    month: int = Field(primary_key=True)
    principal_in: int = big()
    penalty_in: int = big()
    charged: int = big()
    benefit: int = big()
    recalculated: int = big()
    penalty: int = big()
    paid: int = big()
    penalty_paid: int = big()
    principal_out: int = big()
    penalty_out: int = big()


class AccountBalance(SQLModel, table=True):
    """What lay unallocated on an account when a month was closed."""

    __tablename__ = "account_balance"
    account: int = big(primary_key=True)
    month: int = Field(primary_key=True)
    unallocated: int = big()
