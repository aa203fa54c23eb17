"""One outgoing file: never overwritten, never doubled, in the order of its numbers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hub import departure
from hub.clock import SimulatedClock
from hub.errors import NotPublished
from hub.exchange import folders
from hub.instance import Instance
from hub.signing.keys import certificate
from hub.signing.verify import Pin, verify
from hub.store import exchange as table
from hub.store.exchange import DispatchRow
from tests.kill import make_instance
from tests.test_pipeline import NOW, Desk, tariffs


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An instance on SQLite at work: what is tried here is the same on both databases."""
    root = tmp_path / "instance"
    make_instance(root, f"sqlite:///{tmp_path / 'hub.db'}", None)
    clock = SimulatedClock(NOW)
    with closing(Instance(root, clock)) as hub:
        made = Desk(root, hub, clock)
        made.daemon.recover()
        yield made


def _dispatches(desk: Desk) -> list[DispatchRow]:
    with desk.hub.store.reading() as tx:
        return table.dispatches(tx)


def test_a_file_of_another_is_never_overwritten(desk: Desk) -> None:
    """Another file under our name holds the dispatch and stays as it is."""
    target = desk.root / "outbox/ais/RCP_1_20260831.xml"
    target.write_bytes(b"not ours")
    desk.drop("tariffs_1.csv", tariffs())

    (held,) = _dispatches(desk)
    assert (held.state, held.reason) == ("HELD", "E-OUT-CONFLICT")
    assert target.read_bytes() == b"not ours"


def test_our_own_file_that_lies_there_is_enough(desk: Desk) -> None:
    """A repeat that finds its own uncollected file counts as sent and leaves one file."""
    desk.drop("tariffs_1.csv", tariffs())
    before = desk.outbox()
    desk.drop("tariffs_9.csv", tariffs())

    (sent,) = _dispatches(desk)
    assert (sent.state, sent.repeats) == ("SENT", 1)
    assert desk.outbox() == before
    assert not list((desk.root / "staging").iterdir())


def test_a_stuck_number_holds_back_only_its_own_kind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt that cannot be put down waits with those behind it; another partner's goes."""
    publish = folders.publish

    def full(staged: Path, outbox: Path, name: str) -> None:
        if outbox.name == "ais":
            raise NotPublished("no space left")
        publish(staged, outbox, name)

    monkeypatch.setattr(folders, "publish", full)
    desk.drop("tariffs_1.csv", tariffs())
    desk.drop("readings_1.csv", b"x", "water", "water")
    assert [(d.partner, d.state) for d in _dispatches(desk)] == [
        ("ais", "WRITTEN"),
        ("water", "SENT"),
    ]

    monkeypatch.undo()
    departure.deliver_all(desk.hub)

    assert {d.state for d in _dispatches(desk)} == {"SENT"}


def test_what_leaves_is_signed_by_us(desk: Desk) -> None:
    """The signature beside a receipt is ours and fits its bytes."""
    desk.drop("tariffs_1.csv", tariffs())
    out = desk.root / "outbox/ais"
    ours = certificate(desk.root / "keys/hub.pem")
    pin = Pin(ours.public_bytes(Encoding.DER), None, None)

    verdict = verify(
        out / "RCP_1_20260831.xml", (out / "RCP_1_20260831.xml.p7s").read_bytes(), [pin], NOW
    )

    assert verdict.code is None


def test_numbers_have_no_gap(desk: Desk) -> None:
    """Receipts of a partner are numbered 1, 2, 3 whatever their outcome."""
    desk.drop("tariffs_1.csv", tariffs())
    desk.drop("tariffs_2.csv", b"garbage")
    desk.drop("tariffs_2.csv", tariffs("waste;;;sub;;01.01.2026;;1.00;m3;act"))

    assert [d.number for d in _dispatches(desk)] == [1, 2, 3]
