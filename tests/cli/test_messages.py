"""The files in and out, and their repair."""

import pytest

from hub.cli.messages import dispatch_shape
from hub.store.exchange import DispatchRow
from tests.cli.conftest import NOW, Desk, notice

KEYS = {
    "id", "direction", "partner", "agreement", "kind", "name", "number", "state", "codes",
    "received_at", "records", "accepted", "rejected", "sum", "receipt", "sha256",
}  # fmt: skip
"""What programs rely on."""


def test_a_file_that_came(desk: Desk) -> None:
    """The list shows an accepted file with its counts, its sum as text and an ISO time."""
    told = desk.drop("1.206", notice(1))

    assert set(told) >= KEYS
    assert (told["direction"], told["partner"], told["agreement"]) == ("in", "erip", "erip-206")
    assert (told["name"], told["number"], told["state"]) == ("1.206", "1", "ACCEPTED")
    assert (told["records"], told["suspended"], told["sum"]) == (2, 2, "20.03")
    assert told["received_at"] == NOW.isoformat()
    assert told["receipt"] == 1
    assert len(told["sha256"]) == 64


def test_a_file_that_went() -> None:
    """An outbound file has the same keys, its state, and what was answered."""
    row = DispatchRow(
        id=7, partner="erip", agreement="erip-202", kind="erip.202", channel="erip",
        business_key="k", effect=1, number=3, name="3.202", state="SENT", reason=None,
        object_sha="0" * 64, signature_sha=None, wants_signature=0, size=10, records=2,
        amount=-5, period=202609, created_at="2026-10-01T00:00:00.000000Z",
        sent_at="2026-10-01T00:00:01.000000Z", repeats=0, ack_state="WAITING",
        ack_due="2026-10-02T00:00:01.000000Z", ack_intake_id=None, ack_text=None,
    )  # fmt: skip

    told = dispatch_shape(row)

    assert set(told) >= KEYS
    assert (told["direction"], told["number"], told["sum"]) == ("out", "3", "-0.05")
    assert (told["ack"], told["ack_due"]) == ("WAITING", "2026-10-02T03:00:01+03:00")


def test_the_list_by_state_and_length(desk: Desk) -> None:
    """`--state` keeps one state, in any case; `--limit` keeps the latest."""
    desk.drop("1.206", notice(1))
    desk.drop("2.206", b"nothing of ours\r\n")
    desk.drop("3.206", notice(3))

    assert [one["name"] for one in desk.messages("--state", "rejected")] == ["2.206"]
    assert [one["name"] for one in desk.messages("--limit", "2")] == ["2.206", "3.206"]
    shown = desk.hub("messages", "list", "--limit", "1").out
    assert "3.206" in shown
    assert "2.206" not in shown


def test_a_name_that_steers_the_terminal(desk: Desk) -> None:
    """An odd name is shown without doing anything to the terminal of the reader."""
    desk.drop("a\x1b[31mb.206", notice(1))

    assert "\x1b[31m" not in desk.hub("messages", "list").out


def test_one_message(desk: Desk) -> None:
    """`show` tells the findings in the language asked for and the receipt byte for byte."""
    desk.drop("1.206", b"nothing of ours\r\n")

    told = desk.hub("messages", "show", "1", "--json").json
    shown = desk.hub("messages", "show", "1").out

    assert told["message"]["state"] == "REJECTED"
    (finding,) = told["findings"]
    assert (finding["code"], finding["severity"], finding["line"]) == ("E-VERSION", "error", 1)
    assert "is not supported" in finding["text"]
    assert told["receipt"]["name"].startswith("RCP_1_")
    assert told["receipt"]["xml"].startswith("<")
    assert finding["text"] in shown
    assert told["receipt"]["xml"] in shown


@pytest.mark.parametrize("options", [[], ["--out"]], ids=["in", "out"])
def test_a_message_that_is_not_there(desk: Desk, options: list[str]) -> None:
    """An unknown number is refused in a sentence."""
    said = desk.hub("messages", "show", "99", *options, "--json")

    assert (said.code, said.error["code"]) == (1, "message")


def held(desk: Desk) -> int:
    """A file whose name and header disagree about its number; gives its id."""
    told = desk.drop("1.206", notice(2))
    assert (told["state"], told["codes"], told["receipt"]) == ("HELD", ["E-NUM-NAME"], None)
    return int(told["id"])


def test_a_retry_that_changes_nothing(desk: Desk) -> None:
    """While the reason is there, the file is held again, and the exit code says so."""
    message_id = held(desk)

    said = desk.hub("messages", "retry", message_id, "--json")

    assert (said.code, said.json["message"]["state"]) == (1, "HELD")
    assert "E-NUM-NAME" in desk.hub("messages", "retry", message_id).out


def test_a_release_lets_the_file_go_on(desk: Desk) -> None:
    """A person may take a number that disagrees; the file is then decided, with a receipt."""
    message_id = held(desk)

    said = desk.hub("messages", "release", message_id, "--json")

    assert said.json["message"]["state"] != "HELD"
    assert said.json["message"]["receipt"] == 1


def test_a_held_file_is_refused(desk: Desk) -> None:
    """`reject` decides the file, its receipt is made, and nothing is left to decide."""
    message_id = held(desk)

    said = desk.hub("messages", "reject", message_id, "--reason", "sent by mistake", "--json")
    again = desk.hub("messages", "retry", message_id, "--json")

    assert (said.code, said.json["message"]["state"]) == (0, "REJECTED")
    assert said.json["message"]["receipt"] == 1
    assert (again.code, again.error["code"]) == (1, "message_state")


@pytest.mark.parametrize("options", [[], ["--preview"]], ids=["replay", "preview"])
def test_a_replay_without_a_difference(desk: Desk, options: list[str]) -> None:
    """Where nothing can become better, nothing is done, and that is said."""
    desk.drop("1.206", notice(1))

    said = desk.hub("messages", "replay", "1", *options, "--json")

    assert (said.code, said.json["changes"], said.json["preview"]) == (0, [], bool(options))
    assert "nothing changes" in desk.hub("messages", "replay", "1", *options).out


def test_a_refused_file_is_not_replayed(desk: Desk) -> None:
    """Only what was accepted can be replayed; the sentence names the other way."""
    desk.drop("1.206", b"nothing of ours\r\n")

    said = desk.hub("messages", "replay", "1")

    assert said.code == 1
    assert "use retry" in said.err


def test_the_lineage_of_a_file(desk: Desk) -> None:
    """What became of a file: its entries, its records with their sum, the rows it made."""
    desk.drop("1.206", notice(1))

    told = desk.hub("messages", "lineage", "1", "--json").json

    assert [entry["action"] for entry in told["journal"]] == ["in.accept"]
    assert told["records"] == [{"state": "SUSPENDED", "count": 2, "amount": "20.03"}]
    assert told["rows"] == [{"table": "payment", "count": 2}]
    assert (told["money"], told["answers"]) == ([], [])
    assert "SUSPENDED" in desk.hub("messages", "lineage", "1").out
