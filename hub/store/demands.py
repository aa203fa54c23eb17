"""Queries of demands and supplier registers: what accounts owe when a month is closed."""

from collections.abc import Iterable, Sequence

from hub.messages import SupplierLine
from hub.month import Month
from hub.store.exchange import DispatchRow
from hub.store.session import Row, Transaction
from hub.store.tables.ledger import DemandRow


def demand_amounts(tx: Transaction, scheme: str, month: Month) -> list[Row]:
    """(account id, number, payer, address, amount) of all accounts open at the close of a month.

    Amount in kopecks, from the balances stored at the close: max(0, principal - unallocated)
    + penalty (`architecture.md`, 10.4). By account id, which is the order of the list.
    """
    rows = tx.rows(
        "SELECT a.id, a.number, s.payer, s.address,"
        " coalesce(b.principal, 0), coalesce(b.penalty, 0), coalesce(u.unallocated, 0)"
        " FROM account a JOIN account_state s ON s.account = a.id"
        " LEFT JOIN (SELECT c.account, sum(b.principal_out) AS principal,"
        "  sum(b.penalty_out) AS penalty FROM balance b JOIN contract c ON c.id = b.contract"
        "  WHERE b.month = :month AND c.scheme = :scheme GROUP BY c.account) b ON b.account = a.id"
        " LEFT JOIN account_balance u ON u.account = a.id AND u.month = :month"
        " WHERE a.scheme = :scheme AND a.opened_on <= :last"
        " AND (s.closed_on IS NULL OR s.closed_on > :last)"
        f" AND {_LATEST} ORDER BY a.id",
        scheme=scheme,
        month=month.key,
        last=month.last.isoformat(),
    )
    return [
        (account, number, payer, address, demanded(int(debt), int(penalty), free))
        for account, number, payer, address, debt, penalty, free in rows
    ]


_LATEST = (
    "NOT EXISTS (SELECT 1 FROM account_state l WHERE l.account = s.account"
    " AND l.valid_from <= :last AND (l.recorded_at > s.recorded_at"
    " OR (l.recorded_at = s.recorded_at AND l.valid_from > s.valid_from)))"
    " AND s.valid_from <= :last"
)
"""Of the states that began by `:last` the one recorded last."""


def demanded(principal: int, penalty: int, unallocated: int) -> int:
    """What an account is asked for: max(0, principal - unallocated) + penalty, kopecks."""
    return max(0, principal - unallocated) + penalty


def add_demands(tx: Transaction, dispatch: int, rows: Iterable[tuple[int, int, int]]) -> int:
    """Keep (account, amount, left_out) of a list that leaves; gives their count."""
    columns = ("dispatch", "account", "amount", "left_out")
    return tx.insert(DemandRow, [(dispatch, *row) for row in rows], columns)


def left_out(tx: Transaction, agreement: str, business_key: str) -> set[int]:
    """Accounts that a reply refused in the lists made for a business key."""
    rows = tx.rows(
        "SELECT d.account FROM demand d JOIN dispatch p ON p.id = d.dispatch"
        " WHERE p.agreement = :agreement AND p.business_key = :key AND d.left_out = 1",
        agreement=agreement,
        key=business_key,
    )
    return {account for (account,) in rows}


def leave_out(tx: Transaction, dispatch: int, accounts: Sequence[int]) -> None:
    """Mark the accounts without which a list goes again."""
    tx.run(
        "UPDATE demand SET left_out = 1 WHERE dispatch = :dispatch AND " + tx.among("account"),
        dispatch=dispatch,
        keys=tx.listed(accounts),
    )


def listed_accounts(tx: Transaction, dispatch: int) -> list[Row]:
    """(account id, number) of the records of a list in their order."""
    return tx.rows(
        "SELECT d.account, a.number FROM demand d JOIN account a ON a.id = d.account"
        " WHERE d.dispatch = :dispatch AND d.left_out = 0 ORDER BY d.account",
        dispatch=dispatch,
    )


def numbered_dispatch(tx: Transaction, partner: str, kind: str, number: int) -> DispatchRow | None:
    """The dispatch that carries a number of ours, or None."""
    row = tx.row(
        f"SELECT {', '.join(DispatchRow._fields)} FROM dispatch"
        " WHERE partner = :partner AND kind = :kind AND number = :number",
        partner=partner,
        kind=kind,
        number=number,
    )
    return DispatchRow(*row) if row else None


def supplier_register(
    tx: Transaction, scheme: str, provider_id: str, month: Month
) -> list[SupplierLine]:
    """The register of a closed month for a supplier: one line per account and service.

    Opening to closing hold principal and penalty together (`formats-partners.md`, B7); the fee
    is information: what allocations posted in the month were charged so far.
    """
    rows = tx.rows(
        "SELECT a.number, c.service, sum(b.principal_in + b.penalty_in), sum(b.charged),"
        " sum(b.benefit), sum(b.recalculated), sum(b.penalty), sum(b.paid + b.penalty_paid),"
        " coalesce(sum(f.fee), 0), sum(b.principal_out + b.penalty_out)"
        " FROM balance b JOIN contract c ON c.id = b.contract JOIN account a ON a.id = c.account"
        " LEFT JOIN (SELECT contract, sum(fee) AS fee FROM allocation"
        "  WHERE posted_period = :month GROUP BY contract) f ON f.contract = b.contract"
        " WHERE b.month = :month AND c.scheme = :scheme AND c.supplier = :provider"
        " GROUP BY a.number, c.service",
        scheme=scheme,
        month=month.key,
        provider=provider_id,
    )
    # databases collate text differently: the order is made here
    ordered = sorted(rows, key=lambda row: (row[0], row[1]))
    return [SupplierLine(str(month), row[0], row[1], *map(int, row[2:])) for row in ordered]
