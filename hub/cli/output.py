"""What commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.cli.words import say
from hub.clock import unstamp
from hub.proof import Line

WIDE = 240
"""Columns where there is no terminal: nothing is cut for a program that reads."""


def as_json(value: object) -> str:
    """A value as JSON that is the same for the same value, one key a line."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def console() -> Console:
    """Standard output: as wide as the terminal, or wide enough for everything."""
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def plain(text: str) -> str:
    """A text of a partner as it may stand on a terminal: nothing in it steers the terminal.

    >>> plain("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cells(values: Iterable[str]) -> Iterator[Text]:
    """Texts as cells of a table: shown as they are, without markup."""
    return (Text(plain(value)) for value in values)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = (), lang: str = "en"
) -> Table:
    """A table with the titles of words.toml; columns named in `right` hold figures."""
    figures = set(right)
    made = Table(box=box.SIMPLE_HEAD)
    for head in heads:
        made.add_column(
            say(lang, head), justify="right" if head in figures else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*cells(row))
    return made


def facts(pairs: Iterable[tuple[str, str | int | None]], lang: str) -> Table:
    """Names and values below one another; what is None or empty is left out."""
    made = Table(box=None, show_header=False, pad_edge=False)
    for name, value in pairs:
        if value not in (None, ""):
            made.add_row(*cells((say(lang, name), str(value))))
    return made


def proof_table(lines: Iterable[Line], lang: str = "en") -> Table:
    """The lines of a proof; a line that does not balance is red."""
    made = table(Line._fields, (), ("left", "right", "difference"), lang)
    for line in lines:
        style = None if line.left == line.right else "bold red"
        made.add_row(*cells(line), style=style)
    return made


def iso(stamped: str) -> str:
    """A stored instant as programs read it: ISO 8601 with its zone."""
    return unstamp(stamped).isoformat()
