"""Messages to rows: a mapping the other way."""

from collections.abc import Callable

from formats.contract import Field, Layout, Row
from hub.errors import SettingsError
from hub.mapping import printed
from hub.mapping.declared import Declared, places_of, unknown

Message = tuple[object, ...]


def compiled(said: Declared, layout: Layout) -> Callable[[Message], Row]:
    """What turns a message into a row of the layout; see `Mapping.writer`."""
    for target in said.targets:
        if len(target.sources) > 1:
            raise SettingsError(f"{said.path}: fields.{target.name} is joined, hence read only")
        places_of(said, target, layout)
    for name in said.constants:
        if name not in layout.names:
            raise SettingsError(f"{said.path}: constants: {unknown(name, layout.names)}")
    prints = [_print(said, field) for field in layout.fields]
    return lambda message: tuple([write(message) for write in prints])


def _print(said: Declared, field: Field) -> Callable[[Message], str]:
    if field.name in said.constants:
        return _always(said.constants[field.name])
    for at, target in enumerate(said.targets):
        if target.sources == (field.name,):
            return _of_field(at, printed.printer(target.form))
    if field.mandatory:
        raise SettingsError(f"{said.path}: nothing fills the column {field.name!r}")
    return _always("")


def _always(text: str) -> Callable[[Message], str]:
    return lambda message: text


def _of_field(at: int, write: printed.Print) -> Callable[[Message], str]:
    return lambda message: write(message[at])
