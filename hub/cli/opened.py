"""The instance that a command works on."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import typer
from sqlalchemy.exc import ArgumentError, DBAPIError

from hub.cli.edge import Asked, log_to
from hub.errors import SettingsError
from hub.instance import Instance
from hub.settings import Scheme, find_root
from hub.store.schema import is_current

LOG = "hub.log"


class Opened(NamedTuple):
    """An instance and the language of the answer."""

    hub: Instance
    lang: str


def root_of(ctx: typer.Context) -> Path:
    """The folder of the instance; its log is the log from here on. Raises `SettingsError`."""
    asked: Asked = ctx.obj
    root = find_root(asked.root)
    log_to(root / LOG)
    return root


@contextmanager
def opened(ctx: typer.Context) -> Iterator[Opened]:
    """The instance while the block runs. Raises `SettingsError`."""
    with closing(instance(root_of(ctx))) as hub:
        try:
            yield Opened(hub, ctx.obj.lang or hub.settings.hub.language)
        except DBAPIError as error:
            if is_current(hub.store):
                raise
            raise SettingsError("the database lacks our tables: `hub run` makes them") from error


def instance(root: Path) -> Instance:
    """The instance in a folder. Raises `SettingsError` for all that is wrong with its files."""
    try:
        return Instance(root)
    except (ValueError, ArgumentError) as error:  # layouts that clash; a database address
        raise SettingsError(f"{root}: {error}") from error


def scheme_of(hub: Instance, code: str | None) -> Scheme:
    """The scheme that is asked for, or the only one. Raises `SettingsError`."""
    schemes = hub.settings.schemes
    if code is None and len(schemes) == 1:
        return next(iter(schemes.values()))
    if code is None or code not in schemes:
        raise SettingsError(f"name a scheme with --scheme: {', '.join(schemes)}")
    return schemes[code]
