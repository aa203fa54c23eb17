"""A mapping file as it is declared: read, every key known, every field of its message covered."""

import difflib
import hashlib
import tomllib
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from formats.contract import Layout
from hub.errors import SettingsError
from hub.mapping.values import MAKERS, MARKS, Form
from hub.messages import MESSAGES

FILE_KEYS = {
    "name", "version", "format", "message", "key", "key_space", "control", "fields", "tables",
    "constants",
}  # fmt: skip
FIELD_KEYS = {
    "from", "constant", "name", "or_name", "agrees", "as", "required", "default", "on_bad", "table",
    "pattern", "scale", "mark", "thousands", "fewer", "digits", "sign", "min_year", "open_end",
    "matches", "unknown",
}  # fmt: skip
CHOICES: Mapping[str, Iterable[str]] = {
    "as": MAKERS,
    "mark": MARKS,
    "sign": ("any", "positive", "not_negative"),
    "on_bad": ("record", "file", "suspense"),
    "unknown": ("refuse", "keep"),
}


class Target(NamedTuple):
    """A field of the message and where its value comes from."""

    name: str
    sources: tuple[str, ...] = ()
    """Columns of the row; several are joined by a blank."""
    constant: str | None = None
    groups: tuple[str, ...] = ()
    """Named groups of the file name (or other filled-in values): the first that is filled is the
    value, or stands in for an empty column."""
    agrees: bool = False
    """Column and group must say the same where both say something (E-SENDER)."""
    form: Form = Form()
    required: bool = False
    default: str | None = None
    on_bad: str = "record"


class Declared(NamedTuple):
    """A mapping file."""

    path: Path
    name: str
    version: str
    digest: str
    """SHA-256 of its bytes: which mapping judged a file."""
    format: str
    message: str
    targets: tuple[Target, ...]
    """One for each field of the message, in its order."""
    key: tuple[str, ...]
    key_space: str | None
    control: Mapping[str, str]
    """Field of the message -> field of the envelope that announces its sum."""
    constants: Mapping[str, str]
    """Columns that only writing fills."""


def read(path: Path) -> Declared:
    """Read a mapping file. Raises `SettingsError` that names the file, the place and the key."""
    content = path.read_bytes()
    try:
        told = tomllib.loads(content.decode("utf-8"))
    except ValueError as cause:
        raise SettingsError(f"{path}: {cause}") from cause
    _known(path, "the file", told, FILE_KEYS)
    for key in ("name", "version", "format", "message", "fields"):
        if key not in told:
            raise SettingsError(f"{path}: the key {key!r} is missing")
    _known(path, "message", [told["message"]], MESSAGES)
    names = MESSAGES[told["message"]].__annotations__
    for place in ("fields", "control"):
        _known(path, place, told.get(place, ()), names)
    _known(path, "key", told.get("key", ()), names)
    return Declared(
        path,
        told["name"],
        str(told["version"]),
        hashlib.sha256(content).hexdigest(),
        told["format"],
        told["message"],
        _targets(path, told),
        tuple(told.get("key", ())),
        told.get("key_space"),
        told.get("control", {}),
        told.get("constants", {}),
    )


def places_of(said: Declared, target: Target, layout: Layout) -> list[int]:
    """Where the columns of a field stand. Raises `SettingsError` for one that is not there."""
    for name in target.sources:
        if name not in layout.names:
            place = f"{said.path}: fields.{target.name}.from"
            raise SettingsError(f"{place}: {unknown(name, layout.names)}")
    return [layout.names.index(name) for name in target.sources]


def _targets(path: Path, told: Mapping[str, Any]) -> tuple[Target, ...]:
    hints = get_type_hints(MESSAGES[told["message"]])
    return tuple(
        _target(path, name, hint, told["fields"].get(name), told.get("tables", {}))
        for name, hint in hints.items()
    )


def _target(
    path: Path, name: str, hint: object, said: Mapping[str, Any] | None, tables: Mapping[str, Any]
) -> Target:
    may_be_absent = isinstance(hint, types.UnionType)
    if said is None and may_be_absent:
        return Target(name)
    if not said:
        raise SettingsError(f"{path}: the message needs its field {name!r}")
    _check(path, name, said)
    return Target(
        name,
        _listed(said.get("from", ())),
        said.get("constant"),
        _listed(said.get("name", said.get("or_name", ()))),
        said.get("agrees", False),
        _form(path, name, said, tables),
        said.get("required", not may_be_absent),
        said.get("default"),
        said.get("on_bad", "record"),
    )


def _check(path: Path, name: str, said: Mapping[str, Any]) -> None:
    _known(path, f"fields.{name}", said, FIELD_KEYS)
    for key, choice in CHOICES.items():
        if key in said:
            _known(path, f"fields.{name}.{key}", [said[key]], choice)
    if sum(key in said for key in ("from", "constant", "name")) != 1:
        raise SettingsError(f"{path}: fields.{name} wants one of 'from', 'constant', 'name'")


def _form(path: Path, name: str, said: Mapping[str, Any], tables: Mapping[str, Any]) -> Form:
    form = Form(
        kind=said.get("as", "text"),
        pattern=_listed(said.get("pattern", "%d.%m.%Y")),
        table=_table(path, name, said, tables),
    )
    plain = ("scale", "mark", "thousands", "fewer", "digits", "sign", "min_year", "open_end",
             "matches", "unknown")  # fmt: skip
    return form._replace(**{key: said[key] for key in plain if key in said})


def _table(
    path: Path, name: str, said: Mapping[str, Any], tables: Mapping[str, Any]
) -> Mapping[str, str] | None:
    if (said.get("as") == "code") != ("table" in said):
        raise SettingsError(f"{path}: fields.{name}: 'as = \"code\"' and 'table' go together")
    if "table" not in said:
        return None
    _known(path, f"fields.{name}.table", [said["table"]], tables)
    table: Mapping[str, str] = tables[said["table"]]
    return table


def _listed(said: str | Iterable[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _known(path: Path, place: str, found: Iterable[str], known: Iterable[str]) -> None:
    for key in found:
        if key not in known:
            raise SettingsError(f"{path}: {place}: {unknown(key, known)}")


def unknown(key: str, known: Iterable[str]) -> str:
    """The sentence about a key that is not known, with the nearest one that is."""
    near = difflib.get_close_matches(key, list(known), 1, 0)
    return f"{key!r} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
