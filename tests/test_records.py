"""Operations that come again, in other files and in any order (`formats-erip.md`, A10)."""

from itertools import permutations
from typing import Any

import pytest

from hub import proof
from hub.clock import minsk
from hub.month import Month
from hub.simulation import erip_files
from hub.simulation.partners import AGENTS, COLLECTOR
from hub.simulation.payments import FIRST_OPERATION, Demand, Payment
from hub.store.exchange import IntakeRow
from hub.store.tables.ledger import Period, StatementEntry
from tests import books
from tests.test_pipeline import NOW, Desk, desk

__all__ = ["desk"]
OWED = Demand("0100000017", "Иванов И.", "Примерск, 1", "07.2026", 8641, "20260801010500")


def paid(number: int = 1, amount: int = 8641) -> Payment:
    return Payment(FIRST_OPERATION + number - 1, OWED, amount, 0, minsk(2026, 8, 30, 15), AGENTS[0])


ONE, TWO = f"{FIRST_OPERATION}", f"{FIRST_OPERATION + 1}"


def send(desk: Desk, kind: str, number: int, *payments: Payment) -> IntakeRow:
    """Drop one file; gives its intake."""
    if kind == "206":
        content = erip_files.notice(COLLECTOR, number, NOW, list(payments))
    elif kind == "216":
        content = erip_files.reversal(COLLECTOR, number, NOW, payments[0])
    else:
        told = erip_files.Register(number, AGENTS[0], "2941", list(payments))
        content = erip_files.register(COLLECTOR, NOW, told)
    intake = desk.drop(f"{number}.{kind}", content, None, "erip")
    assert intake is not None
    return intake


def seen(desk: Desk, query: str) -> list[Any]:
    with desk.hub.store.reading() as tx:
        return tx.rows(query)


PAYMENTS = "SELECT operation, amount, state FROM payment ORDER BY operation, amount"
RECORDS = "SELECT key, state, code FROM record WHERE intake_id = (SELECT max(id) FROM intake)"
OPEN = "SELECT kind, object FROM todo WHERE done_at IS NULL ORDER BY kind"


def test_a_notice_that_says_some_of_it_again(desk: Desk) -> None:
    """A known operation with the same content is a repeat: no effect, no complaint."""
    send(desk, "206", 1, paid(1))
    again = send(desk, "206", 2, paid(1), paid(2))

    assert (again.state, again.parked, again.rejected) == ("ACCEPTED", 0, 0)
    assert seen(desk, PAYMENTS) == [(ONE, 8641, "announced"), (TWO, 8641, "announced")]
    assert seen(desk, f"{RECORDS} ORDER BY line")[0] == (None, "POSTED", None)


def test_a_notice_that_says_something_else(desk: Desk) -> None:
    """A known operation with another sum is parked and left for a person."""
    send(desk, "206", 1, paid(1))
    other = send(desk, "206", 2, paid(1, 100), paid(2))

    assert (other.state, other.codes.split()[-1]) == ("ACCEPTED_WITH_ERRORS", "E-CONFLICT")
    assert seen(desk, PAYMENTS)[0] == (ONE, 8641, "announced")
    assert seen(desk, OPEN) == [("E-CONFLICT", f"payment:{ONE}")]


@pytest.mark.parametrize("kind", ["206", "210", "216"])
def test_a_file_of_nothing_new(desk: Desk, kind: str) -> None:
    """A file whose operations all came in files of its kind is refused whole, without a trace."""
    send(desk, "206", 1, paid())
    send(desk, kind, 2, paid())
    before = seen(desk, PAYMENTS)
    again = send(desk, kind, 3, paid())

    assert (again.state, again.codes) == ("REJECTED", "E-DUP-REC")
    assert seen(desk, PAYMENTS) == before
    assert seen(desk, OPEN) == []


def test_an_operation_twice_in_one_file(desk: Desk) -> None:
    """The same operation twice refuses the file, also when it is known already."""
    send(desk, "206", 1, paid(1))
    twice = send(desk, "206", 2, paid(1), paid(1), paid(2))

    assert (twice.state, twice.codes) == ("REJECTED", "E-DUP-REC")


@pytest.mark.parametrize(
    ("before", "amount", "code"),
    [("206", 10000, "E-CONFLICT"), ("210", 8641, "E-DUP-REC"), ("216", 8641, "E-CONFLICT")],
)
def test_money_that_moved_is_never_lost(desk: Desk, before: str, amount: int, code: str) -> None:
    """What a register transfers against what is known lies in suspense, and the proof balances."""
    with desk.hub.store.transaction() as tx:
        books.put(tx, Period, scheme="DM0001", month=202608, state="open", opened_at="")
    number = send(desk, "206", 1, paid(1)).id
    if before != "206":
        send(desk, before, 2, paid(1))
    with desk.hub.store.transaction() as tx:
        tx.run("UPDATE register SET order_number = 'x', entry = NULL")
        sent = paid(1, amount).transferred + paid(2).transferred
        books.put(
            tx, StatementEntry, id=9, account=COLLECTOR.iban, entry_ref="9", amount=sent,
            booked_on="2026-08-31", direction="credit", document_number="2941", intake_id=number,
            line=1,
        )  # fmt: skip
    register = send(desk, "210", 3, paid(1, amount), paid(2))

    assert (register.state, register.parked) == ("ACCEPTED", 0)
    apart = f"{ONE}/{register.id}"
    assert (apart, amount, "transferred") in seen(desk, PAYMENTS)
    assert seen(desk, OPEN) == [(code, f"payment:{apart}")]
    assert (apart, "SUSPENDED", code) in seen(desk, RECORDS)
    lines = proof.lines(desk.hub.store, desk.hub.settings, lambda *_: (), Month(2026, 8))
    ours = [n for n in lines if n.name == "received" or n.scope == "register:3"]
    assert [(n.name, n.difference) for n in ours] == [("registers", "0.00"), ("received", "0.00")]


@pytest.mark.parametrize("order", list(permutations(("206", "216", "216b"))))
def test_a_reversal_in_any_order(desk: Desk, order: tuple[str, ...]) -> None:
    """A reversal that comes before its payment waits for it; the end is that of the usual order."""
    for kind in order:
        if kind == "206":
            send(desk, "206", 1, paid(1), paid(2))
        else:
            send(desk, "216", 2, paid(1)) if kind == "216" else send(desk, "216", 3, paid(2))

    assert seen(desk, PAYMENTS) == [
        (ONE, -8641, "reversed"), (ONE, 8641, "reversed"),
        (TWO, -8641, "reversed"), (TWO, 8641, "reversed"),
    ]  # fmt: skip
    assert seen(desk, "SELECT space, key, state, code FROM record ORDER BY space, key") == [
        ("erip.206", ONE, "SUSPENDED", "E-ACC-UNKNOWN"),
        ("erip.206", TWO, "SUSPENDED", "E-ACC-UNKNOWN"),
        ("erip.216", ONE, "POSTED", None),
        ("erip.216", TWO, "POSTED", None),
    ]
    assert seen(desk, OPEN) == []
    assert {(i.state, i.parked) for i in desk.intakes()} == {("ACCEPTED", 0)}


@pytest.mark.parametrize(
    ("kind", "amount", "code"), [("210", 8641, "E-CANCEL-PAID"), ("206", 100, "E-CONFLICT")]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_reversal_that_cannot_be(
    desk: Desk, kind: str, amount: int, code: str, first: bool
) -> None:
    """Transferred, or of another sum: parked with that reason in either order."""
    for each in ("216", kind) if first else (kind, "216"):
        send(desk, each, 2 if each == "216" else 1, paid(1, 8641 if each == "216" else amount))

    query = "SELECT r.state, r.code FROM record r JOIN intake i ON i.id = r.intake_id"
    assert seen(desk, f"{query} WHERE i.kind = 'erip.216'") == [("PARKED", code)]
    assert seen(desk, OPEN) == [(code, f"payment:{ONE}")]


def test_a_reversal_twice_before_its_payment(desk: Desk) -> None:
    """Of two equal reversals that wait the second is a repeat when the payment comes."""
    send(desk, "216", 1, paid())
    send(desk, "216", 2, paid())
    send(desk, "206", 3, paid())

    assert seen(desk, PAYMENTS) == [(ONE, -8641, "reversed"), (ONE, 8641, "reversed")]
    assert {i.parked for i in desk.intakes()} == {0}
    assert seen(desk, OPEN) == []
