"""Story 1: one arriving file, from its claim to its receipt (`exchange.md`, section 5).

A file is claimed, copied privately, identified, its signature verified, decoded, mapped and
posted in one transaction together with its receipt and journal entry. Whatever is wrong with
it ends in a `Verdict`; nothing of a refused file stays.
"""

import logging
import os
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from formats.contract import ERROR, Envelope, Finding, Unreadable
from hub import answer, doubles
from hub.arrival import (
    ACCEPTED,
    ACCEPTED_WITH_ERRORS,
    DUPLICATE,
    HELD,
    QUARANTINED,
    REJECTED,
    Arrival,
    Tally,
    Undo,
    Verdict,
    refused,
)
from hub.clock import MINSK, stamp
from hub.errors import Clash, DiskTrouble, Refused, SettingsError, StoreAway, SyncFailed
from hub.exchange import channels, folders
from hub.exchange.archive import Unfit
from hub.instance import Instance
from hub.journal import Entry, enter, head
from hub.records import post_file
from hub.settings import Agreement
from hub.signing.verify import MAX_BYTES, verify
from hub.store import exchange as table
from hub.store.session import Transaction

log = logging.getLogger("hub.pipeline")

MOMENT = "%Y%m%dT%H%M%S%f"
"""How a claim id holds the instant at which its set was complete."""
HEAD = 4096
"""Bytes of a file that a format may see to recognise it."""
Step = Callable[[Arrival], Verdict | None]
"""A step before the transaction; a verdict ends the way of the file."""


# --- the steps ---------------------------------------------------------------------------------


def identify(arrival: Arrival) -> Verdict | None:
    """Exactly one agreement of the channel must claim the name (I1)."""
    settings = arrival.hub.settings
    claims = channels.claimed_by(arrival.name, settings.inbound(arrival.channel.id))
    if len(claims) != 1:
        return refused(Finding("E-NAME", value=arrival.name))
    arrival.agreement = claims[0]
    cyrillic = arrival.agreement.name_letters == "cyrillic"
    if problem := folders.name_problem(arrival.name.encode(), cyrillic):
        return refused(Finding("E-NAME", value=arrival.name, rule=problem))
    return None


def keep(arrival: Arrival) -> Verdict | None:
    """Copy the bytes once into the archive while hashing them (I3, I4)."""
    archive = arrival.hub.archive
    limit = arrival.agreement.max_bytes if arrival.agreement else 0
    if arrival.stored.size > limit:
        return refused(Finding("E-SIZE", value=str(arrival.stored.size), expected=str(limit)))
    if arrival.data is not None:
        try:
            arrival.stored = archive.keep_file(arrival.data, limit)
        except Unfit as unfit:
            return refused(Finding(unfit.code, value=unfit.value, expected=unfit.expected))
        arrival.content = archive.path(arrival.stored.sha256)
    if arrival.signed_by is not None:
        try:
            kept = archive.keep_file(arrival.signed_by, MAX_BYTES)
        except Unfit as unfit:
            rule = f"{arrival.signed_by.name}: {unfit.code}"
            return refused(Finding("E-SIG-FORM", value=unfit.value, rule=rule))
        arrival.signature, arrival.signature_sha = archive.read(kept.sha256), kept.sha256
    arrival.hub.stage("hashed")
    return Verdict(REJECTED, (Finding("E-EMPTY"),)) if arrival.stored.size == 0 else None


def verify_signature(arrival: Arrival) -> Verdict | None:
    """Signature and pinned signer, before any parser sees the bytes (I5)."""
    hub, agreement = arrival.hub, arrival.agreement
    assert agreement is not None and arrival.content is not None
    if agreement.signature == "none":
        arrival.authenticated = True
        return None
    if arrival.signature is None:
        return refused(Finding("E-SIG-NONE", expected=f"{arrival.name}.p7s"))
    pins = hub.pins(agreement)
    verdict = verify(arrival.content, arrival.signature, pins, arrival.received_at)
    if verdict.code is not None:
        # whose certificate a stranger used is no business of the receipt
        told = None if verdict.code == "E-SIG-SIGNER" else verdict.detail
        return refused(Finding(verdict.code, value=told, rule=told))
    arrival.signer = verdict.signer
    arrival.authenticated = True
    return None


def read_envelope(arrival: Arrival) -> Verdict | None:
    """The one format of the agreement must recognise the file; then its envelope is read (I7)."""
    agreement = arrival.agreement
    assert agreement is not None and arrival.content is not None
    form = arrival.hub.format_of(agreement)
    arrival.stream = arrival.content.open("rb")
    first = arrival.stream.read(HEAD)
    arrival.stream.seek(0)
    if not form.recognise(arrival.name, first):
        return refused(Finding("E-VERSION", value=arrival.name, expected=form.TITLE))
    arrival.format = form
    try:
        arrival.envelope, _ = form.decode(arrival.stream, agreement.options)
    except Unreadable as unreadable:
        return refused(unreadable.finding)
    arrival.number = arrival.envelope.number or arrival.names.get("number")
    if arrival.number and not re.fullmatch("[0-9]{1,18}", arrival.number):
        return refused(Finding("E-NAME", value=arrival.name, rule="the number is not digits"))
    findings = form.check(arrival.envelope, agreement.options)
    if any(finding.severity == ERROR for finding in findings):
        return Verdict(REJECTED, tuple(findings))
    arrival.notes += findings
    return None


def compare_envelope(arrival: Arrival) -> Verdict | None:
    """Receiver, number in the name and creation time against what the channel says (I7)."""
    envelope, agreement = arrival.envelope, arrival.agreement
    assert envelope is not None and agreement is not None
    for finding in _foreign(arrival, envelope, agreement):
        return refused(finding)
    named = arrival.names.get("number")
    differs = named and envelope.number and int(named) != int(envelope.number)
    if differs and not arrival.released:
        return Verdict(HELD, (Finding("E-NUM-NAME", value=named, expected=envelope.number),))
    if envelope.created is None:
        return None
    return _dated(arrival, envelope.created, agreement)


def _foreign(arrival: Arrival, envelope: Envelope, agreement: Agreement) -> list[Finding]:
    settings = arrival.hub.settings
    scheme = settings.scheme_of(agreement)
    ours = {
        "subscriber_code": scheme.subscriber_code,
        "provider_unp": settings.partners[scheme.partner].unp,
        "settlement_account": scheme.iban,
        "account": scheme.iban,
    }
    return [
        Finding("E-RECEIVER", field=name, value=envelope.fields[name], expected=expected)
        for name, expected in ours.items()
        if envelope.fields.get(name) not in (None, "", expected)
    ]


def _dated(arrival: Arrival, created: datetime, agreement: Agreement) -> Verdict | None:
    now = arrival.hub.clock.now()
    day = f"{created:%d.%m.%Y %H:%M}"
    if created > now + timedelta(minutes=arrival.hub.settings.hub.clock_skew_minutes):
        return refused(Finding("E-DATE", value=day))
    if created < now - timedelta(days=agreement.date_window_days) and not arrival.released:
        return refused(Finding("E-DATE-OLD", value=day))
    return None


STEPS: tuple[Step, ...] = (identify, keep, verify_signature, read_envelope, compare_envelope)
"""The way of a file up to its transaction."""


def examine(arrival: Arrival) -> Verdict | None:
    """Go the steps; None when the file may take effect."""
    for step in STEPS:
        if verdict := step(arrival):
            return verdict
    return None


# --- the transaction ---------------------------------------------------------------------------


def settle(arrival: Arrival, verdict: Verdict | None) -> Verdict:
    """Decide about the file in one transaction: effect, findings, receipt, journal (5.1)."""
    try:
        return _settle(arrival, verdict)
    except Clash:
        # another worker took the same content, number or record in between: look again
        return _settle(arrival, verdict)


def _settle(arrival: Arrival, verdict: Verdict | None) -> Verdict:
    hub, now = arrival.hub, arrival.hub.clock.now()
    arrival.tally = Tally(findings=list(arrival.notes))
    with hub.store.transaction() as tx:
        hub.stage("tx open")
        before = head(tx)
        verdict = doubles.repeated(tx, arrival) or verdict
        intake_id = intake_row(tx, arrival, now)
        if verdict is None:
            verdict = take_effect(tx, arrival, intake_id)
        outcome = _outcome(arrival, verdict, now) | doubles.keys(tx, arrival, verdict)
        table.update_intake(tx, intake_id, outcome)
        findings = [*arrival.tally.findings, *verdict.findings]
        table.add_findings(tx, intake_id, findings[: answer.MOST_FINDINGS])
        doubles.remember(tx, arrival, verdict)
        receipt = None
        if verdict.state in table.DECIDED:
            receipt = answer.give(tx, arrival, intake_id, verdict.state, findings, before)
        elif verdict.first is not None:
            answer.again(tx, hub, verdict.first)
        enter(tx, now, [_entry(arrival, verdict, intake_id, receipt)])
        hub.stage("before commit")
    hub.stage("after commit")
    return verdict


def intake_row(tx: Transaction, arrival: Arrival, now: datetime) -> int:
    """The row that records refer to; its outcome is filled in at the end of the transaction."""
    agreement, mapping = arrival.agreement, None
    if agreement is not None and arrival.format is not None:
        mapping = arrival.hub.mapping(agreement.mapping)
    judged: dict[str, object] = {
        "partner": agreement.partner if agreement else arrival.channel.partner,
        "agreement": agreement.id if agreement else "",
        "agreement_version": str(agreement.version) if agreement else "",
        "kind": agreement.kind if agreement else "",
        "signer": arrival.signer,
        "number": arrival.number,
        "format": arrival.format.NAME if arrival.format else None,
        "mapping": mapping.name if mapping else None,
        "mapping_version": mapping.version if mapping else None,
        "mapping_digest": mapping.digest if mapping else None,
        "state": "CLAIMED",
    }
    if arrival.intake_id is not None:
        if not table.take_up(tx, arrival.intake_id):
            raise Refused("message_state", f"message {arrival.intake_id} was decided meanwhile")
        table.update_intake(tx, arrival.intake_id, judged)
        return arrival.intake_id
    intake_id = tx.reserve("intake")
    table.add_intake(
        tx,
        judged
        | {
            "id": intake_id,
            "claim_id": arrival.claim_id,
            "channel": arrival.channel.id,
            "name": arrival.name,
            "size": arrival.stored.size,
            "object_sha": arrival.stored.sha256,
            "payload_sha": arrival.stored.sha256,
            "signature_sha": arrival.signature_sha,
            "codes": "",
            **Tally().columns(),
            "received_at": stamp(arrival.received_at),
            "claimed_at": stamp(now),
            "decided_at": stamp(now),
        },
    )
    return intake_id


def take_effect(tx: Transaction, arrival: Arrival, intake_id: int) -> Verdict:
    """Post all records inside a savepoint; what the end shows wrong undoes them."""
    if wrong := doubles.misnumbered(tx, arrival):
        return wrong
    try:
        with tx.savepoint():
            post_file(tx, arrival, intake_id)
    except Undo as undo:
        verdict = undo.verdict
    except Unreadable as unreadable:
        verdict = refused(unreadable.finding)
    else:
        return Verdict(ACCEPTED if arrival.tally.clean else ACCEPTED_WITH_ERRORS)
    arrival.tally.refuse_all()
    return verdict


def _outcome(arrival: Arrival, verdict: Verdict, now: datetime) -> dict[str, object]:
    findings = [*arrival.tally.findings, *verdict.findings]
    envelope_date = arrival.envelope.created if arrival.envelope else None
    return {
        "state": verdict.state,
        "codes": " ".join(dict.fromkeys(finding.code for finding in findings)),
        "envelope_date": f"{envelope_date:%Y-%m-%d}" if envelope_date else None,
        "decided_at": stamp(now),
        "first_id": verdict.first,
        **arrival.tally.columns(),
    }


def _entry(arrival: Arrival, verdict: Verdict, intake_id: int, receipt: str | None) -> Entry:
    verbs = {
        ACCEPTED: "in.accept",
        ACCEPTED_WITH_ERRORS: "in.accept",
        REJECTED: "in.reject",
        HELD: "in.hold",
        QUARANTINED: "in.quarantine",
        DUPLICATE: "in.duplicate",
    }
    tally = arrival.tally.columns()
    return Entry(
        verbs[verdict.state],
        f"intake:{intake_id}",
        verdict.state,
        f"partner:{arrival.channel.partner}",
        f"folder:{arrival.channel.id}",
        {
            "sha256": arrival.stored.sha256,
            "receipt": receipt,
            "codes": [finding.code for finding in verdict.findings][:10],
            **tally,
        },
    )


# --- the ways in -------------------------------------------------------------------------------


def claim(hub: Instance, ready: channels.Ready) -> str | None:
    """Make a ready set ours (I2); None when another was quicker."""
    moment = ready.received_at.strftime(MOMENT)
    claim_id = f"{ready.channel}.{moment}.{secrets.token_hex(4)}"
    try:
        folders.claim(
            hub.folder("inbox", ready.channel), ready.members, hub.root / "work", claim_id
        )
    except FileNotFoundError:
        return None
    hub.stage("claimed")
    return claim_id


def process(hub: Instance, claim_id: str) -> Verdict | None:
    """Bring a claimed set to its end; after a kill, finish what the claim began (5.2).

    Raises `DiskTrouble` when its files cannot be read now: the claim waits in `work/`.
    """
    try:
        arrival = _arrival(hub, claim_id)
    except OSError as error:
        raise DiskTrouble(f"{claim_id}: {error}") from error
    verdict = None
    if arrival is not None and _intake(hub, claim_id) is None:
        verdict = decide(arrival)
    hub.journal_file.flush(hub.store)
    row = _intake(hub, claim_id)
    if arrival is not None and arrival.data is not None and row is not None and not row[2]:
        # never read: a link, a device, a bad name; its object is kept apart, not archived
        folders.quarantine(arrival.data, hub.root / "quarantine", claim_id)
    folders.release(hub.root / "work", claim_id)
    hub.stage("archived")
    return verdict


def is_claim(hub: Instance, name: str) -> bool:
    """Whether a folder of `work/` is a claim on a channel that still exists."""
    parts = name.split(".")
    return len(parts) == 3 and parts[0] in hub.settings.channels


def _intake(hub: Instance, claim_id: str) -> tuple[object, ...] | None:
    with hub.store.reading() as tx:
        return table.intake_of_claim(tx, claim_id)


def _arrival(hub: Instance, claim_id: str) -> Arrival | None:
    channel_id, moment, _ = claim_id.split(".")
    folder = hub.root / "work" / claim_id
    members = sorted(folder.iterdir(), key=lambda path: path.name.endswith(".p7s"))
    if not members:
        return None
    data = members[0]
    folders.complete(hub.folder("inbox", channel_id), [raw_name(data) + channels.SIGNATURE], folder)
    signature = folder / f"{data.name}.p7s"
    received = datetime.strptime(moment, MOMENT).replace(tzinfo=MINSK)
    return Arrival(
        hub,
        claim_id,
        hub.settings.channels[channel_id],
        channels.text_name(raw_name(data)),
        received,
        data=data,
        signed_by=signature if os.path.lexists(signature) else None,
    )


def raw_name(path: Path) -> bytes:
    return path.name.encode("utf-8", "surrogateescape")


_STOPS = (StoreAway, DiskTrouble, SyncFailed, SettingsError, Refused)
"""What concerns every file, not this one: it waits in `work/` until the next start or pass."""


def decide(arrival: Arrival) -> Verdict:
    """Examine and settle; a defect of ours holds the file instead of stopping the channel."""
    try:
        return settle(arrival, examine(arrival))
    except _STOPS:
        raise
    except OSError as error:
        raise DiskTrouble(f"{arrival.name}: {error}") from error
    except Exception:
        log.exception("defect while taking %r", arrival.name, extra={"action": "intake_failed"})
        arrival.notes = []
        return settle(arrival, Verdict(HELD, (Finding("E-INTERNAL"),)))
    finally:
        if arrival.stream is not None:
            arrival.stream.close()
