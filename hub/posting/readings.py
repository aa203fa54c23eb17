"""Meter registers: meters that a row installs, and readings that the checks accept or hold.

Source: `formats-partners.md`, C1 and C3; the checks are those of `billing.md`, 8.3. A refused
row has no effect; a held one waits as a parked record for a clerk.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from formats.contract import Finding
from hub.billing import readings as checks
from hub.billing.readings import HISTORY_DAYS, Checked, Gauge, Limits, Taken
from hub.clock import stamp
from hub.messages import Reading
from hub.money import QUANTITY, decimal_text
from hub.posting.contract import PARKED, POSTED, Origin, Outcomes, refused_state
from hub.store import facts as table
from hub.store.facts import KnownMeter, MeterPlace
from hub.store.periods import latest_closed
from hub.store.session import Row, Transaction

LOW_FACTOR = 100_000
"""A tenth of the usual consumption is unusually low, 1e6."""


def post_readings(
    tx: Transaction, origin: Origin, chunk: list[tuple[int, Reading]], suspended: frozenset[int]
) -> Outcomes:
    """Post a chunk of a meter register."""
    desk = _Desk(tx, origin, chunk)
    for line, m in chunk:
        desk.take(line, m)
    desk.store(tx)
    return desk.outcomes


class _Place(NamedTuple):
    """The meter of a row, or the contract on which it could stand."""

    contract: int
    meter: KnownMeter | None


class _Desk:
    """One chunk of a register, with all that its rows are compared with."""

    def __init__(self, tx: Transaction, origin: Origin, chunk: list[tuple[int, Reading]]) -> None:
        self._tx, self._origin = tx, origin
        self._now, self._today = stamp(origin.received_at), f"{origin.received_at:%Y-%m-%d}"
        self._places = self._find_places({m.account for _, m in chunk})
        contracts = [place.contract for same in self._places.values() for place in same]
        self._meters = table.meters(tx, contracts)
        since = f"{origin.received_at - timedelta(days=2 * HISTORY_DAYS):%Y-%m-%d}"
        known = table.readings(tx, [meter.id for meter in self._meters.values()], since)
        self._past = {key: [Taken(*row) for row in rows] for key, rows in known.items()}
        closed = latest_closed(tx, origin.scheme.code)
        self._closed_until = closed.last.isoformat() if closed else ""
        policies = origin.scheme.policies
        self._limits = Limits(
            policies.high_factor, LOW_FACTOR, policies.rollover_part, policies.max_gap_days
        )
        self._refused = refused_state(origin.agreement)
        self._installed: list[Row] = []
        self._dated: list[dict[str, object]] = []
        self._rows: list[Row] = []
        self.outcomes: Outcomes = {}

    def _find_places(self, numbers: set[str]) -> dict[tuple[str, str], list[MeterPlace]]:
        """(account number, service) -> contracts; a supplier has only those that name it."""
        sender = self._origin.settings.partners[self._origin.agreement.partner]
        own = sender.provider_id if sender.role == "supplier" else None
        found: dict[tuple[str, str], list[MeterPlace]] = {}
        for place in table.meter_places(self._tx, self._origin.scheme.code, list(numbers)):
            if own in (None, place.supplier):
                found.setdefault((place.account, place.service), []).append(place)
        return found

    # --- the meter -----------------------------------------------------------------------------

    def take(self, line: int, m: Reading) -> None:
        """Judge a row and keep what it adds."""
        day = m.taken_on or self._today
        place = self._place(m, day)
        if place is None:
            code, field, value = "E-ACC-UNKNOWN", "account_number", m.account
            self._refuse(line, Finding(code, line, field, value, None, "reading_unknown_meter"))
        elif place.meter is not None:
            self._date(place.meter, m)
            self._read(line, m, place.meter, day, "supplier")
        elif m.installed_on is not None:
            self._install(line, m, place.contract, day)
        else:
            expected = "meter_number + installed_on"
            found = Finding("E-FIELD", line, "installed_on", m.meter, expected)
            self._refuse(line, found._replace(rule="reading_unknown_meter"))

    def _refuse(self, line: int, finding: Finding) -> None:
        self.outcomes[line] = self._refused, finding

    def _place(self, m: Reading, day: str) -> _Place | None:
        """Where the meter stands; of several contracts the one that holds on the day."""
        same = self._places.get((m.account, SERVICES.get(m.resource, m.resource)), [])
        for place in same:
            meter = self._meters.get((place.contract, m.meter))
            if meter is not None:
                return _Place(place.contract, meter)
        holding = [p for p in same if p.valid_from <= day and (not p.valid_to or day < p.valid_to)]
        return _Place(holding[-1].contract, None) if holding else None

    def _date(self, meter: KnownMeter, m: Reading) -> None:
        """What a row tells of a known meter beside its value."""
        if meter.id > 0 and (m.archived_on or m.next_verification_on):
            ends = {"removed_on": m.archived_on, "verified_until": m.next_verification_on}
            self._dated.append({"id": meter.id, **ends})

    def _install(self, line: int, m: Reading, contract: int, day: str) -> None:
        """A new meter whose value is its start: what it shows is charged already."""
        digits = self._origin.scheme.policies.meter_digits
        provisional = -1 - len(self._installed)  # numbered in `store`, all at once
        meter = KnownMeter(
            provisional, digits, m.installed_on or day, m.archived_on, m.next_verification_on
        )
        if not self._read(line, m, meter, day, "start"):
            return
        self._meters[contract, m.meter] = meter
        self._installed.append(
            (contract, m.meter, m.zones or 1, digits, QUANTITY, meter.installed_on,
             m.archived_on, m.next_verification_on, self._now, self._origin.intake_id, line)
        )  # fmt: skip

    # --- the reading ---------------------------------------------------------------------------

    def _read(self, line: int, m: Reading, meter: KnownMeter, day: str, source: str) -> bool:
        """Check the values of a row, all of them before any is kept; False when one is refused."""
        gauge = Gauge(meter.digits, meter.installed_on, meter.removed_on, meter.verified_until)
        judged = []
        for zone, value in _values(m):
            past = self._past.get((meter.id, zone), [])
            taken = Taken(day, value)
            checked = checks.check(
                gauge, taken, self._today, past, self._limits, self._closed_until
            )
            judged.append((zone, taken, checked))
            self._tell(line, taken, past, checked)
        if any(checked.action == checks.REFUSE for _, _, checked in judged):
            return False
        for zone, taken, checked in judged:
            if checked.action == checks.ACCEPT and not checked.known:
                self._keep(line, meter, zone, taken, source, checked)
        return True

    def _tell(self, line: int, taken: Taken, past: list[Taken], checked: Checked) -> None:
        """The strongest finding of a value goes back to the sender."""
        told = [f for f in checked.findings if f in checks.ACTIONS] or list(checked.findings)
        if not told:
            return
        rule = told[0]
        code, field = CODES.get(rule, ("W-MATCH", "value_1"))
        value = decimal_text(taken.value, QUANTITY) if field == "value_1" else taken.day
        expected = decimal_text(past[-1].value, QUANTITY) if past and field == "value_1" else None
        state = {checks.REFUSE: self._refused, checks.HOLD: PARKED}.get(checked.action, POSTED)
        if state != POSTED or line not in self.outcomes:
            self.outcomes[line] = state, Finding(code, line, field, value, expected, rule)

    def _keep(
        self, line: int, meter: KnownMeter, zone: int, taken: Taken, source: str, checked: Checked
    ) -> None:
        code = checked.findings[0] if checked.findings else None
        self._rows.append(
            (meter.id, zone, taken.day, taken.value, source, self._today, "accepted", code,
             self._now, self._origin.intake_id, line)
        )  # fmt: skip
        past = self._past.setdefault((meter.id, zone), [])
        past.append(taken)
        past.sort()

    def store(self, tx: Transaction) -> None:
        """Write the meters and readings of the chunk."""
        count = len(self._installed)
        first = tx.reserve("meter", count) if count else 0
        table.add_meters(tx, ((first + n, *row) for n, row in enumerate(self._installed)))
        table.date_meters(tx, self._dated)
        table.add_readings(tx, [(m if m > 0 else first - 1 - m, *rest) for m, *rest in self._rows])


SERVICES = {"hot_water": "hot_water_heating"}
"""The service on whose contract a meter of a resource stands, where the names differ."""
CODES = {
    "reading_digits": ("E-FIELD", "value_1"),
    "reading_future": ("E-DATE", "taken_on"),
    "reading_inactive_meter": ("E-FIELD", "taken_on"),
    "reading_conflict": ("E-READING-JUMP", "value_1"),
    "reading_negative": ("E-READING-LOW", "value_1"),
    "reading_high": ("E-READING-JUMP", "value_1"),
}
"""What the sender sees of the findings that are not warnings (C3): code and field."""


def _values(m: Reading) -> Iterator[tuple[int, int]]:
    """(zone, value) of the values that a row gives."""
    for zone, value in enumerate((m.value_1, m.value_2, m.value_3, m.value_4), 1):
        if value is not None:
            yield zone, value
