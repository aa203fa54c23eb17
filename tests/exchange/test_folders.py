"""Listing, claiming and publishing; inputs B13-B24 of `exchange.md`, section 18."""

import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import HubError, NotPublished
from hub.exchange import folders

CP1251 = "показания.csv".encode("cp1251")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def work(inbox: Path) -> Path:
    return inbox.with_name("work")


@pytest.fixture(params=["renameat2", "link"])
def either_rename(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's rename without replace, and what stands in for it where there is none."""
    if request.param == "link":
        monkeypatch.setattr(folders, "_renameat2", None)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of what was synced, in order."""
    names: list[str] = []

    def record(handle: int) -> None:
        names.append(str(Path(f"/proc/self/fd/{handle}").readlink()))

    monkeypatch.setattr(os, "fsync", record)
    yield names


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestListing:
    """A listing tells what lies there without opening it."""

    def test_properties(self, inbox: Path) -> None:
        """Name, size, time and inode are those of the file."""
        path = inbox / "readings_1.csv"
        path.write_bytes(b"12345")
        os.utime(path, ns=(1, 1_700_000_000_123_456_789))

        [seen] = folders.listing(inbox)

        assert seen == (b"readings_1.csv", 5, 1_700_000_000_123_456_789, path.stat().st_ino, True)

    @pytest.mark.parametrize(
        "name", [".hidden", "~lock", "a.part", "a.TMP", "a.writing", "a.csv.filepart", ".a.part"]
    )
    def test_unfinished_files(self, inbox: Path, name: str) -> None:
        """A file still being written is left out until it is renamed (B7)."""
        (inbox / name).touch()
        assert folders.listing(inbox) == []

        (inbox / name).rename(inbox / "a.csv")
        assert [seen.name for seen in folders.listing(inbox)] == [b"a.csv"]

    def test_any_bytes(self, inbox: Path) -> None:
        """Names that are not UTF-8, or hold control characters, do not break it (B2, B3)."""
        wanted = [b"a\nb", CP1251, b"\x1b[31m.csv", "карточка.csv".encode(), b"\xff"]
        for name in wanted:
            (inbox / os.fsdecode(name)).touch()

        assert [seen.name for seen in folders.listing(inbox)] == sorted(wanted)

    def test_what_is_no_plain_file(self, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Links, folders, FIFOs and sockets are told by their kind, and a FIFO blocks nothing."""
        (inbox / "plain").touch()
        (inbox / "twin").touch()
        os.link(inbox / "twin", inbox / "hard")
        (inbox / "soft").symlink_to("plain")
        (inbox / "dangling").symlink_to("nowhere")
        (inbox / "x.xml").mkdir()
        os.mkfifo(inbox / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(inbox)  # the path of a socket must be short
            server.bind("socket")
            seen = folders.listing(inbox)

        assert len(seen) == 8
        assert [one.name for one in seen if one.is_file] == [b"plain"]

    def test_a_file_that_vanishes(self, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file collected while the listing runs is left out."""

        class Vanished:
            name = "gone.csv"

            def stat(self, *, follow_symlinks: bool) -> os.stat_result:
                raise FileNotFoundError

        (inbox / "stays.csv").touch()
        real = os.scandir

        class Entries:
            def __init__(self, folder: int) -> None:
                self.entries = real(folder)

            def __enter__(self) -> Iterator[object]:
                return iter([Vanished(), *self.entries])

            def __exit__(self, *_: object) -> None:
                self.entries.close()

        monkeypatch.setattr(os, "scandir", Entries)

        assert [seen.name for seen in folders.listing(inbox)] == [b"stays.csv"]

    def test_foreign_names(self, inbox: Path) -> None:
        """Names known to be nobody's are left out."""
        for name in ("ours.csv", "foreign.doc"):
            (inbox / name).touch()

        assert [one.name for one in folders.listing(inbox, {b"foreign.doc"})] == [b"ours.csv"]

    def test_a_folder_that_is_a_link(self, inbox: Path) -> None:
        """A folder replaced by a symbolic link is not followed (B17)."""
        link = inbox.with_name("link")
        link.symlink_to(inbox)

        with pytest.raises(OSError, match="link"):
            folders.listing(link)


@pytest.mark.usefixtures("either_rename")
class TestRename:
    """A rename never replaces."""

    def test_to_a_new_name(self, tmp_path: Path) -> None:
        """The file has its new name and lost the old one."""
        (tmp_path / "a").write_bytes(b"1")

        folders.rename_new(tmp_path / "a", tmp_path / "b")

        assert names(tmp_path) == ["b"]

    def test_to_a_name_that_is_taken(self, tmp_path: Path) -> None:
        """The target stays as it was, and so does the source."""
        (tmp_path / "a").write_bytes(b"1")
        (tmp_path / "b").write_bytes(b"2")

        with pytest.raises(FileExistsError):
            folders.rename_new(tmp_path / "a", tmp_path / "b")

        assert [(tmp_path / name).read_bytes() for name in "ab"] == [b"1", b"2"]

    def test_of_nothing(self, tmp_path: Path) -> None:
        """A source that is gone is told as such."""
        with pytest.raises(FileNotFoundError):
            folders.rename_new(tmp_path / "a", tmp_path / "b")

    def test_of_a_symbolic_link(self, tmp_path: Path) -> None:
        """The link itself is renamed, not what it names."""
        (tmp_path / "a").symlink_to("/etc/passwd")

        folders.rename_new(tmp_path / "a", tmp_path / "b")

        assert (tmp_path / "b").is_symlink()


def test_a_rename_by_link_is_ended_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between link and unlink, the same call leaves one name."""
    monkeypatch.setattr(folders, "_renameat2", None)
    (tmp_path / "a").touch()
    os.link(tmp_path / "a", tmp_path / "b")

    folders.rename_new(tmp_path / "a", tmp_path / "b")

    assert names(tmp_path) == ["b"]


class TestClaim:
    """A claim takes the whole set into a folder of its own (PU3, I2)."""

    def test_a_set(self, inbox: Path, work: Path) -> None:
        """Data and signature lie in the claim under their raw names; others stay."""
        members = [CP1251, CP1251 + b".p7s"]
        for name in [*members, b"other.csv"]:
            (inbox / os.fsdecode(name)).write_bytes(name)

        folder = folders.claim(inbox, members, work, "c1")

        assert folder == work / "c1"
        assert sorted(os.fsencode(path.name) for path in folder.iterdir()) == members
        assert names(inbox) == ["other.csv"]

    def test_it_is_durable(self, inbox: Path, work: Path, synced: list[str]) -> None:
        """Work, claim and source folder are synced."""
        (inbox / "a.csv").touch()

        folder = folders.claim(inbox, [b"a.csv"], work, "c1")

        assert sorted(synced) == sorted(map(str, (inbox, work, folder)))

    def test_too_late(self, inbox: Path, work: Path) -> None:
        """When the data is gone nothing is claimed, and no empty folder stays."""
        (inbox / "a.csv.p7s").touch()

        with pytest.raises(FileNotFoundError):
            folders.claim(inbox, [b"a.csv", b"a.csv.p7s"], work, "c1")

        assert (names(work), names(inbox)) == ([], ["a.csv.p7s"])

    def test_a_later_member_that_is_gone(self, inbox: Path, work: Path) -> None:
        """It is left out, and the set shows as incomplete."""
        (inbox / "a.csv").touch()

        assert names(folders.claim(inbox, [b"a.csv", b"a.csv.p7s"], work, "c1")) == ["a.csv"]

    def test_two_claimers(self, inbox: Path, work: Path) -> None:
        """Of many that claim at once exactly one has the file."""
        (inbox / "a.csv").touch()
        start, outcomes = threading.Barrier(8), []

        def compete(number: int) -> None:
            start.wait()
            try:
                folders.claim(inbox, [b"a.csv"], work, f"c{number}")
            except FileNotFoundError:
                outcomes.append("late")
            else:
                outcomes.append("won")

        threads = [threading.Thread(target=compete, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["late"] * 7 + ["won"]
        assert len(names(work)) == 1

    def test_completed_after_a_kill(self, inbox: Path, work: Path) -> None:
        """What was left in the inbox follows; what is claimed is not replaced by a newer file."""
        (inbox / "a.csv").write_bytes(b"claimed")
        folder = folders.claim(inbox, [b"a.csv"], work, "c1")
        (inbox / "a.csv").write_bytes(b"newer")
        (inbox / "a.csv.p7s").touch()

        folders.complete(inbox, [b"a.csv", b"a.csv.p7s"], folder)

        assert names(folder) == ["a.csv", "a.csv.p7s"]
        assert (folder / "a.csv").read_bytes() == b"claimed"
        assert names(inbox) == ["a.csv"]

    @pytest.mark.parametrize("name", [b"../work/x", b"/etc/passwd", b"..", b"", b"a\0b"])
    def test_a_name_is_no_path(self, inbox: Path, work: Path, name: bytes) -> None:
        """A name that leads out of the folder moves nothing (B1)."""
        (work / "x").touch()

        with pytest.raises(ValueError, match="not the name of a file"):
            folders.complete(inbox, [name], work)

    def test_released(self, inbox: Path, work: Path) -> None:
        """A released claim is gone with all that is in it; a second release does nothing."""
        (inbox / "a.csv").touch()
        (inbox / "b.csv").touch()
        for number, name in enumerate([b"a.csv", b"b.csv"]):
            folders.claim(inbox, [name], work, f"c{number}")
        assert folders.claims(work) == ["c0", "c1"]

        for _ in range(2):
            folders.release(work, "c0")

        assert folders.claims(work) == ["c1"]


class TestPublishing:
    """A file appears whole under its final name, or not at all (O5-O8)."""

    @pytest.fixture
    def staging(self, tmp_path: Path) -> Path:
        (tmp_path / "staging").mkdir()
        return tmp_path / "staging"

    @pytest.fixture
    def outbox(self, tmp_path: Path) -> Path:
        (tmp_path / "outbox").mkdir()
        return tmp_path / "outbox"

    @pytest.mark.parametrize("as_path", [False, True])
    def test_staged_and_published(self, staging: Path, outbox: Path, as_path: bool) -> None:
        """The bytes, given as such or as a file, come out unchanged and leave the staging."""
        content, source = os.urandom(600_000), staging.with_name("source")
        source.write_bytes(content)

        staged = folders.stage(staging, "1.202", source if as_path else content)
        assert names(outbox) == []
        folders.publish(staged, outbox, "1.202")

        assert (outbox / "1.202").read_bytes() == content
        assert names(staging) == []

    def test_it_is_durable(self, staging: Path, outbox: Path, synced: list[str]) -> None:
        """The file is synced before its folder, and both folders after the rename."""
        staged = folders.stage(staging, "1.202", b"1")
        assert synced == [str(staged), str(staging)]
        folders.publish(staged, outbox, "1.202")

        assert sorted(synced[2:]) == [str(outbox), str(staging)]

    def test_staged_again(self, staging: Path, outbox: Path) -> None:
        """An older staging file is replaced, and a published link to it stays as it was."""
        staged = folders.stage(staging, "1.202", b"old")
        os.link(staged, outbox / "1.202")

        folders.stage(staging, "1.202", b"new")

        assert (staged.read_bytes(), (outbox / "1.202").read_bytes()) == (b"new", b"old")

    def test_a_name_that_is_taken(self, staging: Path, outbox: Path) -> None:
        """An uncollected file is not replaced, and the staged one waits."""
        (outbox / "1.202").write_bytes(b"uncollected")
        staged = folders.stage(staging, "1.202", b"new")

        with pytest.raises(FileExistsError):
            folders.publish(staged, outbox, "1.202")

        assert (outbox / "1.202").read_bytes() == b"uncollected"
        assert staged.read_bytes() == b"new"

    def test_an_outbox_that_is_away(self, staging: Path, outbox: Path) -> None:
        """The delivery waits with its staged file."""
        staged = folders.stage(staging, "1.202", b"1")
        outbox.rmdir()

        with pytest.raises(NotPublished, match=r"1\.202"):
            folders.publish(staged, outbox, "1.202")

        assert staged.exists()

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
    def test_no_space(self, staging: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        """A full disk leaves no half staging file, and the delivery waits."""

        def fail(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(folders, "_write", fail)

        with pytest.raises(NotPublished):
            folders.stage(staging, "1.202", b"1")

        assert names(staging) == []

    def test_a_sync_that_fails(self, staging: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is no matter of waiting and trying again: the daemon must stop."""

        def fail(_: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "fsync", fail)

        with pytest.raises(HubError, match="could not be synced") as caught:
            folders.stage(staging, "1.202", b"1")

        assert not isinstance(caught.value, NotPublished)

    @pytest.mark.parametrize("umask", [0o000, 0o077])
    def test_the_mode(self, staging: Path, umask: int) -> None:
        """A published file is for us and the partner's group, whatever the umask is."""
        before = os.umask(umask)
        try:
            staged = folders.stage(staging, "1.202", b"1")
        finally:
            os.umask(before)

        assert staged.stat().st_mode & 0o777 == 0o640


class TestQuarantine:
    """What is not taken is moved away unopened."""

    @pytest.mark.parametrize("kind", ["link", "folder", "fifo", "file"])
    def test_any_kind(self, inbox: Path, kind: str) -> None:
        """Links, folders, FIFOs and files are moved as they are."""
        path = inbox / "x.xml"
        match kind:
            case "link":
                path.symlink_to("/etc/passwd")
            case "folder":
                path.mkdir()
            case "fifo":
                os.mkfifo(path)
            case _:
                path.touch()
        mode = path.lstat().st_mode

        moved = folders.quarantine(path, inbox.with_name("quarantine"), "q1")

        assert (names(inbox), moved.name, moved.lstat().st_mode) == ([], "q1", mode)

    def test_a_label_that_is_taken(self, inbox: Path) -> None:
        """Nothing in the quarantine is replaced."""
        into = inbox.with_name("quarantine")
        for name in "abc":
            (inbox / name).touch()

        moved = [folders.quarantine(inbox / name, into, "q").name for name in "abc"]

        assert moved == ["q", "q-2", "q-3"]


class TestTrial:
    """A trial rename proves that two folders share a file system (3.2)."""

    def test_shared(self, inbox: Path, work: Path) -> None:
        """It says yes and leaves nothing."""
        assert folders.trial(inbox, work)
        assert (names(inbox), names(work)) == ([], [])

    def test_not_shared(self, inbox: Path, monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
        """It says no and leaves nothing."""

        def refuse(source: Path, target: Path) -> None:
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        monkeypatch.setattr(folders, "rename_new", refuse)

        assert not folders.trial(inbox, work)
        assert names(inbox) == []

    def test_a_folder_that_is_away(self, inbox: Path, work: Path) -> None:
        """Another trouble is told as it is."""
        work.rmdir()

        with pytest.raises(FileNotFoundError):
            folders.trial(inbox, work)
        assert names(inbox) == []
