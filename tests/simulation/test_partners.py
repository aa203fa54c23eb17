"""Identities: check digits are right, so that no partner is refused for them."""

import pytest
from stdnum import iban as stdnum_iban
from stdnum.by import unp as stdnum_unp

from hub.simulation.partners import AGENTS, COLLECTOR, PARTNERS, iban, is_iban, unp

ACCOUNTS = [p.iban for p in (*PARTNERS.values(), *AGENTS, COLLECTOR) if p.iban]
TAXPAYERS = [p.unp for p in (*PARTNERS.values(), *AGENTS, COLLECTOR)]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_ibans_are_valid(account: str) -> None:
    """Every account has right check digits in the eyes of an independent library."""
    assert stdnum_iban.is_valid(account, check_country=False)
    assert is_iban(account)


@pytest.mark.parametrize("number", TAXPAYERS)
def test_unps_are_valid(number: str) -> None:
    """Every taxpayer number has a right check digit in the eyes of an independent library."""
    assert stdnum_unp.is_valid(number)


@pytest.mark.parametrize(("account", "number"), [
    ("BY39TSTB30120000000010000000", "0000000010000000"),
    ("BY00TSTB30120000000010000000", None),
    ("BY93TSTB30120000000010000000", None),
])  # fmt: skip
def test_iban_of_the_specification(account: str, number: str | None) -> None:
    """The worked example is made and known; wrong and swapped digits are not."""
    assert is_iban(account) == (number is not None)
    assert number is None or iban("TSTB", "3012", number) == account


def test_a_number_that_is_not_issued() -> None:
    """A stem with the remainder 10 has no number."""
    with pytest.raises(ValueError, match="not issued"):
        unp("10000001")


def test_accounts_are_everybodys_own() -> None:
    """No two organisations share an account or an id of АИС."""
    assert len(set(ACCOUNTS)) == len(ACCOUNTS)
    providers = [p.provider_id for p in PARTNERS.values() if p.provider_id]
    assert len(set(providers)) == len(providers) == 4
