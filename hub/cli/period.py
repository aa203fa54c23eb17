"""`hub period`: the billing month of a scheme, from its opening to its close."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hub import closing
from hub.cli.opened import opened, scheme_of
from hub.cli.options import AMonth, ASchemeCode, Json, MaybeMonth
from hub.cli.output import as_json, console, iso, plain, table
from hub.cli.words import say
from hub.closing import Also, RunSummary
from hub.errors import Refused
from hub.explaining import Explanation, explain
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.money import roubles
from hub.month import Month
from hub.settings import Scheme
from hub.store.periods import PeriodRow, period
from hub.store.session import Transaction

app = typer.Typer()
WAITS_IN = {"rate": "open", "unrate": "rated", "close": "rated"}
"""The state of the month that an act takes when none is named."""


@app.command()
def status(ctx: typer.Context, in_json: Json = False) -> None:
    """The months of every scheme, their states and since when.

    Example: hub period status
    """
    with opened(ctx) as (hub, lang):
        schemes = hub.settings.schemes.values()
        found = [_shape(row) for scheme in schemes for row in closing.status(hub.store, scheme)]
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


# --- acts --------------------------------------------------------------------------------------

Act = Callable[[Instance, Scheme, Month, Also], RunSummary | None]


@app.command("open")
def open_(
    ctx: typer.Context, month: MaybeMonth = None, scheme: ASchemeCode = None, in_json: Json = False
) -> None:
    """Open the month after the last one, or the first month of all.

    Example: hub period open --month 2026-09
    """
    _do(ctx, "open", _open, (scheme, month), in_json)


@app.command()
def rate(
    ctx: typer.Context, month: MaybeMonth = None, scheme: ASchemeCode = None, in_json: Json = False
) -> None:
    """Rate the open month: distribution, charges, penalties. What a kill left is finished.

    Example: hub period rate
    """
    _do(ctx, "rate", _rate, (scheme, month), in_json)


@app.command()
def unrate(
    ctx: typer.Context, month: MaybeMonth = None, scheme: ASchemeCode = None, in_json: Json = False
) -> None:
    """Take a rating back, while no demand of the month has left.

    Example: hub period unrate
    """
    _do(ctx, "unrate", _unrate, (scheme, month), in_json)


@app.command()
def close(
    ctx: typer.Context,
    month: MaybeMonth = None,
    scheme: ASchemeCode = None,
    park: Annotated[bool, typer.Option(help="leave accounts in error without charges")] = False,
    in_json: Json = False,
) -> None:
    """Close the rated month for ever; later corrections are new entries.

    Accounts that could not be rated forbid it, unless they are parked.
    Example: hub period close
    """
    _do(ctx, "close", partial(_close, parked=park), (scheme, month), in_json)


def _open(hub: Instance, scheme: Scheme, month: Month, also: Also) -> None:
    closing.open_period(hub.store, scheme, month, hub.clock.now(), also)


def _rate(hub: Instance, scheme: Scheme, month: Month, also: Also) -> RunSummary:
    with _progress() as progress:
        return closing.rate(hub.store, scheme, month, hub.clock.now(), progress, also)


def _unrate(hub: Instance, scheme: Scheme, month: Month, also: Also) -> None:
    closing.unrate(hub.store, scheme, month, hub.clock.now(), also)


def _close(hub: Instance, scheme: Scheme, month: Month, also: Also, parked: bool) -> None:
    closing.close(hub.store, scheme, month, hub.clock.now(), also, parked)


@contextmanager
def _progress() -> Iterator[closing.Progress]:
    """A bar on a terminal, nothing in a pipe."""
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _do(
    ctx: typer.Context, verb: str, act: Act, asked: tuple[str | None, Month | None], in_json: bool
) -> None:
    code, month = asked
    with opened(ctx) as (hub, lang):
        scheme = scheme_of(hub, code)
        month = month or _next(hub, scheme, verb)
        run = act(hub, scheme, month, _entering(hub, verb, scheme, month))
        hub.journal_file.flush(hub.store)
        with hub.store.reading() as tx:
            row = period(tx, scheme.code, month)
    assert row is not None
    if in_json:
        print(as_json(_shape(row) | ({"run": _run_shape(run)} if run else {})))
        return
    print(say(lang, "period_is", month=month, scheme=scheme.code, state=row.state))
    if run is not None:
        print(say(lang, "run_is", **_run_shape(run)))


def _run_shape(run: RunSummary) -> dict[str, object]:
    sums = {name: roubles(getattr(run, name)) for name in ("gross", "benefit", "penalty")}
    return run._asdict() | {"month": str(run.month)} | sums


def _entering(hub: Instance, verb: str, scheme: Scheme, month: Month) -> Also:
    """The journal entry of a person's act, made in the transaction of the act."""

    def also(tx: Transaction) -> None:
        entry = Entry(f"period.{verb}", f"{scheme.code}:{month}", "ok", "user:cli")
        enter(tx, hub.clock.now(), [entry])

    return also


def _next(hub: Instance, scheme: Scheme, verb: str) -> Month:
    """The month that an act is for when none is named. Raises `Refused`."""
    known = {Month.from_key(row.month): row.state for row in closing.status(hub.store, scheme)}
    if verb == "open":
        return max(known).plus(1) if known else Month.of(hub.clock.now().date())
    wanted = WAITS_IN[verb]
    waiting = [month for month, state in known.items() if state == wanted]
    if not waiting:
        raise Refused("period_state", f"no month of {scheme.code} is {wanted}")
    return waiting[-1] if verb == "unrate" else waiting[0]


# --- explain -----------------------------------------------------------------------------------


@app.command("explain")
def explain_(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="number of the personal account")],
    month: AMonth,
    service: Annotated[str | None, typer.Option(help="one service, such as cold_water")] = None,
    scheme: ASchemeCode = None,
    in_json: Json = False,
) -> None:
    """How the charges and penalties of an account came about, rated again from the facts.

    Exit code 1 when that gives other rows than are stored.
    Example: hub period explain 0100000017 --month 2026-09 --service heating
    """
    with opened(ctx) as (hub, lang):
        chosen = scheme_of(hub, scheme)
        found = explain(hub.store, chosen, account, service, month, lang)
    if in_json:
        print(as_json(_told(found)))
    else:
        _print(found, lang)
    raise typer.Exit(0 if found.agrees else 1)


def _told(found: Explanation) -> dict[str, object]:
    return found._asdict() | {"sections": [section._asdict() for section in found.sections]}


def _print(found: Explanation, lang: str) -> None:
    print(say(lang, "explained", account=found.account, month=found.month))
    for section in found.sections:
        print(f"\n{plain(section.title)}: {section.amount}")
        for sentence in section.sentences:
            print(f"  {plain(sentence)}")
    for remark in found.remarks:
        print(f"\n{plain(remark)}")
