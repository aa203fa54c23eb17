"""Which sets of files of a channel are ready to be claimed (`exchange.md`, sections 3 and 4).

A full listing is the only source of truth. What is not ready yet is kept as a `sighting` with
the instant it was first seen; what is ready is given back in the order in which it must take
effect: agreements as in the settings, inside one by number, then by name.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hub.clock import stamp, unstamp
from hub.exchange.folders import Seen, listing, name_problem, shown
from hub.settings import Agreement, Channel
from hub.store import exchange as table
from hub.store.exchange import Sighted
from hub.store.session import Store

SIGNATURE = b".p7s"


class Ready(NamedTuple):
    """A set that may be claimed: its members in claiming order, data first."""

    channel: str
    members: tuple[bytes, ...]
    received_at: datetime
    order: tuple[int, int, str]


class Look(NamedTuple):
    """What one full listing of a channel found."""

    ready: list[Ready]
    waiting: int
    deadline: datetime | None
    """When the first of the waiting becomes ready whatever happens; None = only by an event."""


def text_name(raw: bytes) -> str:
    """A name as it is used in records: composed letters; odd bytes escaped."""
    try:
        return unicodedata.normalize("NFC", raw.decode())
    except UnicodeDecodeError:
        return shown(raw)


def claimed_by(name: str, agreements: Sequence[Agreement]) -> list[Agreement]:
    """The agreements whose pattern fits the whole name."""
    return [agreement for agreement in agreements if agreement.pattern.fullmatch(name)]


def look(
    store: Store, channel: Channel, agreements: Sequence[Agreement], inbox: Path, now: datetime
) -> Look:
    """List a channel, remember what waits, give what is ready."""
    seen = {entry.name: entry for entry in listing(inbox)}
    with store.reading() as tx:
        before = table.sightings(tx, channel.id)
    review = _Review(channel, agreements, seen, before, now)
    for raw in seen:
        review.judge(raw)
    if {s.name: s for s in review.waiting} != before:
        with store.transaction() as tx:
            table.replace_sightings(tx, channel.id, review.waiting)
    return Look(sorted(review.ready, key=lambda r: r.order), len(review.waiting), review.deadline)


class _Review:
    """One listing under judgement."""

    def __init__(
        self,
        channel: Channel,
        agreements: Sequence[Agreement],
        seen: dict[bytes, Seen],
        before: dict[str, Sighted],
        now: datetime,
    ) -> None:
        self._channel = channel
        self._agreements = list(agreements)
        self._seen = seen
        self._before = before
        self._now = now
        self.ready: list[Ready] = []
        self.waiting: list[Sighted] = []
        self.deadline: datetime | None = None

    def judge(self, raw: bytes) -> None:
        """Decide about one name: ready, waiting, or a member of another set."""
        if raw.endswith(SIGNATURE):
            if raw.removesuffix(SIGNATURE) not in self._seen:
                self._wait(raw, "WAITING_SET", None)
            return
        name = text_name(raw)
        claims = claimed_by(name, self._agreements)
        trusted = self._seen[raw].is_file and len(claims) == 1 and self._named_well(raw, claims[0])
        due = self._due(raw, claims[0]) if trusted else self._now
        if due is not None and due <= self._now:
            self._take(raw, name, claims[0] if trusted else None)
        else:
            self._wait(raw, "WAITING_SET" if trusted else "SEEN", due)

    def _named_well(self, raw: bytes, agreement: Agreement) -> bool:
        return name_problem(raw, agreement.name_letters == "cyrillic") is None

    def _due(self, raw: bytes, agreement: Agreement) -> datetime | None:
        """The instant from which the set may be claimed; its sign may still be missing."""
        sighting = self._sighting(raw)
        due = self._now
        if "stable" in agreement.handover:
            wait = agreement.stable_for if sighting.size else agreement.empty_age
            due = unstamp(sighting.changed_at) + timedelta(seconds=max(wait, agreement.min_age))
        if agreement.signature == "required" and raw + SIGNATURE not in self._seen:
            signed_by = unstamp(sighting.first_seen) + timedelta(seconds=agreement.set_wait)
            due = max(due, signed_by)
        return due

    def _sighting(self, raw: bytes, state: str = "SEEN") -> Sighted:
        entry = self._seen[raw]
        name, now = shown(raw), stamp(self._now)  # two names that compose alike are two
        old = self._before.get(name)
        same = old is not None and (old.size, old.mtime_ns) == (entry.size, entry.mtime_ns)
        return Sighted(
            name,
            entry.size,
            entry.mtime_ns,
            entry.inode,
            old.first_seen if old else now,
            old.changed_at if old and same else now,
            state,
        )

    def _wait(self, raw: bytes, state: str, due: datetime | None) -> None:
        self.waiting.append(self._sighting(raw, state))
        if due is not None and (self.deadline is None or due < self.deadline):
            self.deadline = due

    def _take(self, raw: bytes, name: str, agreement: Agreement | None) -> None:
        members = [raw] + [m for m in (raw + SIGNATURE,) if m in self._seen]
        self.ready.append(
            Ready(self._channel.id, tuple(members), self._now, self._order(name, agreement))
        )

    def _order(self, name: str, agreement: Agreement | None) -> tuple[int, int, str]:
        if agreement is None:
            return len(self._agreements), 0, name
        found = agreement.pattern.fullmatch(name)
        number = (found.groupdict().get("number") if found else None) or ""
        value = int(number) if re.fullmatch("[0-9]+", number) else 0
        return self._agreements.index(agreement), value, name
