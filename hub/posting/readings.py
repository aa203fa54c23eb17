"""Readings and meters of a register, with the checks of `billing.md`, 8.3."""

from collections.abc import Iterator
from typing import NamedTuple

from formats.contract import Finding
from hub.clock import stamp
from hub.messages import Reading
from hub.money import QUANTITY, decimal_text
from hub.posting.contract import PARKED, POSTED, Origin, Outcomes, refused_state
from hub.store import facts as table
from hub.store.facts import MeterFacts
from hub.store.session import Row, Transaction

History = dict[tuple[int, int], list[Row]]


class Judged(NamedTuple):
    """What the checks say of a value: `accepted`, `held`, `refused` or `known`."""

    state: str
    finding: Finding | None = None


def post_readings(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, Reading]],
    suspended: frozenset[int],
) -> Outcomes:
    """Meters that a row installs, and readings that the checks accept or hold.

    A refused row has no effect; a held one waits for a clerk (PARKED).
    """
    desk = _Desk(tx, origin, chunk)
    for line, m in chunk:
        desk.take(line, m)
    desk.store(tx)
    return desk.outcomes


class _Desk:
    """One chunk of a register, with all that its rows are compared with."""

    def __init__(self, tx: Transaction, origin: Origin, chunk: list[tuple[int, Reading]]) -> None:
        self._origin = origin
        self._contracts = table.contracts_for(
            tx, origin.scheme.code, list({m.account for _, m in chunk})
        )
        self._meters = table.meters(tx, list(set(self._contracts.values())))
        self._history: History = table.readings(tx, [m.id for m in self._meters.values()])
        fresh = sum(1 for _, m in chunk if self._is_new(m))
        self._next = tx.reserve("meter", fresh) if fresh else 0
        self._refused = refused_state(origin.agreement)
        self._installed: list[Row] = []
        self._rows: list[Row] = []
        self.outcomes: Outcomes = {}

    def _is_new(self, m: Reading) -> bool:
        contract = self._contracts.get((m.account, m.resource))
        absent = contract is not None and (contract, m.meter) not in self._meters
        return absent and m.installed_on is not None

    def take(self, line: int, m: Reading) -> None:
        """Judge a row and keep what it adds."""
        contract = self._contracts.get((m.account, m.resource))
        if contract is None:
            found = Finding(
                "E-ACC-UNKNOWN", line, "account_number", m.account, rule="reading_unknown_meter"
            )
            self.outcomes[line] = self._refused, found
            return
        meter = self._meters.get((contract, m.meter))
        started = meter is None
        if meter is None and m.installed_on is not None:
            meter = self._install(line, m, contract)
        if meter is None:
            found = Finding(
                "E-FIELD", line, "meter_number", m.meter, "installed_on", "reading_unknown_meter"
            )
            self.outcomes[line] = self._refused, found
            return
        for zone, value in _values(m):
            self._judge(line, m, meter, zone, value, "start" if started else "supplier")

    def _install(self, line: int, m: Reading, contract: int) -> MeterFacts:
        digits = self._origin.scheme.policies.meter_digits
        installed = m.installed_on or ""
        meter = MeterFacts(self._next, contract, m.meter, digits, installed, m.archived_on)
        self._next += 1
        self._meters[contract, m.meter] = meter
        self._installed.append(
            (
                meter.id,
                contract,
                m.meter,
                m.zones or 1,
                digits,
                QUANTITY,
                installed,
                m.archived_on,
                m.next_verification_on,
                stamp(self._origin.received_at),
                self._origin.intake_id,
                line,
            )
        )
        return meter

    def _judge(
        self, line: int, m: Reading, meter: MeterFacts, zone: int, value: int, source: str
    ) -> None:
        day = m.taken_on or f"{self._origin.received_at:%Y-%m-%d}"
        past = self._history.setdefault((meter.id, zone), [])
        judged = self._checked(line, meter, past, day, value)
        if judged.finding is not None:
            states = {"refused": self._refused, "held": PARKED}
            self.outcomes[line] = states.get(judged.state, POSTED), judged.finding
        if judged.state in ("accepted", "held"):
            code = judged.finding.rule if judged.finding else None
            self._rows.append(
                (
                    meter.id,
                    zone,
                    day,
                    value,
                    source,
                    f"{self._origin.received_at:%Y-%m-%d}",
                    judged.state,
                    code,
                    stamp(self._origin.received_at),
                    self._origin.intake_id,
                    line,
                )
            )
        if judged.state == "accepted":
            past.append((day, value))
            past.sort()

    def _checked(
        self, line: int, meter: MeterFacts, past: list[Row], day: str, value: int
    ) -> Judged:
        """The checks in the order of the table; `refused` ends them."""
        shown, capacity = decimal_text(value, QUANTITY), 10**meter.digits * QUANTITY
        if value >= capacity:
            return Judged(
                "refused",
                Finding(
                    "E-FIELD", line, "value_1", shown, f"< {10**meter.digits}", "reading_digits"
                ),
            )
        if day > f"{self._origin.received_at:%Y-%m-%d}":
            return Judged(
                "refused", Finding("E-DATE", line, "taken_on", day, rule="reading_future")
            )
        if day < meter.installed_on or (meter.removed_on is not None and day > meter.removed_on):
            return Judged(
                "refused",
                Finding(
                    "E-FIELD", line, "taken_on", day, meter.installed_on, "reading_inactive_meter"
                ),
            )
        same_day = [known for taken, known in past if taken == day]
        if value in same_day:
            return Judged("known")
        if same_day:
            expected = decimal_text(same_day[-1], QUANTITY)
            return Judged(
                "held",
                Finding("E-READING-JUMP", line, "value_1", shown, expected, "reading_conflict"),
            )
        return self._compared(line, past, day, value, capacity)

    def _compared(self, line: int, past: list[Row], day: str, value: int, capacity: int) -> Judged:
        """The checks against the reading before: a fall is a roll-over or is held."""
        before = [known for taken, known in past if taken < day]
        if not before or value >= before[-1]:
            return Judged("accepted")
        wrapped = value + capacity - before[-1]
        if wrapped <= capacity // self._origin.scheme.policies.rollover_part:
            return Judged("accepted")
        return Judged(
            "held",
            Finding(
                "E-READING-LOW",
                line,
                "value_1",
                decimal_text(value, QUANTITY),
                decimal_text(before[-1], QUANTITY),
                "reading_negative",
            ),
        )

    def store(self, tx: Transaction) -> None:
        """Write the meters and readings of the chunk."""
        table.add_meters(tx, self._installed)
        table.add_readings(tx, self._rows)


def _values(m: Reading) -> Iterator[tuple[int, int]]:
    """(zone, value) of the values that a row gives."""
    for zone, value in enumerate((m.value_1, m.value_2, m.value_3, m.value_4), 1):
        if value is not None:
            yield zone, value
