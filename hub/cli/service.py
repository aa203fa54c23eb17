"""`hub init` and `hub run`: making an instance, and working in one."""

import json
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from hub.cli.edge import Asked, log_to
from hub.cli.keys import passphrase_for
from hub.cli.opened import LOG, instance, opened
from hub.cli.words import say
from hub.daemon import Daemon, only_one
from hub.errors import SettingsError
from hub.instance import Instance
from hub.signing import keys
from hub.store.schema import upgrade


def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a new or empty folder")],
    name: Annotated[str, typer.Option(help="how the organisation is called")] = "zhku-hub",
    database: Annotated[str, typer.Option(help="or postgresql://...")] = "sqlite:///hub.db",
) -> None:
    """Make a new instance: settings, database, keys.

    Example: hub init ./hub --name "Расчетный центр"
    """
    asked: Asked = ctx.obj
    settings = folder / "settings.toml"
    if settings.exists():
        raise SettingsError(f"{settings} exists: {folder} is an instance already")
    folder.mkdir(parents=True, exist_ok=True)
    log_to(folder / LOG)
    settings.write_text(_filled(name, database, asked.lang or "ru"), encoding="utf-8")
    with closing(instance(folder.resolve())) as hub:
        prepare(hub)
        own = hub.settings.hub
        keys.new(hub.root / "keys", own.key, own.name, hub.clock.now(), passphrase_for(hub))
        print(say(own.language, "made", root=folder))


def _filled(name: str, database: str, language: str) -> str:
    template = Template(Path(__file__).with_name("template.toml").read_text(encoding="utf-8"))
    words = {"name": name, "database": database, "language": language}
    quoted = {key: json.dumps(word, ensure_ascii=False) for key, word in words.items()}
    return template.substitute(quoted)


def prepare(hub: Instance) -> None:
    """Make what is missing of an instance: folders, and the database at the present schema."""
    hub.make_folders()
    upgrade(hub.store)


def run(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="do all that is due now, then end")] = False,
) -> None:
    """Work: take files, rate, send; until it is stopped.

    Ends cleanly after its present file on Ctrl-C or SIGTERM. Example: hub run --once
    """
    with opened(ctx) as (hub, lang):
        prepare(hub)
        _ = hub.key  # without it no receipt can be made: better now than at the first file
        daemon = Daemon(hub)
        if once:
            with only_one(hub):
                daemon.recover()
                daemon.work_through()
            return
        stopped = _Stop()
        with daemon.started():
            print(say(lang, "running", root=hub.root), file=sys.stderr)
            stopped.wait()
        stopped.pass_on()


class _Stop:
    """Waits for a signal, or for the end of a thread that failed."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._failure: BaseException | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._event.set())
        threading.excepthook = self._failed

    def _failed(self, args: threading.ExceptHookArgs) -> None:
        self._failure = args.exc_value
        self._event.set()

    def wait(self) -> None:
        """Return when the work is to end."""
        self._event.wait()

    def pass_on(self) -> None:
        """Raise what ended a thread."""
        if self._failure is not None:
            raise self._failure
