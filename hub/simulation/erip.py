"""ERIP (ЕРИП): answers lists of demands, tells of payments, transfers and one reversal.

It also makes the mistakes of `architecture.md`, 10.5 on purpose, each once, in the first month
in which money comes: a 206 without its last record, a 206 twice, a 210 with a wrong total.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.month import Month
from hub.simulation import erip_files
from hub.simulation.demands import DemandList, Examiner
from hub.simulation.erip_files import Refusal, Register
from hub.simulation.handover import Sending, Taken
from hub.simulation.partners import AGENTS, AgentBank, Collector
from hub.simulation.payments import CROWDED_DAY, Payment, before, planned

REPEAT_FROM, WRONG_TOTAL_FROM, REVERSAL_FROM = 6, 8, 12
"""The days of the first collecting month from which the first chance is taken."""
FIRST_ORDER = 2941
_REASON = "Лицевой счет временно закрыт для приема платежей"


class Erip:
    """The other side of the five messages; `first` is the first month in which money comes."""

    def __init__(
        self, us: Collector, examiner: Examiner, accounts: frozenset[str], first: Month, seed: int
    ) -> None:
        self._us = us
        self._examiner = examiner
        self._accounts = accounts
        self._first = first
        self._seed = seed
        self._numbers: Counter[str] = Counter()
        self._orders = FIRST_ORDER
        self._refused: frozenset[str] = frozenset()
        self._missteps: set[str] = {"rejection", "short", "twice", "total", "reversal"}
        self._held: list[Payment] = []
        self._again: list[Sending] = []
        self._unbooked: list[Register] = []
        self.payments: list[Payment] = []

    @property
    def awaits_list(self) -> bool:
        """Whether a list was refused and the one made anew has not come."""
        return bool(self._refused)

    def answer(self, file: Taken, now: datetime) -> Sending:
        """The 204 to a 202. Raises `Complaint` when the list is not as it must be."""
        found = self._examiner.read(file, now, self._accounts - self._refused)
        refused = self._refusals(found) if self._misstep("rejection", now, 1) else []
        self._refused = frozenset(found.demands[r.record_number - 1].account for r in refused)
        if not refused:
            month = Month.of(now.date())
            rng = random.Random(f"{self._seed}:payments:{month}")
            self.payments += planned(found.demands, month, len(self.payments), rng)
        number, answered = self._number("204"), (str(found.number), found.time)
        return self._sending(
            f"{number}.204", erip_files.reply(self._us, number, now, answered, refused)
        )

    def notices(self, now: datetime) -> list[Sending]:
        """The 206 due at `now`: of the payments made since the last."""
        sent, self._again = self._again, []
        for batch in self._batches(now):
            sending = self._notice(now, batch)
            sent.append(sending)
            if self._misstep("twice", now, REPEAT_FROM):
                self._again = [sending]
        return sent

    def reversal(self, now: datetime) -> list[Sending]:
        """The one 216: of a payment that was told the same day and is not transferred."""
        today = [p for p in self.payments if p.paid_at.date() == now.date() and not p.silent]
        if not today or not self._misstep("reversal", now, REVERSAL_FROM):
            return []
        payment = today[-1]
        payment.reversed_at = now - timedelta(minutes=5)
        number = self._number("216")
        content = erip_files.reversal(self._us, number, now, payment)
        return [self._sending(f"{number}.216", content)]

    def transfers(self, now: datetime) -> list[Sending]:
        """The 210 due at `now`, one per agent bank; the bank is credited the same day."""
        due = before(self.payments, now.date())
        sent: list[Sending] = []
        for agent in AGENTS:
            payments = [payment for payment in due if payment.agent is agent]
            if payments:
                sent += self._register(now, agent, payments)
        return sent

    def booked(self) -> list[Register]:
        """The registers whose money reached the bank since this was last asked."""
        fresh, self._unbooked = self._unbooked, []
        return fresh

    def _register(
        self, now: datetime, agent: AgentBank, payments: list[Payment]
    ) -> Iterator[Sending]:
        order, self._orders = str(self._orders), self._orders + 1
        for payment in payments:
            payment.registered = True
        if self._misstep("total", now, WRONG_TOTAL_FROM):
            wrong = Register(self._number("210"), agent, order, payments)
            content = erip_files.register(self._us, now, wrong, surplus=1)
            yield self._sending(f"{wrong.number}.210", content)
        told = Register(self._number("210"), agent, order, payments)
        self._unbooked.append(told)
        yield self._sending(f"{told.number}.210", erip_files.register(self._us, now, told))

    def _batches(self, now: datetime) -> Iterator[list[Payment]]:
        held, self._held = self._held, []
        due = [p for p in self.payments if p.paid_at < now and not p.noticed and not p.silent]
        for payment in due:
            payment.noticed = True
        if held:
            yield held
        if due:
            yield due

    def _notice(self, now: datetime, payments: list[Payment]) -> Sending:
        number = self._number("206")
        content = erip_files.notice(self._us, number, now, payments)
        if len(payments) > 1 and self._misstep("short", now, CROWDED_DAY):
            self._held = payments
            content = erip_files.shortened(content)
        return self._sending(f"{number}.206", content)

    def _refusals(self, found: DemandList) -> list[Refusal]:
        rng = random.Random(f"{self._seed}:refusals")
        chosen = sorted(rng.sample(range(len(found.demands)), 2))
        return [Refusal(at + 1, _REASON, found.sources[at]) for at in chosen]

    def _misstep(self, name: str, now: datetime, day: int) -> bool:
        """Whether the moment has come to do once what is done once."""
        ripe = Month.of(now.date()) == self._first and now.day >= day and name in self._missteps
        if ripe:
            self._missteps.discard(name)
        return ripe

    def _number(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def _sending(self, name: str, content: bytes) -> Sending:
        return Sending("erip", name, content, signer=None, outcome=None)
