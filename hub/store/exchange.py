"""Queries of the exchange: sightings, intakes, records, receipts, dispatches, jobs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from formats.contract import Finding
from hub.store.session import Row, Transaction
from hub.store.tables.exchange import (
    Dispatch,
    FindingRow,
    Intake,
    JobRun,
    Receipt,
    Record,
    Sighting,
    Todo,
)

DECIDED = ("ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED")


# --- sightings ---------------------------------------------------------------------------------


class Sighted(NamedTuple):
    """A row of `sighting` without its channel."""

    name: str
    size: int
    mtime_ns: int
    inode: int
    first_seen: str
    changed_at: str
    state: str


def sightings(tx: Transaction, channel: str) -> dict[str, Sighted]:
    """What the last listing of a channel left waiting, by name."""
    rows = tx.rows(
        "SELECT name, size, mtime_ns, inode, first_seen, changed_at, state"
        " FROM sighting WHERE channel = :channel",
        channel=channel,
    )
    return {row[0]: Sighted(*row) for row in rows}


def replace_sightings(tx: Transaction, channel: str, seen: Iterable[Sighted]) -> None:
    """Store a listing in place of the former one."""
    tx.run("DELETE FROM sighting WHERE channel = :channel", channel=channel)
    tx.insert(Sighting, [(channel, *row) for row in seen])


# --- intakes -----------------------------------------------------------------------------------


def add_intake(tx: Transaction, values: dict[str, object]) -> None:
    """Insert an intake row."""
    tx.insert(Intake, [tuple(values.values())], tuple(values))


def update_intake(tx: Transaction, intake_id: int, values: dict[str, object]) -> None:
    """Fill in the outcome of an intake."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    tx.run(f"UPDATE intake SET {sets} WHERE id = :intake_id", intake_id=intake_id, **values)


def intake_of_claim(tx: Transaction, claim_id: str) -> Row | None:
    """(id, state, object hash) of the intake that a claim became."""
    return tx.row(
        "SELECT id, state, object_sha FROM intake WHERE claim_id = :claim", claim=claim_id
    )


def state_of(tx: Transaction, intake_id: int) -> str:
    """The state of an intake."""
    return str(tx.value("SELECT state FROM intake WHERE id = :id", id=intake_id))


def signature_of(tx: Transaction, intake_id: int) -> str | None:
    """The hash of the signature that came with an intake."""
    return tx.text("SELECT signature_sha FROM intake WHERE id = :id", id=intake_id)


def first_intake(tx: Transaction, dedup_key: str) -> Row | None:
    """(id, state, decided_at) of the intake that holds a duplicate key."""
    return tx.row("SELECT id, state, decided_at FROM intake WHERE dedup_key = :key", key=dedup_key)


def number_taken(tx: Transaction, number_key: str) -> Row | None:
    """(id, payload_sha) of the intake that holds an envelope number."""
    return tx.row("SELECT id, payload_sha FROM intake WHERE number_key = :key", key=number_key)


def name_taken(tx: Transaction, agreement: str, name: str) -> bool:
    """Whether a file of this name had effect or is held under the agreement."""
    return (
        tx.value(
            "SELECT 1 FROM intake WHERE agreement = :agreement AND name = :name"
            " AND dedup_key IS NOT NULL AND state <> 'REJECTED' LIMIT 1",
            agreement=agreement,
            name=name,
        )
        is not None
    )


def highest_number(tx: Transaction, sequence: str) -> int:
    """The highest envelope number seen in a sequence; 0 before the first."""
    return int(tx.value("SELECT value FROM counter WHERE name = :name", name=sequence) or 0)


def saw_number(tx: Transaction, sequence: str, number: int) -> None:
    """Remember a number as seen in its sequence."""
    tx.run(
        "INSERT INTO counter (name, value) VALUES (:name, :number) ON CONFLICT (name) DO UPDATE"
        " SET value = CASE WHEN counter.value < :number THEN :number ELSE counter.value END",
        name=sequence,
        number=number,
    )


def held_for_gap(tx: Transaction) -> list[Row]:
    """(id, number_key) of intakes that wait for an earlier number, lowest number first."""
    rows = tx.rows(
        "SELECT id, number_key, number FROM intake WHERE state = 'HELD' AND codes LIKE '%E-GAP%'"
        " AND number_key IS NOT NULL"
    )
    return [row[:2] for row in sorted(rows, key=lambda row: int(row[2]))]


class IntakeRow(NamedTuple):
    """An intake as `hub messages` shows it and as a replay reads it."""

    id: int
    claim_id: str
    partner: str
    agreement: str
    kind: str
    channel: str
    name: str
    number: str | None
    state: str
    codes: str
    received_at: str
    records: int
    accepted: int
    suspended: int
    parked: int
    rejected: int
    sum_file: int
    object_sha: str
    signer: str | None
    receipt: int | None
    first_id: int | None
    agreement_version: str
    format: str | None
    mapping: str | None
    mapping_version: str | None


_INTAKE = (
    "SELECT i.id, i.claim_id, i.partner, i.agreement, i.kind, i.channel, i.name, i.number,"
    " i.state, i.codes, i.received_at, i.records, i.accepted, i.suspended, i.parked, i.rejected,"
    " i.sum_file, i.object_sha, i.signer, r.number, i.first_id, i.agreement_version, i.format,"
    " i.mapping, i.mapping_version"
    " FROM intake i LEFT JOIN receipt r ON r.intake_id = coalesce(i.first_id, i.id)"
)


def intake(tx: Transaction, intake_id: int) -> IntakeRow | None:
    """One intake, or None."""
    row = tx.row(f"{_INTAKE} WHERE i.id = :id", id=intake_id)
    return IntakeRow(*row) if row else None


def intakes(tx: Transaction, state: str | None = None, limit: int = 1_000_000) -> list[IntakeRow]:
    """Intakes in the order of their arrival, the latest `limit` of them."""
    rows = tx.rows(
        f"{_INTAKE} WHERE CAST(:state AS VARCHAR) IS NULL OR i.state = :state"
        " ORDER BY i.id DESC LIMIT :limit",
        state=state,
        limit=limit,
    )
    return [IntakeRow(*row) for row in reversed(rows)]


# --- records and findings ----------------------------------------------------------------------


def known_records(tx: Transaction, space: str, keys: Sequence[str]) -> list[Row]:
    """(key, intake id, amount) of records that took effect under these business keys."""
    return tx.rows(
        f"SELECT key, intake_id, amount FROM record WHERE space = :space AND {tx.among('key')}",
        space=space,
        keys=tx.listed(keys),
    )


def add_records(tx: Transaction, rows: Iterable[Row]) -> None:
    """Insert record rows in the order of the table."""
    tx.insert(Record, rows)


def refused_records(tx: Transaction, intake_id: int) -> dict[int, str]:
    """Line -> state of the records of an intake that had no effect."""
    rows = tx.rows(
        "SELECT line, state FROM record WHERE intake_id = :id AND state IN ('REJECTED', 'PARKED')",
        id=intake_id,
    )
    return dict(rows)


def states(tx: Transaction, intake_id: int, lines: Sequence[int]) -> dict[int, str]:
    """Line -> state of some records of an intake."""
    rows = tx.rows(
        f"SELECT line, state FROM record WHERE intake_id = :id AND {tx.among('line')}",
        id=intake_id,
        keys=tx.listed(lines),
    )
    return dict(rows)


def drop_records(tx: Transaction, intake_id: int, lines: Sequence[int]) -> None:
    """Take away refused records that are tried again in the same transaction."""
    tx.run(
        f"DELETE FROM record WHERE intake_id = :id AND {tx.among('line')}",
        id=intake_id,
        keys=tx.listed(lines),
    )


def recount(tx: Transaction, intake_id: int, changed: Mapping[int, str]) -> None:
    """Set counts and sums of an intake from its records when some changed their state."""
    if not changed:
        return
    rows = tx.rows(
        "SELECT state, count(*), sum(amount) FROM record WHERE intake_id = :id GROUP BY state",
        id=intake_id,
    )
    found = {state: (count, int(amount)) for state, count, amount in rows}
    parts = {
        "POSTED": "accepted",
        "SUSPENDED": "suspended",
        "PARKED": "parked",
        "REJECTED": "rejected",
    }
    values: dict[str, object] = {}
    for state, part in parts.items():
        values[part], values[f"sum_{part}"] = found.get(state, (0, 0))
    clean = not (values["parked"] or values["rejected"])
    state = "ACCEPTED" if clean else "ACCEPTED_WITH_ERRORS"
    update_intake(tx, intake_id, {**values, "state": state})


def take_up(tx: Transaction, intake_id: int) -> bool:
    """Take an undecided intake up again, alone; False when another decided it meanwhile."""
    taken = tx.run(
        "UPDATE intake SET state = 'CLAIMED' WHERE id = :id AND state IN ('HELD', 'QUARANTINED')",
        id=intake_id,
    )
    tx.run("DELETE FROM finding WHERE intake_id = :id", id=intake_id)
    return taken == 1


def add_findings(tx: Transaction, intake_id: int, findings: Sequence[Finding]) -> None:
    """Store the findings of an intake in their order."""
    tx.insert(
        FindingRow,
        [(intake_id, n, *row) for n, row in enumerate(findings)],
        (
            "intake_id",
            "position",
            *Finding._fields,
        ),
    )


def findings(tx: Transaction, intake_id: int) -> list[Finding]:
    """The findings of an intake in their order."""
    names = ", ".join(Finding._fields)
    rows = tx.rows(
        f"SELECT {names} FROM finding WHERE intake_id = :id ORDER BY position", id=intake_id
    )
    return [Finding(*row) for row in rows]


# --- receipts ----------------------------------------------------------------------------------


def add_receipt(tx: Transaction, row: Row) -> None:
    """Store a receipt: (intake, partner, number, name, created_at, body, sha256)."""
    tx.insert(Receipt, [row])


def receipt_of(tx: Transaction, intake_id: int) -> Row | None:
    """(number, name, body) of the receipt of an intake."""
    row = tx.row("SELECT number, name, body FROM receipt WHERE intake_id = :id", id=intake_id)
    return (row[0], row[1], bytes(row[2])) if row else None


# --- dispatches --------------------------------------------------------------------------------


class DispatchRow(NamedTuple):
    """An outbound file; its fields are the columns of the table, those filled in later last."""

    id: int
    partner: str
    agreement: str
    kind: str
    channel: str
    business_key: str
    effect: int
    number: int
    name: str
    object_sha: str
    size: int
    wants_signature: int
    created_at: str
    records: int = 0
    amount: int = 0
    period: int | None = None
    state: str = "QUEUED"
    reason: str | None = None
    signature_sha: str | None = None
    sent_at: str | None = None
    repeats: int = 0
    ack_state: str = "NONE"
    ack_due: str | None = None
    ack_intake_id: int | None = None
    ack_text: str | None = None


_DISPATCH = f"SELECT {', '.join(DispatchRow._fields)} FROM dispatch"


def add_dispatch(tx: Transaction, row: DispatchRow) -> None:
    """Store a numbered dispatch whose bytes are in the archive."""
    tx.insert(Dispatch, [row], DispatchRow._fields)


def update_dispatch(tx: Transaction, dispatch_id: int, **values: object) -> None:
    """Fill in state, times, signature or acknowledgement of a dispatch."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    tx.run(f"UPDATE dispatch SET {sets} WHERE id = :dispatch_id", dispatch_id=dispatch_id, **values)


def dispatch(tx: Transaction, dispatch_id: int) -> DispatchRow | None:
    """One dispatch, or None."""
    row = tx.row(f"{_DISPATCH} WHERE id = :id", id=dispatch_id)
    return DispatchRow(*row) if row else None


def dispatches(tx: Transaction) -> list[DispatchRow]:
    """All dispatches in the order of their making."""
    return [DispatchRow(*row) for row in tx.rows(f"{_DISPATCH} ORDER BY id")]


def unsent(tx: Transaction) -> list[DispatchRow]:
    """Dispatches that must still leave, held ones too, in the order of their numbers."""
    rows = tx.rows(f"{_DISPATCH} WHERE state IN ('QUEUED', 'WRITTEN', 'HELD') ORDER BY id")
    return [DispatchRow(*row) for row in rows]


def receipt_dispatch(tx: Transaction, partner: str, number: int) -> DispatchRow | None:
    """The dispatch that carries a receipt."""
    row = tx.row(
        f"{_DISPATCH} WHERE partner = :partner AND kind = 'receipt' AND number = :number",
        partner=partner,
        number=number,
    )
    return DispatchRow(*row) if row else None


def latest_effect(tx: Transaction, agreement: str, business_key: str) -> DispatchRow | None:
    """The last dispatch made for a business key."""
    row = tx.row(
        f"{_DISPATCH} WHERE agreement = :agreement AND business_key = :key"
        " ORDER BY effect DESC LIMIT 1",
        agreement=agreement,
        key=business_key,
    )
    return DispatchRow(*row) if row else None


def refused_records_of_list(tx: Transaction, dispatch_id: int) -> int:
    """How many accounts of a list its answer named: left out now, but listed when it was made."""
    return int(
        tx.value(
            "SELECT coalesce(sum(m.left_out), 0) - count(*) + d.records FROM demand m"
            " JOIN dispatch d ON d.id = m.dispatch WHERE m.dispatch = :id GROUP BY d.records",
            id=dispatch_id,
        )
        or 0
    )


def awaiting(tx: Transaction, state: str) -> list[DispatchRow]:
    """Dispatches in an acknowledgement state, in order."""
    rows = tx.rows(f"{_DISPATCH} WHERE ack_state = :state ORDER BY id", state=state)
    return [DispatchRow(*row) for row in rows]


# --- jobs, facts of the instance, things to do --------------------------------------------------


def meta(tx: Transaction, name: str) -> str | None:
    """A fact about the instance."""
    return tx.text("SELECT value FROM meta WHERE name = :name", name=name)


def set_meta(tx: Transaction, name: str, value: str) -> None:
    """Remember a fact about the instance."""
    tx.run(
        "INSERT INTO meta (name, value) VALUES (:name, :value)"
        " ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )


def last_run(tx: Transaction, job: str) -> str | None:
    """The latest instant for which a job was served."""
    return tx.text("SELECT max(due_at) FROM job_run WHERE job = :job", job=job)


def job_done(tx: Transaction, job: str, due_at: str, done_at: str, result: str) -> None:
    """Record that a job was served for an instant; a second time is an integrity error."""
    tx.insert(JobRun, [(job, due_at, done_at, result)])


def add_todo(tx: Transaction, kind: str, object: str, text: str, now: str) -> None:
    """Leave something for a person."""
    tx.insert(Todo, [(tx.reserve("todo"), kind, object, text, now, None)])
