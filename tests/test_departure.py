"""One outgoing file: never overwritten, never doubled, in the order of its numbers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hub import departure, review
from hub.clock import SimulatedClock
from hub.errors import NotPublished
from hub.exchange import folders
from hub.instance import Instance
from hub.settings import Agreement
from hub.signing.keys import certificate
from hub.signing.verify import Pin, verify
from hub.store import exchange as table
from hub.store.demands import add_demands
from hub.store.exchange import DispatchRow
from hub.store.session import Store
from tests import books
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

    desk.drop("tariffs_2.csv", tariffs("waste;;;sub;;01.01.2026;;1.00;m3;act"))

    held, later = _dispatches(desk)
    assert (held.state, held.reason) == ("HELD", "E-OUT-CONFLICT")
    assert later.state == "QUEUED"
    assert target.read_bytes() == b"not ours"
    assert desk.outbox() == ["RCP_1_20260831.xml"]

    target.unlink()
    review.send_again(desk.hub, held.id)
    departure.deliver_all(desk.hub)

    assert [d.state for d in _dispatches(desk)] == ["SENT", "SENT"]


def test_a_folder_under_our_name_holds_the_dispatch(desk: Desk) -> None:
    """Whatever lies there that is no file of ours is left alone."""
    (desk.root / "outbox/ais/RCP_1_20260831.xml").mkdir()
    desk.drop("tariffs_1.csv", tariffs())

    (held,) = _dispatches(desk)
    assert (held.state, held.reason) == ("HELD", "E-OUT-CONFLICT")


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


class TestRejectedList:
    """`after_reject` = leave_out: a list goes again without the accounts that its 204 listed."""

    def _list(self, store: Store, left_out: int) -> tuple[Agreement, DispatchRow]:
        agreement = books.agreement("erip.202", name="{number}.202", after_reject="leave_out")
        with store.transaction() as tx:
            accounts = [books.account(tx, f"010000000{n}")[0] for n in range(3)]
            row = DispatchRow(
                id=1, partner="erip", agreement=agreement.id, kind="erip.202", channel="c",
                business_key="DM0001|2026-09", effect=1, number=1, name="1.202", object_sha="",
                size=1, wants_signature=0, created_at="", records=3, state="SENT",
                ack_state="REJECTED",
            )  # fmt: skip
            table.add_dispatch(tx, row)
            rows = [(account, 100, int(n < left_out)) for n, account in enumerate(accounts)]
            add_demands(tx, row.id, rows)
        return agreement, row

    @pytest.mark.parametrize(("left_out", "again"), [(0, False), (1, True)])
    def test_only_without_the_listed_accounts(
        self, store: Store, left_out: int, again: bool
    ) -> None:
        """A rejection that lists no record does not send the same list again."""
        agreement, row = self._list(store, left_out)
        with store.reading() as tx:
            assert departure.goes_again(tx, agreement, row) is again

    def test_a_person_decides_where_the_agreement_says_so(self, store: Store) -> None:
        """Under `hold` nothing goes by itself."""
        agreement, row = self._list(store, 1)
        held = agreement.model_copy(update={"after_reject": "hold"})
        with store.reading() as tx:
            assert not departure.goes_again(tx, held, row)
