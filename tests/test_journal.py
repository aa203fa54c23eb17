"""The journal is a chain that cannot be changed unseen (`exchange.md`, section 14)."""

import json
from pathlib import Path

from hub.clock import minsk
from hub.journal import Entry, JournalFile, broken_at, enter, entry_hash, head
from hub.store.session import Store

NOW = minsk(2026, 10, 1, 7, 5)
KNOWN = (
    (
        {
            "action": "hub.start",
            "actor": "hub",
            "at": "2026-10-01T04:05:00.000000Z",
            "data": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "object": "node:a",
            "origin": "local",
            "prev": "0" * 64,
            "result": "ok",
            "seq": 1,
        },
        "d8ab1454da23378cd944980370704797cea56b17f6c4e18738d16a0e02a4185a",
    ),
    (
        {
            "action": "in.accept",
            "actor": "partner:demo",
            "at": "2026-10-01T04:05:01.250000Z",
            "data": "2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea",
            "object": "intake:1",
            "origin": "folder:demo-in",
            "prev": "d8ab1454da23378cd944980370704797cea56b17f6c4e18738d16a0e02a4185a",
            "result": "ACCEPTED",
            "seq": 2,
        },
        "8656db65fb35a57b66785b76854099d0686e35e7ee0058665142fe9e6c4a5724",
    ),
)


def test_the_known_answers() -> None:
    """The hash of an entry is the one printed in the specification."""
    for fields, expected in KNOWN:
        assert entry_hash(dict(fields)) == expected


def _three(store: Store) -> None:
    for number in range(3):
        with store.transaction() as tx:
            enter(tx, NOW, [Entry("in.accept", f"intake:{number}", "ACCEPTED")])


def test_entries_follow_without_a_gap(store: Store) -> None:
    """Each entry has the next number and the hash of the one before it."""
    _three(store)
    with store.reading() as tx:
        rows = tx.rows("SELECT seq, prev, hash FROM journal ORDER BY seq")
        assert head(tx) == (3, rows[2][2])
    assert [row[0] for row in rows] == [1, 2, 3]
    assert [row[1] for row in rows] == ["0" * 64, rows[0][2], rows[1][2]]
    assert broken_at(store) is None


def test_a_changed_entry_is_named(store: Store) -> None:
    """Verification names the first entry that was changed."""
    _three(store)
    with store.transaction() as tx:
        tx.run("UPDATE journal SET result = 'REJECTED' WHERE seq = 2")
    assert broken_at(store) == 2


def test_a_removed_entry_is_named(store: Store) -> None:
    """Verification names the entry behind one that was removed."""
    _three(store)
    with store.transaction() as tx:
        tx.run("DELETE FROM journal_detail WHERE seq = 2")
        tx.run("DELETE FROM journal WHERE seq = 2")
    assert broken_at(store) == 3


def test_the_file_takes_up_where_it_stopped(store: Store, tmp_path: Path) -> None:
    """A file that lost its last line to a kill gets every entry exactly once."""
    _three(store)
    JournalFile(tmp_path).flush(store)
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-20])

    JournalFile(tmp_path).flush(store)

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3]


def test_a_changed_detail_is_named(store: Store) -> None:
    """What an entry only holds by its hash cannot be changed either."""
    _three(store)
    with store.transaction() as tx:
        tx.run("UPDATE journal_detail SET detail = :forged WHERE seq = 2", forged="{}x")
    assert broken_at(store) == 2


def test_two_processes_write_each_entry_once(store: Store, tmp_path: Path) -> None:
    """A command beside the daemon appends what is missing, and nothing twice."""
    daemon, command = JournalFile(tmp_path), JournalFile(tmp_path)
    _three(store)
    daemon.flush(store)
    with store.transaction() as tx:
        enter(tx, NOW, [Entry("in.release", "intake:1", "ok", "user:cli")])
    command.flush(store)
    daemon.flush(store)

    lines = next(tmp_path.glob("*.jsonl")).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    assert daemon.differs_at(store) is None


def test_a_forged_chain_contradicts_the_file(store: Store, tmp_path: Path) -> None:
    """A chain that is computed anew over a changed entry differs from the file outside."""
    _three(store)
    journal = JournalFile(tmp_path)
    journal.flush(store)
    with store.transaction() as tx:
        tx.run("UPDATE journal SET result = 'REJECTED' WHERE seq = 2")
    assert journal.differs_at(store) == 2
