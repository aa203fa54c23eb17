"""ERIP examines a 202 by itself: what is right passes, every fault is found."""

from pathlib import Path

import pytest

from hub.clock import minsk
from hub.simulation.demands import Examiner
from hub.simulation.handover import Complaint, Taken
from hub.simulation.partners import COLLECTOR
from hub.simulation.signature import Signer, enrol

NOW = minsk(2026, 10, 1, 1, 10)
RIGHT = (
    "5^31000001^1^20261001010000^2^190000018^795^BY39TSTB30120000000010000000^1^933^PS\r\n"
    "2^0100000017^Иванов Иван^г. Минск^09.2026^86.41^^20261001010000^^^^^^^\r\n"
    "2^0100000025^Петрова Анна^г. Минск^09.2026^0.00^^20261001010000^^^^^^^\r\n"
)
ACCOUNTS = {"0100000017", "0100000025"}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The hub that signs the lists."""
    folder: Path = tmp_path_factory.mktemp("hub")
    return enrol(folder, "hub")


def read(signer: Signer, text: str, name: str = "1.202", encoding: str = "cp1251"):
    content = text.encode(encoding)
    examiner = Examiner(COLLECTOR, signer.certificate)
    return examiner.read(Taken(name, content, signer.sign(content)), NOW, ACCOUNTS)


def test_a_right_list(signer: Signer) -> None:
    """A list as agreed gives its demands in kopecks and its records as they stand."""
    found = read(signer, RIGHT)

    assert (found.number, found.time) == (1, "20261001010000")
    assert [(d.account, d.amount) for d in found.demands] == [("0100000017", 8641),
                                                              ("0100000025", 0)]  # fmt: skip
    assert found.sources == tuple(RIGHT.split("\r\n")[1:3])


@pytest.mark.parametrize(("old", "new"), [
    ("\r\n2^0100000025", "\n2^0100000025"),
    ("^^^^^^^\r\n2", "^^^^^^\r\n2"),
    ("^^^^^^^\r\n2", "^^^^^^x\r\n2"),
    ("2^0100000025", "1^0100000025"),
    ("0100000025", "0100000017"),
    ("0100000025", "0100000033"),
    ("^2^190000018", "^3^190000018"),
    ("^PS", ""),
    ("^PS", "^P5"),
    ("^1^2026", "^2^2026"),
    ("^933^", "^974^"),
    ("190000018", "190000019"),
    ("BY39", "BY93"),
    ("86.41", "86,41"),
    ("86.41", "86.4"),
    ("86.41", "-86.41"),
    ("86.41", "086.41"),
    ("09.2026^86.41", "08.2026^86.41"),
    ("^^20261001010000^^^^^^^\r\n2", "^^20261001005900^^^^^^^\r\n2"),
    ("20261001010000", "20261001011001"),
    ("2^0100000025^Петрова Анна^г. Минск^09.2026^0.00^^20261001010000^^^^^^^\r\n", ""),
    ("Иванов", "И" * 100),
])  # fmt: skip
def test_every_fault_is_found(signer: Signer, old: str, new: str) -> None:
    """One fault of count, fields, amounts, times, accounts or line ends refuses the list."""
    assert old in RIGHT
    with pytest.raises(Complaint):
        read(signer, RIGHT.replace(old, new, 1))


@pytest.mark.parametrize("name", ["2.202", "01.202", "1.204"])
def test_the_name_is_the_number(signer: Signer, name: str) -> None:
    """A name that is not the number without zeros is refused."""
    with pytest.raises(Complaint, match="the name"):
        read(signer, RIGHT, name)


def test_the_encoding(signer: Signer) -> None:
    """A byte that windows-1251 does not have, as in UTF-8, refuses the list."""
    with pytest.raises(Complaint, match="1251"):
        read(signer, RIGHT.replace("Иванов", "И"), encoding="utf-8")


def test_numbers_have_no_gap(signer: Signer) -> None:
    """After list 1 comes list 2: neither 1 again nor 3."""
    content = RIGHT.encode("cp1251")
    examiner = Examiner(COLLECTOR, signer.certificate)
    examiner.read(Taken("1.202", content, signer.sign(content)), NOW, ACCOUNTS)

    for number in (1, 3):
        again = RIGHT.replace("^1^2026", f"^{number}^2026").encode("cp1251")
        with pytest.raises(Complaint):
            examiner.read(Taken(f"{number}.202", again, signer.sign(again)), NOW, ACCOUNTS)
    second = RIGHT.replace("^1^2026", "^2^2026").encode("cp1251")
    taken = Taken("2.202", second, signer.sign(second))
    assert examiner.read(taken, NOW, ACCOUNTS).number == 2


def test_the_signature_is_needed(signer: Signer) -> None:
    """A list without the signature beside it, or with that of other content, is refused."""
    examiner = Examiner(COLLECTOR, signer.certificate)
    for signature in (None, signer.sign(b"other")):
        with pytest.raises(Complaint):
            examiner.read(Taken("1.202", RIGHT.encode("cp1251"), signature), NOW, ACCOUNTS)
