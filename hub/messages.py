"""The hub's own vocabulary: what a mapped row becomes, and what an outgoing row is made of.

Amounts are kopecks, tariffs 1e5, quantities, areas and shares 1e6. Days are ISO text
`YYYY-MM-DD`, instants UTC stamps (`hub.clock.stamp`), months the int `YYYYMM`. An absent
value is None. The order of the fields is what bulk code unpacks: append, never reorder.
"""

from typing import NamedTuple


class AccountCard(NamedTuple):
    """A personal account (лицевой счет) as its charging organisation describes it."""

    scheme: str
    account_id: str
    number: str
    unified: str | None
    servicing_id: str | None
    servicing_name: str | None
    house_id: str | None
    address: str | None
    flat: str | None
    area: int | None
    rooms: int | None
    category: str | None
    ownership: str | None
    payer: str | None
    opened_on: str
    closed_on: str | None
    balance_in: int | None
    unallocated: int | None


class ServiceLine(NamedTuple):
    """A service contract (договор на услугу) with the balances to take over."""

    scheme: str
    account_id: str
    contract_id: str
    service: str
    supplier_id: str
    supplier_name: str | None
    valid_from: str
    valid_to: str | None
    balance_in: int | None
    penalty_in: int | None
    debt_months: int | None


class Registration(NamedTuple):
    """A person in an account (регистрация)."""

    scheme: str
    registration_id: str
    account_id: str
    person_id: str
    kind: str
    is_payer: int | None
    arrived_on: str
    left_on: str | None
    is_family: int | None
    not_employed: int | None
    has_benefit: int | None


class Tariff(NamedTuple):
    """A price of a service (тариф), 1e5 roubles a unit; kind `sub`, `full` or `one`."""

    service: str
    region: str | None
    supplier: str | None
    kind: str
    variant: str | None
    valid_from: str
    valid_to: str | None
    price: int
    unit: str
    act: str


class Norm(NamedTuple):
    """A norm of consumption (норматив), 1e6."""

    scope: str
    scope_id: str | None
    service: str
    attribute: str | None
    kind: str
    valid_from: str
    valid_to: str | None
    value: int
    unit: str
    act: str


class Benefit(NamedTuple):
    """A discount (льгота) of a registered person; percent and limits 1e6."""

    registration_id: str
    law: str
    category: str | None
    percent: int
    area_limit: int | None
    volume_limit: int | None
    services: str | None
    valid_from: str
    valid_to: str | None


class Reading(NamedTuple):
    """A row of a meter register: the meter and up to four zone values (1e6)."""

    address: str | None
    account: str
    resource: str
    meter: str
    zones: int | None
    value_1: int | None
    value_2: int | None
    value_3: int | None
    value_4: int | None
    taken_on: str | None
    verified_on: str | None
    next_verification_on: str | None
    installed_on: str | None
    archived_on: str | None


class Payment(NamedTuple):
    """A payment announced (206) or transferred (210); `transferred` is None in a 206."""

    operation: str
    account: str | None
    service_number: str
    amount: int
    penalty: int
    transferred: int | None
    paid_at: str | None
    period: str | None
    demand_time: str | None
    payer: str | None
    address: str | None
    agent_operation: str | None
    meters: str | None


class Reversal(NamedTuple):
    """A payment taken back (216)."""

    operation: str
    account: str | None
    service_number: str
    amount: int
    penalty: int
    paid_at: str | None
    reversed_at: str
    period: str | None
    payer: str | None
    address: str | None


class DemandReply(NamedTuple):
    """A rejected record of a 202, as a 204 tells it; the result stands in the envelope."""

    record_number: int | None
    error_text: str | None
    source_record: str | None


class StatementEntry(NamedTuple):
    """An entry of a bank statement; `amount` is positive, `direction` `credit` or `debit`."""

    entry_ref: str
    booked_on: str | None
    value_on: str | None
    direction: str
    amount: int
    currency: str
    status: str | None
    document_number: str | None
    end_to_end: str | None
    operation_code: str | None
    party_name: str | None
    party_unp: str | None
    party_account: str | None
    party_bic: str | None
    purpose: str | None


class Demand(NamedTuple):
    """A payment demand for one account (требование), a record of a 202."""

    account: str
    payer: str | None
    address: str | None
    period: str
    amount: int
    demand_time: str
    info: str | None


class TransferOrder(NamedTuple):
    """A payment order to a supplier, a transaction of a pain.001."""

    order_number: str
    end_to_end: str
    amount: int
    payee_name: str
    payee_unp: str
    payee_iban: str
    payee_bic: str
    purpose: str
    purpose_code: str
    purpose_kind: str


class SupplierLine(NamedTuple):
    """A row of the register for a supplier: one account and service of a month."""

    month: str
    account: str
    service: str
    opening: int
    charged: int
    benefit: int
    recalculated: int
    penalty: int
    paid: int
    fee: int
    closing: int


MESSAGES: dict[str, type[NamedTuple]] = {
    kind.__name__: kind
    for kind in (
        AccountCard,
        ServiceLine,
        Registration,
        Tariff,
        Norm,
        Benefit,
        Reading,
        Payment,
        Reversal,
        DemandReply,
        StatementEntry,
        Demand,
        TransferOrder,
        SupplierLine,
    )
}
"""The messages by the name that a mapping gives."""
