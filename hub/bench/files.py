"""One file: taken by the product, or the rows that a hand-made loader leaves of it."""

import hashlib
import shutil

from hub import pipeline
from hub.arrival import ACCEPTED
from hub.bench.measure import Stopwatch
from hub.bench.place import NOW, Place
from hub.clock import stamp
from hub.errors import Inconsistent
from hub.exchange import channels
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.store import exchange as table
from hub.store.session import Transaction


def take(place: Place, watch: Stopwatch, channel: str, name: str) -> int:
    """Drop an input into its inbox and bring it to its end; gives the records posted.

    Raises `Inconsistent` when the file is not accepted.
    """
    shutil.copyfile(place.input / name, place.root / "inbox" / channel / name)
    with place.opened() as hub:
        with watch:
            for ready in listed(hub, channel).ready:
                if claim_id := pipeline.claim(hub, ready):
                    pipeline.process(hub, claim_id)
        return _accepted(hub)


def listed(hub: Instance, channel: str) -> channels.Look:
    """What a listing of an inbox finds."""
    settings = hub.settings
    inbox = hub.folder("inbox", channel)
    return channels.look(
        hub.store, settings.channels[channel], settings.inbound(channel), inbox, NOW
    )


def _accepted(hub: Instance) -> int:
    with hub.store.reading() as tx:
        row = table.intakes(tx, limit=1)[-1]
    if row.state != ACCEPTED:
        raise Inconsistent(f"{row.name} of the bench ended as {row.state} {row.codes}")
    return row.records


def intake_values(intake_id: int, agreement: str, name: str, digest: str) -> dict[str, object]:
    """The columns of an intake row of a file that was loaded by hand."""
    texts = ("partner", "agreement_version", "kind", "channel")
    parts = ("accepted", "suspended", "parked", "rejected")
    counts = ("records", "sum_file", *parts, *(f"sum_{part}" for part in parts))
    moments = ("received_at", "claimed_at", "decided_at")
    return {
        "id": intake_id,
        "claim_id": f"bench-{intake_id}",
        "agreement": agreement,
        "name": name,
        "size": 0,
        "state": ACCEPTED,
        "codes": "",
        **dict.fromkeys(texts, "bench"),
        **dict.fromkeys(("object_sha", "payload_sha", "dedup_key"), digest),
        **dict.fromkeys(moments, stamp(NOW)),
        **dict.fromkeys(counts, 0),
    }


def add_traces(tx: Transaction, agreement: str, name: str) -> int:
    """Intake, receipt and journal entry of a file that was loaded by hand; gives the intake."""
    intake_id = tx.reserve("intake")
    digest = hashlib.sha256(name.encode()).hexdigest()
    table.add_intake(tx, intake_values(intake_id, agreement, name, digest))
    table.add_receipt(tx, (intake_id, "bench", intake_id, name, stamp(NOW), b"", digest))
    enter(tx, NOW, [Entry("in.accept", f"intake:{intake_id}", ACCEPTED)])
    return intake_id
