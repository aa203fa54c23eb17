"""Dated facts about accounts, contracts, residents, prices and meters (`billing.md`, section 5).

Rows are added, never changed: `valid_from` and `valid_to` (exclusive; empty = open) say when a
fact holds, `recorded_at` when the hub learnt it, `intake_id` and `line` where it stood. Of rows
for the same key and day the latest `recorded_at` holds; a run reads the world as known at one.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from hub.store.tables.columns import big, key, of


class Provider(SQLModel, table=True):
    """An organisation that keeps a house or supplies a service, as the scheme names it."""

    scheme: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    name: str
    recorded_at: str


class Account(SQLModel, table=True):
    """A personal account (лицевой счет); what may change of it is in `account_state`."""

    __table_args__ = (
        UniqueConstraint("scheme", "account_id", name="account_once"),
        UniqueConstraint("scheme", "servicing_id", "number", name="account_number_once"),
        Index("account_by_number", "scheme", "number"),
    )
    id: int = key()
    scheme: str
    account_id: str
    number: str
    unified: str | None
    servicing_id: str | None
    house_id: str | None
    opened_on: str
    balance_in: int | None = big(None)
    """The balance of the card in the first load, before the first period was opened."""
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class AccountState(SQLModel, table=True):
    """Area, payer and the rest of an account from a day on."""

    __tablename__ = "account_state"
    account: int = of("account.id", primary_key=True)
    valid_from: str = Field(primary_key=True)
    recorded_at: str = Field(primary_key=True)
    closed_on: str | None
    """First day on which the account is no longer open."""
    area: int | None = big(None)
    rooms: int | None
    category: str | None
    ownership: str | None
    payer: str | None
    address: str | None
    flat: str | None
    intake_id: int = of("intake.id")
    line: int = big()


class Registration(SQLModel, table=True):
    """A person in an account: arrival counts as a day of residence, departure does not."""

    __table_args__ = (Index("registration_account", "account"),)
    scheme: str = Field(primary_key=True)
    registration_id: str = Field(primary_key=True)
    recorded_at: str = Field(primary_key=True)
    account: int = of("account.id")
    person_id: str
    kind: str
    is_payer: int
    is_family: int
    not_employed: int
    has_benefit: int
    arrived_on: str
    left_on: str | None
    intake_id: int = of("intake.id")
    line: int = big()


class Contract(SQLModel, table=True):
    """A service contract (договор на услугу): account, service and supplier."""

    __table_args__ = (
        UniqueConstraint("scheme", "contract_id", name="contract_once"),
        Index("contract_account", "account"),
    )
    id: int = key()
    scheme: str
    contract_id: str
    account: int = of("account.id")
    service: str
    supplier: str
    """Provider id of the supplier."""
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class ContractTerm(SQLModel, table=True):
    """From when to when (exclusive) a contract holds."""

    __tablename__ = "contract_term"
    contract: int = of("contract.id", primary_key=True)
    recorded_at: str = Field(primary_key=True)
    valid_from: str
    valid_to: str | None
    intake_id: int = of("intake.id")
    line: int = big()


class Tariff(SQLModel, table=True):
    """A price, 1e5 roubles a unit; kind `sub`, `full` or `one`."""

    id: int = key()
    scheme: str
    service: str
    region: str | None
    supplier: str | None
    kind: str
    variant: str | None
    valid_from: str
    valid_to: str | None
    price: int = big()
    unit: str
    act: str
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class Norm(SQLModel, table=True):
    """A norm of consumption, 1e6; scope `country`, `region`, `settlement` or `house`."""

    id: int = key()
    scheme: str
    scope: str
    scope_id: str | None
    service: str
    attribute: str | None
    kind: str
    valid_from: str
    valid_to: str | None
    value: int = big()
    unit: str
    act: str
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class Benefit(SQLModel, table=True):
    """A discount of a registered person; percent and limits 1e6, services parted by blanks."""

    __table_args__ = (Index("benefit_registration", "scheme", "registration_id"),)
    id: int = key()
    scheme: str
    registration_id: str
    law: str
    category: str | None
    percent: int = big()
    area_limit: int | None = big(None)
    volume_limit: int | None = big(None)
    services: str | None
    valid_from: str
    valid_to: str | None
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class Meter(SQLModel, table=True):
    """A meter of a flat on the contract whose resource it measures."""

    __table_args__ = (UniqueConstraint("contract", "number", name="meter_once"),)
    id: int = key()
    contract: int = of("contract.id")
    number: str
    zones: int
    digits: int
    coefficient: int = big()
    installed_on: str
    removed_on: str | None
    verified_until: str | None
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class Reading(SQLModel, table=True):
    """A value of a meter, 1e6; state `accepted`, `held` or `refused`."""

    __table_args__ = (Index("reading_meter", "meter", "zone", "taken_on"),)
    id: int = key()
    meter: int = of("meter.id")
    zone: int
    taken_on: str
    value: int = big()
    source: str
    """`start` for the value at installation, else resident, supplier, inspector, erip, closing."""
    received_on: str
    state: str
    code: str | None
    recorded_at: str
    intake_id: int = of("intake.id")
    line: int = big()


class Rate(SQLModel, table=True):
    """A dated national value, such as the penalty rate; 1e6."""

    scope: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    valid_from: str = Field(primary_key=True)
    recorded_at: str = Field(primary_key=True)
    valid_to: str | None
    value: int = big()
    debt_date_after: str | None
    act: str
