"""The synthetic town: sums, keys and moves hold for any size and seed."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.month import Month
from hub.simulation.town import SERVICES, Town, consumed

SIZES, SEEDS = st.integers(5, 80), st.integers(0, 2**32)


@settings(max_examples=30)
@given(accounts=SIZES, seed=SEEDS)
def test_the_card_is_the_sum_of_its_services(accounts: int, seed: int) -> None:
    """The opening balance of a card is the principal of its six contracts, to the kopeck."""
    for account in Town.make(accounts, seed).accounts:
        assert [contract.service for contract in account.contracts] == list(SERVICES)
        assert account.balance == sum(contract.balance for contract in account.contracts)


@settings(max_examples=30)
@given(accounts=SIZES, seed=SEEDS)
def test_keys_are_unique(accounts: int, seed: int) -> None:
    """Accounts, contracts, registrations, people and meters have keys of their own."""
    town = Town.make(accounts, seed).moved(Month(2026, 10))
    residents = [resident for account in town.accounts for resident in account.residents]
    for keys in (
        [a.id for a in town.accounts],
        [a.number for a in town.accounts],
        [c.id for a in town.accounts for c in a.contracts],
        [r.registration_id for r in residents],
        [r.person_id for r in residents],
        [m.number for a in town.accounts for m in a.meters],
    ):
        assert len(set(keys)) == len(keys)


@settings(max_examples=30)
@given(accounts=SIZES, seed=SEEDS)
def test_debts_have_their_months(accounts: int, seed: int) -> None:
    """A debt is one to four months old; only a debt has months or a penalty."""
    for account in Town.make(accounts, seed).accounts:
        for contract in account.contracts:
            assert (contract.balance > 0) == (1 <= contract.debt_months <= 4)
            assert contract.penalty >= 0
            assert contract.balance > 0 or contract.penalty == 0


def test_the_same_seed_is_the_same_town() -> None:
    """One seed makes one town, another seed another."""
    assert Town.make(50, 7) == Town.make(50, 7)
    assert Town.make(50, 7).accounts != Town.make(50, 8).accounts


def test_a_town_has_all_kinds_of_accounts() -> None:
    """300 accounts hold debtors, overpayments, penalties, and flats with nobody registered."""
    accounts = Town.make(300, 1).accounts

    assert accounts[0].number == "0100000017"
    assert any(not account.residents for account in accounts)
    assert any(account.balance < 0 for account in accounts)
    assert {c.debt_months for a in accounts for c in a.contracts} == {0, 1, 2, 3, 4}
    assert any(c.penalty for a in accounts for c in a.contracts)
    assert all(len(account.residents) <= 5 for account in accounts)


def test_meters_of_the_town() -> None:
    """Two thirds of the accounts have one water meter, all have one gas meter."""
    town = Town.make(300, 1)

    assert len(town.metered("cold_water")) == 200
    assert Counter(account.id for account, _ in town.metered("gas")) == Counter(
        account.id for account in town.accounts
    )


@settings(max_examples=30)
@given(accounts=SIZES, seed=SEEDS)
def test_somebody_comes_and_somebody_goes(accounts: int, seed: int) -> None:
    """A move adds one registration and ends another on the first; nobody is forgotten."""
    month = Month(2026, 10)
    before = Town.make(accounts, seed)
    after = before.moved(month)

    old = {r.registration_id: r for a in before.accounts for r in a.residents}
    new = {r.registration_id: r for a in after.accounts for r in a.residents}
    came = [new[key] for key in new.keys() - old.keys()]
    gone = [new[key] for key in old if new[key] != old[key]]
    assert [resident.arrived_on for resident in came] == [month.first]
    assert [resident.left_on for resident in gone] in ([month.first], [])
    assert after.holder == before.holder
    assert before.moved(month) == after


def test_the_day_of_leaving_does_not_count() -> None:
    """Who leaves on the first is present on the day before and not on the first."""
    month = Month(2026, 10)
    town = Town.make(300, 1).moved(month)
    account, leaver = next((a, r) for a in town.accounts for r in a.residents if r.left_on)

    assert leaver in account.present(Month(2026, 9).last)
    assert leaver not in account.present(month.first)


def test_meters_always_count_something() -> None:
    """A month's volume lies within 30 % of the usual one, so no reading looks implausible."""
    for _, meter in Town.make(60, 1).metered("gas"):
        for number in range(1, 13):
            used = consumed(1, meter, Month(2026, number))
            assert meter.monthly * 69 // 100 <= used <= meter.monthly * 131 // 100
