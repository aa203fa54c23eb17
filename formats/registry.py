"""Which formats there are: modules of this package, installed packages, layouts in folders.

A further format is found by being there: a module with a `NAME`, an entry point of the group
`zhku_hub.formats`, or a TOML layout beside the modules or in a folder of the instance.
"""

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

import formats
from formats import table
from formats.contract import Format

GROUP = "zhku_hub.formats"
_PACKAGE = Path(__file__).parent
_NO_LAYOUT = "findings.toml"

Found = Iterator[tuple[str, Format]]
"""Formats, each with the place where it was found."""


def discover(folders: Iterable[Path] = ()) -> dict[str, Format]:
    """All formats by name: the package's, the installed ones, and the layouts of `folders`.

    Raises `ValueError` that names both places when two formats have one `NAME`.
    """
    known: dict[str, tuple[str, Format]] = {}
    for place, form in _all(folders):
        if form.NAME in known:
            raise ValueError(
                f"two formats are named {form.NAME}: {known[form.NAME][0]} and {place}"
            )
        known[form.NAME] = place, form
    return {name: known[name][1] for name in sorted(known)}


def _all(folders: Iterable[Path]) -> Found:
    yield from _modules()
    yield from _installed()
    # the instance may be the folder that holds the package: its layouts are read once
    for folder in dict.fromkeys(path.resolve() for path in (_PACKAGE, *folders)):
        yield from _layouts(folder)


def _modules() -> Found:
    for info in pkgutil.iter_modules(formats.__path__):
        module = import_module(f"{formats.__name__}.{info.name}")
        if hasattr(module, "NAME"):
            yield module.__name__, cast(Format, module)


def _installed() -> Found:
    for point in entry_points(group=GROUP):
        yield point.value, cast(Format, point.load())


def _layouts(folder: Path) -> Found:
    for path in sorted(folder.glob("*.toml")):
        if path.name != _NO_LAYOUT:
            yield str(path), table.load(path)
