"""Facts that arrive: what becomes a row, what adds nothing, what is refused."""

from typing import Any

import pytest

from hub.clock import minsk
from hub.messages import ServiceLine
from hub.month import Month
from hub.posting.contract import Outcomes
from hub.posting.facts import opening_months
from hub.store.session import Row, Store
from tests import facts
from tests.facts import LOADED, benefit, card, norm, post, reading, resident, service, tariff

LATER, READ = minsk(2026, 9, 28, 9), minsk(2026, 9, 25, 12)
AUGUST = Month(2026, 8)


def rows(store: Store, sql: str) -> list[Row]:
    with store.reading() as tx:
        return tx.rows(sql)


def posted(store: Store, *messages: Any, at: Any = LOADED) -> Outcomes:
    with store.transaction() as tx:
        return post(tx, list(messages), at)


def said(outcomes: Outcomes) -> list[tuple[int, str, str]]:
    """(line, state, code) of what was remarked."""
    return [(line, state, finding.code) for line, (state, finding) in sorted(outcomes.items())]


# --- loads ---------------------------------------------------------------------------------------


def test_a_load_again_adds_nothing(store: Store) -> None:
    """The same export a month later leaves every table of facts as it is."""
    tables = ("account", "account_state", "contract", "contract_term", "registration", "opening",
              "tariff", "norm", "meter", "reading", "provider")  # fmt: skip
    counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)
    facts.filled(store, debt=500)
    before = rows(store, counts)

    with store.transaction() as tx:
        facts.prices(tx)
        post(tx, [card(a, balance_in=9_999) for a in (1, 2, 3)], LATER)
        post(tx, [service(10, 1, "maintenance", balance_in=9_999)], LATER)
        post(tx, [resident(10, 1), resident(20, 2)], LATER)
        post(tx, [reading(1, 100_000, "2026-08-31", installed_on="2026-08-31")], LATER)

    assert rows(store, counts) == before


def test_what_changed_is_added_beside_what_was(store: Store) -> None:
    """A new area, a new end and a departure are further rows; the old ones stay."""
    facts.filled(store)

    posted(store, card(1, area=50_000_000), at=LATER)
    posted(store, service(10, 1, "maintenance", valid_to="2026-10-01"), at=LATER)
    posted(store, resident(10, 1, left_on="2026-10-01"), at=LATER)

    assert rows(store, "SELECT area FROM account_state WHERE account = 1 ORDER BY recorded_at") == [
        (48_000_000,), (50_000_000,)
    ]  # fmt: skip
    assert rows(store, "SELECT valid_to FROM contract_term WHERE contract = 1"
                " ORDER BY recorded_at") == [(None,), ("2026-10-01",)]  # fmt: skip
    assert rows(store, "SELECT left_on FROM registration WHERE registration_id = '10'"
                " ORDER BY recorded_at") == [(None,), ("2026-10-01",)]  # fmt: skip


def test_a_key_twice_in_a_file_is_bad_the_second_time(store: Store) -> None:
    """The first record counts, whatever the second says, in this chunk or a later one."""
    both = posted(store, card(1), card(1, area=1))
    with store.transaction() as tx:
        origin_rows = [service(10, 1, "waste"), service(10, 1, "waste", valid_to="2027-01-01")]
        contracts = post(tx, origin_rows)
        people = post(tx, [resident(10, 1), resident(10, 1, left_on="2026-09-01")])

    assert [said(found) for found in (both, contracts, people)] == [
        [(3, "PARKED", "E-DUP-REC")]
    ] * 3
    assert rows(store, "SELECT area FROM account_state") == [(48_000_000,)]


def test_children_of_unknown_accounts_are_bad_records(store: Store) -> None:
    """A contract or resident without account, a benefit without registration."""
    posted(store, card(1))

    found = [
        posted(store, service(10, 9, "waste"), service(11, 1, "waste")),
        posted(store, resident(10, 9), resident(11, 1)),
        posted(store, benefit(10), benefit(11)),
    ]

    assert [said(outcomes) for outcomes in found] == [
        [(2, "PARKED", "E-ACC-UNKNOWN")],
        [(2, "PARKED", "E-ACC-UNKNOWN")],
        [(2, "PARKED", "E-FIELD")],
    ]


@pytest.mark.parametrize(
    "second",
    [
        card(1, number="0999999999"),
        card(2, number="0100000001"),
    ],
    ids=["its number changes", "its number is another's"],
)
def test_an_account_keeps_a_number_of_its_own(store: Store, second: Any) -> None:
    """A number never changes its account, nor an account its number."""
    posted(store, card(1))

    outcomes = posted(store, second, at=LATER)

    assert said(outcomes) == [(2, "PARKED", "E-FIELD")]
    assert outcomes[2][1].rule == "account_number"
    assert rows(store, "SELECT count(*) FROM account") == [(1,)]


def test_two_new_accounts_with_one_number(store: Store) -> None:
    """In one file, too, the second is refused."""
    assert said(posted(store, card(1), card(2, number="0100000001"))) == [(3, "PARKED", "E-FIELD")]


def test_a_contract_keeps_what_it_is_about(store: Store) -> None:
    """Another service, supplier or account under a known contract is refused."""
    facts.filled(store)
    changed = [
        service(10, 1, "waste"),
        service(11, 1, "waste", supplier_id="999"),
        service(12, 2, "heating"),
    ]

    assert said(posted(store, *changed, at=LATER)) == [
        (line, "PARKED", "E-FIELD") for line in (2, 3, 4)
    ]


# --- taking over ---------------------------------------------------------------------------------


def line(balance: int, months: int) -> ServiceLine:
    return service(1, 1, "waste", balance_in=balance, debt_months=months)


@pytest.mark.parametrize(
    ("balance", "months", "expected"),
    [
        (0, 3, []),
        (1000, 0, [(202608, 1000)]),
        (1000, 3, [(202606, 334), (202607, 333), (202608, 333)]),
        (2, 3, [(202606, 1), (202607, 1)]),
        (-1000, 3, [(202608, -1000)]),
    ],
)
def test_a_balance_goes_to_its_months(
    balance: int, months: int, expected: list[tuple[int, int]]
) -> None:
    """A debt in equal parts to its last months, earlier first; a credit whole to the last."""
    found = opening_months(line(balance, months), AUGUST)

    assert [(month.key, amount) for month, amount in found] == expected


def test_balances_are_taken_over_once(store: Store) -> None:
    """Only while no period was ever opened; later loads change facts, not balances."""
    posted(store, card(1, unallocated=250))
    posted(store, service(10, 1, "waste", balance_in=500, penalty_in=40, debt_months=1))
    with store.transaction() as tx:
        tx.run("INSERT INTO period (scheme, month, state, opened_at)"
               " VALUES ('DM0001', 202609, 'open', 'x')")  # fmt: skip

    posted(store, card(2, unallocated=250), at=LATER)
    posted(store, service(20, 2, "waste", balance_in=500), at=LATER)

    assert sorted(rows(store, "SELECT contract, ledger, about_period, amount FROM opening")) == [
        (1, "penalty", 202608, 40),
        (1, "principal", 202608, 500),
    ]
    assert rows(store, "SELECT agent, account, amount, fee, bank_date FROM payment") == [
        ("opening", 1, 250, 0, None)
    ]


# --- prices --------------------------------------------------------------------------------------


def test_stated_ends_must_not_overlap(store: Store) -> None:
    """An open row is ended by the next; a stated end that runs into another row is refused."""
    first = tariff("waste", "sub", 100, valid_from="2026-01-01", valid_to="2026-07-01")
    assert posted(store, first) == {}

    inside = tariff("waste", "sub", 110, valid_from="2026-06-01")
    over = tariff("waste", "sub", 90, valid_from="2025-01-01", valid_to="2026-02-01")
    after = tariff("waste", "sub", 120, valid_from="2026-07-01")
    full = tariff("waste", "full", 200, valid_from="2026-06-01")
    outcomes = posted(store, inside, over, after, full)

    assert said(outcomes) == [(2, "PARKED", "E-CONFLICT"), (3, "PARKED", "E-CONFLICT")]
    assert outcomes[2][1].expected == "2026-01-01 - 2026-07-01"
    assert rows(store, "SELECT count(*) FROM tariff") == [(3,)]


def test_a_corrected_price_is_a_further_row(store: Store) -> None:
    """The same key and start with another price is added and holds from then on."""
    posted(store, norm("waste", "volume_person_year", 2_680_000))
    posted(store, norm("waste", "volume_person_year", 1_800_000), at=LATER)

    assert rows(store, "SELECT value FROM norm ORDER BY recorded_at") == [
        (2_680_000,),
        (1_800_000,),
    ]


def test_a_row_that_ends_before_it_begins(store: Store) -> None:
    """Such a row is refused, whatever its table."""
    found = posted(store, tariff("waste", "sub", 1, valid_to="2025-01-01"))

    assert said(found) == [(2, "PARKED", "E-DATE-ORDER")]


# --- readings ------------------------------------------------------------------------------------


def test_a_register_makes_meters_known_and_reads_them(store: Store) -> None:
    """A row with a date of installation makes the meter; its value is the start."""
    facts.filled(store)

    assert posted(store, reading(1, 107_250, "2026-09-25"), at=READ) == {}

    assert rows(store, "SELECT number, digits, installed_on FROM meter") == [
        ("W1", 5, "2026-08-31")
    ]
    assert rows(store, "SELECT source, taken_on, value, state FROM reading ORDER BY id") == [
        ("start", "2026-08-31", 100_000_000, "accepted"),
        ("supplier", "2026-09-25", 107_250_000, "accepted"),
    ]


@pytest.mark.parametrize(
    ("bad", "code", "rule"),
    [
        (reading(9, 1, "2026-09-25"), "E-ACC-UNKNOWN", "reading_unknown_meter"),
        (reading(1, 1, "2026-09-25", resource="gas"), "E-ACC-UNKNOWN", "reading_unknown_meter"),
        (reading(1, 1, "2026-09-25", meter="W9"), "E-FIELD", "reading_unknown_meter"),
        (reading(1, 100_000_000, "2026-09-25"), "E-FIELD", "reading_digits"),
        (reading(1, 101_000, "2026-09-26"), "E-DATE", "reading_future"),
        (reading(1, 101_000, "2026-08-30"), "E-FIELD", "reading_inactive_meter"),
        (reading(1, 90_000, "2026-09-25"), "E-READING-LOW", "reading_negative"),
        (reading(1, 100_001, "2026-08-31"), "E-READING-JUMP", "reading_conflict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_readings(store: Store, bad: Any, code: str, rule: str) -> None:
    """A bad reading has no effect, and the sender sees the check by its name."""
    facts.filled(store)

    outcomes = posted(store, bad, reading(1, 102_000, "2026-09-25", meter="W1"), at=READ)

    finding = outcomes[2][1]
    assert list(outcomes) == [2]
    assert (finding.code, finding.rule) == (code, rule)
    assert rows(store, "SELECT count(*) FROM reading") == [(2,)]


def test_a_supplier_reads_only_its_own_meters(store: Store) -> None:
    """A contract that names another supplier is unknown to the sender."""
    posted(store, card(1))
    posted(store, service(10, 1, "cold_water", supplier_id="999"))

    outcomes = posted(store, reading(1, 1, "2026-08-31", installed_on="2026-08-31"))

    assert said(outcomes) == [(2, "PARKED", "E-ACC-UNKNOWN")]


def test_a_known_meter_is_dated_by_its_register(store: Store) -> None:
    """A row without value changes the meter only: its end and its verification."""
    facts.filled(store)
    gone = reading(1, 0, "2026-09-25", archived_on="2026-09-20", next_verification_on="2030-01-01")

    assert posted(store, gone._replace(value_1=None), at=READ) == {}

    assert rows(store, "SELECT removed_on, verified_until FROM meter") == [
        ("2026-09-20", "2030-01-01")
    ]
    assert said(posted(store, reading(1, 101_000, "2026-09-21"), at=READ)) == [
        (2, "PARKED", "E-FIELD")
    ]
