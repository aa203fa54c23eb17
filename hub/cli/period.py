"""`hub period`: the billing month of a scheme, from its opening to its close."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.progress import Progress

from hub import closing
from hub.cli.opened import opened, scheme_of
from hub.cli.options import AMonth, ASchemeCode, Json, MaybeMonth
from hub.cli.output import as_json, console, facts, iso, plain, table
from hub.cli.words import say
from hub.errors import Refused
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.month import Month
from hub.settings import Scheme
from hub.store.session import Transaction

app = typer.Typer()
Act = Callable[..., object]
"""A function of `hub.closing`: (store, scheme, month, now, also=...)."""


# --- status ------------------------------------------------------------------------------------


@app.command()
def status(ctx: typer.Context, scheme: ASchemeCode = None, in_json: Json = False) -> None:
    """The months of a scheme and their states.

    Example: hub period status
    """
    with opened(ctx) as (hub, lang):
        found = closing.status(hub.store, scheme_of(hub, scheme))
    print(found, lang, in_json)


# --- acts --------------------------------------------------------------------------------------


@app.command("open")
def open_(
    ctx: typer.Context, month: MaybeMonth = None, scheme: ASchemeCode = None, in_json: Json = False
) -> None:
    """Open the next month.

    Example: hub period open --month 2026-09
    """
    _act(ctx, closing.open_period, "open", scheme, month, in_json)
