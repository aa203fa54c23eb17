"""Replies of ERIP to our lists of demands, message 204 (`formats-erip.md`, A6).

Result 0 accepts the list, anything else rejects all of it; the records named are those at
fault. Under `after_reject = "leave_out"` a rejected list goes again without their accounts; of
an accepted one they are only left for a person.
"""

from formats import erip_202
from formats.contract import Finding
from hub.clock import stamp, unstamp
from hub.messages import DemandReply
from hub.posting.contract import POSTED, Origin, Outcomes
from hub.store import demands as table
from hub.store.exchange import DispatchRow, update_dispatch
from hub.store.payments import leave_todos
from hub.store.session import Transaction

ACCEPTED, REJECTED = "ACCEPTED", "REJECTED"
ACCOUNT = erip_202.DEMAND_5.names.index("personal_account")
"""Where the account stands in the text of a rejected record."""


def post_replies(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, DemandReply]],
    suspended: frozenset[int],
) -> Outcomes:
    """Mark the accounts whose records were rejected and leave each for a person."""
    answered = answered_dispatch(tx, origin)
    if answered is None or answered.ack_state in (ACCEPTED, REJECTED):
        return {}  # the finisher says what is wrong with the whole reply
    listed = table.listed_accounts(tx, answered.id)
    by_number = {number: account for account, number in listed}
    rejected: list[tuple[int, str]] = []
    outcomes: Outcomes = {}
    for line, m in chunk:
        account = _account(m, by_number, [account for account, _ in listed])
        if account is None:
            value = m.source_record or str(m.record_number)
            outcomes[line] = POSTED, Finding("W-MATCH", line, value=value, rule="record of the 202")
        else:
            rejected.append((account, m.error_text or ""))
    _leave(tx, origin, answered, rejected)
    return outcomes


def _account(m: DemandReply, by_number: dict[str, int], order: list[int]) -> int | None:
    """The account of a rejected record: by its text first, then by its number in the list."""
    fields = (m.source_record or "").split("^")
    found = by_number.get(fields[ACCOUNT]) if len(fields) > ACCOUNT else None
    if found is None and m.record_number and m.record_number <= len(order):
        return order[m.record_number - 1]
    return found


def _leave(
    tx: Transaction, origin: Origin, answered: DispatchRow, rejected: list[tuple[int, str]]
) -> None:
    rejects = _state(origin.envelope.fields["result_code"]) == REJECTED
    if rejects and origin.settings.agreements[answered.agreement].after_reject == "leave_out":
        table.leave_out(tx, answered.id, [account for account, _ in rejected])
    todos = [
        ("demand.rejected", f"account:{account}", f"{answered.name}: {text}")
        for account, text in rejected
    ]
    leave_todos(tx, todos, stamp(origin.received_at))


def answered_dispatch(tx: Transaction, origin: Origin) -> DispatchRow | None:
    """The list that a 204 answers, by number and, where it is given, by time; None if not ours."""
    fields = origin.envelope.fields
    number, time = int(fields["answered_number"]), fields.get("answered_time")
    found = table.numbered_dispatch(tx, origin.agreement.partner, "erip.202", number)
    if found is None or (time and time != f"{unstamp(found.created_at):%Y%m%d%H%M%S}"):
        return None
    return found


def finish_replies(tx: Transaction, origin: Origin) -> list[Finding]:
    """Set the acknowledgement of the list; the same answer again has no effect.

    Another result than before gives E-ACK-CONFLICT, an answer to nothing of ours E-ACK-UNKNOWN.
    """
    fields = origin.envelope.fields
    answered, state = answered_dispatch(tx, origin), _state(fields["result_code"])
    if answered is None:
        return [Finding("E-ACK-UNKNOWN", value=fields["answered_number"])]
    if answered.ack_state == state:
        return []
    if answered.ack_state in (ACCEPTED, REJECTED):
        expected = answered.ack_state
        return [Finding("E-ACK-CONFLICT", None, "result_code", answered.name, expected)]
    update_dispatch(
        tx,
        answered.id,
        ack_state=state,
        ack_intake_id=origin.intake_id,
        ack_text=f"{fields['result_code']} {fields.get('error_text') or ''}".strip(),
    )
    return []


def _state(result: str) -> str:
    return ACCEPTED if int(result) == 0 else REJECTED
