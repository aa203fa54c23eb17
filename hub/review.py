"""Second looks at files: a gap that closed, a retry, a refusal by a person, a replay, a rehearsal.

All of them go the steps of the pipeline; none of them invents a way of its own.
"""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from formats.contract import Finding
from hub import doubles, pipeline
from hub.arrival import (
    ACCEPTED,
    ACCEPTED_WITH_ERRORS,
    HELD,
    QUARANTINED,
    REJECTED,
    Arrival,
    Tally,
    Verdict,
    refused,
)
from hub.clock import unstamp
from hub.errors import Refused
from hub.exchange import channels
from hub.exchange.archive import Stored
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.records import replay_file
from hub.settings import Agreement
from hub.store import exchange as table


def release_gaps(hub: Instance) -> bool:
    """Decide again the files whose missing earlier number has come; True when one was decided."""
    with hub.store.reading() as tx:
        due = [
            intake_id
            for intake_id, number_key in table.held_for_gap(tx)
            if table.highest_number(tx, number_key.rpartition("|")[0]) + 1
            >= int(number_key.rpartition("|")[2])
        ]
    for intake_id in due:
        with suppress(Refused):  # a person decided it in the same moment
            decide_again(hub, intake_id)
    return bool(due)


def decide_again(hub: Instance, intake_id: int, released: bool = False) -> Verdict:
    """Examine a held or quarantined file anew from its original (gap closed, retry, release).

    `released`: a person lets it go on in spite of a gap, an old date or a number that
    disagrees. Raises `Refused` when the file was decided already or has no original here.
    """
    arrival = _undecided(hub, intake_id)
    arrival.released = released
    if released:
        with hub.store.transaction() as tx:
            entry = Entry("in.release", f"intake:{intake_id}", "ok", "user:cli")
            enter(tx, hub.clock.now(), [entry])
    verdict = pipeline.decide(arrival)
    hub.journal_file.flush(hub.store)
    return verdict


def send_again(hub: Instance, dispatch_id: int) -> None:
    """Let a held outgoing file try its place again; a running daemon delivers it.

    Raises `Refused` for a dispatch that is not held.
    """
    with hub.store.transaction() as tx:
        row = table.dispatch(tx, dispatch_id)
        if row is None or row.state != "HELD":
            raise Refused("message_state", f"outgoing message {dispatch_id} is not held")
        table.update_dispatch(tx, dispatch_id, state="QUEUED", reason=None)
        entry = Entry("out.release", f"dispatch:{dispatch_id}", "QUEUED", "user:cli")
        enter(tx, hub.clock.now(), [entry])
    hub.journal_file.flush(hub.store)


def reject(hub: Instance, intake_id: int, reason: str) -> Verdict:
    """Refuse a held file by a person's decision; its sender gets the receipt. Raises `Refused`."""
    arrival = _undecided(hub, intake_id)
    found = pipeline.examine(arrival)
    with hub.store.reading() as tx:
        findings = tuple(table.findings(tx, intake_id))
    with hub.store.transaction() as tx:
        detail: dict[str, object] = {"reason": reason}
        object_ = f"intake:{intake_id}"
        enter(tx, hub.clock.now(), [Entry("in.refuse", object_, "ok", "user:cli", detail=detail)])
    verdict = pipeline.settle(
        arrival, Verdict(REJECTED, findings or (found.findings if found else ()))
    )
    hub.journal_file.flush(hub.store)
    return verdict


def _undecided(hub: Instance, intake_id: int) -> Arrival:
    with hub.store.reading() as tx:
        row = table.intake(tx, intake_id)
    if row is None or row.state not in (HELD, QUARANTINED):
        raise Refused("message_state", f"message {intake_id} is not held: nothing to decide")
    return _from_archive(hub, row)


def _from_archive(hub: Instance, row: table.IntakeRow) -> Arrival:
    """The arrival of a known file, its bytes taken from the archive of originals."""
    if not row.object_sha:
        raise Refused("no_original", f"message {row.id}: see quarantine/{row.claim_id}")
    with hub.store.reading() as tx:
        signature = table.signature_of(tx, row.id)
    content = hub.archive.path(row.object_sha)
    return Arrival(
        hub,
        row.claim_id,
        hub.settings.channels[row.channel],
        row.name,
        unstamp(row.received_at),
        intake_id=row.id,
        content=content,
        stored=Stored(row.object_sha, content.stat().st_size),
        signature_sha=signature,
        signature=hub.archive.read(signature) if signature else None,
    )


def replay(hub: Instance, intake_id: int, preview: bool = False) -> list[str]:
    """Try the refused and parked records of an accepted file again; gives what changes.

    Records that took effect are left alone, so a replay without a difference does nothing.
    With `preview` all is rolled back. Raises `Refused` for files without an accepted state.
    """
    with hub.store.reading() as tx:
        row = table.intake(tx, intake_id)
    if row is None or row.state not in (ACCEPTED, ACCEPTED_WITH_ERRORS):
        raise Refused("message_state", f"message {intake_id} was not accepted: use retry")
    arrival = _from_archive(hub, row)
    changes: list[str] = []
    with suppress(_RolledBack), hub.store.transaction() as tx:
        if pipeline.examine(arrival) is None:
            changes = replay_file(tx, arrival, intake_id)
        if preview:
            raise _RolledBack
        if changes:
            entry = Entry(
                "in.replay",
                f"intake:{intake_id}",
                table.state_of(tx, intake_id),
                "user:cli",
                detail={"changes": changes[:100]},
            )
            enter(tx, hub.clock.now(), [entry])
    hub.journal_file.flush(hub.store)
    return changes


class _RolledBack(Exception):
    """Ends a transaction whose effect was only to be seen."""


class Rehearsal(NamedTuple):
    """What the hub would do with a file."""

    outcome: str
    steps: list[tuple[str, str]]
    """(step, `ok` or how it ended there)."""
    findings: list[Finding]


def rehearse(hub: Instance, path: Path, agreement_id: str) -> Rehearsal:
    """Go the whole way of a file that lies anywhere, changing nothing. Raises `Refused`."""
    agreement = hub.settings.agreements.get(agreement_id)
    if agreement is None or agreement.direction != "in":
        known = ", ".join(a.id for a in hub.settings.agreements.values() if a.direction == "in")
        raise Refused("agreement", f"no inbound agreement {agreement_id!r}; known: {known}")
    arrival = _visitor(hub, path, agreement)
    steps: list[tuple[str, str]] = []
    verdict = None
    for step in pipeline.STEPS:
        verdict = step(arrival) or _other_agreement(arrival, agreement)
        steps.append((step.__name__, verdict.state if verdict else "ok"))
        if verdict is not None:
            break
    if verdict is None:
        verdict = _tried(arrival)
        steps.append(("post", verdict.state))
    if arrival.stream is not None:
        arrival.stream.close()
    return Rehearsal(verdict.state, steps, [*arrival.tally.findings, *verdict.findings])


def _other_agreement(arrival: Arrival, asked: Agreement) -> Verdict | None:
    """The name must belong to the agreement that is asked about."""
    if arrival.agreement == asked:
        return None
    example = asked.name_pattern
    return refused(Finding("E-NAME", value=arrival.name, expected=asked.id, example=example))


def _visitor(hub: Instance, path: Path, agreement: Agreement) -> Arrival:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    beside = path.with_name(f"{path.name}.p7s")
    return Arrival(
        hub,
        "check",
        hub.settings.channels[agreement.channel],
        channels.text_name(pipeline.raw_name(path)),
        hub.clock.now(),
        content=path,
        stored=Stored(digest, path.stat().st_size),
        signature=beside.read_bytes() if beside.is_file() else None,
    )


def _tried(arrival: Arrival) -> Verdict:
    verdict = Verdict(HELD)
    arrival.tally = Tally(findings=list(arrival.notes))
    with suppress(_RolledBack), arrival.hub.store.transaction() as tx:
        known = doubles.repeated(tx, arrival)
        intake_id = pipeline.intake_row(tx, arrival, arrival.hub.clock.now())
        verdict = known or pipeline.take_effect(tx, arrival, intake_id)
        raise _RolledBack
    return verdict
