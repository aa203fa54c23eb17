"""Registers of transferred payments and the bank credits that pay them.

One register equals one credit (`formats-partners.md`, E2, steps 1 and 2). They are matched when
the later of the two is posted; from then on the money of the payments may be passed on.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from formats.contract import Finding
from hub.exchange.calendar import is_open
from hub.mapping import read_money
from hub.posting.contract import Origin
from hub.settings import Scheme, Settings
from hub.store import payments as table
from hub.store.payments import ERIP, Credit, RegisterRow
from hub.store.session import Transaction

WINDOW = 3
"""Banking days by which the day of the credit may differ from that of the transfer."""


def ensure_register(tx: Transaction, origin: Origin) -> RegisterRow:
    """The register of a 210, stored from its header when its first payments are posted.

    Raises `formats.contract.Unreadable` when a sum of the header is no amount.
    """
    found = table.register(tx, origin.intake_id)
    if found is None:
        found = _header(origin)
        table.add_register(tx, found)
    return found


def _header(origin: Origin) -> RegisterRow:
    fields = origin.envelope.fields
    return RegisterRow(
        intake_id=origin.intake_id,
        number=fields["message_number"],
        agent=ERIP,
        agent_account=fields.get("agent_account", ""),
        order_number=fields["payment_order_number"],
        transfer_on=_iso(fields["transfer_time"]),
        amount=read_money(fields["total_amount"]),
        penalty=read_money(fields.get("total_penalty") or "0"),
        transferred=read_money(fields["total_transferred"]),
        entry=None,
        bank_date=None,
    )


def _iso(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


def finish_payments(tx: Transaction, origin: Origin) -> list[Finding]:
    """After the last record of a 210: look for the credit of the register. A 206 has none."""
    if origin.agreement.kind == "erip.210":
        ensure_register(tx, origin)
        match_registers(tx, origin.settings, origin.scheme)
    return []


# --- matching ----------------------------------------------------------------------------------

Fits = Callable[[RegisterRow, Credit], bool]


def match_registers(tx: Transaction, settings: Settings, scheme: Scheme) -> int:
    """Tie unpaid registers of a scheme to free credits of its account; gives how many."""
    agreements = [
        agreement.id
        for agreement in settings.agreements.values()
        if agreement.kind == "erip.210" and settings.scheme_of(agreement) == scheme
    ]
    registers = table.unpaid_registers(tx, agreements)
    if not registers:
        return 0
    found = table.free_credits(tx, scheme.iban, [r.transferred for r in registers])
    pairs = matched(registers, found, settings.hub.days_off)
    table.pay_registers(tx, [(r.intake_id, c.id, c.booked_on) for r, c in pairs])
    return len(pairs)


def matched(
    registers: Sequence[RegisterRow], credits: Sequence[Credit], days_off: Mapping[str, str]
) -> list[tuple[RegisterRow, Credit]]:
    """Registers with their credits: first by order number, then by the agent's account.

    Amount and day must fit in both steps, and each step must give exactly one candidate on
    either side; what is ambiguous is left for a person.
    """

    def near(register: RegisterRow, credit: Credit) -> bool:
        return register.transferred == credit.amount and within(
            register.transfer_on, credit.booked_on, days_off
        )

    def by_number(register: RegisterRow, credit: Credit) -> bool:
        return credit.document_number == register.order_number and near(register, credit)

    def by_account(register: RegisterRow, credit: Credit) -> bool:
        paid_by = credit.party_account
        return paid_by is not None and paid_by == register.agent_account and near(register, credit)

    pairs = _unique(registers, credits, by_number)
    left = [r for r in registers if all(r is not taken for taken, _ in pairs)]
    free = [c for c in credits if all(c is not taken for _, taken in pairs)]
    return pairs + _unique(left, free, by_account)


def _unique(
    registers: Sequence[RegisterRow], credits: Sequence[Credit], fits: Fits
) -> list[tuple[RegisterRow, Credit]]:
    pairs = [(r, c) for r in registers for c in credits if fits(r, c)]
    of_register = Counter(r.intake_id for r, _ in pairs)
    of_credit = Counter(c.id for _, c in pairs)
    return [(r, c) for r, c in pairs if of_register[r.intake_id] == of_credit[c.id] == 1]


def within(one: str, other: str, days_off: Mapping[str, str], window: int = WINDOW) -> bool:
    """Whether two days are at most so many banking days apart."""
    day, last = sorted((date.fromisoformat(one), date.fromisoformat(other)))
    count = 0
    while day < last and count <= window:
        day += timedelta(days=1)
        count += is_open(day, "BY-bank", days_off)
    return count <= window
