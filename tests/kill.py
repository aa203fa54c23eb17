"""The small town under SIGKILL: a child does the work of one instant and dies at a stage.

The parent plays the other side: it puts files into the inboxes and moves the time. Each child
opens the instance anew, as a restarted daemon does, and works until nothing is left. Which
stage kills is counted from the start of the child, so that every stage is hit in turn.
"""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from hub.cli.demo import write_settings
from hub.clock import SimulatedClock, minsk
from hub.daemon import Daemon, only_one
from hub.instance import Instance
from hub.signing import keys
from hub.simulation.handover import drop
from hub.simulation.other_side import signers
from hub.simulation.small import drops
from hub.store.schema import upgrade

START = minsk(2026, 8, 31, 8)
HUB_ACTS = (
    minsk(2026, 9, 1, 0, 40),  # opens September
    minsk(2026, 10, 1, 0, 10),  # rates it
    minsk(2026, 10, 1, 0, 30),  # closes it
    minsk(2026, 10, 1, 0, 40),  # opens October
    minsk(2026, 10, 1, 1),  # demands
    minsk(2026, 10, 1, 2),  # registers of charges
    minsk(2026, 10, 5, 23),  # distribution
    minsk(2026, 10, 7, 10),  # payment orders
)
SCHEDULE = (
    ("period.rate", "10 0 1 * *", "calendar"),
    ("period.close", "30 0 1 * *", "calendar"),
    ("period.open", "40 0 1 * *", "calendar"),
    ("departure:erip-demands", "0 1 1 * *", "calendar"),
    ("departure:water-register", "0 2 1 * *", "calendar"),
    ("settlement.distribute", "0 23 5 * *", "calendar"),
    ("settlement.transfer", "0 10 7 * *", "BY-bank"),
    ("departure:bank-orders", "0 10 7 * *", "BY-bank"),
)


def make_instance(root: Path, url: str, schema: str | None) -> None:
    """An empty instance of the demo's settings with a schedule of its own."""
    root.mkdir(parents=True)
    signers(root)
    write_settings(root, url, schema, SCHEDULE)
    keys.new(root / "keys", "hub", "zhku-hub", START, None)
    with closing(Instance(root, SimulatedClock(START))) as hub:
        hub.make_folders()
        upgrade(hub.store)


class Story:
    """Instants in order: files that come, or only the clock that moves."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drops = drops(root)
        coming = {drop.instant for drop in self._drops}
        self.instants = sorted({START, *HUB_ACTS, *coming})

    def steps(self) -> list[tuple[datetime, Callable[[], None]]]:
        """Each drop alone, and each instant at which only the hub acts."""
        found: list[tuple[datetime, Callable[[], None]]] = []
        for instant in self.instants:
            here = [d for d in self._drops if d.instant == instant]
            found += [
                (instant, self._dropping(index))
                for index, d in enumerate(self._drops)
                if d.instant == instant
            ]
            if not here:
                found.append((instant, lambda: None))
        return found

    def _dropping(self, index: int) -> Callable[[], None]:
        one = self._drops[index]
        return lambda: drop(
            self._root / "inbox" / one.channel, one.name, one.content, one.signature
        )


def work(root: Path, now: datetime, stage: Callable[[str], None]) -> None:
    """What a daemon does that is started at an instant: recover, then all that is due."""
    with closing(Instance(root, SimulatedClock(now), stage)) as hub, only_one(hub):
        daemon = Daemon(hub)
        daemon.recover()
        daemon.work_through()


def killed_at(root: Path, now: datetime, count: int) -> str | None:
    """Work in a child that is killed at its `count`-th stage; None when it came to the end.

    Gives the name of the stage at which it died.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _child(root, now, count, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return said.splitlines()[-1]
    if os.waitstatus_to_exitcode(status) != 0:
        raise AssertionError(f"the worker failed at {now}: {said}")
    return None


def _child(root: Path, now: datetime, count: int, writer: int) -> None:
    passed = 0

    def stage(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == count:
            os.write(writer, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        work(root, now, stage)
    except BaseException as error:  # the parent must hear of it: this process has no test
        os.write(writer, repr(error).encode())
        os._exit(1)
    os._exit(0)
