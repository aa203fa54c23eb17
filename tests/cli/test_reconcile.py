"""The proof, the journal and the originals."""

from contextlib import closing
from pathlib import Path

from hub.store.session import Store
from tests import facts
from tests.cli.conftest import Desk, notice


def spoil(root: Path, sql: str) -> None:
    """Change the database behind the back of the hub."""
    with closing(Store(f"sqlite:///{root / 'hub.db'}")) as store, store.transaction() as tx:
        assert tx.run(sql) == 1


def test_it_balances(desk: Desk) -> None:
    """The files that came are lines of the proof with both sides, as text."""
    desk.drop("1.206", notice(1))
    desk.drop("2.206", b"nothing of ours\r\n")

    said = desk.hub("reconcile", "--json")

    assert (said.code, said.json["balanced"]) == (0, True)
    lines = {line["name"]: line for line in said.json["lines"]}
    assert lines["files"] == {
        "name": "files",
        "month": "2026-10",
        "scope": "all",
        "left": "2",
        "right": "2",
        "difference": "0",
    }
    assert "all balanced" in desk.hub("reconcile").out
    assert desk.hub("verify", "money", "--json") == said


def test_it_does_not_balance(desk: Desk) -> None:
    """A lost receipt is a difference, and the exit code says so."""
    desk.drop("1.206", notice(1))
    spoil(desk.root, "DELETE FROM receipt")

    said = desk.hub("reconcile", "--json")

    assert (said.code, said.json["balanced"]) == (1, False)
    assert "NOT BALANCED" in desk.hub("reconcile").out


def test_one_month(desk: Desk) -> None:
    """`--month` keeps the lines of that month; what is no month is a usage error."""
    desk.drop("1.206", notice(1))

    assert desk.hub("reconcile", "--month", "2026-09", "--json").json["lines"] == []
    assert desk.hub("reconcile", "--month", "2026-10", "--json").json["lines"]
    wrong = desk.hub("reconcile", "--month", "10.2026", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "usage")
    assert "a month is written YYYY-MM" in wrong.error["text"]


def test_the_journal(desk: Desk) -> None:
    """A changed entry is found by its number."""
    desk.drop("1.206", notice(1))
    whole = {"whole": True, "broken_at": None, "broken_run": None}
    assert desk.hub("verify", "journal", "--json").json == whole
    spoil(desk.root, "UPDATE journal SET result = 'REJECTED' WHERE action = 'in.accept'")

    said = desk.hub("verify", "journal", "--json")

    assert said.code == 1
    assert said.json["whole"] is False
    assert f"entry {said.json['broken_at']}" in desk.hub("verify", "journal").out


def test_the_ratings(desk: Desk) -> None:
    """A charge that is not the one that was sealed is found by its scheme, month and chunk."""
    with closing(Store(f"sqlite:///{desk.root / 'hub.db'}")) as store:
        facts.filled(store)
    for verb in ("open", "rate"):
        assert desk.hub("period", verb).code == 0
    assert desk.hub("verify", "journal").code == 0
    spoil(desk.root, "UPDATE charge SET quantity = quantity + 1 WHERE contract = 1")

    said = desk.hub("verify", "journal", "--json")

    assert (said.code, said.json["whole"], said.json["broken_at"]) == (1, False, None)
    assert said.json["broken_run"] == {"scheme": "DM0001", "month": "2026-10", "chunk": 1}
    assert "2026-10 differs" in desk.hub("verify", "journal").out


def test_the_originals(desk: Desk) -> None:
    """A changed original and a missing one are named."""
    first, second = desk.drop("1.206", notice(1)), desk.drop("2.206", notice(2))
    assert desk.hub("verify", "store").code == 0
    changed, gone = (archived(desk, one["sha256"]) for one in (first, second))
    changed.chmod(0o600)
    changed.write_bytes(b"other")
    gone.unlink()

    said = desk.hub("verify", "store", "--json")

    assert said.code == 1
    assert said.json == {
        "whole": False,
        "damaged": [first["sha256"]],
        "missing": [second["sha256"]],
    }


def archived(desk: Desk, sha: str) -> Path:
    """Where an original lies."""
    return desk.root / "store" / sha[:2] / sha[2:4] / sha
