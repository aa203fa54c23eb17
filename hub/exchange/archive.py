"""Originals by their hash: the hub's own copy of every file, in or out, kept byte-exact.

An object lies at `aa/bb/<sha256>`. A partner may still write into a file after it was taken;
hence the bytes are copied once while they are hashed, and from then on only the copy is read,
so that what is processed is what is kept (`exchange.md`, 4 PU4 and 5 I3, I4).
"""

import errno
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hub.errors import Inconsistent
from hub.exchange.folders import CHUNK, flush, rename_new, sync

_UNFIT = {
    errno.ELOOP: "E-KIND",  # a symbolic link
    errno.ENXIO: "E-KIND",  # a socket
    errno.ENODEV: "E-KIND",
    errno.EACCES: "E-ACCESS",
    errno.EPERM: "E-ACCESS",
}


class Stored(NamedTuple):
    """An object of the archive."""

    sha256: str
    size: int


class Unfit(Exception):
    """A partner's file that cannot be taken: `code` is E-KIND, E-SIZE or E-ACCESS."""

    def __init__(self, code: str, value: str | None = None, expected: str | None = None) -> None:
        super().__init__(code)
        self.code, self.value, self.expected = code, value, expected


class Archive:
    """The folder of originals."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / "tmp"
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drafts.mkdir(mode=0o700, exist_ok=True)
        self._durable: set[Path] = set()

    def keep_file(self, path: Path, limit: int) -> Stored:
        """Keep a copy of a partner's file of at most `limit` bytes. Raises Unfit, or OSError."""
        with _plain_file(path, limit) as handle:
            return self._keep(_content(handle, limit))

    def keep_bytes(self, content: bytes) -> Stored:
        """Keep bytes that we made."""
        return self._keep([content])

    def path(self, sha: str) -> Path:
        """Where an object lies or would lie. Raises ValueError for what is no SHA-256 in hex."""
        if not re.fullmatch("[0-9a-f]{64}", sha):
            raise ValueError(f"not a SHA-256: {sha!r}")
        return self._root / sha[:2] / sha[2:4] / sha

    def open(self, sha: str) -> BinaryIO:
        """An object for reading as a stream. Raises Inconsistent when it is not there."""
        try:
            return self.path(sha).open("rb")
        except FileNotFoundError as cause:
            raise Inconsistent(f"the archive has no object {sha}") from cause

    def read(self, sha: str) -> bytes:
        """The bytes of an object, compared with their hash. Raises Inconsistent."""
        with self.open(sha) as stream:
            content = stream.read()
        if hashlib.sha256(content).hexdigest() != sha:
            raise Inconsistent(f"the object {sha} of the archive was changed")
        return content

    def damaged(self) -> Iterator[str]:
        """The names of all objects whose bytes are no longer those of their name."""
        for path in sorted(self._root.glob("??/??/*")):
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != path.name:
                    yield path.name

    def sweep(self) -> int:
        """Remove the drafts that a kill left; only at the start, before anybody keeps a file."""
        drafts = list(self._drafts.iterdir())
        for draft in drafts:
            draft.unlink()
        return len(drafts)

    def _keep(self, chunks: Iterable[bytes]) -> Stored:
        handle, name = tempfile.mkstemp(dir=self._drafts)
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                stored = _copied(chunks, out)
                os.fchmod(handle, 0o440)
                flush(out, draft)
            self._place(draft, stored)
        finally:
            draft.unlink(missing_ok=True)
        return stored

    def _place(self, draft: Path, stored: Stored) -> None:
        target = self.path(stored.sha256)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            rename_new(draft, target)
        except FileExistsError:
            if target.stat().st_size != stored.size:
                raise Inconsistent(f"the object {stored.sha256} has another size") from None
        sync(target.parent)  # also for an old object: a kill may have come before its own sync
        for folder in (target.parent.parent, self._root):
            self._settle(folder, target.parent)

    def _settle(self, folder: Path, leaf: Path) -> None:
        """Sync a folder on the way to `leaf`, once for each way."""
        below = folder / leaf.relative_to(folder).parts[0]
        if below not in self._durable:
            sync(folder)
            self._durable.add(below)


def _copied(chunks: Iterable[bytes], out: BinaryIO) -> Stored:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += out.write(chunk)
    return Stored(digest.hexdigest(), size)


@contextmanager
def _plain_file(path: Path, limit: int) -> Iterator[int]:
    """An open regular file with one link; its size is refused before the first byte is read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as cause:
        if cause.errno not in _UNFIT:
            raise
        raise Unfit(_UNFIT[cause.errno]) from cause
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise Unfit("E-KIND")
        if found.st_size > limit:
            raise Unfit("E-SIZE", str(found.st_size), str(limit))
        yield handle
    finally:
        os.close(handle)


def _content(handle: int, limit: int) -> Iterator[bytes]:
    size = 0
    while chunk := os.read(handle, CHUNK):
        size += len(chunk)
        if size > limit:  # it grew after it was measured
            raise Unfit("E-SIZE", str(size), str(limit))
        yield chunk
