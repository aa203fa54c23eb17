"""The commands on an instance that has lived through a charged and a collecting month."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.test_reconcile import spoil

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance that `hub demo` leaves; its clock stands at the end of October 2026."""
    folder = tmp_path_factory.mktemp("lived") / "demo"
    code = "from hub.cli.main import main; main()"
    options = ["demo", str(folder), "--accounts", "10", "--months", "1", "--json"]
    done = subprocess.run([sys.executable, "-c", code, *options], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def hub(call: Call, lived: Path) -> Call:
    """Run a command on it, in English."""
    return lambda *argv: call("--root", lived, "--lang", "en", *argv)


def messages(hub: Call) -> list[dict[str, object]]:
    """Everything that came and went."""
    return hub("messages", "list", "--json").json["messages"]


def test_files_in_and_out_stand_together(hub: Call) -> None:
    """Both directions are one list in the order of time, with all states of the month."""
    found = messages(hub)

    times = [str(message["received_at"]) for message in found]
    assert times == sorted(times)
    assert {message["direction"] for message in found} == {"in", "out"}
    assert {"ACCEPTED", "REJECTED", "DUPLICATE", "SENT"} <= {m["state"] for m in found}
    assert all(isinstance(m["sum"], str) and str(m["sum"])[-3] == "." for m in found)


def test_outbound_files_by_their_answer(hub: Call) -> None:
    """`--state` knows the states of an answer too; `show --out` tells the same of one file."""
    accepted = hub("messages", "list", "--state", "accepted", "--json").json["messages"]
    (demand,) = [m for m in accepted if m["kind"] == "erip.202"]

    told = hub("messages", "show", demand["id"], "--out", "--json").json

    assert told == {"message": demand}
    assert str(demand["name"]) in hub("messages", "show", demand["id"], "--out").out


def test_money_is_followed_to_its_order(hub: Call) -> None:
    """The lineage of a notice of payments leads to suppliers and to the order that left."""
    notices = [m for m in messages(hub) if m["kind"] == "erip.206" and m["state"] == "ACCEPTED"]
    tellings = [hub("messages", "lineage", m["id"], "--json").json for m in notices]

    paid = [row for told in tellings for row in told["money"]]
    assert {"501", "502"} <= {row["supplier"] for row in paid}
    assert any(row["dispatch"] for row in paid)


def test_an_answer_leads_to_what_it_answers(hub: Call) -> None:
    """The lineage of a 204 names the list of demands that it answers."""
    (reply, *_) = [m for m in messages(hub) if m["kind"] == "erip.204"]

    told = hub("messages", "lineage", reply["id"], "--json").json

    assert [row["name"] for row in told["answers"]] == ["1.202"]


def test_a_month_is_told(hub: Call) -> None:
    """The charged month is closed and published, the collecting one open."""
    found = hub("period", "status", "--json").json["periods"]

    assert [(row["month"], row["state"]) for row in found] == [
        ("2026-09", "closed"),
        ("2026-10", "open"),
    ]
    assert found[0]["published_at"] == "2026-10-01T01:00:00+03:00"


def test_a_charge_is_explained(hub: Call) -> None:
    """Every line of an account with its facts, formula and ground; or those of one service."""
    number = "0100000017"
    told = hub("period", "explain", number, "--month", "2026-09", "--json")
    one = hub("period", "explain", number, "--month", "2026-09", "--service", "heating", "--json")
    shown = hub("period", "explain", number, "--month", "2026-09")

    assert (told.code, told.json["agrees"]) == (0, True)
    assert len(told.json["sections"]) > len(one.json["sections"]) > 0
    assert one.json["sections"][0] in told.json["sections"]
    assert "Heating" in shown.out
    assert f"Account {number}, 2026-09" in shown.out


def test_what_cannot_be_explained(hub: Call) -> None:
    """An unknown account, and a month that is not rated, are refused with a stable code."""
    lost = hub("period", "explain", "1", "--month", "2026-09", "--json")
    early = hub("period", "explain", "0100000017", "--month", "2026-10", "--json")

    assert (lost.code, lost.error["code"]) == (1, "unmatched_account")
    assert (early.code, early.error["code"]) == (1, "period_state")


def test_everything_agrees(hub: Call) -> None:
    """Proof, journal, originals and the doctor find nothing wrong."""
    for command in (["reconcile"], ["verify", "journal"], ["verify", "store"], ["doctor"]):
        assert hub(*command).code == 0, command


def test_a_published_month_is_not_taken_back(hub: Call) -> None:
    """Once a demand has left, the rating of its month stands."""
    said = hub("period", "unrate", "--month", "2026-09", "--json")

    assert (said.code, said.error["code"]) == (1, "period_state")


def test_a_changed_charge_is_noticed(call: Call, lived: Path, tmp_path: Path) -> None:
    """A charge altered behind the back of the hub: explained with exit code 1, not balanced."""
    subprocess.run(["cp", "-a", str(lived), str(tmp_path / "copy")], check=True)
    root = tmp_path / "copy"
    spoil(
        root,
        "UPDATE charge SET gross = gross + 1 WHERE rowid = (SELECT min(h.rowid) FROM charge h"
        " JOIN contract c ON c.id = h.contract JOIN account a ON a.id = c.account"
        " WHERE a.number = '0100000017')",
    )

    told = call("--root", root, "period", "explain", "0100000017", "--month", "2026-09", "--json")

    assert (told.code, told.json["agrees"]) == (1, False)
    assert told.json["remarks"]
    assert call("--root", root, "verify", "money").code == 1
