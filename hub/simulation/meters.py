"""Meter registers of 21 columns that a supplier sends (`formats-partners.md`, C1)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from hub.month import Month
from hub.simulation.ais import day_text
from hub.simulation.town import Account, Meter, Town, consumed

COLUMNS = (
    "address", "unit_name", "unit_type", "account_number", "meter_type", "meter_number",
    "zone_count", "value_1", "value_2", "value_3", "value_4", "taken_on", "verified_on",
    "next_verification_on", "installed_on", "commissioned_on", "sealed_on", "control_reading_on",
    "place", "is_automatic", "archived_on",
)  # fmt: skip
RESOURCES = {"cold_water": "холодная вода", "gas": "газ"}
"""What a meter counts, in the words of the register."""


class Reading(NamedTuple):
    """A line of a register as it is written, right or wrong."""

    account: Account
    meter_number: str
    resource: str
    value: str
    taken_on: date
    installed_on: date | None = None


class Meters:
    """The meters of one service, which go on counting from month to month."""

    def __init__(self, town: Town, service: str) -> None:
        self._service = service
        self._seed = town.seed
        self._meters: list[tuple[Account, Meter]] = town.metered(service)
        self._shown: Mapping[str, int] = {m.number: m.start for _, m in self._meters}

    def at_start(self, day: date) -> list[Reading]:
        """The values with which the hub takes the meters over; they make the meters known."""
        return [reading._replace(installed_on=day) for reading in self._read(day)]

    def after(self, month: Month, day: date) -> list[Reading]:
        """What stands there on `day`, when the volume of `month` has been used."""
        self._shown = {
            meter.number: self._shown[meter.number] + consumed(self._seed, meter, month)
            for _, meter in self._meters
        }
        return self._read(day)

    def _read(self, day: date) -> list[Reading]:
        resource = RESOURCES[self._service]
        return [
            Reading(account, meter.number, resource, _volume(self._shown[meter.number]), day)
            for account, meter in self._meters
        ]


def spoilt(readings: list[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The readings with three made wrong on purpose, and those three as they should be.

    Wrong are: a meter that nobody knows, letters in a value, a date in the future.
    """
    step = max(1, len(readings) // 3)
    first, second, third = 0, step, min(2 * step, len(readings) - 1)
    bad = list(readings)
    bad[first] = readings[first]._replace(meter_number="99999999")
    bad[second] = readings[second]._replace(value="12л,5")
    tomorrow_year = readings[third].taken_on.replace(year=readings[third].taken_on.year + 1)
    bad[third] = readings[third]._replace(taken_on=tomorrow_year)
    return bad, [readings[first], readings[second], readings[third]]


def register(readings: Iterable[Reading]) -> bytes:
    """The bytes of a register: `;`, CRLF, windows-1251, all 21 columns."""
    lines = [";".join(COLUMNS), *(";".join(_cells(reading)) for reading in readings), ""]
    return "\r\n".join(lines).encode("cp1251")


def _cells(reading: Reading) -> tuple[str, ...]:
    account = reading.account
    cells = {
        "address": account.house.address,
        "unit_name": str(account.flat),
        "unit_type": "квартира",
        "account_number": account.number,
        "meter_type": reading.resource,
        "meter_number": reading.meter_number,
        "zone_count": "1",
        "value_1": reading.value,
        "taken_on": day_text(reading.taken_on),
        "installed_on": day_text(reading.installed_on) if reading.installed_on else "",
        "is_automatic": "нет",
    }
    return tuple(cells.get(column, "") for column in COLUMNS)


def _volume(thousandths: int) -> str:
    return f"{thousandths // 1000},{thousandths % 1000:03d}"
