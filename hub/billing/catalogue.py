"""The services that are charged, and how each is reckoned (`billing.md`, 6.1).

The entries are data (`rules/services.toml`); this module says what they mean.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple


class Basis(NamedTuple):
    """How the quantity of a service is found from a day on."""

    valid_from: date
    kind: str
    """`area`, `resident`, `meter`, `meter_norm`, `norm_person`, `norm_area`, `fixed`."""
    without: str | None
    """The basis of an account that has no meter; None: it cannot be charged."""


class Service(NamedTuple):
    """A service of the catalogue."""

    code: str
    order: int
    """Its place on the notice."""
    names: Mapping[str, str]
    """By language: ru, be, en."""
    unit: str
    kinds: tuple[str, ...]
    bases: tuple[Basis, ...]
    volume_of: tuple[str, ...] = ()
    """Services whose meters count its volume."""
    norm: str | None = None
    split: str | None = None
    """`water` (6.3, row 6), `year` (row 7); None: by the registered residents only."""
    employed: bool = False
    """Whether a payer who is not employed pays all of it in full (6.3, row 4)."""
    limited: bool = False
    """Whether a benefit without an area limit has the national one (9)."""

    @property
    def subsidised(self) -> bool:
        """Whether there are a subsidised and a full price."""
        return "full" in self.kinds

    def basis(self, day: date) -> Basis | None:
        """The basis that holds on a day."""
        fitting = [basis for basis in self.bases if basis.valid_from <= day]
        return fitting[-1] if fitting else None


def services(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Service]:
    """The catalogue from the content of `services.toml`."""
    return {code: _service(code, order, row) for order, (code, row) in enumerate(table.items(), 1)}


def _service(code: str, order: int, row: Mapping[str, Any]) -> Service:
    bases = (Basis(b["from"], b["kind"], b.get("without")) for b in row["basis"])
    return Service(
        code=code,
        order=order,
        names={lang: row[lang] for lang in ("ru", "be", "en")},
        unit=row["unit"],
        kinds=tuple(row["kinds"]),
        bases=tuple(bases),
        volume_of=tuple(row.get("volume_of", ())),
        norm=row.get("norm"),
        split=row.get("split"),
        employed=row.get("employed", False),
        limited=row.get("limited", False),
    )
