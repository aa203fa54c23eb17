"""Bank statements: entries are stored once, credits meet registers, debits confirm transfers.

Source: `formats-partners.md`, E1, E2 and F2; the balances were checked by the format.
"""

from formats.contract import Finding
from hub.clock import stamp
from hub.mapping import read_money
from hub.messages import StatementEntry
from hub.money import roubles
from hub.posting.contract import Origin, Outcomes, refused_state
from hub.posting.registers import match_registers
from hub.store import payments as table
from hub.store.payments import Referring
from hub.store.session import Transaction

BOOKED = (None, "", "BOOK")
"""Only booked entries count; pending ones come again when they are booked."""


def post_entries(
    tx: Transaction,
    origin: Origin,
    chunk: list[tuple[int, StatementEntry]],
    suspended: frozenset[int],
) -> Outcomes:
    """Store the booked entries of a chunk; one that is known already has no second effect."""
    account, last_day = origin.envelope.fields["account"], _to_day(origin)
    intake = origin.intake_id
    known = table.known_entries(tx, account, [m.entry_ref for _, m in chunk])
    outcomes: Outcomes = {}
    fresh: dict[str, tuple[int, StatementEntry]] = {}
    for line, m in chunk:
        problem = _problem(line, m, known.get(m.entry_ref), intake)
        if problem is None and m.entry_ref in fresh:
            problem = Finding("E-DUP-REC", line, value=m.entry_ref, key=m.entry_ref)
        if problem is not None:
            outcomes[line] = refused_state(origin.agreement), problem
        elif m.status in BOOKED and m.entry_ref not in known:
            fresh[m.entry_ref] = line, m
    first = tx.reserve("statement_entry", len(fresh)) if fresh else 0
    table.add_entries(
        tx,
        [
            (number, account, m.entry_ref, m.booked_on or m.value_on or last_day, m.direction,
             m.amount, m.document_number, m.end_to_end, m.party_account, m.purpose, intake, line)
            for number, (line, m) in enumerate(fresh.values(), first)
        ],
    )  # fmt: skip
    return outcomes


def _problem(
    line: int, m: StatementEntry, known: tuple[int, str, int] | None, intake: int
) -> Finding | None:
    if m.currency != "BYN":
        return Finding("E-CUR", line, "currency", m.currency, "BYN", key=m.entry_ref)
    if known is None:
        return None
    if known[0] == intake:
        return Finding("E-DUP-REC", line, value=m.entry_ref, key=m.entry_ref)
    if known[1:] != (m.direction, m.amount):
        return Finding("E-CONFLICT", line, None, m.entry_ref, roubles(known[2]), key=m.entry_ref)
    return None


def _to_day(origin: Origin) -> str:
    return (origin.envelope.fields.get("to") or f"{origin.received_at:%Y-%m-%d}")[:10]


def finish_statement(tx: Transaction, origin: Origin) -> list[Finding]:
    """Store the head of the statement, match its credits, confirm the transfers it debits.

    A statement that was posted before under other bytes is refused with E-NUM-REUSED; a gap
    to the statement before and an entry that does not fit its transfer are warnings.
    """
    fields, last_day = origin.envelope.fields, _to_day(origin)
    account, statement_id = fields["account"], fields["statement_id"]
    if table.statement_known(tx, account, statement_id):
        return [Finding("E-NUM-REUSED", field="statement_id", value=statement_id)]
    first_day = (fields.get("from") or last_day)[:10]
    opening, closing = read_money(fields["opening"]), read_money(fields["closing"])
    before = table.closing_before(tx, account, first_day)
    row = (origin.intake_id, account, statement_id, first_day, last_day, opening, closing)
    table.add_statement(tx, row)
    match_registers(tx, origin.settings, origin.scheme)
    findings = _meet_transfers(tx, origin)
    if before is not None and before != opening:
        gap = Finding("W-MATCH", field="opening", value=roubles(opening), expected=roubles(before))
        findings.append(gap)
    return findings


def _meet_transfers(tx: Transaction, origin: Origin) -> list[Finding]:
    """Confirm the transfers that were debited; what was returned or does not fit is told.

    A returned transfer keeps its allocations: what becomes of its money a person decides.
    """
    confirmed: dict[int, int] = {}
    returned: list[int] = []
    findings = []
    for e in table.referring_entries(tx, origin.intake_id):
        if e.direction == "credit" and e.transfer is None:
            continue  # a reference of the payer's own
        if e.transfer is not None and e.direction == "credit":
            returned.append(e.transfer)
        elif e.transfer is not None and _confirms(e) and e.transfer not in confirmed:
            confirmed[e.transfer] = e.entry
            continue
        findings.append(_unfit(e))
    table.confirm_transfers(tx, list(confirmed.items()))
    table.return_transfers(tx, returned)
    lang = origin.settings.hub.language
    todos = [(found.code, f"transfer:{found.key}", found.text(lang)) for found in findings]
    table.leave_todos(tx, todos, stamp(origin.received_at))
    return findings


def _confirms(e: Referring) -> bool:
    return e.state == "ordered" and e.net == e.amount


def _unfit(e: Referring) -> Finding:
    expected = None if e.net is None else f"{roubles(e.net)} {e.state}"
    value = f"{roubles(e.amount)} {e.direction}"
    return Finding("W-MATCH", None, "end_to_end", value, expected, key=e.reference)
