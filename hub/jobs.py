"""What falls due by the clock: the schedule table and the jobs it names.

APScheduler only computes instants; the fact that a job was served for one is a row of our
database, so that a restart, a second pass or a clock step serves no instant twice.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from apscheduler.triggers.cron import CronTrigger

from hub import closing, departure, settlement
from hub.clock import MINSK, stamp, unstamp
from hub.errors import Refused, SettingsError
from hub.exchange.calendar import is_open
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.month import Month
from hub.settings import Schedule, Scheme
from hub.store import exchange as table
from hub.store.periods import operating_month
from hub.store.session import Transaction

log = logging.getLogger("hub.jobs")

Job = Callable[[Instance, datetime], str]
"""Does what was due at an instant and gives a word or two about the result."""


class Due(NamedTuple):
    """A job and the instant for which it must be served."""

    at: datetime
    order: int
    schedule: Schedule


def check_schedules(hub: Instance) -> None:
    """Refuse jobs and cron texts that mean nothing. Raises `SettingsError`."""
    for schedule in hub.settings.schedules:
        known = schedule.job in JOBS or (
            schedule.job.startswith("departure:")
            and schedule.job.removeprefix("departure:") in hub.settings.agreements
        )
        if not known:
            raise SettingsError(f"[[schedule]]: no job {schedule.job!r}; jobs: {', '.join(JOBS)}")
        trigger(schedule)


def trigger(schedule: Schedule) -> CronTrigger:
    """The compiled cron text of a schedule. Raises `SettingsError`."""
    try:
        return CronTrigger.from_crontab(schedule.cron, timezone=MINSK)
    except ValueError as error:
        raise SettingsError(f"[[schedule]] {schedule.job}: cron: {error}") from None


def coming(hub: Instance) -> list[Due]:
    """For each schedule the first instant that was not served yet, earliest first."""
    overrides = hub.settings.hub.days_off
    found = []
    with hub.store.reading() as tx:
        began = unstamp(table.meta(tx, "began") or stamp(hub.clock.now()))
        for order, schedule in enumerate(hub.settings.schedules):
            served = table.last_run(tx, _name(schedule))
            after = unstamp(served) if served else began
            at = _following(trigger(schedule), after)
            while at is not None and not is_open(at.date(), schedule.calendar, overrides):
                at = _following(trigger(schedule), at)
            if at is not None:
                found.append(Due(at, order, schedule))
    return sorted(found)


def _following(cron: CronTrigger, after: datetime) -> datetime | None:
    at: datetime | None = cron.get_next_fire_time(after, after)
    return at.astimezone(MINSK) if at else None


def _name(schedule: Schedule) -> str:
    return f"{schedule.job} {schedule.cron}"


def serve_next(hub: Instance) -> bool:
    """Serve the earliest instant that is due; False when nothing is."""
    due = coming(hub)
    if not due or due[0].at > hub.clock.now():
        return False
    first = due[0]
    result = serve(hub, first.schedule.job, first.at)
    with hub.store.transaction() as tx:
        now = stamp(hub.clock.now())
        table.job_done(tx, _name(first.schedule), stamp(first.at), now, result)
    log.info("%s for %s: %s", first.schedule.job, first.at, result, extra={"action": "job"})
    return True


def serve(hub: Instance, job: str, at: datetime) -> str:
    """Do a job for an instant; a state that forbids it is told, not raised."""
    try:
        if job.startswith("departure:"):
            made = departure.depart(hub, hub.settings.agreements[job.removeprefix("departure:")])
            return f"{len(made)} files"
        return _PLAIN[job](hub, at)
    except Refused as refused:
        log.warning("%s: %s", job, refused, extra={"action": "job_refused"})
        return f"refused: {refused.code}"


def _each_scheme(hub: Instance, act: Callable[[Scheme], object]) -> str:
    done = [act(scheme) for scheme in hub.settings.schemes.values()]
    hub.journal_file.flush(hub.store)
    return ", ".join(str(result) for result in done if result is not None) or "done"


def entering(hub: Instance, action: str, scheme: Scheme, object: object) -> closing.Also:
    """What a story calls last in its transaction, so that the act and its entry are one."""

    def also(tx: Transaction) -> None:
        enter(tx, hub.clock.now(), [Entry(action, f"{scheme.code}:{object}", "ok")])
        hub.stage("act before commit")

    return also


def _open(hub: Instance, at: datetime) -> str:
    month, now = Month.of(at.date()), hub.clock.now()
    return _each_scheme(
        hub,
        lambda scheme: closing.open_period(
            hub.store,
            scheme,
            month,
            now,
            also=entering(hub, "period.open", scheme, month),
        ),
    )


def _rate(hub: Instance, at: datetime) -> str:
    month, now = Month.of(at.date()).plus(-1), hub.clock.now()
    return _each_scheme(
        hub,
        lambda scheme: closing.rate(
            hub.store,
            scheme,
            month,
            now,
            also=entering(hub, "period.rate", scheme, month),
        ),
    )


def _close(hub: Instance, at: datetime) -> str:
    month, now = Month.of(at.date()).plus(-1), hub.clock.now()
    return _each_scheme(
        hub,
        lambda scheme: closing.close(
            hub.store,
            scheme,
            month,
            now,
            also=entering(hub, "period.close", scheme, month),
        ),
    )


def _distribute(hub: Instance, at: datetime) -> str:
    now = hub.clock.now()

    def act(scheme: Scheme) -> int:
        with hub.store.transaction() as tx:
            month = operating_month(tx, scheme.code, Month.of(at.date()))
            made = settlement.distribute(tx, scheme, now, month)
            if made:
                entering(hub, "settlement.distribute", scheme, f"{at:%Y-%m-%d}")(tx)
        return made

    return _each_scheme(hub, act)


def _transfer(hub: Instance, at: datetime) -> str:
    now = hub.clock.now()

    def act(scheme: Scheme) -> int:
        with hub.store.transaction() as tx:
            made = settlement.plan_transfers(tx, scheme, hub.settings, at.date(), now)
            if made:
                entering(hub, "settlement.transfer", scheme, f"{at:%Y-%m-%d}")(tx)
        return len(made)

    return _each_scheme(hub, act)


_PLAIN: dict[str, Job] = {
    "period.open": _open,
    "period.rate": _rate,
    "period.close": _close,
    "settlement.distribute": _distribute,
    "settlement.transfer": _transfer,
}
JOBS = tuple(_PLAIN)
