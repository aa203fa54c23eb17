"""Starts and stops watcher, clock and worker, nothing else.

One worker makes passes: what is due by the clock, what lies in the inboxes, what must leave.
Events of the file system and the scheduler only wake it; each pass looks at the truth.
"""

import fcntl
import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler

from hub import departure, jobs, pipeline, review
from hub.clock import stamp
from hub.errors import DiskTrouble, HubError, Refused, StoreAway
from hub.exchange import channels, folders
from hub.exchange.watch import Watcher
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.settings import Channel
from hub.store import exchange as table

log = logging.getLogger("hub.daemon")

AT_ONCE = 50
"""Files of one channel in one turn: a flood of one partner must not delay the others."""


class Daemon:
    """The worker of an instance with what wakes it."""

    def __init__(self, hub: Instance) -> None:
        self.hub = hub
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._quiet = threading.Condition()
        self._pass = threading.Lock()
        self._asked = 0
        self._settled = 0
        self._failure: BaseException | None = None

    # --- one pass ------------------------------------------------------------------------------

    def recover(self) -> None:
        """Finish what a former process began: the outbox first, then claims (5.2)."""
        hub = self.hub
        jobs.check_schedules(hub)
        hub.check_keys()
        hub.archive.sweep()
        with hub.store.transaction() as tx:
            if table.meta(tx, "began") is None:
                table.set_meta(tx, "began", stamp(hub.clock.now()))
            enter(tx, hub.clock.now(), [Entry("hub.start", "node:local", "ok")])
        hub.journal_file.flush(hub.store)
        departure.deliver_all(hub)
        self._finish_claims()

    def _finish_claims(self) -> bool:
        """Bring claims to their end that a kill or an absent database left."""
        names = folders.claims(self.hub.root / "work")
        claims = [name for name in names if pipeline.is_claim(self.hub, name)]
        done = [self._process(claim_id) for claim_id in claims]
        return any(done)

    def _process(self, claim_id: str) -> bool:
        """Work on one claim; when its files cannot be read now, only this claim waits."""
        try:
            pipeline.process(self.hub, claim_id)
        except DiskTrouble as error:
            log.warning("%s waits: %s", claim_id, error, extra={"action": "waits"})
            return False
        return True

    def work(self) -> bool:
        """One pass over everything; True when something was done."""
        did = self._finish_claims()
        did = jobs.serve_next(self.hub) or did
        did = self._take_files() or did
        did = review.release_gaps(self.hub) or did
        did = departure.after_replies(self.hub) or did
        return departure.deliver_all(self.hub) or did

    def work_through(self) -> None:
        """Passes until one finds nothing to do: what `hub run --once` does."""
        while self.work():
            pass

    def _has_room(self) -> bool:
        """Whether the disk has its share free; intake waits, sending goes on (PU8)."""
        disk = shutil.disk_usage(self.hub.root)
        low = self.hub.settings.hub.disk_low_percent
        if disk.free * 100 >= low * disk.total:
            return True
        log.error("less than %s %% of the disk is free", low, extra={"action": "disk_low"})
        return False

    def _take_files(self) -> bool:
        took = False
        if not self._has_room():
            return False
        for channel in self.hub.settings.channels.values():
            try:
                took = self._take_channel(channel) or took
            except OSError as error:  # one bad channel never stops the others
                log.error("channel %s: %s", channel.id, error, extra={"action": "channel_failed"})
        return took

    def _take_channel(self, channel: Channel) -> bool:
        agreements = self.hub.settings.inbound(channel.id)
        inbox = self.hub.folder("inbox", channel.id)
        found = channels.look(self.hub.store, channel, agreements, inbox, self.hub.clock.now())
        if found.ready:
            self.hub.stage("listed")
        claimed = (pipeline.claim(self.hub, ready) for ready in found.ready[:AT_ONCE])
        done = [self._process(claim_id) for claim_id in claimed if claim_id is not None]
        return any(done)

    def next_due(self) -> datetime | None:
        """The next instant at which something falls due without anybody acting."""
        due = [job.at for job in jobs.coming(self.hub)[:1]]
        now = self.hub.clock.now()
        for channel in self.hub.settings.channels.values():
            agreements = self.hub.settings.inbound(channel.id)
            inbox = self.hub.folder("inbox", channel.id)
            deadline = channels.look(self.hub.store, channel, agreements, inbox, now).deadline
            due += [deadline] if deadline else []
        overdue = departure.next_deadline(self.hub)
        return min([*due, overdue] if overdue else due, default=None)

    # --- threads -------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop`, awake at every event and at least every `scan_seconds`."""
        try:
            while not self._stop.is_set():
                self._wake.clear()
                asked = self._asked
                if self._one_pass():
                    continue
                with self._quiet:
                    self._settled = asked
                    self._quiet.notify_all()
                self._wake.wait(self.hub.settings.hub.scan_seconds)
        except BaseException as error:
            with self._quiet:
                self._failure = error
                self._quiet.notify_all()
            raise

    def _one_pass(self) -> bool:
        try:
            with self._pass:
                return self.work()
        except (StoreAway, DiskTrouble) as error:
            log.warning("%s", error, extra={"action": "waits"})
            return False

    @contextmanager
    def between_passes(self) -> Iterator[None]:
        """No pass runs while the block does: what happens in it is seen as one instant."""
        with self._pass:
            yield

    def wake(self) -> None:
        """Ask for a pass now."""
        self._wake.set()

    def settle(self, timeout: float = 600) -> None:
        """Wait until a pass begun after this call found nothing to do.

        Raises what stopped the worker.
        """
        with self._quiet:
            self._asked += 1
            asked = self._asked
            self.wake()
            self._quiet.wait_for(lambda: self._settled >= asked or self._failure, timeout)
            if self._failure is not None:
                raise self._failure
            if self._settled < asked:
                raise HubError("the daemon did not come to rest")

    def stop(self) -> None:
        """End the worker after its present file."""
        self._stop.set()
        self.wake()

    @contextmanager
    def started(self) -> Iterator["Daemon"]:
        """Watcher, scheduler and worker running while the block runs."""
        with only_one(self.hub):
            self.recover()
            inboxes = [self.hub.folder("inbox", c) for c in self.hub.settings.channels]
            watcher = Watcher(inboxes, self.wake)
            scheduler = self._scheduler()
            worker = threading.Thread(target=self.run, name="hub-worker", daemon=True)
            watcher.start()
            scheduler.start()
            worker.start()
            try:
                yield self
            finally:
                self.stop()
                worker.join()
                scheduler.shutdown(wait=False)
                watcher.stop()
                self._note_stop()

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone=self.hub.settings.hub.zone)
        for schedule in self.hub.settings.schedules:
            scheduler.add_job(self.wake, jobs.trigger(schedule), coalesce=True, max_instances=1)
        return scheduler

    def _note_stop(self) -> None:
        with self.hub.store.transaction() as tx:
            enter(tx, self.hub.clock.now(), [Entry("hub.stop", "node:local", "ok")])
        self.hub.journal_file.flush(self.hub.store)


@contextmanager
def only_one(hub: Instance) -> Iterator[None]:
    """Hold the instance for this process; a second one is refused in a sentence."""
    with (hub.root / "work" / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused("busy", f"another process works on {hub.root}") from None
        yield
