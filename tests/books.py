"""A small invented world for the tests of money: accounts, debts, intakes, settings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from formats.contract import Envelope, Layout
from hub.clock import minsk, stamp
from hub.messages import Payment
from hub.month import Month
from hub.posting.contract import Origin
from hub.settings import Agreement, DatabaseTable, HubTable, Partner, Policies, Scheme, Settings
from hub.store.session import Transaction
from hub.store.tables import exchange, facts, ledger

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
NOON = minsk(2026, 10, 6, 12)
IBAN, AGENT_IBAN = "BY39TSTB30120000000010000000", "BY25TSTB38190000000020000000"
SUPPLIERS = {"water": "501", "heat": "502", "gas": "503"}
"""Partner and the provider id of its contracts."""


def scheme(**policies: Any) -> Scheme:
    return Scheme(
        code="DM0001",
        partner="ais",
        subscriber_code="31000001",
        service_number="1",
        bank_code="795",
        iban=IBAN,
        bic="TSTBBY2X",
        policies=Policies(**policies),
    )


def agreement(kind: str, **more: Any) -> Agreement:
    """An agreement with ERIP or the bank; its id is its kind with a dash."""
    inbound = kind not in ("erip.202", "bank.pain.001")
    return Agreement(
        id=kind.replace(".", "-"),
        partner=kind.split(".", maxsplit=1)[0],
        kind=kind,
        direction="in" if inbound else "out",
        channel="c",
        format=kind,
        mapping=kind,
        env="test",
        partial="accept_park",
        **more,
    )


KINDS = ("erip.202", "erip.204", "erip.206", "erip.210", "erip.216", "bank.camt.053")


def settings(one: Scheme | None = None, **changed: Agreement) -> Settings:
    own = one or scheme()
    agreements = {a.id: a for a in map(agreement, KINDS)} | {a.id: a for a in changed.values()}
    partners = {
        name: Partner(
            id=name, role="supplier", name=name, unp="1", provider_id=number,
            settles_itself=name == "gas",
        )
        for name, number in SUPPLIERS.items()
    }  # fmt: skip
    return Settings(
        hub=HubTable(name="t", env="test", language="en"),
        database=DatabaseTable(),
        schemes={own.code: own},
        partners=partners,
        channels={},
        agreements=agreements,
        schedules=(),
    )


def put(tx: Transaction, table: type[SQLModel], **values: Any) -> None:
    """Insert one row; columns that are not given are empty."""
    columns = {name: field.default for name, field in table.model_fields.items()}
    usual = {name: None if repr(v) == "PydanticUndefined" else v for name, v in columns.items()}
    tx.insert(table, [tuple({**usual, **values}.values())])


def intake(
    tx: Transaction,
    kind: str = "erip.206",
    state: str = "ACCEPTED",
    at: datetime = NOON,
    **more: Any,
) -> int:
    """An intake row; gives its id."""
    number = tx.reserve("intake")
    text = dict.fromkeys(
        ("agreement_version", "channel", "name", "object_sha", "payload_sha", "codes"), ""
    )
    instants = dict.fromkeys(("received_at", "claimed_at", "decided_at"), stamp(at))
    fixed = {"id": number, "claim_id": f"claim-{number}", "size": 1, "state": state}
    origin = {
        "partner": kind.split(".", maxsplit=1)[0],
        "agreement": kind.replace(".", "-"),
        "kind": kind,
    }
    put(tx, exchange.Intake, **{**text, **instants, **fixed, **origin, **more})
    return number


def account(
    tx: Transaction,
    number: str,
    services: Sequence[tuple[str, str]] = (("cold_water", "501"), ("heating", "502")),
    closed_on: str | None = None,
) -> tuple[int, list[int]]:
    """An account with a contract for each (service, supplier); gives the ids."""
    file, own = intake(tx, "ais.account"), tx.reserve("account")
    where = {"intake_id": file, "line": 2, "recorded_at": stamp(minsk(2026, 8, 31, 9))}
    put(
        tx, facts.Account, id=own, scheme="DM0001", account_id=f"A{own}", number=number,
        servicing_id=f"{own}", opened_on="2020-01-01", **where,
    )  # fmt: skip
    put(
        tx, facts.AccountState, account=own, valid_from="2020-01-01", closed_on=closed_on,
        payer="Иванов И.", address="Примерск, 1", **where,
    )  # fmt: skip
    contracts = []
    for service, supplier in services:
        contracts.append(tx.reserve("contract"))
        put(
            tx, facts.Contract, id=contracts[-1], scheme="DM0001", contract_id=f"K{contracts[-1]}",
            account=own, service=service, supplier=supplier, **where,
        )  # fmt: skip
    return own, contracts


def run(tx: Transaction, month: Month = SEPTEMBER, state: str = "sealed") -> int:
    """A final run; gives its id."""
    number = tx.reserve("run")
    put(
        tx, ledger.Run, id=number, scheme="DM0001", month=month.key, kind="final", snapshot="",
        rules_version="", policies="", state=state,
    )  # fmt: skip
    return number


def charge(
    tx: Transaction, run_id: int, contract: int, gross: int, month: Month = SEPTEMBER
) -> None:
    """A charge line without benefit."""
    put(
        tx, ledger.Charge, contract=contract, period=month.key, component="sub", tariff=1,
        run=run_id, q_num=1, q_den=1, quantity=1, price=1, gross=gross, benefit=0, trace="",
    )  # fmt: skip


def fine(
    tx: Transaction, run_id: int, contract: int, amount: int, month: Month = SEPTEMBER
) -> None:
    """A penalty posted in the month it is about."""
    put(
        tx, ledger.Penalty, contract=contract, about_period=month.key, posted_period=month.key,
        run=run_id, amount=amount, total=amount, segments="",
    )  # fmt: skip


def payment(operation: str, number: str | None, amount: int, **changed: Any) -> Payment:
    """A payment message; a `transferred` makes it one of a 210."""
    usual = Payment(
        operation=operation,
        account=number,
        service_number="1",
        amount=amount,
        penalty=0,
        transferred=None,
        paid_at=stamp(minsk(2026, 10, 5, 15)),
        period="2026-09",
        demand_time=None,
        payer=None,
        address=None,
        agent_operation=None,
        meters=None,
    )
    return usual._replace(**changed)


def origin(
    tx: Transaction,
    kind: str,
    fields: dict[str, str] | None = None,
    own: Settings | None = None,
    at: datetime = NOON,
    period: Month = OCTOBER,
) -> Origin:
    """The origin of a file of a kind with an intake row of its own."""
    known = own or settings()
    return Origin(
        intake_id=intake(tx, kind, at=at),
        scheme=known.schemes["DM0001"],
        agreement=known.agreements[kind.replace(".", "-")],
        envelope=Envelope("5", Layout(kind, ()), fields or {}, created=at),
        received_at=at,
        period=period,
        settings=known,
    )


def numbered(messages: Iterable[Any]) -> list[tuple[int, Any]]:
    """Messages with the line numbers of a file whose header is line 1."""
    return list(enumerate(messages, 2))


def register_fields(transferred: str, total: str = "", **changed: str) -> dict[str, str]:
    """The header of a 210."""
    return {
        "message_number": "7801",
        "payment_order_number": "2941",
        "transfer_time": "20261006083000",
        "total_amount": total or transferred,
        "total_penalty": "",
        "total_transferred": transferred,
        "agent_account": AGENT_IBAN,
        **changed,
    }


def statement_fields(**changed: str) -> dict[str, str]:
    """The head of a camt.053."""
    return {
        "account": IBAN,
        "statement_id": "20261006-1",
        "from": "2026-10-06",
        "to": "2026-10-06",
        "opening": "0.00",
        "closing": "85.55",
        **changed,
    }


def dispatched(tx: Transaction, number: int, kind: str = "bank.pain.001", **changed: Any) -> None:
    """A dispatch that was sent; its id and number are `number`."""
    texts = {
        "partner": kind.split(".", maxsplit=1)[0],
        "agreement": kind.replace(".", "-"),
        "kind": kind,
        "channel": "",
        "business_key": f"{number}",
        "name": f"{number}",
        "object_sha": f"sha-{number}",
        "state": "SENT",
        "ack_state": "NONE",
    }
    instants = {"created_at": stamp(NOON), "sent_at": stamp(NOON)}
    counts = {"effect": 1, "wants_signature": 1, "size": 1, "records": 1, "amount": 0}
    usual = {"id": number, "number": number, **texts, **instants, **counts}
    put(tx, exchange.Dispatch, **{**usual, **changed})
