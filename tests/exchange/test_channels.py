"""When a set of files is ready: the sign of its agreement, the order of effect."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.clock import minsk
from hub.exchange.channels import Look, look
from hub.settings import Agreement, Channel
from hub.store.session import Store

NOW = minsk(2026, 10, 6, 12)
CHANNEL = Channel(id="erip", partner="erip")


def _agreement(kind: str, **more: object) -> Agreement:
    values: dict[str, object] = {
        "id": f"erip-{kind}", "partner": "erip", "kind": f"erip.{kind}", "direction": "in",
        "channel": "erip", "format": f"erip.{kind}", "mapping": f"erip-{kind}", "env": "test",
        "name_pattern": rf"(?P<number>[0-9]{{1,8}})\.{kind}", "handover": ("rename",),
        "completeness": ("count",), "signature": "none", "accept_risk": True,
    }  # fmt: skip
    return Agreement(**(values | more))


class Inbox:
    """A folder that is listed at chosen instants."""

    def __init__(self, store: Store, folder: Path, *agreements: Agreement) -> None:
        self._store, self.folder, self._agreements = store, folder, agreements

    def put(self, name: str, content: bytes = b"x") -> None:
        """Put a file under its final name."""
        (self.folder / name).write_bytes(content)

    def seen(self, now: datetime) -> Look:
        """One listing."""
        return look(self._store, CHANNEL, self._agreements, self.folder, now)


def _names(found: Look) -> list[list[str]]:
    return [[os.fsdecode(member) for member in ready.members] for ready in found.ready]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def test_a_renamed_file_is_taken_at_once(store: Store, folder: Path) -> None:
    """Under `rename` the final name is the sign that a file is whole."""
    inbox = Inbox(store, folder, _agreement("206"))
    inbox.put("1.206")
    inbox.put(".2.206.part")
    assert _names(inbox.seen(NOW)) == [["1.206"]]


def test_files_take_effect_in_the_order_of_agreements_and_numbers(
    store: Store, folder: Path
) -> None:
    """204 before 206, inside a kind by number and not by text, whatever came first."""
    inbox = Inbox(store, folder, _agreement("204"), _agreement("206"))
    for name in ("10.206", "9.206", "3.204"):
        inbox.put(name)
    assert _names(inbox.seen(NOW)) == [["3.204"], ["9.206"], ["10.206"]]


def test_a_growing_file_is_never_taken(store: Store, folder: Path) -> None:
    """Under `stable` each change starts the wait anew; a writer that pauses fools nobody."""
    inbox = Inbox(store, folder, _agreement("206", handover=("stable",), stable_for=60))
    for second in range(0, 180, 30):
        inbox.put("1.206", b"x" * (second + 1))
        assert _names(inbox.seen(NOW + timedelta(seconds=second))) == []
    still = NOW + timedelta(seconds=209)
    assert inbox.seen(still).deadline == NOW + timedelta(seconds=210)
    assert _names(inbox.seen(still + timedelta(seconds=1))) == [["1.206"]]


def test_an_empty_file_waits_longer(store: Store, folder: Path) -> None:
    """A file of 0 bytes may be one that is only begun."""
    inbox = Inbox(store, folder, _agreement("206", handover=("stable",)))
    inbox.put("1.206", b"")
    assert _names(inbox.seen(NOW)) == []
    assert _names(inbox.seen(NOW + timedelta(seconds=599))) == []
    assert _names(inbox.seen(NOW + timedelta(seconds=600))) == [["1.206"]]


def test_data_wait_for_their_signature(store: Store, folder: Path) -> None:
    """A set is whole with its signature; without one it is taken when the wait is over."""
    signed = _agreement("206", signature="required")
    inbox = Inbox(store, folder, signed)
    inbox.put("1.206")
    assert inbox.seen(NOW).deadline == NOW + timedelta(minutes=15)
    inbox.put("2.206")
    inbox.put("2.206.p7s")
    later = NOW + timedelta(minutes=1)
    assert _names(inbox.seen(later)) == [["2.206", "2.206.p7s"]]
    assert _names(inbox.seen(NOW + timedelta(minutes=15)))[0] == ["1.206"]


def test_a_signature_alone_waits(store: Store, folder: Path) -> None:
    """A signature without data is not a set, and nothing is lost of it."""
    inbox = Inbox(store, folder, _agreement("206", signature="required"))
    inbox.put("1.206.p7s")
    found = inbox.seen(NOW + timedelta(days=1))
    assert (found.ready, found.waiting) == ([], 1)


def test_what_nobody_claims_is_taken_out_of_the_way(store: Store, folder: Path) -> None:
    """A foreign name, a folder and bytes that are no text are ready: for the quarantine."""
    inbox = Inbox(store, folder, _agreement("206"))
    inbox.put("notes.txt")
    (folder / "5.206").mkdir()
    (folder / os.fsdecode(b"\xff\xfe.206")).write_bytes(b"x")
    assert len(inbox.seen(NOW).ready) == 3


def test_what_waited_and_went_is_forgotten(store: Store, folder: Path) -> None:
    """A sighting lives as long as its file lies there."""
    inbox = Inbox(store, folder, _agreement("206", handover=("stable",)))
    inbox.put("1.206")
    inbox.seen(NOW)
    (folder / "1.206").unlink()
    inbox.seen(NOW + timedelta(seconds=30))
    inbox.put("1.206")
    assert _names(inbox.seen(NOW + timedelta(seconds=61))) == []
