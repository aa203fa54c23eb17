"""`hub formats` and `hub mapping`: what an integrator asks."""

from pathlib import Path
from typing import Annotated

import typer

from formats.contract import Format, Layout
from formats.registry import discover
from hub.cli.edge import Asked
from hub.cli.options import Json
from hub.cli.output import as_json, console, facts, table
from hub.cli.words import say
from hub.errors import Refused, SettingsError
from hub.mapping import Mapping, load
from hub.settings import find_root

app = typer.Typer()
mapping = typer.Typer()


def _known(ctx: typer.Context) -> tuple[dict[str, Format], str]:
    """The formats of the instance, or outside of one the installed ones; the language."""
    asked: Asked = ctx.obj
    try:
        folders = [find_root(asked.root) / "formats"]
    except SettingsError:
        folders = []
    try:
        return discover(folders), asked.lang or "ru"
    except ValueError as error:
        raise SettingsError(str(error)) from None


@app.command("list")
def list_(ctx: typer.Context, in_json: Json = False) -> None:
    """All formats: the product's, installed ones, and the layouts of the instance.

    Example: hub formats list
    """
    known, lang = _known(ctx)
    if in_json:
        print(as_json({"formats": [_shape(form) for form in known.values()]}))
        return
    heads = ("name", "title", "direction", "versions")
    rows = [
        (form.NAME, form.TITLE, form.DIRECTION, ", ".join(form.VERSIONS)) for form in known.values()
    ]
    console().print(table(heads, rows, lang=lang))


def _shape(form: Format) -> dict[str, object]:
    return {
        "name": form.NAME,
        "title": form.TITLE,
        "direction": form.DIRECTION,
        "versions": list(form.VERSIONS),
    }


@app.command()
def show(ctx: typer.Context, name: str, in_json: Json = False) -> None:
    """One format: its settings in an agreement, and its fields where it declares them.

    Example: hub formats show meters.21
    """
    known, lang = _known(ctx)
    if name not in known:
        raise Refused("format", f"no format {name!r}; known: {', '.join(known)}")
    form = known[name]
    layout = _layout(form)
    fields = layout.fields if layout else ()
    if in_json:
        told = _shape(form) | {"options": dict(form.OPTIONS)}
        print(as_json(told | {"fields": [field._asdict() for field in fields]}))
        return
    options = ", ".join(f"{key} = {value!r}" for key, value in form.OPTIONS.items())
    pairs = [(key, str(value)) for key, value in _shape(form).items() if key != "versions"]
    pairs += [("versions", ", ".join(form.VERSIONS)), ("options", options)]
    console().print(facts(pairs, lang))
    rows = [
        (field.name, str(field.width or ""), say(lang, "yes") if field.mandatory else "")
        for field in fields
    ]
    if rows:
        console().print(table(("name", "width", "mandatory"), rows, ["width"], lang))


def _layout(form: Format) -> Layout | None:
    """The layout that a format declares under one of two names, if it does."""
    found = getattr(form, "layout", None) or getattr(form, "RECORD", None)
    return found if isinstance(found, Layout) else None


@mapping.callback()
def _group() -> None:
    """Mapping files."""


@mapping.command("check")
def check_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    in_json: Json = False,
) -> None:
    """Whether a mapping file is right: its keys, its message, its format and its columns.

    Example: hub mapping check mappings/erip-206.toml
    """
    known, lang = _known(ctx)
    found = load(file)
    check_mapping(found, known)
    if in_json:
        told = {"name": found.name, "version": found.version, "format": found.format}
        print(as_json(told | {"message": found.message, "sha256": found.digest}))
    else:
        print(say(lang, "mapping_right", name=found.name, version=found.version))


def check_mapping(found: Mapping, known: dict[str, Format]) -> None:
    """Compile a mapping for the layout of its format. Raises `SettingsError`."""
    form = known.get(found.format)
    if form is None:
        raise SettingsError(f"{found.path}: no format {found.format!r}; {', '.join(known)}")
    layout = _layout(form)
    if layout is not None and form.DIRECTION != "out":
        found.reader(layout, {})
    if layout is not None and form.DIRECTION != "in":
        found.writer(layout)
