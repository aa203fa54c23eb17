"""One arriving file: whatever it is, it ends in a state, once, with one receipt."""

import errno
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import pipeline, review
from hub.clock import SimulatedClock, minsk
from hub.daemon import Daemon
from hub.errors import Refused
from hub.exchange import folders
from hub.instance import Instance
from hub.simulation.handover import drop
from hub.simulation.other_side import signers
from hub.simulation.signature import Signer
from hub.store import exchange as table
from hub.store.exchange import IntakeRow
from tests.kill import make_instance

NOW = minsk(2026, 8, 31, 9)
HEADER = "service;region;supplier;tariff_kind;variant;valid_from;valid_to;price;unit;act"
ROW = "gas;;;sub;;01.01.2026;;0.50650;m3;act 1"


def tariffs(*rows: str) -> bytes:
    """A file of tariffs."""
    lines = [HEADER, *(rows or (ROW,))]
    quoted = (";".join(f'"{cell}"' for cell in line.split(";")) for line in lines)
    return ("\r\n".join(quoted) + "\r\n").encode("windows-1251")


class Desk:
    """An instance, its daemon, and the hand that drops files."""

    def __init__(self, root: Path, hub: Instance, clock: SimulatedClock) -> None:
        self.root, self.hub, self.clock = root, hub, clock
        self.daemon = Daemon(hub)
        self.keys: dict[str, Signer] = signers(root)

    def drop(
        self, name: str, content: bytes, signer: str | None = "ais", channel: str = "ais"
    ) -> IntakeRow | None:
        """Put a file, let the daemon work, give the last intake."""
        signature = self.keys[signer].sign(content) if signer else None
        drop(self.root / "inbox" / channel, name, content, signature)
        return self.work()

    def work(self) -> IntakeRow | None:
        """Let the daemon work; gives the last intake."""
        self.daemon.work_through()
        rows = self.intakes()
        return rows[-1] if rows else None

    def intakes(self) -> list[IntakeRow]:
        """All intakes in order."""
        with self.hub.store.reading() as tx:
            return table.intakes(tx)

    def count(self, name: str) -> int:
        """Rows of a table."""
        with self.hub.store.reading() as tx:
            return int(tx.value(f"SELECT count(*) FROM {name}"))

    def outbox(self, channel: str = "ais") -> list[str]:
        """Names in an outbox."""
        return sorted(path.name for path in (self.root / "outbox" / channel).iterdir())


@pytest.fixture
def desk(database: tuple[str, str | None], tmp_path: Path) -> Iterator[Desk]:
    """A fresh instance at work."""
    root = tmp_path / "instance"
    make_instance(root, *database)
    clock = SimulatedClock(NOW)
    with closing(Instance(root, clock)) as hub:
        made = Desk(root, hub, clock)
        made.daemon.recover()
        yield made


def test_a_good_file_takes_effect_and_is_answered(desk: Desk) -> None:
    """A signed file is accepted, its rows posted, its receipt signed and delivered."""
    intake = desk.drop("tariffs_1.csv", tariffs())

    assert intake is not None
    assert (intake.state, intake.records, intake.accepted) == ("ACCEPTED", 1, 1)
    assert desk.count("tariff") == 1
    assert desk.outbox() == ["RCP_1_20260831.xml", "RCP_1_20260831.xml.p7s"]
    assert not list((desk.root / "inbox" / "ais").iterdir())


def test_the_same_file_twice(desk: Desk) -> None:
    """A repeat posts nothing and is answered with the same receipt, byte for byte."""
    desk.drop("tariffs_1.csv", tariffs())
    receipt = (desk.root / "outbox/ais/RCP_1_20260831.xml").read_bytes()
    for path in (desk.root / "outbox/ais").iterdir():
        path.unlink()

    again = desk.drop("tariffs_7.csv", tariffs())

    assert again is not None
    assert (again.state, again.codes, again.first_id, again.receipt) == (
        "DUPLICATE",
        "E-DUP-FILE",
        1,
        1,
    )
    assert desk.count("tariff") == 1
    assert desk.count("receipt") == 1
    assert (desk.root / "outbox/ais/RCP_1_20260831.xml").read_bytes() == receipt


def test_a_missing_signature_is_waited_for_then_refused(desk: Desk) -> None:
    """Data wait for their signature, are refused after the wait, and accepted when it comes."""
    assert desk.drop("tariffs_1.csv", tariffs(), None) is None
    desk.clock.move_to(NOW + timedelta(minutes=15))
    refused = desk.work()
    accepted = desk.drop("tariffs_1.csv", tariffs())

    assert refused is not None and accepted is not None
    assert (refused.state, refused.codes) == ("REJECTED", "E-SIG-NONE")
    assert accepted.state == "ACCEPTED"
    assert [intake.receipt for intake in desk.intakes()] == [1, 2]


def test_another_signer_is_refused_and_blocks_nothing(desk: Desk) -> None:
    """A forged file neither takes effect nor takes the number of the true one."""
    forged = desk.drop("tariffs_1.csv", tariffs(), "heat")
    true = desk.drop("tariffs_1.csv", tariffs())

    assert forged is not None and true is not None
    assert (forged.state, forged.codes) == ("REJECTED", "E-SIG-SIGNER")
    assert true.state == "ACCEPTED"


def test_changed_content_is_refused(desk: Desk) -> None:
    """A signature of other content refuses the file."""
    content = tariffs()
    signature = desk.keys["ais"].sign(content)
    drop(
        desk.root / "inbox/ais", "tariffs_1.csv", content.replace(b"0.50650", b"9.50650"), signature
    )
    intake = desk.work()

    assert intake is not None
    assert (intake.state, intake.codes) == ("REJECTED", "E-SIG")
    assert desk.count("tariff") == 0


def test_a_gap_waits_for_the_missing_number(desk: Desk) -> None:
    """A number that comes early is held, and takes effect after the one before it."""
    desk.drop("tariffs_1.csv", tariffs())
    early = desk.drop("tariffs_3.csv", tariffs(ROW.replace("gas", "heating")))
    assert early is not None
    assert (early.state, early.codes, early.receipt) == ("HELD", "E-GAP", None)

    desk.drop("tariffs_2.csv", tariffs(ROW.replace("gas", "waste")))

    assert [intake.state for intake in desk.intakes()] == ["ACCEPTED"] * 3
    assert desk.count("receipt") == 3


def test_a_used_number_is_refused(desk: Desk) -> None:
    """Other content under a used number is refused."""
    desk.drop("tariffs_1.csv", tariffs())
    other = desk.drop("tariffs_1.csv", tariffs(ROW.replace("gas", "waste")))

    assert other is not None
    assert (other.state, other.codes) == ("REJECTED", "E-NUM-REUSED")
    assert desk.count("tariff") == 1


def test_one_bad_record_refuses_the_whole_file(desk: Desk) -> None:
    """Where the agreement says `reject_file`, nothing of a file with a bad record stays."""
    bad = desk.drop("tariffs_1.csv", tariffs(ROW, ROW.replace("0.50650", "0,5O650")))
    right = desk.drop("tariffs_1.csv", tariffs(ROW, ROW.replace("gas", "waste")))

    assert bad is not None and right is not None
    assert (bad.state, bad.records, bad.rejected) == ("REJECTED", 2, 2)
    assert "E-AMOUNT" in bad.codes
    assert right.state == "ACCEPTED"
    assert desk.count("tariff") == 2


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\xff" * 5000, HEADER.encode()[:40]])
def test_garbage_is_refused_with_a_receipt(desk: Desk, content: bytes) -> None:
    """Bytes that mean nothing end in a refusal that is answered."""
    intake = desk.drop("tariffs_1.csv", content)

    assert intake is not None
    assert (intake.state, intake.receipt) == ("REJECTED", 1)


def test_every_cut_of_a_file_is_refused_or_whole(desk: Desk) -> None:
    """A signed file cut anywhere posts nothing: its signature no longer fits."""
    content = tariffs()
    signature = desk.keys["ais"].sign(content)
    for length in range(0, len(content), 16):
        drop(desk.root / "inbox/ais", "tariffs_1.csv", content[:length], signature)
        desk.daemon.work_through()

    assert {intake.state for intake in desk.intakes()} == {"REJECTED"}
    assert desk.count("tariff") == 0
    assert desk.count("receipt") == len(desk.intakes())


def test_a_foreign_name_goes_to_quarantine(desk: Desk) -> None:
    """A name that no agreement claims is kept apart, unread and unanswered."""
    intake = desk.drop("evil.exe", b"x", None)

    assert intake is not None
    assert (intake.state, intake.codes, intake.receipt) == ("QUARANTINED", "E-NAME", None)
    assert any((desk.root / "quarantine").iterdir())


def test_a_link_is_never_followed(desk: Desk, tmp_path: Path) -> None:
    """A symbolic link is moved away without being read."""
    secret = tmp_path / "secret"
    secret.write_bytes(tariffs())
    (desk.root / "inbox/ais/tariffs_1.csv").symlink_to(secret)
    intake = desk.work()

    assert intake is not None
    assert (intake.state, intake.codes) == ("QUARANTINED", "E-KIND")
    assert secret.read_bytes() == tariffs()


def test_a_defect_of_ours_holds_the_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in the work on a file holds it without effect; a retry takes it."""

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(pipeline, "post_file", broken)
    held = desk.drop("tariffs_1.csv", tariffs())
    monkeypatch.undo()
    assert held is not None
    assert (held.state, held.codes, held.receipt) == ("HELD", "E-INTERNAL", None)

    verdict = review.decide_again(desk.hub, held.id)

    assert verdict.state == "ACCEPTED"
    assert (desk.count("intake"), desk.count("tariff"), desk.count("receipt")) == (1, 1, 1)


def test_a_held_file_can_be_refused_by_a_person(desk: Desk) -> None:
    """A refusal gives the held file its receipt; a second decision is not possible."""
    desk.drop("tariffs_1.csv", tariffs())
    early = desk.drop("tariffs_3.csv", tariffs(ROW.replace("gas", "heating")))
    assert early is not None

    review.reject(desk.hub, early.id, "sent by mistake")

    assert desk.intakes()[-1].state == "REJECTED"
    assert desk.count("receipt") == 2
    with pytest.raises(Refused):
        review.reject(desk.hub, early.id, "again")


def test_a_rehearsal_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    """`hub check` goes the whole way and leaves no trace."""
    path = tmp_path / "tariffs_1.csv"
    path.write_bytes(tariffs())
    unsigned = review.rehearse(desk.hub, path, "ais-tariffs")
    path.with_name("tariffs_1.csv.p7s").write_bytes(desk.keys["ais"].sign(path.read_bytes()))
    signed = review.rehearse(desk.hub, path, "ais-tariffs")

    assert (unsigned.outcome, unsigned.findings[0].code) == ("REJECTED", "E-SIG-NONE")
    assert signed.outcome == "ACCEPTED"
    assert [step for step, _ in signed.steps] == [
        "identify",
        "keep",
        "verify_signature",
        "read_envelope",
        "compare_envelope",
        "post",
    ]
    assert (desk.count("intake"), desk.count("tariff"), desk.count("journal")) == (0, 0, 1)


def test_a_replay_without_a_difference_does_nothing(desk: Desk) -> None:
    """An accepted file that is replayed changes no row."""
    intake = desk.drop("tariffs_1.csv", tariffs())
    assert intake is not None
    before = desk.count("journal")

    assert review.replay(desk.hub, intake.id) == []
    assert (desk.count("tariff"), desk.count("journal")) == (1, before)


def _reply(number: int, answered: int) -> bytes:
    header = f"5^31000001^{number}^20260831085900^{answered}^20260831085000^0^^0\r\n"
    return header.encode("windows-1251")


def test_an_answer_to_nothing_of_ours_is_set_apart(desk: Desk) -> None:
    """A 204 for a list that was never sent goes to quarantine and gets no receipt."""
    intake = desk.drop("1.204", _reply(1, 77), None, "erip")

    assert intake is not None
    assert (intake.state, intake.codes, intake.receipt) == ("QUARANTINED", "E-ACK-UNKNOWN", None)


def test_a_file_for_somebody_else_is_refused(desk: Desk) -> None:
    """Another subscriber's code in the header refuses the file."""
    content = _reply(1, 1).replace(b"31000001", b"31000009")
    intake = desk.drop("1.204", content, None, "erip")

    assert intake is not None
    assert (intake.state, intake.codes) == ("REJECTED", "E-RECEIVER")


def test_a_file_from_the_future_is_refused(desk: Desk) -> None:
    """A message built later than now by more than the allowed skew is refused."""
    content = _reply(1, 1).replace(b"20260831085900", b"20260831100000")
    intake = desk.drop("1.204", content, None, "erip")

    assert intake is not None
    assert (intake.state, intake.codes) == ("REJECTED", "E-DATE")


def test_a_number_in_the_name_must_be_that_of_the_header(desk: Desk) -> None:
    """Name and header that disagree hold the file for a person."""
    intake = desk.drop("2.204", _reply(1, 1), None, "erip")

    assert intake is not None
    assert (intake.state, intake.codes) == ("HELD", "E-NUM-NAME")


def test_a_refused_file_that_comes_again_is_a_repeat(desk: Desk) -> None:
    """The same garbage twice is refused once and answered with the same receipt."""
    desk.drop("1.204", b"garbage;\r\n", None, "erip")
    again = desk.drop("1.204", b"garbage;\r\n", None, "erip")

    assert again is not None
    assert [intake.state for intake in desk.intakes()] == ["REJECTED", "DUPLICATE"]
    assert again.receipt == 1


def test_a_held_file_that_comes_again_waits_with_the_first(desk: Desk) -> None:
    """A repeat of a held file is no second case; the one receipt comes when the first ends."""
    desk.drop("2.204", _reply(1, 1), None, "erip")
    again = desk.drop("3.204", _reply(1, 1), None, "erip")

    assert again is not None
    assert (again.state, again.first_id, again.receipt) == ("DUPLICATE", 1, None)


def test_a_known_number_in_another_name_is_held(desk: Desk) -> None:
    """A header number that is taken, under another name, is held and does not stop the hub."""
    desk.drop("1.204", _reply(1, 77), None, "erip")
    other = desk.drop("5.204", _reply(1, 78), None, "erip")

    assert other is not None
    assert other.state in ("HELD", "REJECTED")


def test_a_held_file_is_decided_once(desk: Desk) -> None:
    """Two who decide about one file: the second finds it decided and changes nothing."""
    desk.drop("tariffs_1.csv", tariffs())
    held = desk.drop("tariffs_3.csv", tariffs(ROW.replace("gas", "heating")))
    assert held is not None

    first = review.decide_again(desk.hub, held.id, released=True)

    assert first.state == "ACCEPTED"
    with pytest.raises(Refused):
        review.decide_again(desk.hub, held.id, released=True)
    with desk.hub.store.transaction() as tx:
        assert not table.take_up(tx, held.id)
    assert desk.count("tariff") == 2


def test_a_release_goes_over_a_gap(desk: Desk) -> None:
    """A person lets a number go on although the one before it never came."""
    desk.drop("tariffs_1.csv", tariffs())
    early = desk.drop("tariffs_5.csv", tariffs(ROW.replace("gas", "heating")))
    assert early is not None

    assert review.decide_again(desk.hub, early.id).state == "HELD"
    assert review.decide_again(desk.hub, early.id, released=True).state == "ACCEPTED"


def test_two_names_that_compose_alike(desk: Desk) -> None:
    """Composed and decomposed letters are two files; neither stops the hub."""
    inbox = desk.root / "inbox/water"
    (inbox / "\u0439.csv.p7s").write_bytes(b"x")
    (inbox / "\u0438\u0306.csv.p7s").write_bytes(b"x")
    desk.daemon.work_through()
    assert desk.count("sighting") == 2


def test_the_longest_name(desk: Desk) -> None:
    """A name of 255 bytes, which leaves no room for a suffix, is set apart like any other."""
    (desk.root / "inbox/ais" / ("y" * 255)).write_bytes(b"x")
    desk.daemon.work_through()
    assert [intake.state for intake in desk.intakes()] == ["QUARANTINED"]
    assert not list((desk.root / "inbox/ais").iterdir())


def test_a_bad_channel_does_not_stop_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the system on one channel leaves its file there and the others at work."""
    claim = folders.claim

    def broken(inbox: Path, *more: Any) -> Path:
        if inbox.name == "ais":
            raise OSError(errno.EXDEV, "another file system")
        return claim(inbox, *more)

    monkeypatch.setattr(folders, "claim", broken)
    desk.drop("tariffs_1.csv", tariffs())
    desk.drop("1.204", b"x", None, "erip")

    assert [intake.channel for intake in desk.intakes()] == ["erip"]
    assert (desk.root / "inbox/ais/tariffs_1.csv").exists()


def test_foreign_folders_in_the_work_folder_are_left_alone(desk: Desk) -> None:
    """What is no claim of ours is not touched and stops nothing."""
    (desk.root / "work/lost+found").mkdir()
    (desk.root / "work/gone.20260831T090000000000.abcd").mkdir()
    intake = desk.drop("tariffs_1.csv", tariffs())

    assert intake is not None
    assert intake.state == "ACCEPTED"
    assert (desk.root / "work/lost+found").exists()


def test_a_rehearsal_judges_by_the_agreement_that_is_asked(desk: Desk, tmp_path: Path) -> None:
    """A file whose name belongs to another agreement is not judged under that one."""
    path = tmp_path / "tariffs_1.csv"
    path.write_bytes(tariffs())
    assert review.rehearse(desk.hub, path, "ais-norms").outcome == "QUARANTINED"
