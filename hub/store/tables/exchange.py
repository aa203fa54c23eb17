"""What the exchange remembers: sightings, intakes, records, receipts, dispatches, the journal.

States are those of `exchange.md`, section 7. The unique keys keep the promises: a payload, an
envelope number and a business key take effect once, whatever the code above them does.
"""

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from hub.store.tables.columns import big, blob, key, of


class Counter(SQLModel, table=True):
    """Numbers given out without gaps, locked and raised in the transaction that uses them."""

    name: str = Field(primary_key=True)
    value: int = big()


class Sighting(SQLModel, table=True):
    """A name in a listing that is not yet ours: SEEN, WAITING_SET, HELD or IGNORED."""

    channel: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    size: int = big()
    mtime_ns: int = big()
    inode: int = big()
    first_seen: str
    changed_at: str
    state: str


class Intake(SQLModel, table=True):
    """One inbound file that was claimed, from its claim to its final state."""

    __table_args__ = (
        Index("intake_payload", "partner", "payload_sha"),
        Index("intake_name", "agreement", "name"),
    )
    id: int = key()
    claim_id: str = Field(unique=True)
    partner: str
    agreement: str
    agreement_version: str
    kind: str
    channel: str
    name: str
    size: int = big()
    object_sha: str
    signature_sha: str | None
    payload_sha: str
    dedup_key: str | None = Field(unique=True)
    """(partner, direction, payload hash); empty for duplicates and refusals from outside."""
    number_key: str | None = Field(unique=True)
    """(partner, kind, scope, number); empty for files that leave their number free."""
    number: str | None
    envelope_date: str | None
    state: str
    codes: str
    """The finding codes, separated by blanks, without repeats."""
    received_at: str
    claimed_at: str
    decided_at: str
    format: str | None
    mapping: str | None
    mapping_version: str | None
    mapping_digest: str | None
    signer: str | None
    records: int = big(0)
    accepted: int = big(0)
    suspended: int = big(0)
    parked: int = big(0)
    rejected: int = big(0)
    sum_file: int = big(0)
    sum_accepted: int = big(0)
    sum_suspended: int = big(0)
    sum_parked: int = big(0)
    sum_rejected: int = big(0)
    first_id: int | None = of("intake.id", None)
    """For a duplicate: the intake that took effect or was refused first."""
    replay_of: int | None = of("intake.id", None)


class Record(SQLModel, table=True):
    """The smallest unit with its own effect, and where it stood in its file."""

    __table_args__ = (UniqueConstraint("space", "key", name="record_takes_effect_once"),)
    intake_id: int = of("intake.id", primary_key=True)
    line: int = big(primary_key=True)
    space: str | None
    """Key space, such as `erip.210`; empty where records have no business key."""
    key: str | None
    """Business key of a record with effect, in suspense or parked; empty for a refused one."""
    state: str
    amount: int = big(0)
    code: str | None


class FindingRow(SQLModel, table=True):
    """A finding of an intake, in the order of its lines."""

    __tablename__ = "finding"
    intake_id: int = of("intake.id", primary_key=True)
    position: int = Field(primary_key=True)
    code: str
    line: int | None = big(None)
    field: str | None
    value: str | None
    expected: str | None
    rule: str | None
    key: str | None
    example: str | None


class Receipt(SQLModel, table=True):
    """Our one final answer to an intake, byte for byte."""

    __table_args__ = (UniqueConstraint("partner", "number", name="receipt_number_once"),)
    intake_id: int = of("intake.id", primary_key=True)
    partner: str
    number: int = big()
    name: str
    created_at: str
    body: bytes = blob()
    sha256: str


class Dispatch(SQLModel, table=True):
    """One outbound file; the table is the outbox, the folder only shows it."""

    __table_args__ = (
        UniqueConstraint("agreement", "business_key", "effect", name="dispatch_effect_once"),
        UniqueConstraint("partner", "kind", "number", name="dispatch_number_once"),
    )
    id: int = key()
    partner: str
    agreement: str
    kind: str
    channel: str
    business_key: str
    effect: int
    number: int = big()
    name: str
    state: str
    reason: str | None
    object_sha: str
    signature_sha: str | None
    wants_signature: int
    size: int = big()
    records: int = big()
    amount: int = big()
    period: int | None
    created_at: str
    sent_at: str | None
    repeats: int = 0
    ack_state: str
    ack_due: str | None
    ack_intake_id: int | None = of("intake.id", None)
    ack_text: str | None


class Journal(SQLModel, table=True):
    """The hash-chained log of all acts (`exchange.md`, 14.1); never updated, never deleted."""

    seq: int = key()
    at: str
    actor: str
    action: str
    object: str
    result: str
    origin: str
    data: str
    prev: str
    hash: str


class JournalDetail(SQLModel, table=True):
    """The detail whose SHA-256 an entry holds as `data`."""

    __tablename__ = "journal_detail"
    seq: int = of("journal.seq", primary_key=True)
    detail: str


class JobRun(SQLModel, table=True):
    """The fact that a job was served for an instant; a scheduler only wakes."""

    __tablename__ = "job_run"
    job: str = Field(primary_key=True)
    due_at: str = Field(primary_key=True)
    done_at: str
    result: str


class Meta(SQLModel, table=True):
    """Facts about the instance itself, such as the stored clock of a demo."""

    name: str = Field(primary_key=True)
    value: str


class Todo(SQLModel, table=True):
    """Something that a person must decide or do; a row stays after it is done."""

    __table_args__ = (Index("todo_open", "done_at", sqlite_where=text("done_at IS NULL")),)
    id: int = key()
    kind: str
    object: str
    text: str
    created_at: str
    done_at: str | None
