"""Time as an argument: what the hub knows of the hour comes from a `Clock` passed in.

Instants are aware datetimes; they are stored as text in UTC with microseconds and shown
in Europe/Minsk (UTC+3, no summer time since 2011).
"""

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

MINSK = ZoneInfo("Europe/Minsk")


class Clock(Protocol):
    """Whatever tells the hub what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in Europe/Minsk."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present instant of the machine in Europe/Minsk."""
        return datetime.now(MINSK)


class SimulatedClock:
    """A clock that stands still until it is moved; used by the demo and by tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(MINSK)

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Step forward; a step back is refused, for it would hide a mistake of the caller."""
        if instant < self._now:
            raise ValueError(f"the simulated clock cannot go back to {instant}")
        self._now = instant.astimezone(MINSK)


def stamp(instant: datetime) -> str:
    """An instant as it is stored: `2026-10-01T04:05:00.000000Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def unstamp(text: str) -> datetime:
    """The instant of a stored stamp, aware, in Europe/Minsk."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).astimezone(MINSK)


def minsk(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant by its Minsk wall clock."""
    return datetime(year, month, day, hour, minute, tzinfo=MINSK)
