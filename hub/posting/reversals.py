"""Taking payments back (216), also where the reversal came before its payment.

What a reversal does in each state of its payment is the table of `formats-erip.md`, A10. One
without a payment is parked and waits; `catch_up` applies it in the transaction that posts the
payment, so that the end does not depend on the order of the files.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from formats.contract import Finding
from hub.billing.allocation import mirrored
from hub.clock import stamp
from hub.journal import Entry, enter
from hub.messages import Reversal
from hub.posting.contract import PARKED, POSTED, Origin
from hub.posting.held import conflict, finding, leave
from hub.store import payments as table
from hub.store.exchange import recount, state_of
from hub.store.payments import Known, PaymentRow, RecordFate, WaitingReversal
from hub.store.session import Transaction

WAITS = "E-NO-ORIGINAL"


class Place(NamedTuple):
    """Where a reversal stood."""

    intake: int
    line: int


def hinders(line: int, m: Reversal | WaitingReversal, known: Known | None) -> Finding | None:
    """Why a payment cannot be reversed; None when it can, or was reversed before (a repeat).

    A reversal that must wait says its account, which is compared when the payment comes.
    """
    if known is None:
        return finding(WAITS, line, m, m.account, m.operation)
    if m.amount != known.amount or m.account not in (None, known.account):
        return conflict(line, m, known)
    if known.state == "transferred":
        return finding("E-CANCEL-PAID", line, m, m.operation, None)
    return None


# --- reversals that waited ---------------------------------------------------------------------


def catch_up(tx: Transaction, origin: Origin, operations: Sequence[str]) -> None:
    """Apply the reversals that waited for payments posted just now, as if they came later."""
    waiting = table.waiting_reversals(tx, _agreements(origin), operations)
    if not waiting:
        return
    known = table.known_payments(tx, origin.scheme.code, [w.operation for w in waiting])
    taken: dict[int, Place] = {}
    fates, held = [], []
    for w in waiting:
        payment = known[w.operation]
        problem = hinders(w.line, w, payment)
        if problem is not None:
            held.append(problem)
            fates.append(RecordFate(w.intake, w.line, PARKED, None, None, problem.code))
        elif payment.id in taken:
            fates.append(RecordFate(w.intake, w.line, POSTED, None, None, None))
        else:
            taken[payment.id] = Place(w.intake, w.line)
            fates.append(RecordFate(w.intake, w.line, POSTED, w.kind, w.operation, None))
    take_back(tx, origin, taken)
    waited(tx, origin, known)
    leave(tx, origin, held)
    _tell(tx, origin, fates)


def _agreements(origin: Origin) -> list[str]:
    """The agreements by which reversals of this scheme come."""
    settings = origin.settings
    return [
        agreement.id
        for agreement in settings.agreements.values()
        if agreement.kind == "erip.216" and settings.scheme_of(agreement) == origin.scheme
    ]


def waited(tx: Transaction, origin: Origin, operations: Iterable[str]) -> None:
    """Nobody needs to look for these payments any more."""
    objects = [f"payment:{operation}" for operation in operations]
    table.close_todos(tx, WAITS, objects, stamp(origin.received_at))


def _tell(tx: Transaction, origin: Origin, fates: Sequence[RecordFate]) -> None:
    """Set the records anew, count their files again and enter it, as a replay does."""
    table.settle_records(tx, fates)
    entries = []
    for intake in sorted({fate.intake for fate in fates}):
        own = [fate for fate in fates if fate.intake == intake]
        recount(tx, intake, {fate.line: fate.state for fate in own})
        changes = [f"line {fate.line}: {fate.code or fate.state}" for fate in own[:100]]
        detail = {"changes": changes, "because_of": f"intake:{origin.intake_id}"}
        state = state_of(tx, intake)
        entries.append(Entry("in.replay", f"intake:{intake}", state, detail=detail))
    enter(tx, origin.received_at, entries)


# --- the opposite ------------------------------------------------------------------------------


def take_back(tx: Transaction, origin: Origin, taken: dict[int, Place]) -> None:
    """Payment -> place of its reversal: write the mirrored payments and allocations.

    The mirrored payment keeps the day on which the first was made, so that the pair is zero
    everywhere, also in the base of penalty.
    """
    if not taken:
        return
    ids, now = list(taken), stamp(origin.received_at)
    first = tx.reserve("payment", len(ids))
    made = [
        _mirror(row, origin, number, taken[row.id])
        for number, row in enumerate(table.payments(tx, ids), first)
    ]
    table.add_payments(tx, made)
    table.close_payments(tx, ids)
    mirror_of = {row.source_payment: row.id for row in made}
    parts = table.allocations_of(tx, ids)
    opposite = mirrored(part[5] for part in parts)
    start = tx.reserve("allocation", len(parts)) if parts else 0
    table.add_allocations(
        tx,
        [
            (start + n, mirror_of[part[1]], part[2], part[3], origin.period.key, part[4],
             opposite[n], "mirror", part[0], now, 0)
            for n, part in enumerate(parts)
        ],
    )  # fmt: skip


def _mirror(row: PaymentRow, origin: Origin, number: int, place: Place) -> PaymentRow:
    return row._replace(
        id=number,
        source_payment=row.id,
        amount=-row.amount,
        penalty=-row.penalty,
        posted_period=origin.period.key,
        state="reversed",
        allocated=1,
        intake_id=place.intake,
        line=place.line,
        recorded_at=stamp(origin.received_at),
    )
