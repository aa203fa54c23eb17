"""Dated values by key: which tariff, norm or national value holds on which day (6.2, 7.1).

A row holds from `valid_from` up to `valid_to` (exclusive) or, when that is open, until a later
row of the same key begins. Of rows with one start the one learnt last holds. Days are ordinals
(`date.toordinal`), spans half-open.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from hub.billing.catalogue import Service
from hub.billing.line import CannotRate

FAR = date.max.toordinal()


@lru_cache(65536)
def ordinal(day: str) -> int:
    """The ordinal of an ISO day."""
    return date.fromisoformat(day).toordinal()


class Dated(NamedTuple):
    """A row of a dated table; rows of a key come in the order in which they were learnt."""

    id: int
    valid_from: str
    valid_to: str | None
    value: int
    act: str


class Piece(NamedTuple):
    """A value that holds from a day up to a day (exclusive)."""

    start: int
    stop: int
    id: int
    value: int
    provisional: bool = False
    """The last known one, for none is published for these days (7.2)."""


class Timeline:
    """The rows of one key in order of time."""

    def __init__(self, rows: Iterable[Dated]) -> None:
        latest = {row.valid_from: row for row in rows}
        ordered = [latest[day] for day in sorted(latest)]
        starts = [ordinal(row.valid_from) for row in ordered]
        self.pieces: list[Piece] = []
        self.overlaps = False
        for row, start, following in zip(ordered, starts, [*starts[1:], FAR], strict=True):
            stop = following if row.valid_to is None else ordinal(row.valid_to)
            self.overlaps = self.overlaps or stop > following
            self.pieces.append(Piece(start, stop, row.id, row.value))

    def at(self, day: int) -> Piece | None:
        """What holds on a day."""
        fitting = [piece for piece in self.pieces if piece.start <= day < piece.stop]
        return fitting[-1] if fitting else None

    def before(self, day: int) -> Piece | None:
        """The last that ended by a day: a norm of which no later one is published (7.2)."""
        ended = [piece for piece in self.pieces if piece.stop <= day]
        return ended[-1] if ended else None


class TariffRow(NamedTuple):
    """A price with the key that it is for; price 1e5, `kind` sub, full or one."""

    service: str
    region: str | None
    supplier: str | None
    kind: str
    variant: str | None
    dated: Dated


class NormRow(NamedTuple):
    """A norm with the key that it is for; value 1e6."""

    service: str
    scope: str
    scope_id: str | None
    attribute: str | None
    kind: str
    dated: Dated


Pieces = Sequence[Piece]
"""Values that cover a span one after another."""


class Rates:
    """All prices, norms and national values that the rating of a month asks for."""

    def __init__(
        self,
        services: dict[str, Service],
        tariffs: Iterable[TariffRow],
        norms: Iterable[NormRow],
        national: dict[str, Timeline],
    ) -> None:
        self.services = services
        self._tariffs = _timelines((t[:5], t.dated) for t in tariffs)
        self._norms = _timelines((n[:5], n.dated) for n in norms)
        self._national = national
        self._prices: dict[tuple[str, str, bool, int, int], Pieces] = {}
        self._norm_pieces: dict[tuple[str, str | None, int, int], Pieces] = {}

    def prices(self, service: str, supplier: str, full: bool, start: int, stop: int) -> Pieces:
        """The tariff versions of a span. Raises `CannotRate` `no_tariff`, `tariff_overlap`."""
        key = service, supplier, full, start, stop
        found = self._prices.get(key)
        if found is None:
            found = self._prices[key] = self._find_prices(*key)
        return found

    def _find_prices(
        self, service: str, supplier: str, full: bool, start: int, stop: int
    ) -> Pieces:
        kind = "full" if full else "sub"
        # the narrower key first; `one` stands for both kinds
        keys = [(service, None, by, k, None) for by in (supplier, None) for k in (kind, "one")]
        lines = [self._tariffs[key] for key in keys if key in self._tariffs]
        where = f"{service} {kind} supplier {supplier}"
        if any(line.overlaps for line in lines):
            raise CannotRate("tariff_overlap", where)
        found = _covering(lines, start, stop)
        if found is None:
            raise CannotRate("no_tariff", f"{where} {_span(start, stop)}")
        return found

    def norm(self, service: Service, house: str | None, start: int, stop: int) -> Pieces:
        """The norms of a span, the house's before the country's. Raises `CannotRate` `no_norm`."""
        key = service.code, house, start, stop
        found = self._norm_pieces.get(key)
        if found is None:
            found = self._norm_pieces[key] = self._find_norm(service, house, start, stop)
        return found

    def _find_norm(self, service: Service, house: str | None, start: int, stop: int) -> Pieces:
        scopes = (("house", house), ("country", None))
        keys = [(service.code, scope, of, None, service.norm or "") for scope, of in scopes]
        lines = [self._norms[key] for key in keys if key in self._norms]
        found = _covering(lines, start, stop)
        if found is not None:
            return found
        last = [known for line in lines if (known := line.before(stop)) is not None]
        if not last:
            raise CannotRate("no_norm", f"{service.code} {service.norm} {_span(start, stop)}")
        return [last[0]._replace(start=start, stop=stop, provisional=True)]

    def national(self, name: str, day: int) -> int:
        """A national value on a day. Raises `CannotRate` `no_rate`."""
        line = self._national.get(name)
        found = line.at(day) if line else None
        if found is None:
            raise CannotRate("no_rate", f"{name} {date.fromordinal(day)}")
        return found.value


def _timelines(
    rows: Iterable[tuple[tuple[str | None, ...], Dated]],
) -> dict[tuple[str | None, ...], Timeline]:
    by_key: dict[tuple[str | None, ...], list[Dated]] = {}
    for key, dated in rows:
        by_key.setdefault(key, []).append(dated)
    return {key: Timeline(same) for key, same in by_key.items()}


def _covering(lines: Sequence[Timeline], start: int, stop: int) -> Pieces | None:
    """For each day the first timeline that has a value; None when a day has none."""
    borders = {b for line in lines for piece in line.pieces for b in piece[:2]}
    points = [start, *sorted(b for b in borders if start < b < stop), stop]
    found: list[Piece] = []
    for begin, end in pairwise(points):
        held = next((p for line in lines if (p := line.at(begin)) is not None), None)
        if held is None:
            return None
        if found and found[-1].id == held.id:
            found[-1] = found[-1]._replace(stop=end)
        else:
            found.append(held._replace(start=begin, stop=end))
    return found


def _span(start: int, stop: int) -> str:
    return f"{date.fromordinal(start)}..{date.fromordinal(stop - 1)}"
