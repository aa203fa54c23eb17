"""A file on its way in: what its steps found out, what its records came to, how it ends."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from formats.contract import ERROR, Envelope, Finding, Format
from hub.exchange.archive import Stored
from hub.instance import Instance
from hub.settings import Agreement, Channel

ACCEPTED, ACCEPTED_WITH_ERRORS, REJECTED = "ACCEPTED", "ACCEPTED_WITH_ERRORS", "REJECTED"
HELD, QUARANTINED, DUPLICATE = "HELD", "QUARANTINED", "DUPLICATE"

_OUTSIDE = frozenset(
    {
        "E-NUM-REUSED",
        "E-CONTRACT",
        "E-SENDER",
        "E-RECEIVER",
        "E-DATE-OLD",
        "E-GAP",
        "E-NUM-ORDER",
        "E-SET",
        "E-NAME",
        "E-ACK-UNKNOWN",
        "E-ACK-CONFLICT",
        "E-KIND",
        "E-ACCESS",
        "E-INTERNAL",
        "E-NO-ORIGINAL",
        "E-NUM-NAME",
    }
)


class Verdict(NamedTuple):
    """How a file ends, and why."""

    state: str
    findings: tuple[Finding, ...] = ()
    first: int | None = None
    """For a duplicate: the intake that was first."""

    @property
    def outside(self) -> bool:
        """Whether the reason lies outside the bytes: the same content is then examined anew."""
        return any(f.code in _OUTSIDE or f.code.startswith("E-SIG") for f in self.findings)


class Undo(Exception):
    """Raised inside the savepoint of a file: its records must not take effect."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.state)
        self.verdict = verdict


_DISTRUSTED = frozenset({"E-NAME", "E-KIND", "E-PARTNER", "E-ACK-UNKNOWN"})
_UNDECIDED = frozenset({"E-ACK-CONFLICT"})


def refused(finding: Finding) -> Verdict:
    """The usual outcome of a finding that concerns the whole file."""
    if finding.code in _DISTRUSTED:
        return Verdict(QUARANTINED, (finding,))
    if finding.severity == ERROR and finding.code not in _UNDECIDED:
        return Verdict(REJECTED, (finding,))
    return Verdict(HELD, (finding,))


PARTS = ("accepted", "suspended", "parked", "rejected")
_PART_OF = dict(zip(("POSTED", "SUSPENDED", "PARKED", "REJECTED"), PARTS, strict=True))


@dataclass
class Tally:
    """Counts and sums (kopecks) of the records of a file, by what became of them."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    control: dict[str, int] = field(default_factory=dict)
    """The sums that the envelope states too, by message field."""

    @property
    def records(self) -> int:
        """The number of records decoded."""
        return sum(self.counts.values())

    @property
    def clean(self) -> bool:
        """Whether no record was refused or parked."""
        return not (self.counts["parked"] or self.counts["rejected"])

    def add(self, state: str, count: int, amount: int) -> None:
        """Count records that ended in a record state."""
        self.counts[_PART_OF[state]] += count
        self.sums[_PART_OF[state]] += amount

    def refuse_all(self) -> None:
        """Put every record on the rejected line, as for a file refused whole."""
        records, amount = self.records, sum(self.sums.values())
        self.counts = dict.fromkeys(PARTS, 0) | {"rejected": records}
        self.sums = dict.fromkeys(PARTS, 0) | {"rejected": amount}

    def columns(self) -> dict[str, int]:
        """The figures as the intake row holds them."""
        sums = {f"sum_{part}": self.sums[part] for part in PARTS}
        total = {"records": self.records, "sum_file": sum(self.sums.values())}
        return {**total, **self.counts, **sums}


NOTHING = Stored("", 0)
"""What is stored of a file that was never read."""


@dataclass
class Arrival:
    """A file on its way; each step fills in what it found."""

    hub: Instance
    claim_id: str
    channel: Channel
    name: str
    received_at: datetime
    data: Path | None = None
    """The claimed file; None when the original is taken from the archive again."""
    signed_by: Path | None = None
    """The claimed signature file."""
    signature: bytes | None = None
    agreement: Agreement | None = None
    stored: Stored = NOTHING
    signature_sha: str | None = None
    content: Path | None = None
    """Our private copy: the only bytes that are read from here on."""
    signer: str | None = None
    authenticated: bool = False
    """The sender is proved: by a good signature, or by the channel where none is asked for."""
    format: Format | None = None
    stream: BinaryIO | None = None
    envelope: Envelope | None = None
    number: str | None = None
    intake_id: int | None = None
    """The intake decided anew; None for a file that is seen for the first time."""
    released: bool = False
    """A person let it go on: a gap, an old date, a number that disagrees hold it no more."""
    notes: list[Finding] = field(default_factory=list)
    """What was found before the transaction and does not stop the file."""
    tally: Tally = field(default_factory=Tally)

    @property
    def names(self) -> dict[str, str]:
        """The named groups of the file name."""
        found = self.agreement.pattern.fullmatch(self.name) if self.agreement else None
        return {k: v for k, v in (found.groupdict() if found else {}).items() if v is not None}
