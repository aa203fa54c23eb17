"""What rating reads and writes, by ranges of accounts: a handful of queries for a chunk.

Everything is read as known at the snapshot of a run. Of several rows about one thing the one
learnt last holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hub.billing.account import Account, Contract
from hub.billing.benefit import Benefit
from hub.billing.days import Resident
from hub.billing.meters import Meter, Shown
from hub.month import Month
from hub.store.session import Row, Transaction
from hub.store.tables.ledger import Charge, MeterCharge, Penalty, RunError


class Reach(NamedTuple):
    """The accounts of a scheme from `low` to `high`, in a month, as known at a snapshot."""

    scheme: str
    month: Month
    snapshot: str
    low: int
    high: int

    @property
    def params(self) -> dict[str, object]:
        """The parameters that most queries here share."""
        return {**self.range, "snapshot": self.snapshot}

    @property
    def range(self) -> dict[str, object]:
        """The parameters that say which accounts are meant."""
        return {"scheme": self.scheme, "low": self.low, "high": self.high}


_MINE = "JOIN contract c ON c.scheme = :scheme AND c.account BETWEEN :low AND :high AND c.id ="
_SEALED = "JOIN run r ON r.kind = 'final' AND r.state = 'sealed' AND r.id ="
EVERYBODY = (0, 2**62)
LIVING = ("permanent", "temporary_stay", "lease")
"""Kinds of registration that count as residents."""


# --- facts -------------------------------------------------------------------------------------


def account_ids(tx: Transaction, reach: Reach) -> list[int]:
    """The accounts that are open on a day of the month, in order."""
    return sorted(account[0] for account in _accounts(tx, reach))


def accounts(tx: Transaction, reach: Reach, yearly: Sequence[str]) -> Iterator[Account]:
    """The accounts that are open on a day of the month, in order, with all their facts.

    `yearly` names the services for which the volume used before in the year is wanted.
    """
    found = sorted(_accounts(tx, reach))
    contracts, people, discounts = _contracts(tx, reach, yearly), *_people(tx, reach)
    for account, house, area, opened_on, closed_on in found:
        yield Account(
            account,
            house,
            area,
            opened_on,
            closed_on,
            contracts.get(account, ()),
            people.get(account, ()),
            discounts.get(account, ()),
        )


def _accounts(tx: Transaction, reach: Reach) -> list[Row]:
    rows = tx.rows(
        "SELECT a.id, a.house_id, s.area, a.opened_on, s.closed_on FROM account a"
        " JOIN account_state s ON s.account = a.id AND s.recorded_at <= :snapshot"
        "  AND s.valid_from <= :last"
        " WHERE a.scheme = :scheme AND a.id BETWEEN :low AND :high AND a.opened_on <= :last"
        " ORDER BY a.id, s.recorded_at, s.valid_from",
        last=reach.month.last.isoformat(),
        **reach.params,
    )
    first = reach.month.first.isoformat()
    return [row for row in {row[0]: row for row in rows}.values() if not row[4] or row[4] > first]


def _contracts(tx: Transaction, reach: Reach, yearly: Sequence[str]) -> dict[int, list[Contract]]:
    rows = tx.rows(
        "SELECT c.id, c.account, c.service, c.supplier, t.valid_from, t.valid_to FROM contract c"
        " JOIN contract_term t ON t.contract = c.id AND t.recorded_at <= :snapshot"
        " WHERE c.scheme = :scheme AND c.account BETWEEN :low AND :high"
        " ORDER BY c.id, t.recorded_at",
        **reach.params,
    )
    meters, used = _meters(tx, reach), _used_in_year(tx, reach, yearly)
    found: defaultdict[int, list[Contract]] = defaultdict(list)
    for number, account, *rest in {row[0]: row for row in rows}.values():
        more = meters.get(number, ()), used.get(number, 0)
        contract = Contract._make((number, *rest, *more))
        found[account].append(contract)
    return found


def _used_in_year(tx: Transaction, reach: Reach, yearly: Sequence[str]) -> dict[int, int]:
    rows = tx.rows(
        f"SELECT h.contract, sum(h.quantity) FROM charge h {_MINE} h.contract {_SEALED} h.run"
        f" WHERE {tx.among('c.service')} AND h.period >= :january AND h.period < :month"
        " GROUP BY h.contract",
        keys=tx.listed(yearly),
        **reach.range,
        january=Month(reach.month.year, 1).key,
        month=reach.month.key,
    )
    return {contract: int(quantity) for contract, quantity in rows}


def _people(
    tx: Transaction, reach: Reach
) -> tuple[dict[int, list[Resident]], dict[int, list[Benefit]]]:
    """Residents and their benefits by account."""
    rows = tx.rows(
        "SELECT r.account, r.registration_id, r.kind, r.person_id, r.arrived_on, r.left_on,"
        " r.is_payer * r.not_employed FROM registration r"
        " WHERE r.scheme = :scheme AND r.account BETWEEN :low AND :high"
        " AND r.recorded_at <= :snapshot"
        " AND NOT EXISTS (SELECT 1 FROM registration l WHERE l.scheme = r.scheme"
        "  AND l.registration_id = r.registration_id AND l.recorded_at > r.recorded_at"
        "  AND l.recorded_at <= :snapshot) ORDER BY r.account, r.registration_id",
        **reach.params,
    )
    benefits = _benefits(tx, reach)
    first = reach.month.first.isoformat()
    people: defaultdict[int, list[Resident]] = defaultdict(list)
    discounts: defaultdict[int, list[Benefit]] = defaultdict(list)
    for account, registration, kind, person, arrived_on, left_on, idle in rows:
        if kind not in LIVING or (left_on and left_on <= first):
            continue
        people[account].append(Resident(person, arrived_on, left_on, bool(idle)))
        for benefit in benefits.get(registration, ()):
            spans = (*benefit.spans, (arrived_on, left_on))
            discounts[account].append(benefit._replace(person=person, spans=spans))
    return people, discounts


def _benefits(tx: Transaction, reach: Reach) -> dict[str, list[Benefit]]:
    """Benefits by registration; one without an end holds until the next of the same law."""
    rows = tx.rows(
        "SELECT registration_id, law, valid_from, valid_to, percent, area_limit, volume_limit,"
        " services FROM benefit WHERE scheme = :scheme AND recorded_at <= :snapshot"
        " AND registration_id IN (SELECT registration_id FROM registration"
        "  WHERE account BETWEEN :low AND :high) ORDER BY id",
        **reach.params,
    )
    by_law: defaultdict[tuple[str, str], dict[str, Row]] = defaultdict(dict)
    for registration, law, valid_from, *rest in rows:
        by_law[registration, law][valid_from] = tuple(rest)
    found: defaultdict[str, list[Benefit]] = defaultdict(list)
    for (registration, _), dated in by_law.items():
        starts = sorted(dated)
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            valid_to, percent, area, volume, services = dated[start]
            named = frozenset(services.split()) if services else None
            span = start, valid_to or following
            found[registration].append(Benefit("", percent, area, volume, named, (span,)))
    return found


# --- meters ------------------------------------------------------------------------------------


def _meters(tx: Transaction, reach: Reach) -> dict[int, list[Meter]]:
    """Meters by contract, each with the reading charged last and those since."""
    rows = tx.rows(
        "SELECT m.contract, m.removed_on, m.id, m.number, m.digits, m.coefficient, m.zones,"
        f" m.verified_until FROM meter m {_MINE} m.contract"
        " WHERE m.recorded_at <= :snapshot AND m.installed_on <= :last ORDER BY m.id",
        last=reach.month.last.isoformat(),
        **reach.params,
    )
    charged = _charged(tx, reach)
    complete = all(row[2] in charged for row in rows)
    since = min((shown.taken_on for shown in charged.values()), default="") if complete else ""
    readings = _readings(tx, reach, since) if rows else {}
    first = reach.month.first.isoformat()
    found: defaultdict[int, list[Meter]] = defaultdict(list)
    for contract, removed_on, meter, *rest in rows:
        shown = readings.get(meter, [])
        base = charged.get(meter) or (shown[0] if shown else None)
        if base is None:
            continue
        later = [reading for reading in shown if reading.taken_on > base.taken_on]
        if later or not removed_on or removed_on >= first:
            found[contract].append(Meter._make((meter, *rest, base, later)))
    return found


def _charged(tx: Transaction, reach: Reach) -> dict[int, Shown]:
    """Meter -> the reading up to which an earlier month charged it."""
    rows = tx.rows(
        "SELECT l.meter, g.taken_on, g.value, g.id FROM (SELECT x.meter AS meter,"
        f" max(x.run) AS run FROM meter_charge x {_SEALED} x.run AND r.month < :month"
        f" JOIN meter m ON m.id = x.meter {_MINE} m.contract GROUP BY x.meter) l"
        " JOIN meter_charge y ON y.meter = l.meter AND y.run = l.run"
        " JOIN reading g ON g.id = y.reading",
        **reach.range,
        month=reach.month.key,
    )
    return {meter: Shown._make(shown) for meter, *shown in rows}


def _readings(tx: Transaction, reach: Reach, since: str) -> dict[int, list[Shown]]:
    """Meter -> its accepted readings from a day up to the end of the month, by date."""
    rows = tx.rows(
        "SELECT g.meter, g.taken_on, g.value, g.id FROM reading g"
        f" JOIN meter m ON m.id = g.meter {_MINE} m.contract"
        " WHERE g.state = 'accepted' AND g.zone = 1 AND g.recorded_at <= :snapshot"
        " AND g.taken_on >= :since AND g.taken_on <= :last ORDER BY g.meter, g.taken_on, g.id",
        since=since,
        last=reach.month.last.isoformat(),
        **reach.params,
    )
    found: defaultdict[int, list[Shown]] = defaultdict(list)
    for meter, *shown in rows:
        found[meter].append(Shown._make(shown))
    return found


# --- debts -------------------------------------------------------------------------------------


class Debt(NamedTuple):
    """Principal of a contract about a month before that of the run."""

    account: int
    contract: int
    about: int
    amount: int
    """Charged and taken over, before payments."""
    taken_over: int
    """1 when it was taken over."""


def debts(tx: Transaction, reach: Reach, since: str) -> list[Debt]:
    """The debts that are not paid, or whose payments were learnt after `since`, in order."""
    rows = tx.rows(
        "SELECT account, contract, about, sum(debt), max(taken) FROM ("
        " SELECT c.account, o.contract, o.about_period AS about, o.amount AS debt, 0 AS paid,"
        f"  1 AS taken, '' AS learnt FROM opening o {_MINE} o.contract"
        "  WHERE o.ledger = 'principal' AND o.about_period < :month"
        " UNION ALL SELECT c.account, h.contract, h.period, h.gross - h.benefit, 0, 0, ''"
        f"  FROM charge h {_MINE} h.contract {_SEALED} h.run WHERE h.period < :month"
        " UNION ALL SELECT c.account, a.contract, a.about_period, 0, a.amount, 0, a.recorded_at"
        f"  FROM allocation a {_MINE} a.contract WHERE a.ledger = 'principal'"
        "  AND a.about_period < :month AND a.recorded_at <= :snapshot"
        ") owed GROUP BY account, contract, about"
        " HAVING sum(debt) > sum(paid) OR max(learnt) > :since ORDER BY account, contract, about",
        month=reach.month.key,
        since=since,
        **reach.params,
    )
    return [Debt._make((*row[:3], int(row[3]), row[4])) for row in rows]


def principal_paid(tx: Transaction, reach: Reach) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """(contract, about) -> (day paid, amount) of its principal, by day."""
    rows = tx.rows(
        "SELECT a.contract, a.about_period, p.paid_on, sum(a.amount) FROM allocation a"
        f" {_MINE} a.contract JOIN payment p ON p.id = a.payment WHERE a.ledger = 'principal'"
        " AND a.about_period < :month AND a.recorded_at <= :snapshot"
        " GROUP BY a.contract, a.about_period, p.paid_on ORDER BY p.paid_on",
        month=reach.month.key,
        **reach.params,
    )
    found: defaultdict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for contract, about, paid_on, amount in rows:
        found[contract, about].append((paid_on, int(amount)))
    return found


def penalty_posted(tx: Transaction, reach: Reach) -> dict[tuple[int, int], int]:
    """(contract, about) -> Σ of the penalty posted in earlier months."""
    rows = tx.rows(
        f"SELECT x.contract, x.about_period, sum(x.amount) FROM penalty x {_MINE} x.contract"
        f" {_SEALED} x.run WHERE x.posted_period < :month GROUP BY x.contract, x.about_period",
        **reach.range,
        month=reach.month.key,
    )
    return {(contract, about): int(amount) for contract, about, amount in rows}


# --- results -----------------------------------------------------------------------------------


def add_results(
    tx: Transaction,
    charges: Iterable[Row],
    penalties: Iterable[Row],
    charged: Iterable[Row],
    errors: Iterable[Row],
) -> None:
    """Store the rows of a chunk, each in the order of its table."""
    tx.insert(Charge, charges)
    tx.insert(Penalty, penalties)
    tx.insert(MeterCharge, charged)
    tx.insert(RunError, errors)


CHARGE = "contract, component, tariff, q_num, q_den, quantity, price, gross, benefit, trace"
"""The columns of `hub.billing.rate.Line`."""


def stored_charges(tx: Transaction, run: int, account: int) -> list[Row]:
    """The charge lines of an account in a run, with the columns of a line."""
    columns = ", ".join(f"h.{name}" for name in CHARGE.split(", "))
    return tx.rows(
        f"SELECT {columns} FROM charge h JOIN contract c ON c.id = h.contract"
        " WHERE c.account = :account AND h.run = :run ORDER BY h.contract, h.component, h.tariff",
        account=account,
        run=run,
    )


def stored_penalties(tx: Transaction, run: int, account: int) -> list[Row]:
    """(contract, about, amount, total, segments) of an account in a run, in order."""
    return tx.rows(
        "SELECT x.contract, x.about_period, x.amount, x.total, x.segments FROM penalty x"
        " JOIN contract c ON c.id = x.contract WHERE c.account = :account AND x.run = :run"
        " ORDER BY x.contract, x.about_period",
        account=account,
        run=run,
    )


def stored_rows(tx: Transaction, run: int, reach: Reach) -> tuple[list[Row], list[Row]]:
    """The charges and penalties of a range in a run, account in front, in the order of the hash."""
    columns = ", ".join(f"h.{name}" for name in CHARGE.split(", "))
    charges = tx.rows(
        f"SELECT c.account, {columns} FROM charge h {_MINE} h.contract WHERE h.run = :run"
        " ORDER BY c.account, h.contract, h.component, h.tariff",
        run=run,
        **reach.range,
    )
    penalties = tx.rows(
        "SELECT c.account, x.contract, x.about_period, x.amount, x.total, x.segments"
        f" FROM penalty x {_MINE} x.contract WHERE x.run = :run"
        " ORDER BY c.account, x.contract, x.about_period",
        run=run,
        **reach.range,
    )
    return charges, penalties


def stored_error(tx: Transaction, run: int, account: int) -> Row | None:
    """(code, text) when an account could not be rated in a run."""
    return tx.row(
        "SELECT code, text FROM run_error WHERE run = :run AND account = :account",
        run=run,
        account=account,
    )


def account_called(tx: Transaction, scheme: str, number: str) -> int | None:
    """The account with a number."""
    found = tx.value(
        "SELECT min(id) FROM account WHERE scheme = :scheme AND number = :number",
        scheme=scheme,
        number=number,
    )
    return None if found is None else int(found)


def services_of(tx: Transaction, account: int) -> dict[int, str]:
    """Contract -> service of an account."""
    rows = tx.rows("SELECT id, service FROM contract WHERE account = :account", account=account)
    return dict(rows)
