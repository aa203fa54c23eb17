"""Exchange folders: what lies there, taking it, putting files there. Only here files are renamed.

A name is raw bytes until it was checked, for a partner may write any bytes; as a path it goes
through `os.fsdecode`, which loses nothing. Each rename refuses to replace. What must outlast
a power cut is synced, and a failed sync is never tried again: the pages may be gone while a
second one says "ok" (`exchange.md`, sections 3.2, 4, 5 and 6).
"""

import ctypes
import errno
import os
import re
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from hub.errors import NotPublished, SyncFailed

CHUNK = 256 * 1024
"""Bytes that are copied at a time."""

_UNFINISHED_STARTS, _UNFINISHED_ENDS = (b".", b"~"), (b".part", b".tmp", b".writing", b".filepart")
_MODE = 0o640
"""Of published files: the partner reads by its group."""


class Seen(NamedTuple):
    """An entry of a folder as a listing saw it, without opening it."""

    name: bytes
    size: int
    mtime_ns: int
    inode: int
    is_file: bool
    """A regular file with one link, and no symbolic link."""


def listing(folder: Path, foreign: Container[bytes] = ()) -> list[Seen]:
    """Everything in the folder by name, but for unfinished files (3.1 rule 4).

    Names in `foreign` are left out without asking for their properties, which keeps folders
    with very many unclaimed files cheap. Raises OSError when the folder is away, or a link.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with os.scandir(handle) as entries:
            named = ((os.fsencode(entry.name), entry) for entry in entries)
            seen = [
                _seen(name, entry)
                for name, entry in named
                if not is_unfinished(name) and name not in foreign
            ]
    finally:
        os.close(handle)
    return sorted(one for one in seen if one is not None)


def is_unfinished(name: bytes) -> bool:
    """Whether the name says that its file is still being written."""
    return name.startswith(_UNFINISHED_STARTS) or name.lower().endswith(_UNFINISHED_ENDS)


def _seen(name: bytes, entry: os.DirEntry[str]) -> Seen | None:
    try:
        found = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
    return Seen(name, found.st_size, found.st_mtime_ns, found.st_ino, plain)


def rename_new(source: Path, target: Path) -> None:
    """Rename in one step; FileExistsError when the target is there, and nothing is replaced.

    Where the file system has no such rename (NFS), a second link is made and the first removed;
    after a kill between the two, the same call ends it.
    """
    if _renamed_without_replacing(os.fsencode(source), os.fsencode(target)):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):
            raise
    source.unlink()


_AT_FDCWD, _RENAME_NOREPLACE = -100, 1  # of linux/fcntl.h and linux/fs.h
_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _renamed_without_replacing(source: bytes, target: bytes) -> bool:
    """Whether it was done; False when the system or the file system cannot."""
    if _renameat2 is None:
        return False
    if _renameat2(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(source), None, os.fsdecode(target))


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, outlast a power cut. Raises SyncFailed."""
    handle = os.open(path, os.O_RDONLY)
    try:
        _fsync(handle, path)
    finally:
        os.close(handle)


def flush(out: IO[bytes], path: Path) -> None:
    """The same for a file that was just written and is still open."""
    out.flush()
    _fsync(out.fileno(), path)


def _fsync(handle: int, path: Path) -> None:
    try:
        os.fsync(handle)
    except OSError as cause:  # no OSError goes on: whoever waits and tries again must not see it
        text = f"{path} could not be synced ({cause}): start again and recover"
        raise SyncFailed(text) from cause


def member(folder: Path, name: bytes) -> Path:
    """The path of a raw name in a folder. Raises ValueError for a name that leads elsewhere."""
    if b"/" in name or b"\0" in name or name in (b"", b".", b".."):
        raise ValueError(f"not the name of a file: {shown(name)}")
    return folder / os.fsdecode(name)


def claim(inbox: Path, members: Sequence[bytes], work: Path, claim_id: str) -> Path:
    """Take a set into a folder of its own, in the order given: data first, signature last (PU3).

    Of two who claim at once one gets FileNotFoundError, and so does who comes too late. Another
    member that is gone is left out. Gives the folder of the claim.
    """
    folder = work / claim_id
    folder.mkdir(mode=0o700)
    first, *others = members
    try:
        rename_new(member(inbox, first), member(folder, first))
    except OSError:
        folder.rmdir()
        raise
    _take(inbox, others, folder)
    for changed in (work, folder, inbox):
        sync(changed)
    return folder


def complete(inbox: Path, members: Iterable[bytes], claim_folder: Path) -> None:
    """Fetch what a killed claim left in the inbox; what is claimed already stays (5.2)."""
    _take(inbox, members, claim_folder)
    for changed in (claim_folder, inbox):
        sync(changed)


def _take(inbox: Path, members: Iterable[bytes], folder: Path) -> None:
    for name in members:
        try:
            rename_new(member(inbox, name), member(folder, name))
        except (FileNotFoundError, FileExistsError):
            continue
        except OSError as cause:
            if cause.errno != errno.ENAMETOOLONG:
                raise


def claims(work: Path) -> list[str]:
    """The claims that lie in the work folder, by name."""
    with os.scandir(work) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def release(work: Path, claim_id: str) -> None:
    """Remove a claim, whose bytes are in the archive by now; a second time does nothing (I14)."""
    try:
        shutil.rmtree(work / claim_id)
    except FileNotFoundError:
        return
    sync(work)


def stage(staging: Path, name: str, content: bytes | Path) -> Path:
    """Write a file where the partner does not reach, whole and synced (O5, O6); gives its path.

    An older file of that name is ours and is replaced. Raises NotPublished; then nothing stays.
    """
    path = staging / name
    try:
        path.unlink(missing_ok=True)  # never written into: it may be a link to a published file
        with _created(path) as out:
            _write(out, content)
            flush(out, path)
    except OSError as cause:
        path.unlink(missing_ok=True)
        raise NotPublished(f"{path}: {cause}") from cause
    sync(staging)
    return path


def _created(path: Path) -> IO[bytes]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    os.fchmod(handle, _MODE)
    return os.fdopen(handle, "wb")


def _write(out: IO[bytes], content: bytes | Path) -> None:
    if isinstance(content, bytes):
        out.write(content)
        return
    with content.open("rb") as source:
        shutil.copyfileobj(source, out, CHUNK)


def publish(staged: Path, outbox: Path, name: str) -> None:
    """Give a staged file its final name and sync both folders (O7, O8).

    Raises FileExistsError when the name is taken, NotPublished for any other reason; the staged
    file stays in both cases.
    """
    try:
        rename_new(staged, outbox / name)
    except FileExistsError:
        raise
    except OSError as cause:
        raise NotPublished(f"{staged} -> {outbox / name}: {cause}") from cause
    for changed in {outbox, staged.parent}:
        sync(changed)


def quarantine(source: Path, into: Path, label: str) -> Path:
    """Move anything, unopened, out of the way under a name of ours; gives its new place."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, copies = into / label, 1
    while True:
        try:
            rename_new(source, target)
            break
        except FileExistsError:
            copies += 1
            target = into / f"{label}-{copies}"
    for changed in (into, source.parent):
        sync(changed)
    return target


def trial(a: Path, b: Path) -> bool:
    """Whether files can be renamed from one folder to the other (3.2). Raises OSError otherwise."""
    handle, name = tempfile.mkstemp(prefix=".trial-", suffix=".part", dir=a)
    os.close(handle)
    source = Path(name)
    moved = b / source.name
    try:
        rename_new(source, moved)
    except OSError as cause:
        if cause.errno != errno.EXDEV:
            raise
        return False
    else:
        moved.unlink()
        return True
    finally:
        source.unlink(missing_ok=True)


_LATIN, _CYRILLIC = "A-Za-z", "\u0400-\u04ff"
_PLAIN = re.compile("[ -~]*")
_WITH_CYRILLIC = re.compile(f"[ -~{_CYRILLIC}№«»–—’]*")
_MIXED_WORD = re.compile(f"[{_LATIN}][0-9]*[{_CYRILLIC}]|[{_CYRILLIC}][0-9]*[{_LATIN}]")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\..*)?", re.IGNORECASE)
_MAX_NAME = 255


def name_problem(name: bytes, cyrillic: bool) -> str | None:
    """Why a name is not allowed (E-NAME; B1-B12), or None. Whether it fits a pattern is not asked.

    Letters are Latin, with `cyrillic` also Cyrillic; a word is of one alphabet, for `а` and `a`
    look alike.
    """
    if not 0 < len(name) <= _MAX_NAME:
        return f"its length is not 1 to {_MAX_NAME} bytes"
    try:
        text = unicodedata.normalize("NFC", name.decode())
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if not text.isprintable():
        return "it contains invisible or control characters"
    return _path_problem(text) or _letter_problem(text, cyrillic)


def _path_problem(text: str) -> str | None:
    if re.search(r'[\\/:*?"<>|]', text) or text == "..":
        return "it contains characters of a path or pattern"
    if _DEVICE.fullmatch(text):
        return "it is the name of a device"
    if text[-1] in ". ":
        return "it ends with a dot or space"
    if text[0] in "- ":
        return "it begins with a hyphen or space"
    return None


def _letter_problem(text: str, cyrillic: bool) -> str | None:
    if not (_WITH_CYRILLIC if cyrillic else _PLAIN).fullmatch(text):
        return "it contains letters of another alphabet"
    if _MIXED_WORD.search(text):
        return "it mixes Latin and Cyrillic letters in a word"
    return None


def shown(name: bytes) -> str:
    """A raw name for logs: what is not printable, or not UTF-8, as an escape (B2, B3)."""
    text = name.decode(errors="surrogateescape")
    return "".join(one if one.isprintable() and one != "\\" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that was not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
