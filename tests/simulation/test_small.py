"""The small scenario: fixed files in order, each signed as its channel needs."""

from pathlib import Path

import pytest

from hub.simulation.small import Drop, drops


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    """The drops, made once."""
    return drops(tmp_path_factory.mktemp("small"))


def test_what_it_covers(scenario: list[Drop]) -> None:
    """Facts, readings, a bad and a good 206, a 210 and a statement come in this order."""
    assert [drop.name for drop in scenario] == [
        "tariffs_1.csv", "norms_1.csv", "Карточка ЛС DM0001.csv", "Услуги DM0001.csv",
        "Регистрация DM0001.csv", "benefits_1.csv", "readings_1.csv", "readings_1.csv",
        "readings_2.csv", "readings_2.csv", "1.206", "2.206", "1.210", "ST-20261006.xml",
    ]  # fmt: skip
    assert [drop.instant for drop in scenario] == sorted(drop.instant for drop in scenario)


def test_who_signs(scenario: list[Drop]) -> None:
    """Everything is signed but what ERIP sends."""
    assert all((drop.signature is None) == (drop.channel == "erip") for drop in scenario)


def test_it_is_fixed(scenario: list[Drop], tmp_path: Path) -> None:
    """Another call gives the same files; only signatures differ."""
    again = drops(tmp_path)

    assert [d._replace(signature=None) for d in again] == [
        d._replace(signature=None) for d in scenario
    ]


def test_the_register_matches_the_statement(scenario: list[Drop]) -> None:
    """What the 210 transfers is credited to the kopeck under its order number."""
    files = {drop.name: drop.content for drop in scenario}
    head = files["1.210"].decode("cp1251").split("\r\n")[0].split("^")
    statement = files["ST-20261006.xml"].decode()

    assert f'<Amt Ccy="BYN">{head[14]}</Amt>' in statement.partition("<Ntry>")[2]
    assert f"<InstrId>{head[9]}</InstrId>" in statement
