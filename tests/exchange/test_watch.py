"""The wake-up: it may come too often, and a missing one only costs time."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.events import DirCreatedEvent, FileClosedEvent, FileMovedEvent, FileSystemEvent

from hub.exchange.watch import Watcher, _Arrival

PATIENCE = 20.0


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for channel in ("ais", "water", "foreign"):
        (tmp_path / "inbox" / channel).mkdir(parents=True)
    return tmp_path / "inbox"


@pytest.fixture
def woken(inbox: Path) -> Iterator[threading.Event]:
    """Set by a watcher of two of the three channels."""
    event = threading.Event()
    watcher = Watcher([inbox / "ais", inbox / "water"], event.set)
    watcher.start()
    yield event
    watcher.stop()


def hand_over(path: Path) -> None:
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(b"1")
    draft.rename(path)


@pytest.mark.parametrize("channel", ["ais", "water"])
def test_a_file_by_rename(inbox: Path, woken: threading.Event, channel: str) -> None:
    """A file that gets its final name wakes, in each of the folders."""
    hand_over(inbox / channel / "readings_1.csv")

    assert woken.wait(PATIENCE)


def test_a_file_written_in_place(inbox: Path, woken: threading.Event) -> None:
    """So does a file written under its final name."""
    (inbox / "ais" / "readings_1.csv").write_bytes(b"1")

    assert woken.wait(PATIENCE)


def test_a_folder_that_is_replaced(inbox: Path, woken: threading.Event) -> None:
    """When a folder is moved away and another takes its name, files in the new one wake."""
    (inbox / "ais").rename(inbox.with_name("old"))
    (inbox / "ais").mkdir()
    assert woken.wait(PATIENCE)
    for number in range(100):  # the new folder is covered a moment after it was made
        woken.clear()
        hand_over(inbox / "ais" / f"readings_{number}.csv")
        if woken.wait(PATIENCE / 100):
            return

    pytest.fail("the new folder wakes nobody")


def test_a_folder_that_is_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be watched is logged and stops nothing."""
    watcher = Watcher([tmp_path / "absent" / "ais"], lambda: None)

    with caplog.at_level(logging.WARNING):
        watcher.start()
        watcher.stop()

    assert "is not watched" in caplog.text


def test_stopped_before_it_began(inbox: Path) -> None:
    """A watcher that never began may be stopped."""
    Watcher([inbox / "ais"], lambda: None).stop()


@pytest.mark.parametrize(
    ("event", "wakes"),
    [
        (FileMovedEvent("/in/ais/.a.part", "/in/ais/a.csv"), True),
        (FileClosedEvent("/in/ais/a.csv"), True),
        (FileClosedEvent("/in/ais/a.csv.p7s"), True),
        (DirCreatedEvent("/in/ais"), True),
        (FileClosedEvent("/in/ais/a.csv.part"), False),
        (FileClosedEvent("/in/ais/.a.csv"), False),
        (FileClosedEvent("/in/foreign/a.csv"), False),
        (FileClosedEvent("/in/ais/folder/a.csv"), False),
        (FileMovedEvent("/in/ais/a.csv", "/in/taken/a.csv"), False),
    ],
)
def test_what_wakes(event: FileSystemEvent, wakes: bool) -> None:
    """A final name in one of the folders wakes; unfinished, foreign and leaving files do not."""
    calls: list[None] = []

    _Arrival({Path("/in/ais")}, lambda: calls.append(None)).on_any_event(event)

    assert bool(calls) == wakes
