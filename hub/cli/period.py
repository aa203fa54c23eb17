"""`hub period`: the billing month of a scheme, from its opening to its close."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hub import closing
from hub.cli.opened import opened, scheme_of
from hub.cli.options import AMonth, ASchemeCode, Json, MaybeMonth
from hub.cli.output import as_json, console, iso, table
from hub.cli.words import say
from hub.errors import Refused
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.month import Month
from hub.settings import Scheme
from hub.store.periods import PeriodRow, periods
from hub.store.session import Transaction

app = typer.Typer()
WAITS_IN = {"rate": "open", "unrate": "rated", "close": "rated"}
"""The state of the month that an act takes when none is named."""


@app.command()
def status(ctx: typer.Context, in_json: Json = False) -> None:
    """The months of every scheme, their states and since when.

    Example: hub period status
    """
    with opened(ctx) as (hub, lang), hub.store.reading() as tx:
        found = [_shape(row) for code in hub.settings.schemes for row in periods(tx, code)]
    if in_json:
        print(as_json({"periods": found}))
        return
    heads = ("scheme", "month", "state", "opened_at", "rated_at", "closed_at", "published_at")
    rows = [[(row[head] or "")[:19].replace("T", " ") for head in heads] for row in found]
    console().print(table(heads, rows, lang=lang))


def _shape(row: PeriodRow) -> dict[str, str | None]:
    instants = {name: getattr(row, name) for name in PeriodRow._fields if name.endswith("_at")}
    return {
        "scheme": row.scheme,
        "month": str(Month.from_key(row.month)),
        "state": row.state,
        **{name: iso(at) if at else None for name, at in instants.items()},
    }
