"""The command line `hub`: the list of verbs, and the options that stand before them.

A verb is a function (one command) or a typer app (several); it parses, calls one function of
the program and prints. Only the verb that is asked for is imported.
"""

import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from hub import VERSION
from hub.cli.edge import Asked, log_to_stderr, plain_words


class Verb(NamedTuple):
    """Where a verb stands and what it does, in one line."""

    module: str
    name: str
    help: str


VERBS = {
    "init": Verb("hub.cli.service", "init", "Make a new instance: settings, database, keys."),
    "run": Verb("hub.cli.service", "run", "Work: take files, rate, send; until it is stopped."),
    "demo": Verb(
        "hub.cli.demo",
        "demo",
        "The main job on a synthetic town: files in, files out, both sides, and the proof.",
    ),
    "check": Verb("hub.cli.check", "check", "What the hub would do with a file."),
    "messages": Verb("hub.cli.messages", "app", "The files in and out, and their repair."),
    "period": Verb("hub.cli.period", "app", "The billing month."),
    "reconcile": Verb("hub.cli.reconcile", "reconcile", "The proof that every sum agrees."),
    "verify": Verb("hub.cli.reconcile", "app", "The journal, the originals, the money."),
    "keys": Verb("hub.cli.keys", "app", "Signing keys and certificates of partners."),
    "formats": Verb("hub.cli.formats", "app", "The formats of messages."),
    "mapping": Verb("hub.cli.formats", "mapping", "Mapping files."),
    "bench": Verb(
        "hub.cli.bench",
        "bench",
        "Measure our speed and memory against the calibration of this machine.",
    ),
    "doctor": Verb("hub.cli.doctor", "doctor", "What is wrong, and how to mend it."),
}
"""A further command is a further line."""


class Language(StrEnum):
    """What texts for people may be in."""

    RU = "ru"
    BE = "be"
    EN = "en"


def _version(asked: bool) -> None:
    if asked:
        print(f"zhku-hub {VERSION}")
        raise typer.Exit


def common(
    ctx: typer.Context,
    root: Annotated[
        Path | None,
        typer.Option(help="the instance; else $HUB_ROOT, else the nearest settings.toml above"),
    ] = None,
    lang: Annotated[
        Language | None, typer.Option(help="of the output; else that of the settings")
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", help="show the log on standard error")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show it and end")
    ] = False,
) -> None:
    """Exchange hub for files of ERIP, banks and suppliers of housing and utility services.

    Exit codes: 0 done, 1 the data is at fault, 2 usage or settings, 3 our failure.
    """
    ctx.obj = Asked(root, lang.value if lang else None)
    if verbose:
        log_to_stderr()


def command_line(argv: Sequence[str]) -> typer.Typer:
    """The command line for these arguments: verbs that they do not mention are only named."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
    app.callback()(common)
    for name, verb in VERBS.items():
        found = getattr(import_module(verb.module), verb.name) if name in argv else _not_asked
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name, help=verb.help, no_args_is_help=True)
        else:
            app.command(name, help=verb.help if found is _not_asked else None)(found)
    return app


def _not_asked() -> None:
    """Stands for a verb that was not loaded."""


def main() -> None:
    """Run the command line; the entry point of the package."""
    argv = sys.argv[1:]
    with plain_words("--json" in argv):
        code = command_line(argv)(argv, prog_name="hub", standalone_mode=False)
    raise SystemExit(code or 0)
