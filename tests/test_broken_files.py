"""Any file, however broken, ends in a state; never in a defect of ours, never half posted."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import SimulatedClock
from hub.instance import Instance
from hub.simulation.small import NOTICED, drops
from tests.kill import make_instance
from tests.test_pipeline import Desk

JUNK = (
    b"\x00", b"\x98", b'"', b";", b"^", b"~", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"-", b"1e3",
    b"<!DOCTYPE a>", b"<!-- x -->", b"9" * 400, b"\xd9\xa3", b" ", b".", b",",
    b"'; DROP TABLE x --",
)  # fmt: skip
FILES = 120


def _mutated(content: bytes, chance: random.Random) -> bytes:
    """A file with one to three things wrong: cut, doubled, shuffled, spoilt, written otherwise."""
    for _ in range(chance.randint(1, 3)):
        at, lines = chance.randrange(len(content) + 1), content.split(b"\n")
        match chance.randrange(7):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + chance.choice(JUNK) + content[at:]
            case 2:
                content = content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
            case 3:
                content = b"\n".join([*lines, chance.choice(lines)])
            case 4:
                content = b"\n".join(chance.sample(lines, len(lines)))
            case 5:
                other = chance.choice(["utf-8", "cp866", "utf-16"])
                content = content.decode("cp1251", "replace").encode(other, "replace")
            case _:
                content = content[:at] + content[at + chance.randrange(20) :]
    return content


@pytest.fixture
def desk(database: tuple[str, str | None], tmp_path: Path) -> Iterator[Desk]:
    """The small town, loaded, on the day of its first payments."""
    root = tmp_path / "instance"
    make_instance(root, *database)
    clock = SimulatedClock(drops(root)[0].instant)
    with closing(Instance(root, clock)) as hub:
        made = Desk(root, hub, clock)
        made.daemon.recover()
        for one in drops(root):
            if one.instant >= NOTICED:
                break
            clock.move_to(one.instant)
            signer = None if one.signature is None else one.channel
            made.drop(one.name, one.content, signer, one.channel)
        clock.move_to(NOTICED)
        made.daemon.work_through()
        yield made


def test_every_broken_file_ends_in_a_state(desk: Desk) -> None:
    """Notices, registers and statements, spoilt in every way, one after another."""
    chance = random.Random(2026)
    good = [one for one in drops(desk.root) if one.instant >= NOTICED and one.channel == "erip"]
    before = len(desk.intakes())
    for number in range(1, FILES + 1):
        one = chance.choice(good)
        name = f"{number}.{one.name.rpartition('.')[2]}"
        desk.drop(name, _mutated(one.content, chance), None, "erip")

    intakes = desk.intakes()[before:]
    assert len(intakes) == FILES
    assert "E-INTERNAL" not in " ".join(intake.codes for intake in intakes)
    final = {"ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED", "HELD", "QUARANTINED", "DUPLICATE"}
    assert {intake.state for intake in intakes} <= final
    decided = [i for i in intakes if i.state in ("ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED")]
    assert all(intake.receipt is not None for intake in decided)
    assert [p.name for p in (desk.root / "work").iterdir() if not p.name.startswith(".")] == []


def test_nothing_of_a_refused_file_stays(desk: Desk) -> None:
    """Records and money belong to accepted files only."""
    test_every_broken_file_ends_in_a_state(desk)
    refused = "SELECT id FROM intake WHERE state NOT IN ('ACCEPTED', 'ACCEPTED_WITH_ERRORS')"
    with desk.hub.store.reading() as tx:
        for name in ("record", "payment", "reading", "tariff", "account"):
            left = tx.value(f"SELECT count(*) FROM {name} WHERE intake_id IN ({refused})")
            assert left == 0, name
