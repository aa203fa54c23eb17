"""The other side of a demo: everybody with whom the hub exchanges files, on a time-table.

It only puts files into `inbox/<channel>` and takes files from `outbox/<channel>` of an
instance; keys and what was received lie in `partners/<id>`. What it finds wrong is a
`Complaint` (ERIP and the bank stop at once) or one of `OtherSide.complaints()`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

from cryptography import x509

from hub.money import roubles
from hub.simulation.bank import Bank
from hub.simulation.demands import Examiner
from hub.simulation.erip import Erip
from hub.simulation.handover import Complaint, Sending, Taken, collect, drop
from hub.simulation.partners import PARTNERS, Collector
from hub.simulation.receipts import Receipts
from hub.simulation.registers import Registers
from hub.simulation.signature import Signer, enrol, fault
from hub.simulation.suppliers import Charging, Supplier
from hub.simulation.timetable import FIRST_MONTH, Act, timetable
from hub.simulation.town import Town

SUPPLIERS = ("ais", "water", "gas", "heat")
FEWEST_ACCOUNTS = 10
"""Fewer do not carry all that is done on purpose."""
_SHOWN = 20
"""The most complaints about one file that are kept."""


def signers(root: Path) -> dict[str, Signer]:
    """The keys of all partners under `root/partners`, made where there are none yet."""
    return {
        partner.id: enrol(root / "partners" / partner.id, partner.name)
        for partner in PARTNERS.values()
    }


class OtherSide:
    """All partners of one instance."""

    def __init__(
        self,
        root: Path,
        hub_certificate: Path,
        town: Town,
        months: int,
        seed: int,
        our: Mapping[str, str],
    ) -> None:
        """`our`: subscriber_code, unp, iban, bic, bank_code of who collects the money."""
        if len(town.accounts) < FEWEST_ACCOUNTS:
            raise ValueError(f"the town needs at least {FEWEST_ACCOUNTS} accounts")
        us = Collector(**our)
        self._root = root
        self._months = months
        self._hub = x509.load_pem_x509_certificate(hub_certificate.read_bytes())
        self._signers = signers(root)
        self._due = timetable(months)
        self._done = 0
        self._lists: list[Taken] = []
        self._files: Counter[str] = Counter()
        self._complaints: list[str] = []
        self._charging = Charging(town)
        self._water = Supplier("water", "cold_water", town)
        self._gas = Supplier("gas", "gas", town)
        self._erip = Erip(
            us,
            Examiner(us, self._hub),
            frozenset(account.number for account in town.accounts),
            FIRST_MONTH.plus(1),
            seed,
        )
        self._bank = Bank(us, self._hub)
        self._receipts = Receipts(self._hub)
        self._registers = {name: Registers(name, town, FIRST_MONTH) for name in SUPPLIERS}

    def next_instant(self, now: datetime) -> datetime | None:
        """The next instant at which something is due, not before `now`; None = it is over."""
        if self._done == len(self._due):
            return None
        return max(now, self._due[self._done].instant)

    def act(self, now: datetime) -> None:
        """Take what lies in the outboxes, then do all that is due at `now`.

        Raises `Complaint` when a list of demands or payment orders are not as they must be.
        """
        for partner in PARTNERS:
            self._collect(partner, now)
        while self._done < len(self._due) and self._due[self._done].instant <= now:
            act = self._due[self._done].act
            self._done += 1
            for sending in self._acts[act](self, now):
                self._send(sending)

    def complaints(self) -> list[str]:
        """What was found wrong so far, and what did not come although it was due."""
        found = [*self._complaints, *self._receipts.missing()]
        if self._done == len(self._due):
            found += [
                f"{name}: {registers.count} registers came instead of {self._months}"
                for name, registers in self._registers.items()
                if registers.count != self._months
            ]
        return found

    def summary(self) -> dict[str, object]:
        """Counts and sums of what was exchanged; money as text with two places."""
        valid = [p for p in self._erip.payments if not p.reversed_at]
        registered = [p for p in valid if p.registered]
        return {
            "files_sent": dict(sorted(self._files.items())),
            "receipts": self._receipts.count,
            "registers": sum(registers.count for registers in self._registers.values()),
            "payments": len(self._erip.payments),
            "reversed": len(self._erip.payments) - len(valid),
            "paid": roubles(sum(p.amount for p in valid)),
            "commission": roubles(sum(p.commission for p in registered)),
            "credited": roubles(self._bank.credited),
            "debited": roubles(self._bank.debited),
            "bank_balance": roubles(self._bank.balance),
            "statements": self._bank.statements,
        }

    def _send(self, sending: Sending) -> None:
        signature = None
        if sending.signer is not None:
            signature = self._signers[sending.signer].sign(sending.content)
        drop(self._root / "inbox" / sending.channel, sending.name, sending.content, signature)
        self._receipts.expect(sending)
        self._files[sending.channel] += 1

    def _collect(self, partner: str, now: datetime) -> None:
        received = self._root / "partners" / partner / "received"
        for file in collect(self._root / "outbox" / partner, received):
            found = islice(self._judged(partner, file, now), _SHOWN)
            self._complaints += [f"{partner}: {file.name}: {text}" for text in found]

    def _judged(self, partner: str, file: Taken, now: datetime) -> Iterable[str]:
        """What is wrong with a file that came; orders and demands are kept for their hour."""
        if file.name.startswith("RCP_"):
            return self._receipts.examine(partner, file)
        if file.name.startswith("register_") and partner in self._registers:
            wrong = fault(file.content, file.signature, self._hub)
            return [wrong] if wrong else self._registers[partner].examine(file)
        if file.name.endswith(".202") and partner == "erip":
            self._lists.append(file)
            return []
        if file.name.startswith("pain001_") and partner == "bank":
            self._bank.take(file, now)
            return []
        return ["nobody here awaits such a file"]

    def _load(self, now: datetime) -> list[Sending]:
        day = now.date()
        return [*self._charging.load(day), self._water.load(day), self._gas.load(day)]

    def _export(self, now: datetime) -> list[Sending]:
        return self._charging.export(now.date())

    def _readings(self, now: datetime) -> list[Sending]:
        day = now.date()
        if FIRST_MONTH.first <= day <= FIRST_MONTH.last:
            return [self._water.spoilt_readings(day), self._gas.unsigned_readings(day)]
        return [self._water.readings(day), self._gas.readings(day)]

    def _signed(self, now: datetime) -> list[Sending]:
        return self._gas.signed_readings()

    def _corrected(self, now: datetime) -> list[Sending]:
        return [self._water.corrected_readings()]

    def _forged(self, now: datetime) -> list[Sending]:
        return [self._water.forged_readings("heat")]

    def _reply(self, now: datetime) -> list[Sending]:
        """The first reply of a month needs a list; the second only one made anew."""
        lists, self._lists = self._lists, []
        is_first = now.minute < 20
        if not lists and (is_first or self._erip.awaits_list):
            raise Complaint(f"no list of demands came before {now:%d.%m.%Y %H:%M}")
        return [self._erip.answer(file, now) for file in lists]

    def _notices(self, now: datetime) -> list[Sending]:
        return self._erip.notices(now)

    def _reversal(self, now: datetime) -> list[Sending]:
        return self._erip.reversal(now)

    def _transfers(self, now: datetime) -> list[Sending]:
        return self._erip.transfers(now)

    def _statement(self, now: datetime) -> list[Sending]:
        return [self._bank.statement(now, self._erip.booked())]

    def _nothing(self, now: datetime) -> list[Sending]:
        return []

    _acts: Mapping[Act, Callable[["OtherSide", datetime], list[Sending]]] = {
        Act.LOAD: _load,
        Act.EXPORT: _export,
        Act.READINGS: _readings,
        Act.SIGNED_READINGS: _signed,
        Act.CORRECTED_READINGS: _corrected,
        Act.FORGED_READINGS: _forged,
        Act.TRANSFERS: _transfers,
        Act.REPLY: _reply,
        Act.NOTICES: _notices,
        Act.REVERSAL: _reversal,
        Act.STATEMENT: _statement,
        Act.COLLECT: _nothing,
    }
