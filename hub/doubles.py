"""Duplicates, used numbers, gaps and order of inbound files (`exchange.md`, section 8).

Decided inside the transaction of the file; the unique keys of `intake` stand behind it.
"""

from formats.contract import Finding
from hub.arrival import DUPLICATE, HELD, QUARANTINED, REJECTED, Arrival, Verdict, refused
from hub.clock import MINSK, unstamp
from hub.settings import Agreement
from hub.store import exchange as table
from hub.store.session import Transaction


def repeated(tx: Transaction, arrival: Arrival) -> Verdict | None:
    """DUPLICATE when the payload of an authenticated file is known; the first decides.

    Under `dup_file` = warn the file goes on with a note.
    """
    agreement = arrival.agreement
    if agreement is None or not arrival.authenticated:
        return None
    first = table.first_intake(tx, _content_key(arrival, agreement))
    if first is None or first[0] == arrival.intake_id:
        return None
    day = f"{unstamp(str(first[2])):%d.%m.%Y %H:%M}"
    if agreement.dup_file == "reject":
        return Verdict(DUPLICATE, (Finding("E-DUP-FILE", value=day),), first[0])
    arrival.tally.findings.append(Finding("W-DUP-FILE", value=day))
    return None


def misnumbered(tx: Transaction, arrival: Arrival) -> Verdict | None:
    """A number or name that was used for other content; a gap; a number that comes back."""
    agreement = arrival.agreement
    assert agreement is not None
    taken = table.number_taken(tx, _number_key(arrival, agreement)) if arrival.number else None
    reused = taken is not None and taken[0] != arrival.intake_id
    if reused or (agreement.refuses_reuse and _name_taken(tx, arrival, agreement)):
        found = Finding("E-NUM-REUSED", value=arrival.number or arrival.name)
        return refused(found) if agreement.dup_number == "reject" else Verdict(HELD, (found,))
    return _sequence(tx, arrival, agreement)


def _name_taken(tx: Transaction, arrival: Arrival, agreement: Agreement) -> bool:
    return arrival.intake_id is None and table.name_taken(tx, agreement.id, arrival.name)


def _sequence(tx: Transaction, arrival: Arrival, agreement: Agreement) -> Verdict | None:
    rule = agreement.sequence or ("gap_hold" if arrival.number else "none")
    if rule == "none" or arrival.number is None or arrival.released:
        return None
    highest = table.highest_number(tx, _sequence_key(arrival, agreement))
    number = int(arrival.number)
    if number > highest + 1:
        code = "W-GAP" if rule == "gap_warn" else "E-GAP"
        gap = Finding(code, value=str(number), expected=str(highest + 1))
        if rule != "gap_warn":
            return refused(gap)
        arrival.tally.findings.append(gap)
    if number < highest and rule != "gap_warn" and agreement.number_back == "hold":
        return refused(Finding("E-NUM-ORDER", value=str(number), expected=str(highest)))
    return None


def keys(tx: Transaction, arrival: Arrival, verdict: Verdict) -> dict[str, object]:
    """The unique keys that the file takes by its outcome; a key that another holds stays his.

    A refusal for a reason outside the bytes takes none, nor does a file without a proved sender.
    """
    agreement = arrival.agreement
    free: dict[str, object] = {"dedup_key": None, "number_key": None}
    outside = verdict.state in (REJECTED, QUARANTINED) and verdict.outside
    if agreement is None or not arrival.authenticated or verdict.state == DUPLICATE or outside:
        return free
    content = _content_key(arrival, agreement)
    held_by = table.first_intake(tx, content)
    if held_by is not None and held_by[0] != arrival.intake_id:
        content = f"{content}|{arrival.claim_id}"
    numbered = verdict.state != REJECTED or agreement.number_after_reject == "burned"
    if arrival.number is None or not numbered:
        return free | {"dedup_key": content}
    number = _number_key(arrival, agreement)
    taken = table.number_taken(tx, number)
    mine = taken is None or taken[0] == arrival.intake_id
    return {"dedup_key": content, "number_key": number if mine else None}


def remember(tx: Transaction, arrival: Arrival, verdict: Verdict) -> None:
    """A decided number counts as seen for gaps."""
    if (
        arrival.agreement is not None
        and arrival.authenticated
        and arrival.number
        and verdict.state in table.DECIDED
    ):
        sequence = _sequence_key(arrival, arrival.agreement)
        table.saw_number(tx, sequence, int(arrival.number))


def _content_key(arrival: Arrival, agreement: Agreement) -> str:
    return f"{agreement.partner}|in|{arrival.stored.sha256}"


def _sequence_key(arrival: Arrival, agreement: Agreement) -> str:
    local = arrival.received_at.astimezone(MINSK)
    scope = {"forever": "", "year": f"{local:%Y}", "day": f"{local:%Y%m%d}"}
    return f"in|{agreement.partner}|{agreement.kind}|{scope[agreement.number_scope]}"


def _number_key(arrival: Arrival, agreement: Agreement) -> str:
    return f"{_sequence_key(arrival, agreement)}|{int(arrival.number or 0)}"
