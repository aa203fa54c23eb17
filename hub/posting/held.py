"""Records about operations of ERIP that a person must decide, and what they leave to do."""

from collections.abc import Iterable
from typing import Protocol

from formats.contract import Finding
from hub.clock import stamp
from hub.money import roubles
from hub.posting.contract import Origin, Outcomes, refused_state
from hub.store import payments as table
from hub.store.payments import Known
from hub.store.session import Transaction

RULES = {
    "E-ACC-UNKNOWN": "unmatched_account",
    "E-ACC-CLOSED": "account_closed",
    "E-FIELD": "service_unknown",
    "E-DATE-ORDER": "date_future",
    "E-CONFLICT": "duplicate_conflict",
    "E-DUP-REC": "duplicate_receipt",
    "E-NO-ORIGINAL": "reversal_unknown",
}
"""Finding codes and the names that `billing.md`, 20.3 has for them."""


class Told(Protocol):
    """What tells of an operation: a message, or a record that waits."""

    @property
    def operation(self) -> str: ...


def finding(code: str, line: int, m: Told, value: str | None, expected: str | None) -> Finding:
    """A finding about a record; its key is the operation."""
    return Finding(code, line, None, value, expected, RULES.get(code), m.operation)


def conflict(line: int, m: Told, known: Known) -> Finding:
    """The record tells of a known operation, but with another account or sum."""
    return finding("E-CONFLICT", line, m, m.operation, roubles(known.amount))


def hold(tx: Transaction, origin: Origin, held: dict[int, Finding]) -> Outcomes:
    """Park or refuse records as the agreement says; each is left for a person."""
    leave(tx, origin, held.values())
    state = refused_state(origin.agreement)
    return {line: (state, found) for line, found in held.items()}


def leave(tx: Transaction, origin: Origin, findings: Iterable[Finding]) -> None:
    """Leave each finding for a person, as something to do about its payment."""
    lang = origin.settings.hub.language
    todos = [(found.code, f"payment:{found.key}", found.text(lang)) for found in findings]
    table.leave_todos(tx, todos, stamp(origin.received_at))
