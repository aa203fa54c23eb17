"""A supplier examines its registers by itself: what is right passes, every fault is found."""

import pytest

from hub.month import Month
from hub.simulation.handover import Taken
from hub.simulation.registers import Registers
from hub.simulation.town import Town
from tests.simulation.fake_hub import register

TOWN, FIRST = Town.make(12, 5), Month(2026, 9)
RIGHT = register(TOWN, "water", FIRST).decode("cp1251")
QUIET = ";0.00;0.00;0.00;0.00;0.00;0.00;"


def faults(text: str, name: str = "register_202609_1.csv", encoding: str = "cp1251") -> list[str]:
    return list(Registers("water", TOWN, FIRST).examine(Taken(name, text.encode(encoding), None)))


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", [".", ","])
def test_a_right_register(encoding: str, mark: str) -> None:
    """Both encodings and both decimal marks are understood; nothing is wrong."""
    lines = RIGHT.split("\r\n")
    text = "\r\n".join([lines[0], *(line.replace(".00;", f"{mark}00;") for line in lines[1:])])

    assert faults(text, encoding=encoding) == []


@pytest.mark.parametrize(("old", "new"), [
    ("fee;closing", "closing;fee"),
    ("\r\n09.2026", "\r\n08.2026"),
    ("cold_water", "gas"),
    (QUIET, ";0.01;0.00;0.00;0.00;0.00;0.00;"),
    (QUIET, ";0.00;0.01;0.00;0.00;0.00;0.00;"),
    (QUIET, ";0.00;0.00;0.00;0.00;0.01;0.00;"),
    (QUIET, ";0.00;0.00;0.00;0.00;0.00;0.01;"),
    (QUIET, ";0.0;0.00;0.00;0.00;0.00;0.00;"),
    ("ИТОГО;24", "ИТОГО;23"),
    ("ИТОГО", "Сумма"),
])  # fmt: skip
def test_every_fault_is_found(old: str, new: str) -> None:
    """One fault of the header, a row, a sum or the last row is told."""
    assert old in RIGHT
    assert faults(RIGHT.replace(old, new, 1))


def test_a_missing_row() -> None:
    """A contract without its row is told, even where its sums are zero."""
    lines = RIGHT.split("\r\n")
    gone = next(at for at, line in enumerate(lines) if line.count("0.00") == 8)

    assert faults("\r\n".join([*lines[:gone], *lines[gone + 1 :]]).replace(";24;", ";23;"))


@pytest.mark.parametrize("name", ["register_202610_1.csv", "register_202609_2.csv", "r.csv"])
def test_the_name(name: str) -> None:
    """The name tells the month and the number; another is told."""
    assert faults(RIGHT, name)


def test_a_register_goes_on_where_the_last_ended() -> None:
    """The second register must open with the closing of the first."""
    registers = Registers("water", TOWN, FIRST)
    line = RIGHT.split("\r\n")[1]
    first = RIGHT.replace(line, f"{line.rpartition(';')[0]};77.00").encode("cp1251")
    second = register(TOWN, "water", FIRST.plus(1))

    list(registers.examine(Taken("register_202609_1.csv", first, None)))
    found = list(registers.examine(Taken("register_202610_2.csv", second, None)))

    assert any("ended with 7700" in text for text in found)
    assert registers.count == 2
