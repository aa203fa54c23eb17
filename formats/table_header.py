"""The header line of a delimited table: which column stands where.

`exact` tables have all their titles in their order. `aliases` tables (АИС «Расчет-ЖКУ»,
`formats-partners.md`, A2 and A3) are bound by title only: in the dialect `export` (Latin names
of Oracle) or `report` (Russian titles), in any order; the k-th column of one title is the k-th
column of the layout that bears it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from formats.contract import Field, Finding, Unreadable

EXPORT, REPORT = "export", "report"
_ORACLE = re.compile("[A-Z_0-9]+")


class Column(NamedTuple):
    """A column of a layout with the titles it may bear in each dialect."""

    field: Field
    """`mandatory` columns must be present in an `aliases` table."""
    titles: Mapping[str, tuple[str, ...]]
    """Dialect (or the one version of an exact table) -> titles; the first is written."""
    occurrence: int = 0
    """1, 2, … among the columns of one title; 0 = its title is its own."""
    words: bool = False
    """A name or an address, in which a wrong encoding shows."""


class Binding(NamedTuple):
    """A header that was understood."""

    version: str
    positions: tuple[int | None, ...]
    """For each column of the layout its place in the file; None when it is missing."""
    unknown: tuple[str, ...] = ()
    """Titles that the layout does not have."""


def normal(title: str) -> str:
    """A title as it is compared: blanks, `ё`, dashes and case make no difference (A3, 1).

    >>> normal("  Лицевой\\u00a0 счёт ")
    'лицевой счет'
    """
    dashes = re.sub("[\u2010-\u2015\u2212]", "-", title.replace("\ufeff", ""))
    return " ".join(dashes.split()).casefold().replace("ё", "е")


def bind_exact(columns: Sequence[Column], version: str, header: Sequence[str]) -> Binding:
    """Bind a header that must have all titles in order. Raises `Unreadable` E-COLUMNS."""
    titles = [column.titles[version][0] for column in columns]
    found = [title.strip() for title in header]
    if found != titles:
        wrong = next(
            (at for at, pair in enumerate(zip(titles, found, strict=False)) if len({*pair}) > 1), -1
        )
        right = len(found) if wrong < 0 else wrong
        raise _refused(len(titles), right, titles[wrong], "all titles in their order")
    return Binding(version, tuple(range(len(titles))))


def bind_aliases(columns: Sequence[Column], header: Sequence[str]) -> Binding:
    """Bind a header by its titles. Raises `Unreadable` E-COLUMNS.

    Refused are a mixture of the dialects and a header without a mandatory column.
    """
    dialect = dialect_of(header)
    positions, unknown = _bound(titles_of(columns, dialect), header)
    other = titles_of(columns, REPORT if dialect == EXPORT else EXPORT)
    foreign = next((title for title in unknown if normal(title) in other), None)
    if foreign is not None:
        raise _refused(len(header), len(positions), foreign, "titles of one dialect only")
    keys = [at for at, column in enumerate(columns) if column.field.mandatory]
    missing = [at for at in keys if at not in positions]
    if missing:
        title = columns[missing[0]].titles[dialect][0]
        found = len(keys) - len(missing)
        raise _refused(len(keys), found, title, "a key column is missing")
    return Binding(dialect, tuple(map(positions.get, range(len(columns)))), tuple(unknown))


def dialect_of(header: Sequence[str]) -> str:
    """`export` when more than half of the titles are Latin names of Oracle, else `report`."""
    latin = sum(1 for title in header if _ORACLE.fullmatch(title.strip("\ufeff ")))
    return EXPORT if latin * 2 > len(header) else REPORT


def titles_of(columns: Sequence[Column], version: str) -> Mapping[str, list[int]]:
    """Normalised title -> the columns that bear it, in the order of their occurrence.

    The text before a bracket is a title too where no other column has it.
    """
    order = sorted(range(len(columns)), key=lambda at: (columns[at].occurrence, at))
    full = _gathered((title, at) for at in order for title in columns[at].titles[version])
    short = _gathered(
        (title.partition("(")[0], at) for at in order for title in columns[at].titles[version]
    )
    alone = {title: owners for title, owners in short.items() if len(owners) == 1}
    return {**alone, **full}


def _gathered(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    owners: dict[str, list[int]] = {}
    for title, at in pairs:
        bearers = owners.setdefault(normal(title), [])
        if at not in bearers:
            bearers.append(at)
    return owners


def _bound(
    titles: Mapping[str, list[int]], header: Sequence[str]
) -> tuple[dict[int, int], list[str]]:
    seen: Counter[str] = Counter()
    positions: dict[int, int] = {}
    unknown = []
    for place, title in enumerate(header):
        name = normal(title)
        owners = titles.get(name, [])
        nth = seen[name]
        seen[name] += 1
        if nth < len(owners) and owners[nth] not in positions:
            positions[owners[nth]] = place
        else:
            unknown.append(title.strip())
    return positions, unknown


def _refused(expected: int, found: int, title: str, rule: str) -> Unreadable:
    """E-COLUMNS with the number of titles that were understood and of those that were wanted."""
    return Unreadable(Finding("E-COLUMNS", 1, title, str(found), str(expected), rule))
