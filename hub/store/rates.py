"""The values that a month is rated with: the catalogue, national rates, tariffs, norms.

The national rates travel as data beside `hub.billing` and become dated rows (`seed`), so that a
run reads all of them as known at its snapshot.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from hub.billing import catalogue
from hub.billing.catalogue import Service
from hub.billing.penalty import RateRow
from hub.billing.prices import Dated, NormRow, Rates, TariffRow, Timeline
from hub.money import QUANTITY
from hub.store.session import Row, Transaction
from hub.store.tables.facts import Rate

COUNTRY = "country"
PENALTY = "penalty"
_BILLING = files("hub.billing")


def _rules(name: str) -> dict[str, Any]:
    return tomllib.loads((_BILLING / "rules" / name).read_text(encoding="utf-8"))


@cache
def services() -> dict[str, Service]:
    """The catalogue of services."""
    return catalogue.services(_rules("services.toml"))


@cache
def rules_version() -> str:
    """The hash of the rules: their code and their data."""
    digest = hashlib.sha256()
    sources = [*_BILLING.iterdir(), *(_BILLING / "rules").iterdir()]
    for source in sorted(sources, key=lambda item: item.name):
        if source.name.endswith((".py", ".toml")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


# --- national rates ----------------------------------------------------------------------------


def seed(tx: Transaction, now: str) -> int:
    """Store the national rates that are not known yet or have changed; gives how many."""
    columns = "scope, name, valid_from, valid_to, value, debt_date_after, act"
    known = tx.rows(f"SELECT {columns} FROM rate ORDER BY recorded_at")
    latest = {row[:3]: row for row in known}
    fresh = [row for row in _national() if latest.get(row[:3]) != row]
    return tx.insert(Rate, [(*row[:3], now, *row[3:]) for row in fresh])


def _national() -> Iterator[Row]:
    for name, rate in _rules("rates.toml").items():
        for value in rate["values"]:
            yield (
                COUNTRY,
                name,
                _iso(value["from"]),
                _iso(value.get("to")),
                _scaled(value["value"]),
                _iso(value.get("debt_date_after")),
                value["act"],
            )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _scaled(text: str) -> int:
    """A decimal of at most six places as millionths."""
    whole, _, places = text.partition(".")
    return int(whole) * QUANTITY + int(places.ljust(6, "0") or 0)


def penalty_rates(tx: Transaction, snapshot: str) -> list[RateRow]:
    """The rates of penalty as known at a snapshot, in the order in which the last one wins."""
    rows = tx.rows(
        "SELECT valid_from, valid_to, value, debt_date_after FROM rate"
        " WHERE name = :name AND recorded_at <= :snapshot ORDER BY valid_from, recorded_at",
        name=PENALTY,
        snapshot=snapshot,
    )
    return [RateRow(_day(a), _day(b), value, _day(c)) for a, b, value, c in rows]


def _day(text: str | None) -> Any:  # noqa: ANN401 - None stays None
    return None if text is None else date.fromisoformat(text)


# --- everything of a month ---------------------------------------------------------------------


def load_rates(tx: Transaction, scheme: str, snapshot: str) -> Rates:
    """Prices, norms and national values of a scheme as known at a snapshot."""
    known = {"scheme": scheme, "snapshot": snapshot}
    tariffs = tx.rows(
        "SELECT service, region, supplier, kind, variant, id, valid_from, valid_to, price, act"
        " FROM tariff WHERE scheme = :scheme AND recorded_at <= :snapshot ORDER BY recorded_at, id",
        **known,
    )
    norms = tx.rows(
        "SELECT service, scope, scope_id, attribute, kind, id, valid_from, valid_to, value, act"
        " FROM norm WHERE scheme = :scheme AND recorded_at <= :snapshot ORDER BY recorded_at, id",
        **known,
    )
    return Rates(
        services(),
        (TariffRow._make((*row[:5], Dated._make(row[5:]))) for row in tariffs),
        (NormRow._make((*row[:5], Dated._make(row[5:]))) for row in norms),
        _timelines(tx, snapshot),
    )


def _timelines(tx: Transaction, snapshot: str) -> dict[str, Timeline]:
    rows = tx.rows(
        "SELECT name, valid_from, valid_to, value, act FROM rate"
        " WHERE name <> :penalty AND recorded_at <= :snapshot ORDER BY recorded_at, valid_from",
        penalty=PENALTY,
        snapshot=snapshot,
    )
    by_name: dict[str, list[Dated]] = {}
    for number, (name, *dated) in enumerate(rows):
        by_name.setdefault(name, []).append(Dated(number, *dated))
    return {name: Timeline(same) for name, same in by_name.items()}


def tariff_acts(tx: Transaction, scheme: str) -> dict[int, str]:
    """The act behind each tariff."""
    return dict(tx.rows("SELECT id, act FROM tariff WHERE scheme = :scheme", scheme=scheme))
