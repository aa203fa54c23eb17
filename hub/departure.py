"""Story 3: one outgoing file, from the obligation to send it to its place in the outbox.

Content is gathered from the ledger, mapped back, encoded, our own bytes read again and checked,
numbered without gaps and stored in one transaction; then signed once, staged, published by
rename and acknowledged or overdue (`exchange.md`, section 6).
"""

import io
import logging
import os
from datetime import datetime, timedelta
from operator import itemgetter

from formats.contract import Envelope
from hub.clock import stamp, unstamp
from hub.errors import Inconsistent, NotPublished, SigningFailed
from hub.exchange import folders
from hub.gathering import GATHERERS, Draft
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.messages import MESSAGES
from hub.money import roubles
from hub.settings import Agreement
from hub.signing.sign import sign
from hub.store import exchange as table
from hub.store.exchange import DispatchRow
from hub.store.session import Transaction

log = logging.getLogger("hub.departure")


def depart(hub: Instance, agreement: Agreement) -> list[int]:
    """Make and queue every file that is due under an outbound agreement; gives dispatch ids.

    What was made before for the same business key is not made again, unless it was rejected.
    """
    made = []
    with hub.store.transaction() as tx:
        for draft in GATHERERS[agreement.kind](tx, hub, agreement):
            before = table.latest_effect(tx, agreement.id, draft.business_key)
            if before is not None and not goes_again(tx, agreement, before):
                continue
            effect = before.effect + 1 if before else 1
            made.append(_queue(tx, hub, agreement, draft, effect))
        hub.stage("out numbered")
    hub.journal_file.flush(hub.store)
    return made


def goes_again(tx: Transaction, agreement: Agreement, before: DispatchRow) -> bool:
    """Whether a rejected list goes again: only without the records that its answer named."""
    rejected = before.ack_state == "REJECTED" and agreement.after_reject == "leave_out"
    return rejected and table.refused_records_of_list(tx, before.id) > 0


def _queue(tx: Transaction, hub: Instance, agreement: Agreement, draft: Draft, effect: int) -> int:
    """Number, render and store one file (O2); it is QUEUED when the transaction ends."""
    now = hub.clock.now()
    number = tx.reserve(f"out|{agreement.partner}|{agreement.kind}")
    body = _render(hub, agreement, draft, draft.envelope(number, now))
    _compare(read_again(hub, agreement, body), draft, f"{agreement.id} number {number}")
    stored = hub.archive.keep_bytes(body)
    row = DispatchRow(
        id=tx.reserve("dispatch"),
        partner=agreement.partner,
        agreement=agreement.id,
        kind=agreement.kind,
        channel=agreement.channel,
        business_key=draft.business_key,
        effect=effect,
        number=number,
        name=(agreement.name or "").format(number=number, date=f"{now:%Y%m%d}", **draft.names),
        object_sha=stored.sha256,
        size=stored.size,
        wants_signature=int(agreement.signature == "required"),
        created_at=stamp(now),
        records=len(draft.messages),
        amount=draft.amount,
        period=draft.period.key if draft.period else None,
    )
    table.add_dispatch(tx, row)
    draft.bind(tx, row.id)
    detail = {name: getattr(row, name) for name in ("name", "object_sha", "records", "amount")}
    enter(tx, now, [Entry("out.queue", f"dispatch:{row.id}", "QUEUED", detail=detail)])
    return row.id


def _compare(written: list[tuple[str, int]], draft: Draft, place: str) -> None:
    """Our own bytes against what was gathered. Raises `Inconsistent`: the file does not leave."""
    amount = sum(kopecks for _, kopecks in written)
    if (len(written), amount) != (len(draft.messages), draft.amount):
        raise Inconsistent(
            f"{place}: {len(written)} records and {roubles(amount)} written,"
            f" {len(draft.messages)} and {roubles(draft.amount)} gathered; nothing was sent"
        )


def _render(hub: Instance, agreement: Agreement, draft: Draft, envelope: Envelope) -> bytes:
    form = hub.format_of(agreement)
    writer = hub.mapping(agreement.mapping).writer(envelope.layout)
    rows = (writer(message) for message in draft.messages)
    return b"".join(form.encode(rows, envelope, agreement.options))


def read_again(hub: Instance, agreement: Agreement, body: bytes) -> list[tuple[str, int]]:
    """(business key, kopecks) of each record of a file of ours, by the inbound decoder.

    Raises `Inconsistent` when our own bytes cannot be read as they were meant.
    """
    envelope, rows = hub.format_of(agreement).decode(io.BytesIO(body), agreement.options)
    mapping = hub.mapping(agreement.mapping)
    good, bad = mapping.reader(envelope.layout, {}).translate(list(rows))
    if bad:
        raise Inconsistent(f"{agreement.id}: {bad[0].findings[0].text('en')}")
    fields = MESSAGES[mapping.message]._fields
    amount = itemgetter(fields.index("amount" if "amount" in fields else "closing"))
    key = mapping.key_of()
    return [(_text(key(message)), amount(message)) for _, message in good]


def _text(key: object) -> str:
    return "|".join(map(str, key)) if isinstance(key, tuple) else str(key)


def read_back(hub: Instance, object_sha: str, agreement_id: str) -> list[tuple[str, int]]:
    """The same for the stored bytes of a dispatch; what the proof asks for."""
    agreement = hub.settings.agreements[agreement_id]
    return read_again(hub, agreement, hub.archive.read(object_sha))


# --- delivery ----------------------------------------------------------------------------------


def deliver_all(hub: Instance) -> bool:
    """Bring every queued or written dispatch to its outbox, in order; True when one left.

    A dispatch that must wait holds back later numbers of its (partner, kind) and nothing else.
    """
    with hub.store.reading() as tx:
        waiting = table.unsent(tx)
    stuck: set[tuple[str, str]] = set()
    sent = False
    for row in waiting:
        if row.state == "HELD":
            stuck.add((row.partner, row.kind))
        if (row.partner, row.kind) in stuck:
            continue
        try:
            deliver(hub, row)
            sent = True
        except (NotPublished, SigningFailed, OSError) as error:
            stuck.add((row.partner, row.kind))
            log.warning("%s waits: %s", row.name, error, extra={"action": "delivery_waits"})
    return sent


def deliver(hub: Instance, row: DispatchRow) -> None:
    """Sign once, stage, publish by rename (O4-O9); safe to repeat after a kill at any point.

    Raises `NotPublished` and `SigningFailed`; the dispatch then keeps its number and waits.
    """
    hub.journal_file.flush(hub.store)
    if row.wants_signature and row.signature_sha is None:
        row = _sign(hub, row)
    members = _members(row)
    if row.state == "QUEUED":
        hub.stage("out opened")
        for name, sha in members:
            folders.stage(hub.root / "staging", _staged(row, name), hub.archive.path(sha))
            hub.stage("out full")
        hub.stage("out synced")
        _mark(hub, row, "WRITTEN")
    if any(_in_the_way(hub, row, name, sha) for name, sha in members):
        _mark(hub, row, "HELD", "E-OUT-CONFLICT")
        raise NotPublished(f"another file lies under the name {row.name}")
    for name, _ in members:
        _publish(hub, row, name)
        hub.stage("out renamed")
    hub.stage("folder synced")
    _sent(hub, row)
    hub.stage("marked")


def _members(row: DispatchRow) -> list[tuple[str, str]]:
    """The files of the set in the order of their final names: signature, then data."""
    data = (row.name, row.object_sha)
    return [(f"{row.name}.p7s", row.signature_sha), data] if row.signature_sha else [data]


def _staged(row: DispatchRow, name: str) -> str:
    return f"{row.id}.{name}"


def _sign(hub: Instance, row: DispatchRow) -> DispatchRow:
    """The first signature made is stored and used for ever."""
    made = sign(hub.archive.path(row.object_sha), hub.key, hub.clock.now())
    sha = hub.archive.keep_bytes(made).sha256
    with hub.store.transaction() as tx:
        table.update_dispatch(tx, row.id, signature_sha=sha)
    hub.stage("out signed")
    return row._replace(signature_sha=sha)


def _mark(hub: Instance, row: DispatchRow, state: str, reason: str | None = None) -> None:
    with hub.store.transaction() as tx:
        table.update_dispatch(tx, row.id, state=state, reason=reason)
        if state == "HELD":
            entry = Entry("out.hold", f"dispatch:{row.id}", state, detail={"reason": reason})
            enter(tx, hub.clock.now(), [entry])


def _in_the_way(hub: Instance, row: DispatchRow, name: str, sha: str) -> bool:
    """Whether something else than our own bytes lies under a name that is still to be taken."""
    target = hub.folder("outbox", row.channel) / name
    if not os.path.lexists(target) or not (hub.root / "staging" / _staged(row, name)).exists():
        return False
    return not target.is_file() or target.read_bytes() != hub.archive.read(sha)


def _publish(hub: Instance, row: DispatchRow, name: str) -> None:
    """Rename one member into the outbox; what is gone from staging was renamed before a kill."""
    staged = hub.root / "staging" / _staged(row, name)
    if not staged.exists():
        return
    try:
        folders.publish(staged, hub.folder("outbox", row.channel), name)
    except FileExistsError:
        staged.unlink()  # our own bytes, as `_in_the_way` saw: a repeat that was not collected


def _sent(hub: Instance, row: DispatchRow) -> None:
    now = hub.clock.now()
    values: dict[str, object] = {"state": "SENT", "sent_at": row.sent_at or stamp(now)}
    agreement = hub.settings.agreements.get(row.agreement)
    awaited = agreement is not None and agreement.ack == "expected" and row.ack_state == "NONE"
    if agreement is not None and awaited and row.kind != "receipt":
        due = now + timedelta(hours=agreement.ack_within_hours)
        values |= {"ack_state": "WAITING", "ack_due": stamp(due)}
    with hub.store.transaction() as tx:
        table.update_dispatch(tx, row.id, **values)
        action = "out.repeat" if row.repeats else "out.send"
        enter(tx, now, [Entry(action, f"dispatch:{row.id}", "SENT", detail={"name": row.name})])
    hub.journal_file.flush(hub.store)


# --- acknowledgements --------------------------------------------------------------------------


def after_replies(hub: Instance) -> bool:
    """Send a rejected list again where the agreement says so; mark overdue answers.

    True when something was done.
    """
    with hub.store.reading() as tx:
        again = [
            hub.settings.agreements[row.agreement]
            for row in table.awaiting(tx, "REJECTED")
            if table.latest_effect(tx, row.agreement, row.business_key) == row
            and goes_again(tx, hub.settings.agreements[row.agreement], row)
        ]
    for agreement in again:
        depart(hub, agreement)
    return _mark_overdue(hub) or bool(again)


def _mark_overdue(hub: Instance) -> bool:
    now = hub.clock.now()
    with hub.store.transaction() as tx:
        late = [
            row
            for row in table.awaiting(tx, "WAITING")
            if row.ack_due is not None and unstamp(row.ack_due) < now
        ]
        for row in late:
            table.update_dispatch(tx, row.id, ack_state="OVERDUE")
            text = f"{row.name}: no answer by {unstamp(row.ack_due or ''):%d.%m.%Y %H:%M}"
            table.add_todo(tx, "E-ACK-OVERDUE", f"dispatch:{row.id}", text, stamp(now))
        entries = [Entry("out.overdue", f"dispatch:{row.id}", "OVERDUE") for row in late]
        if entries:
            enter(tx, now, entries)
    return bool(late)


def next_deadline(hub: Instance) -> datetime | None:
    """The first instant at which an answer becomes overdue."""
    with hub.store.reading() as tx:
        due = [unstamp(row.ack_due) for row in table.awaiting(tx, "WAITING") if row.ack_due]
    return min(due) + timedelta(seconds=1) if due else None
