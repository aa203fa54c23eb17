"""What the charging organisation and the suppliers send, on purpose also wrongly (10.5)."""

from collections.abc import Iterator
from datetime import date

from hub.month import Month
from hub.simulation import ais
from hub.simulation.ais import EXPORT, REPORT, SCHEME
from hub.simulation.handover import REJECTED, WITH_ERRORS, Sending
from hub.simulation.meters import Meters, Reading, register, spoilt
from hub.simulation.town import Town


class Charging:
    """The charging organisation; it knows who moves in and out."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._dialects = (EXPORT, REPORT)
        """Of «Услуги», and of the other two; exchanged with every export."""

    def load(self, day: date) -> list[Sending]:
        """Everything with which the hub begins."""
        return [
            Sending("ais", "tariffs_1.csv", ais.tariffs(), "ais"),
            Sending("ais", "norms_1.csv", ais.norms(), "ais"),
            *self._exports(day),
            Sending("ais", "benefits_1.csv", ais.benefits(self.town), "ais"),
        ]

    def export(self, day: date) -> list[Sending]:
        """The three exports again, with those who come and go from the next month on."""
        self.town = self.town.moved(Month.of(day).plus(1))
        return list(self._exports(day))

    def _exports(self, day: date) -> Iterator[Sending]:
        services, others = self._dialects
        self._dialects = (others, services)
        contents = {
            "Карточка ЛС": ais.cards(self.town, others, day),
            "Услуги": ais.services(self.town, services, day),
            "Регистрация": ais.registrations(self.town, others, day),
        }
        for title, content in contents.items():
            yield Sending("ais", f"{title} {SCHEME}.csv", content, "ais")


class Supplier:
    """A supplier whose meters are read, of water or gas."""

    def __init__(self, channel: str, service: str, town: Town) -> None:
        self._channel = channel
        self._meters = Meters(town, service)
        self._files = 0
        self._bad: list[Reading] = []
        self._unsigned: Sending | None = None

    def load(self, day: date) -> Sending:
        """The meters with their start values."""
        return self._sending(self._meters.at_start(day))

    def readings(self, day: date) -> Sending:
        """The readings taken on `day`."""
        return self._sending(self._meters.after(Month.of(day), day))

    def spoilt_readings(self, day: date) -> Sending:
        """The readings of `day`, three of them wrong."""
        bad, self._bad = spoilt(self._meters.after(Month.of(day), day))
        return self._sending(bad)._replace(outcome=WITH_ERRORS, rejected=len(self._bad))

    def corrected_readings(self) -> Sending:
        """The three that were wrong, right."""
        return self._sending(self._bad)

    def unsigned_readings(self, day: date) -> Sending:
        """The readings of `day` without the signature that they must have."""
        self._unsigned = self.readings(day)
        return self._unsigned._replace(signer=None, outcome=REJECTED, code="E-SIG-NONE")

    def signed_readings(self) -> list[Sending]:
        """The same bytes, now signed."""
        return [] if self._unsigned is None else [self._unsigned]

    def forged_readings(self, signer: str) -> Sending:
        """A file that bears the supplier's next name and somebody else's signature.

        The number stays free: who is not known cannot take a number (`exchange.md`, 8).
        """
        forged = self._sending(self._bad[:1])
        self._files -= 1
        return forged._replace(signer=signer, outcome=REJECTED, code="E-SIG-SIGNER")

    def _sending(self, readings: list[Reading]) -> Sending:
        self._files += 1
        name = f"readings_{self._files}.csv"
        return Sending(self._channel, name, register(readings), self._channel)
