"""The archive of originals: what is kept is what is processed (I3, I4, PU4, T12, T13)."""

import hashlib
import os
import stat
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import Inconsistent
from hub.exchange import archive as module
from hub.exchange.archive import Archive, Stored, Unfit

LIMIT = 1 << 20
CONTENT = "Услуги;1\r\n".encode("cp1251")
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "store")


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "c1" / "Услуги DM0001.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


def objects(archive: Archive) -> list[str]:
    root = archive.path(SHA).parents[2]
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class TestKeeping:
    """One object for one content, under the name of its hash."""

    def test_a_file(self, archive: Archive, arrived: Path) -> None:
        """The copy is byte-exact, read-only, and lies where its hash says."""
        stored = archive.keep_file(arrived, LIMIT)

        assert stored == Stored(SHA, len(CONTENT))
        assert objects(archive) == [f"{SHA[:2]}/{SHA[2:4]}/{SHA}"]
        assert archive.read(SHA) == CONTENT
        assert stat.S_IMODE(archive.path(SHA).stat().st_mode) == 0o440
        assert arrived.read_bytes() == CONTENT

    def test_our_own_bytes(self, archive: Archive, arrived: Path) -> None:
        """Bytes and a file of the same content are one object."""
        assert archive.keep_bytes(CONTENT) == archive.keep_file(arrived, LIMIT)
        assert len(objects(archive)) == 1

    @given(content=st.binary(max_size=2000))
    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_bytes(self, archive: Archive, content: bytes) -> None:
        """What goes in comes out."""
        stored = archive.keep_bytes(content)

        assert archive.read(stored.sha256) == content
        with archive.open(stored.sha256) as stream:
            assert stream.read() == content

    def test_it_is_durable(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The file is synced before its rename, then each folder up to the root; those once."""
        synced: list[Path] = []

        def record(handle: int) -> None:
            synced.append(Path(f"/proc/self/fd/{handle}").readlink())

        monkeypatch.setattr(os, "fsync", record)
        archive.keep_file(arrived, LIMIT)
        leaf = archive.path(SHA).parent

        assert synced[0].parent == leaf.parents[1] / "tmp"
        assert synced[1:] == [leaf, leaf.parent, leaf.parents[1]]

        archive.keep_file(arrived, LIMIT)
        assert synced[5:] == [leaf]

    def test_memory_does_not_grow_with_the_file(self, archive: Archive, tmp_path: Path) -> None:
        """A file of 64 MiB is kept with less than 4 MiB of our memory."""
        large = tmp_path / "large"
        with large.open("wb") as out:
            out.truncate(64 << 20)
        tracemalloc.start()
        try:
            stored = archive.keep_file(large, 64 << 20)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert stored.size == 64 << 20
        assert peak < 4 << 20

    def test_two_at_once(self, archive: Archive) -> None:
        """Many that keep the same content at once make one object and no draft stays."""
        threads = [threading.Thread(target=archive.keep_bytes, args=(CONTENT,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert objects(archive) == [f"{SHA[:2]}/{SHA[2:4]}/{SHA}"]


class TestUnfit:
    """What is no plain file of allowed size is not read."""

    def refused(self, archive: Archive, path: Path, limit: int = LIMIT) -> Unfit:
        with pytest.raises(Unfit) as caught:
            archive.keep_file(path, limit)
        assert objects(archive) == []
        return caught.value

    @pytest.mark.parametrize("target", ["/etc/passwd", "nowhere", "Услуги DM0001.csv"])
    def test_a_symbolic_link(self, archive: Archive, arrived: Path, target: str) -> None:
        """A link is E-KIND wherever it leads (B13)."""
        link = arrived.with_name("link")
        link.symlink_to(target)

        assert self.refused(archive, link).code == "E-KIND"

    def test_a_fifo(self, archive: Archive, arrived: Path) -> None:
        """A FIFO is E-KIND and blocks nothing (B14)."""
        fifo = arrived.with_name("fifo")
        os.mkfifo(fifo)

        assert self.refused(archive, fifo).code == "E-KIND"

    def test_a_hard_link(self, archive: Archive, arrived: Path) -> None:
        """A file with a second name is E-KIND (B15)."""
        os.link(arrived, arrived.with_name("twin"))

        assert self.refused(archive, arrived).code == "E-KIND"

    @pytest.mark.parametrize("path", ["/", "/dev/null"])
    def test_a_folder_or_device(self, archive: Archive, path: str) -> None:
        """Folders and devices are E-KIND (B16)."""
        assert self.refused(archive, Path(path)).code == "E-KIND"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_not_readable(self, archive: Archive, arrived: Path) -> None:
        """A file that we may not read is E-ACCESS (B18)."""
        arrived.chmod(0)

        assert self.refused(archive, arrived).code == "E-ACCESS"

    def test_access_denied(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same, as the system says it (B18)."""

        def deny(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", deny)

        assert self.refused(archive, arrived).code == "E-ACCESS"

    def test_a_sparse_file(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A terabyte of nothing is E-SIZE before the first byte is read (B19)."""
        with arrived.open("wb") as out:
            out.truncate(1 << 40)
        monkeypatch.setattr(os, "read", None)

        assert self.refused(archive, arrived).code == "E-SIZE"

    @pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
    def test_the_limit(self, archive: Archive, arrived: Path, over: int, fits: bool) -> None:
        """Exactly the limit is taken, one byte more is E-SIZE with both figures (B21)."""
        arrived.write_bytes(bytes(100 + over))

        if fits:
            assert archive.keep_file(arrived, 100).size == 100
        else:
            unfit = self.refused(archive, arrived, 100)
            assert (unfit.code, unfit.value, unfit.expected) == ("E-SIZE", "101", "100")

    def test_an_empty_file(self, archive: Archive, arrived: Path) -> None:
        """An empty file is kept; what it means is decided later (B20)."""
        arrived.write_bytes(b"")

        assert archive.keep_file(arrived, 100).size == 0

    def test_one_that_grows(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file that grows over the limit while it is read is E-SIZE all the same."""
        read = os.read

        def grow_first(handle: int, size: int) -> bytes:
            with arrived.open("ab") as out:
                out.write(bytes(2000))
            return read(handle, size)

        monkeypatch.setattr(os, "read", grow_first)

        assert self.refused(archive, arrived, 1000).code == "E-SIZE"

    def test_a_file_that_is_gone(self, archive: Archive, arrived: Path) -> None:
        """A file that is gone is not the partner's fault and raises as it is."""
        arrived.unlink()

        with pytest.raises(FileNotFoundError):
            archive.keep_file(arrived, LIMIT)


class TestRaces:
    """A partner that changes things meanwhile changes nothing (T12, T13)."""

    def test_a_writer_with_an_open_descriptor(self, archive: Archive, arrived: Path) -> None:
        """Writing into the file after it was kept does not reach the object (B23)."""
        with arrived.open("r+b") as writer:
            stored = archive.keep_file(arrived, LIMIT)
            writer.write(b"changed afterwards")

        assert archive.read(stored.sha256) == CONTENT

    def test_a_file_changed_while_it_is_read(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever was read, the object is that and has its hash."""
        arrived.write_bytes(b"a" * 3000)
        read = os.read

        def change_then_read(handle: int, _: int) -> bytes:
            with arrived.open("r+b") as out:
                out.write(b"b" * 2000)
            return read(handle, 1000)

        monkeypatch.setattr(os, "read", change_then_read)
        stored = archive.keep_file(arrived, LIMIT)

        assert archive.read(stored.sha256) == b"b" * 2000 + b"a" * 1000

    def test_links_swapped_in(self, archive: Archive, arrived: Path, tmp_path: Path) -> None:
        """While a link and a file change places, nothing foreign is ever read."""
        secret = tmp_path / "secret"
        secret.write_bytes(b"foreign")
        done = threading.Event()

        def swap() -> None:
            link, plain = arrived.with_name("link"), arrived.with_name("plain")
            while not done.is_set():
                link.symlink_to(secret)
                link.replace(arrived)
                plain.write_bytes(CONTENT)
                plain.replace(arrived)

        attacker = threading.Thread(target=swap)
        attacker.start()
        try:
            kept = {self.taken(archive, arrived) for _ in range(500)}
        finally:
            done.set()
            attacker.join()

        assert kept <= {SHA, None}

    def taken(self, archive: Archive, path: Path) -> str | None:
        try:
            return archive.keep_file(path, LIMIT).sha256
        except Unfit:
            return None


class TestDamage:
    """An object that is not what its name says is told, never given out."""

    @pytest.fixture
    def changed(self, archive: Archive) -> str:
        sha = archive.keep_bytes(CONTENT).sha256
        archive.path(sha).chmod(0o600)
        archive.path(sha).write_bytes(b"x" * len(CONTENT))
        return sha

    def test_found(self, archive: Archive, changed: str) -> None:
        """Only the changed object is named."""
        archive.keep_bytes(b"sound")

        assert list(archive.damaged()) == [changed]

    def test_not_read(self, archive: Archive, changed: str) -> None:
        """Reading it is our failure."""
        with pytest.raises(Inconsistent, match="was changed"):
            archive.read(changed)

    def test_cut(self, archive: Archive, changed: str) -> None:
        """A cut object is not taken for the content that comes again."""
        archive.path(changed).write_bytes(b"")

        with pytest.raises(Inconsistent, match="another size"):
            archive.keep_bytes(CONTENT)

    def test_missing(self, archive: Archive) -> None:
        """An object that is not there is our failure, for a row names it."""
        with pytest.raises(Inconsistent, match="no object"):
            archive.open(SHA)

    @pytest.mark.parametrize("sha", ["", "../../etc/passwd", SHA.upper(), SHA + "\n", SHA[:-1]])
    def test_no_hash(self, archive: Archive, sha: str) -> None:
        """A name of an object is a hash and never a path (T11)."""
        with pytest.raises(ValueError, match="not a SHA-256"):
            archive.path(sha)


class TestKilled:
    """A kill leaves at most a draft, which is swept at the next start."""

    def test_before_the_rename(
        self, archive: Archive, arrived: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The draft is no object; after the start the same file is kept as if nothing was."""

        class Killed(BaseException):
            pass

        def kill(*_: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(module, "rename_new", kill)
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            with pytest.raises(Killed):
                archive.keep_file(arrived, LIMIT)
        assert [path.split("/")[0] for path in objects(archive)] == ["tmp"]

        assert archive.sweep() == 1
        assert archive.keep_file(arrived, LIMIT).sha256 == SHA
        assert len(objects(archive)) == 1
