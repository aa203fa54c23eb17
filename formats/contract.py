"""The contract of a format: a module (or a layout) that turns bytes into rows and back.

A format offers the names of `Format`. It knows bytes, never meaning: its rows are tuples of
`str` in the order of a `Layout`, each with the line (or record number) where it stood.
What is wrong with a file is a `Finding`; a file that cannot be read on is `Unreadable`, which
carries the finding and is turned into a value by the one caller that decodes.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

Row = tuple[str, ...]
Numbered = tuple[int, Row]
"""A row and its place: the line of a text file from 1, the record number of XML."""
Options = Mapping[str, Any]
"""The settings of a format; what is absent has the value of `Format.OPTIONS`."""

ERROR, HOLD, WARNING = "error", "hold", "warning"
LANGUAGES = ("ru", "be", "en")


class Code(NamedTuple):
    """A finding code of `exchange.md`, 10.3: its usual outcome and its sentences."""

    out: str
    """W whole file, R record, Q quarantine, H hold, S same receipt, N note only, X internal."""
    texts: Mapping[str, str]
    example: str | None

    @property
    def severity(self) -> str:
        """`warning` for notes, `hold` for holds and quarantine, else `error`."""
        return {"N": WARNING, "S": WARNING, "H": HOLD, "Q": HOLD}.get(self.out[0], ERROR)


@cache
def codes() -> Mapping[str, Code]:
    """All finding codes by name, read once from `formats/findings.toml`."""
    table = tomllib.loads(Path(__file__).with_name("findings.toml").read_text(encoding="utf-8"))
    return {
        name: Code(row["out"], {lang: row[lang] for lang in LANGUAGES}, row.get("example"))
        for name, row in table.items()
    }


class Finding(NamedTuple):
    """One thing found in a file: a stable code, its place, what stood there, what is right."""

    code: str
    line: int | None = None
    """Line of a text, record number of XML; None when the file as a whole is meant."""
    field: str | None = None
    value: str | None = None
    expected: str | None = None
    rule: str | None = None
    key: str | None = None
    """Business key of the record, when it could be read."""
    example: str | None = None

    @property
    def severity(self) -> str:
        """`error`, `hold` or `warning`, from the table of codes."""
        return codes()[self.code].severity

    def text(self, lang: str = "ru") -> str:
        """The sentence for the sender, with its place in front when one is known."""
        code = codes()[self.code]
        facts = {name: getattr(self, name) or "" for name in ("value", "expected", "rule", "line")}
        facts["example"] = self.example or code.example or ""
        sentence = code.texts[lang].format_map(_Blank(facts))
        place = _place(self, lang)
        if place and sentence[1:2].islower():
            sentence = sentence[0].lower() + sentence[1:]
        return place + sentence


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


_WORDS = {"ru": ("Строка", "поле"), "be": ("Радок", "поле"), "en": ("Line", "field")}


def _place(finding: Finding, lang: str) -> str:
    line, field = _WORDS[lang]
    parts = [f"{line} {finding.line}"] if finding.line is not None else []
    if finding.field:
        parts.append(
            f"{field} {finding.field}" if parts else f"{field.capitalize()} {finding.field}"
        )
    return ", ".join(parts) + ": " if parts else ""


class Unreadable(Exception):
    """The file cannot be read on; `finding` says why. Raised by `decode` and while iterating."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class Field(NamedTuple):
    """One field of a record or header."""

    name: str
    width: int = 0
    """Largest number of characters; 0 = any."""
    mandatory: bool = False
    pattern: str | None = None
    """Regular expression that a value that is not empty must match whole."""
    personal: bool = False
    """Personal data: masked in findings, logs and alarms."""


class Layout(NamedTuple):
    """The fields of a record in their order; a version of a format is a further layout."""

    name: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields in order."""
        return tuple(field.name for field in self.fields)


@dataclass(frozen=True)
class Envelope:
    """What a file says about itself."""

    version: str
    layout: Layout
    """The layout of its records."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The header as it stands, by the names of its layout."""
    number: str | None = None
    created: datetime | None = None
    sender: str | None = None
    receiver: str | None = None
    count: int | None = None
    """The number of records it announces; None when the format announces none."""


class Format(Protocol):
    """What a format module (or a layout read from TOML) offers."""

    @property
    def NAME(self) -> str:  # noqa: N802 - the names of the contract are those of a module
        """The name that agreements and mappings use, such as `erip.210`."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        """One line for a person."""
        ...

    @property
    def DIRECTION(self) -> str:  # noqa: N802
        """`in`, `out` or `both`."""
        ...

    @property
    def VERSIONS(self) -> tuple[str, ...]:  # noqa: N802
        """The versions it reads or writes."""
        ...

    @property
    def OPTIONS(self) -> Options:  # noqa: N802
        """The settings of an agreement that belong to this format, with their defaults."""
        ...

    def recognise(self, name: str, head: bytes) -> bool:
        """Whether the file is of this format, by its name and first bytes (up to 4 KiB)."""
        ...

    def decode(self, stream: BinaryIO, options: Options) -> tuple[Envelope, Iterator[Numbered]]:
        """The envelope and, lazily, the rows. Raises `Unreadable`, also while iterating.

        Memory does not grow with the file. When the iterator ends, the structure is whole;
        counts and sums of the envelope are compared by the caller.
        """
        ...

    def check(self, envelope: Envelope, options: Options) -> list[Finding]:
        """What is wrong with the envelope, all of it."""
        ...

    def encode(self, rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
        """The bytes of a file with these rows. Raises `Unreadable` for what cannot be written."""
        ...


def no_check(envelope: Envelope, options: Options) -> list[Finding]:
    """For formats whose envelope says nothing that could be wrong."""
    return []


def not_written(rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
    """For formats that the hub only reads."""
    raise Unreadable(Finding("E-VERSION", rule="this format is only read"))


def option(options: Options, defaults: Options, name: str) -> Any:  # noqa: ANN401
    """The agreement's value of an option, or the format's default."""
    return options.get(name, defaults[name])
