"""Hand-over: final names appear by rename, a signature before its data; nothing half is taken."""

from pathlib import Path

import pytest

from hub.simulation.handover import Complaint, Taken, collect, drop


def test_a_drop(tmp_path: Path) -> None:
    """A file lies there under its name with the signature beside it and no draft left."""
    drop(tmp_path, "1.csv", b"data", b"signature")

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "1.csv": b"data", "1.csv.p7s": b"signature",
    }  # fmt: skip


def test_the_signature_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names become final in the order signature, data, each by a rename from a `.part`."""
    renamed: list[tuple[str, str]] = []
    rename = Path.rename

    def watched(source: Path, target: Path) -> Path:
        renamed.append((source.name, Path(target).name))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", watched)
    drop(tmp_path, "1.csv", b"data", b"signature")

    assert renamed == [(".1.csv.p7s.part", "1.csv.p7s"), (".1.csv.part", "1.csv")]


def test_a_file_still_lying_there(tmp_path: Path) -> None:
    """A name that was not taken yet is not written over."""
    drop(tmp_path, "1.csv", b"data", None)

    with pytest.raises(Complaint):
        drop(tmp_path, "1.csv", b"other", None)
    assert (tmp_path / "1.csv").read_bytes() == b"data"


def test_collecting(tmp_path: Path) -> None:
    """Files come in the order of their numbers with their signatures; drafts stay."""
    outbox, received = tmp_path / "outbox", tmp_path / "received"
    outbox.mkdir()
    for name in ("10.202", "9.202", "9.202.p7s", ".11.202.part", "12.202.part"):
        (outbox / name).write_bytes(name.encode())

    taken = collect(outbox, received)

    assert taken == [Taken("9.202", b"9.202", b"9.202.p7s"), Taken("10.202", b"10.202", None)]
    assert {p.name for p in outbox.iterdir()} == {".11.202.part", "12.202.part"}
    assert {p.name for p in received.iterdir()} == {"9.202", "9.202.p7s", "10.202"}


def test_a_name_with_other_content(tmp_path: Path) -> None:
    """The same bytes may come again under a name, other bytes may not."""
    outbox, received = tmp_path / "outbox", tmp_path / "received"
    outbox.mkdir()
    for _ in range(2):
        (outbox / "1.csv").write_bytes(b"one")
        collect(outbox, received)

    (outbox / "1.csv").write_bytes(b"two")
    with pytest.raises(Complaint):
        collect(outbox, received)
    assert (received / "1.csv").read_bytes() == b"one"
