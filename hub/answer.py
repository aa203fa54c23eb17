"""The receipt of an intake: numbered, rendered once, stored, queued for delivery."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from formats.contract import Finding
from hub.arrival import PARTS, Arrival
from hub.clock import stamp
from hub.exchange.calendar import next_cutoff
from hub.exchange.receipts import ReceiptFacts, render
from hub.instance import Instance
from hub.journal import Head
from hub.settings import Agreement
from hub.signing.keys import fingerprint
from hub.store import exchange as table
from hub.store.exchange import DispatchRow
from hub.store.session import Transaction

MOST_FINDINGS = 1_000
"""Findings that a receipt lists and the database keeps; of the rest the count is told."""


def give(
    tx: Transaction,
    arrival: Arrival,
    intake_id: int,
    outcome: str,
    findings: Sequence[Finding],
    before: Head,
) -> str:
    """Number, render and store the receipt; gives its SHA-256 for the journal."""
    now = arrival.hub.clock.now()
    partner = arrival.channel.partner
    number = tx.reserve(f"receipt|{partner}")
    body = render(_facts(arrival, number, outcome, findings, before, now))
    name = f"RCP_{number}_{now:%Y%m%d}.xml"
    digest = hashlib.sha256(body).hexdigest()
    table.add_receipt(tx, (intake_id, partner, number, name, stamp(now), body, digest))
    agreement = arrival.agreement
    if agreement is not None and agreement.receipt is not None:
        _queue(
            tx, arrival.hub, agreement, agreement.receipt.channel, (intake_id, number, name), body
        )
    return digest


def _queue(
    tx: Transaction,
    hub: Instance,
    agreement: Agreement,
    channel: str,
    receipt: tuple[int, int, str],
    body: bytes,
) -> None:
    """Let the receipt (intake, number, name) leave by the channel that the agreement names."""
    intake_id, number, name = receipt
    stored = hub.archive.keep_bytes(body)
    table.add_dispatch(
        tx,
        DispatchRow(
            id=tx.reserve("dispatch"),
            partner=agreement.partner,
            agreement=agreement.id,
            kind="receipt",
            channel=channel,
            business_key=f"receipt|{intake_id}",
            effect=1,
            number=number,
            name=name,
            object_sha=stored.sha256,
            size=stored.size,
            wants_signature=1,
            created_at=stamp(hub.clock.now()),
        ),
    )


def again(tx: Transaction, hub: Instance, first_id: int) -> None:
    """Deliver the stored receipt of the first intake once more: the same bytes, the same name."""
    first = table.intake(tx, first_id)
    if first is None or first.receipt is None:
        return
    sent = table.receipt_dispatch(tx, first.partner, first.receipt)
    if sent is not None and sent.state == "SENT":
        table.update_dispatch(tx, sent.id, state="QUEUED", repeats=sent.repeats + 1)


def _facts(
    arrival: Arrival,
    number: int,
    outcome: str,
    findings: Sequence[Finding],
    before: Head,
    now: datetime,
) -> ReceiptFacts:
    agreement, envelope = arrival.agreement, arrival.envelope
    mapping = arrival.hub.mapping(agreement.mapping) if agreement and arrival.format else None
    tally = arrival.tally
    totals = {part: (tally.counts[part], tally.sums[part]) for part in PARTS}
    created = envelope.created if envelope else None
    window, following = _windows(arrival)
    return ReceiptFacts(
        number=number,
        created=now,
        partner=arrival.channel.partner,
        agreement=agreement.id if agreement else "",
        agreement_version=str(agreement.version) if agreement else "",
        name=arrival.name,
        size=arrival.stored.size,
        object_sha=arrival.stored.sha256,
        payload_sha=arrival.stored.sha256,
        envelope_number=arrival.number,
        envelope_date=f"{created:%Y-%m-%d}" if created else None,
        received=arrival.received_at,
        late=False,
        window=window,
        next_cutoff=following,
        outcome=outcome,
        totals={"file": (tally.records, sum(tally.sums.values())), **totals},
        findings=findings[:MOST_FINDINGS],
        findings_more=max(0, len(findings) - MOST_FINDINGS),
        mapping=mapping.name if mapping else None,
        mapping_version=mapping.version if mapping else None,
        format=arrival.format.NAME if arrival.format else None,
        format_version=envelope.version if envelope else None,
        journal_seq=before.seq,
        journal_hash=before.hash,
        signer=fingerprint(arrival.hub.key.certificate),
    )


def _windows(arrival: Arrival) -> tuple[datetime | None, datetime | None]:
    """The cut-off in whose window the file counts, and the one after it."""
    cutoff = arrival.agreement.cutoff if arrival.agreement else None
    if cutoff is None:
        return None, None
    overrides = arrival.hub.settings.hub.days_off
    window = next_cutoff(arrival.received_at, cutoff, overrides)
    return window, next_cutoff(window + timedelta(seconds=1), cutoff, overrides)
