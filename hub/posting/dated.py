"""The posters of prices, norms and benefits: tables whose every row is a dated fact.

A row without an end holds until a later row of its key begins; stated ends must not overlap
(`formats-partners.md`, B7). A row that is known already adds nothing.
"""

from collections.abc import Sequence
from typing import Any

from formats.contract import Finding
from hub.clock import stamp
from hub.messages import Benefit, Norm, Tariff
from hub.posting.contract import Origin, Outcomes, Poster, refused_state
from hub.store import facts as table
from hub.store.session import Row, Transaction

_KEYS: dict[str, Sequence[str]] = {
    "tariff": ("service", "region", "supplier", "kind", "variant"),
    "norm": ("scope", "scope_id", "service", "attribute", "kind"),
    "benefit": ("registration_id", "law"),
}
"""Rows that are about the same thing."""


class _Table:
    """What is known of one dated table of a scheme, and what a chunk adds to it."""

    def __init__(self, tx: Transaction, name: str, message: type[Any], scheme: str) -> None:
        self._name, self._columns = name, tuple(message._fields)
        self._key = [self._columns.index(column) for column in _KEYS[name]]
        self._start = self._columns.index("valid_from")
        self._end = self._columns.index("valid_to")
        self._known: dict[Row, dict[str, Row]] = {}
        for row in table.dated(tx, name, scheme, self._columns):
            self._of(row)[row[self._start]] = row
        self._fresh: set[tuple[Row, str]] = set()
        self.rows: list[Row] = []

    def _of(self, row: Row) -> dict[str, Row]:
        return self._known.setdefault(tuple(row[at] for at in self._key), {})

    def take(self, line: int, m: Row) -> Finding | None:
        """Add a row, or say what is wrong with it."""
        start, stop, same = m[self._start], m[self._end], self._of(m)
        key = tuple(m[at] for at in self._key)
        if stop is not None and stop <= start:
            return Finding("E-DATE-ORDER", line, "valid_to", stop, start)
        if (key, start) in self._fresh:
            return Finding("E-DUP-REC", line, "valid_from", start, "в этом же файле")
        rival = self._overlapping(same, start, stop)
        if rival is not None:
            return Finding("E-CONFLICT", line, "valid_from", start, rival, "tariff_overlap")
        self._fresh.add((key, start))
        if same.get(start) != tuple(m):
            same[start] = tuple(m)
            self.rows.append((*m, line))
        return None

    def _overlapping(self, same: dict[str, Row], start: str, stop: str | None) -> str | None:
        """The stated period of another row of the key into which this one runs, as text."""
        for other, row in same.items():
            ends = row[self._end]
            before = other < start and ends is not None and ends > start
            after = other > start and stop is not None and stop > other
            if before or after:
                return f"{other} - {ends or ''}"
        return None

    def store(self, tx: Transaction, origin: Origin) -> None:
        """Insert what is new, with where it stood."""
        now = stamp(origin.received_at)
        rows = [
            (origin.scheme.code, *row[:-1], now, origin.intake_id, row[-1]) for row in self.rows
        ]
        table.add_dated(tx, self._name, self._columns, rows)


def _poster(name: str, message: type[Any]) -> Poster:
    def post(
        tx: Transaction, origin: Origin, chunk: list[tuple[int, Any]], suspended: frozenset[int]
    ) -> Outcomes:
        known = _Table(tx, name, message, origin.scheme.code)
        found = {line: known.take(line, m) for line, m in chunk}
        known.store(tx, origin)
        state = refused_state(origin.agreement)
        return {line: (state, finding) for line, finding in found.items() if finding is not None}

    return post


def _post_benefits(
    tx: Transaction, origin: Origin, chunk: list[tuple[int, Any]], suspended: frozenset[int]
) -> Outcomes:
    """Benefits, each of a registration that is known."""
    ids = [m.registration_id for _, m in chunk]
    known = table.registrations(tx, origin.scheme.code, ids)
    state = refused_state(origin.agreement)
    strangers: Outcomes = {
        line: (state, Finding("E-FIELD", line, "registration_id", m.registration_id))
        for line, m in chunk
        if m.registration_id not in known
    }
    good = [pair for pair in chunk if pair[0] not in strangers]
    return strangers | _poster("benefit", Benefit)(tx, origin, good, suspended)


POSTERS: dict[str, Poster] = {
    "Tariff": _poster("tariff", Tariff),
    "Norm": _poster("norm", Norm),
    "Benefit": _post_benefits,
}
