"""Bank statements: entries are stored once, credits meet registers, debits confirm transfers.

Source: `formats-partners.md`, E1, E2 and F2; the balances were checked by the format.
"""

from formats.contract import Finding
from hub.mapping import read_money
from hub.messages import StatementEntry
from hub.money import roubles
from hub.posting.contract import Origin, Outcomes, refused_state
from hub.posting.registers import match_registers
from hub.store import payments as table
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
    to the statement before and a debit that differs from its transfer are warnings.
    """
    fields, last_day = origin.envelope.fields, _to_day(origin)
    account, statement_id = fields["account"], fields["statement_id"]
    if table.statement_known(tx, account, statement_id):
        return [Finding("E-NUM-REUSED", field="statement_id", value=statement_id)]
    first_day = (fields.get("from") or last_day)[:10]
    opening, closing = read_money(fields["opening"]), read_money(fields["closing"])
    before = table.closing_before(tx, account, first_day)
    findings = _confirm(tx, origin.intake_id)
    if before is not None and before != opening:
        gap = Finding("W-MATCH", field="opening", value=roubles(opening), expected=roubles(before))
        findings.append(gap)
    row = (origin.intake_id, account, statement_id, first_day, last_day, opening, closing)
    table.add_statement(tx, row)
    match_registers(tx, origin.settings, origin.scheme)
    return findings


def _confirm(tx: Transaction, intake: int) -> list[Finding]:
    confirmed, findings = [], []
    for transfer, state, net, entry, amount, reference in table.debited_transfers(tx, intake):
        if state == "ordered" and net == amount:
            confirmed.append((transfer, entry))
        else:
            expected = f"{roubles(net)} {state}"
            found = Finding("W-MATCH", None, "end_to_end", roubles(amount), expected, key=reference)
            findings.append(found)
    table.confirm_transfers(tx, confirmed)
    return findings
