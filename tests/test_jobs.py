"""What falls due is served once for each instant, in order, however late."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub import jobs
from hub.clock import SimulatedClock, minsk, unstamp
from hub.daemon import Daemon
from hub.errors import SettingsError
from hub.instance import Instance
from hub.settings import Schedule
from tests.kill import START, make_instance


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Instance]:
    """An instance with the schedule of the kill test, at its start."""
    make_instance(tmp_path / "instance", f"sqlite:///{tmp_path / 'hub.db'}", None)
    with closing(Instance(tmp_path / "instance", SimulatedClock(START))) as opened:
        Daemon(opened).recover()
        yield opened


def _served(hub: Instance) -> list[tuple[str, str]]:
    with hub.store.reading() as tx:
        rows = tx.rows("SELECT job, due_at FROM job_run ORDER BY due_at, job")
    return [(job.split(" ")[0], f"{unstamp(at):%d.%m %H:%M}") for job, at in rows]


def test_nothing_is_due_before_its_hour(hub: Instance) -> None:
    """The first job of the schedule names its instant and is not served before it."""
    assert not jobs.serve_next(hub)
    assert jobs.coming(hub)[0].at == minsk(2026, 9, 1, 0, 10)


def test_missed_instants_are_caught_up_in_order(hub: Instance) -> None:
    """After a month of silence each job runs once for each instant that it missed."""
    hub.clock.move_to(START + timedelta(days=38))  # type: ignore[attr-defined]
    while jobs.serve_next(hub):
        pass
    served = _served(hub)

    assert served.count(("period.open", "01.09 00:40")) == 1
    assert served.count(("settlement.distribute", "05.10 23:00")) == 1
    assert [at for job, at in served if job == "period.rate"] == ["01.09 00:10", "01.10 00:10"]
    assert len(served) == len(set(served))
    assert not jobs.serve_next(hub)


def test_a_job_of_the_banking_calendar_skips_days_off(hub: Instance) -> None:
    """Where its day is no banking day the next one counts."""
    schedule = Schedule(job="settlement.transfer", cron="0 10 * * *", calendar="BY-bank")
    changed = hub.settings.model_copy(update={"schedules": (schedule,)})
    hub.settings = changed
    hub.clock.move_to(minsk(2026, 9, 4, 12))  # type: ignore[attr-defined]
    while jobs.serve_next(hub):
        pass

    assert jobs.coming(hub)[0].at == minsk(2026, 9, 7, 10)


@pytest.mark.parametrize(
    ("job", "cron"),
    [
        ("period.opne", "0 1 * * *"),
        ("departure:nobody", "0 1 * * *"),
        ("period.open", "61 * * * *"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused(hub: Instance, job: str, cron: str) -> None:
    """An unknown job or a cron text that is none stops the start in a sentence."""
    wrong = (Schedule(job=job, cron=cron),)
    hub.settings = hub.settings.model_copy(update={"schedules": wrong})
    with pytest.raises(SettingsError):
        jobs.check_schedules(hub)
