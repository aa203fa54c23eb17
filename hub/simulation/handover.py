"""How the other side puts files into our inbox and takes them from our outbox.

Final names appear by a rename from `.part`, a signature before its data (`exchange.md`, 3.5);
a file is taken by its name together with the signature beside it.
"""

import re
from pathlib import Path
from typing import NamedTuple

SIGNATURE = ".p7s"
ACCEPTED, WITH_ERRORS, REJECTED = "ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED"


class Complaint(Exception):
    """The other side refuses what the hub did; the text says what and why."""


class Sending(NamedTuple):
    """A file that the other side sends, and what receipt it expects for it."""

    channel: str
    name: str
    content: bytes
    signer: str | None
    """The partner whose key signs; None = no signature."""
    outcome: str | None = ACCEPTED
    """The outcome of its receipt; None = no receipt is delivered."""
    code: str | None = None
    """A finding that the receipt must name."""
    rejected: int = 0
    """Records that the receipt must count as rejected."""


class Taken(NamedTuple):
    """A file taken from an outbox."""

    name: str
    content: bytes
    signature: bytes | None


def drop(inbox: Path, name: str, content: bytes, signature: bytes | None) -> None:
    """Put a file, after its signature. Raises `Complaint` while a former one still lies there."""
    if signature is not None:
        _put(inbox, name + SIGNATURE, signature)
    _put(inbox, name, content)


def _put(inbox: Path, name: str, content: bytes) -> None:
    final = inbox / name
    if final.exists():
        raise Complaint(f"{final}: the hub has not taken the former file of this name")
    draft = inbox / f".{name}.part"
    draft.write_bytes(content)
    draft.rename(final)


def collect(outbox: Path, received: Path) -> list[Taken]:
    """Move what lies in an outbox to `received`, in the order of the numbers in the names.

    Raises `Complaint` when a name comes again with other content.
    """
    names = [path.name for path in outbox.iterdir() if path.is_file()]
    data = [name for name in names if not name.startswith(".") and not _is_beside(name)]
    return [_take(outbox, name, received) for name in sorted(data, key=_order)]


def _is_beside(name: str) -> bool:
    return name.endswith((SIGNATURE, ".part"))


def _order(name: str) -> list[tuple[int, str]]:
    return [(int(part or 0), text) for part, text in re.findall("([0-9]*)([^0-9]*)", name)]


def _take(outbox: Path, name: str, received: Path) -> Taken:
    received.mkdir(parents=True, exist_ok=True)
    content = (outbox / name).read_bytes()
    kept = received / name
    if kept.exists() and kept.read_bytes() != content:
        raise Complaint(f"{name}: this name was used before for other content")
    beside = outbox / (name + SIGNATURE)
    signature = beside.read_bytes() if beside.exists() else None
    (outbox / name).rename(kept)
    if signature is not None:
        beside.rename(received / beside.name)
    return Taken(name, content, signature)
