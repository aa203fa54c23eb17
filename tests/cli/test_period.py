"""The billing month by hand; the arithmetic has tests of its own."""

from contextlib import closing

from hub.store.session import Store
from tests import facts
from tests.cli.conftest import Call, Desk


def states(hub: Call) -> dict[str, str]:
    """Month -> state, as programs read them."""
    found = hub("period", "status", "--json").json["periods"]
    assert all(row["scheme"] == "DM0001" for row in found)
    return {row["month"]: row["state"] for row in found}


def test_a_month_from_its_opening_to_its_close(desk: Desk) -> None:
    """Each act takes the month whose turn it is; the list tells the state and since when."""
    hub = desk.hub

    said = hub("period", "open", "--json")
    assert (said.code, said.json["state"]) == (0, "open")
    assert said.json["opened_at"] == "2026-10-05T12:00:00+03:00"
    assert hub("period", "rate").code == 0
    assert states(hub) == {"2026-10": "rated"}
    assert hub("period", "unrate").code == 0
    assert states(hub) == {"2026-10": "open"}
    assert hub("period", "rate").code == 0
    assert hub("period", "close").code == 0
    assert states(hub) == {"2026-10": "closed"}
    assert "closed" in hub("period", "status").out
    assert hub("period", "open", "--json").json["month"] == "2026-11"


def test_an_account_in_error_is_parked_by_hand(desk: Desk) -> None:
    """The close is refused and names the account, until a person parks it."""
    with closing(Store(f"sqlite:///{desk.root / 'hub.db'}")) as store:
        facts.filled(store)
        for verb in ("open", "rate"):
            assert desk.hub("period", verb).code == 0
        with store.transaction() as tx:
            tx.run("INSERT INTO run_error VALUES (1, 2, 'no_area', 'account 2')")

    said = desk.hub("period", "close", "--json")

    assert (said.code, said.error["code"]) == (1, "held_accounts")
    assert "0100000002" in said.error["text"]
    assert states(desk.hub) == {"2026-10": "rated"}
    assert desk.hub("period", "close", "--park").code == 0
    assert states(desk.hub) == {"2026-10": "closed"}


def test_the_acts_stand_in_the_journal(desk: Desk) -> None:
    """Who acted, and about which month, is an entry of the chain."""
    desk.hub("period", "open")

    lines = next((desk.root / "journal").glob("*.jsonl")).read_text().splitlines()

    assert '"action":"period.open","actor":"user:cli"' in lines[-1]
    assert '"object":"DM0001:2026-10"' in lines[-1]
    assert desk.hub("verify", "journal").code == 0


def test_out_of_turn(desk: Desk) -> None:
    """An act whose month is not there is refused; nothing changes."""
    for verb in ("rate", "unrate", "close"):
        said = desk.hub("period", verb, "--json")
        assert (said.code, said.error["code"]) == (1, "period_state")
    assert states(desk.hub) == {}


def test_an_unknown_scheme(desk: Desk) -> None:
    """A scheme that the settings lack is a usage error that names those there are."""
    said = desk.hub("period", "open", "--scheme", "XX0001")

    assert said.code == 2
    assert "DM0001" in said.err
