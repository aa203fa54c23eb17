"""What the charging organisation writes, read back with nothing but `csv`."""

import csv
from datetime import date

import pytest

from hub.month import Month
from hub.simulation import ais
from hub.simulation.ais import EXPORT, REPORT
from hub.simulation.town import Town

DAY = date(2026, 8, 31)
TOWN = Town.make(30, 4)


def rows(content: bytes) -> tuple[list[str], list[list[str]]]:
    header, *lines = csv.reader(content.decode("cp1251").splitlines(), delimiter=";", strict=True)
    return header, lines


def column(content: bytes, title: str) -> list[str]:
    header, lines = rows(content)
    return [line[header.index(title)] for line in lines]


@pytest.mark.parametrize(("write", "columns"), [
    (ais.cards, 41), (ais.services, 33), (ais.registrations, 102),
])  # fmt: skip
@pytest.mark.parametrize("dialect", [EXPORT, REPORT])
def test_all_columns_in_both_dialects(write, columns: int, dialect: str) -> None:
    """An export has all its columns, and a dialect changes nothing but the titles."""
    header, lines = rows(write(TOWN, dialect, DAY))

    assert len(header) == columns
    assert all(len(line) == columns for line in lines)
    assert lines == rows(write(TOWN, EXPORT, DAY))[1]


def test_balances_of_cards_and_services() -> None:
    """Σ BALANCE_IN of the services of an account is BALANCE_IN of its card."""
    services = ais.services(TOWN, EXPORT, DAY)
    sums: dict[str, int] = {}
    for account, amount in zip(
        column(services, "ACCOUNT_ID"), column(services, "BALANCE_IN"), strict=True
    ):
        sums[account] = sums.get(account, 0) + int(amount.replace(",", ""))

    cards = ais.cards(TOWN, EXPORT, DAY)
    told = zip(column(cards, "ACCOUNT_ID"), column(cards, "BALANCE_IN"), strict=True)
    assert {account: int(amount.replace(",", "")) for account, amount in told} == sums
    assert any(sums.values())


def test_who_left_stays_listed() -> None:
    """A registration that ends is exported with its day of leaving."""
    month = Month(2026, 10)
    moved = ais.registrations(TOWN.moved(month), REPORT, date(2026, 9, 28))

    assert column(moved, "Дата убытия").count("01.10.2026") == 1
    assert column(moved, "Дата прибытия").count("01.10.2026") == 1


def test_one_holder_of_a_benefit() -> None:
    """The table of benefits names the one registration that the export marks."""
    flags = column(ais.registrations(TOWN, EXPORT, DAY), "SUBJ_IS_PRIV")
    ids = column(ais.registrations(TOWN, EXPORT, DAY), "REGISTRATION_ID")
    holders = [one for one, flag in zip(ids, flags, strict=True) if flag == "1"]

    assert holders == column(ais.benefits(TOWN), "registration_id")


def test_each_service_has_both_tariffs() -> None:
    """Every service of the town has a subsidised and a full price, the full one higher."""
    tariffs = ais.tariffs()
    prices = {
        (service, kind): float(price.replace(",", "."))
        for service, kind, price in zip(
            column(tariffs, "service"), column(tariffs, "tariff_kind"), column(tariffs, "price"),
            strict=True,
        )
    }  # fmt: skip

    for contract in TOWN.accounts[0].contracts:
        code = contract.service.code
        assert prices[code, "sub"] < prices[code, "full"]


def test_norms_have_one_row_for_a_start() -> None:
    """No two norms of one key begin on the same day."""
    header, lines = rows(ais.norms())

    keys = [tuple(line[: header.index("valid_to")]) for line in lines]
    assert len(set(keys)) == len(keys)
