"""A wake-up when something lands in a folder; never the source of truth.

Events are lost in bursts and on network shares, and only a listing tells what lies there
(`exchange.md`, 3.1 rule 1). One watch covers the parent of the folders with all that is in it:
a folder that is replaced by another of its name is covered again, and a thousand channels need
one instance of the kernel's queue and not a thousand.
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from hub.exchange.folders import is_unfinished

log = logging.getLogger(__name__)

_ARRIVALS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
"""Reading, removing and taking files wakes nobody: the hub does that itself."""


class Watcher:
    """Calls `wake`, from a thread of its own, after a file got its name in one of the folders.

    `wake` must be quick and may be called often: setting an event is what it is for.
    """

    def __init__(self, folders: Iterable[Path], wake: Callable[[], None]) -> None:
        self._folders = {folder.absolute() for folder in folders}
        self._wake = wake
        self._observer = Observer()

    def start(self) -> None:
        """Begin to watch. What cannot be watched is logged; listings find its files anyway."""
        handler = _Arrival(self._folders, self._wake)
        self._observer.start()
        for parent in sorted({folder.parent for folder in self._folders}):
            try:
                self._observer.schedule(
                    handler, str(parent), recursive=True, event_filter=_ARRIVALS
                )
            except OSError as cause:
                extra = {"action": "watch_failed"}
                log.warning("%s is not watched: %s", parent, cause, extra=extra)

    def stop(self) -> None:
        """End watching; nobody is woken afterwards."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()


class _Arrival(FileSystemEventHandler):
    def __init__(self, folders: set[Path], wake: Callable[[], None]) -> None:
        self._folders = folders
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = Path(os.fsdecode(event.dest_path or event.src_path))
        arrived = path.parent in self._folders and not is_unfinished(os.fsencode(path.name))
        if arrived or path in self._folders:
            self._wake()
