"""Bench `mapping`: rows of a 210 become messages, against decoding them by hand."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from formats import erip_210
from formats.contract import Numbered
from hub.bench import byhand, payments
from hub.bench.measure import Stopwatch
from hub.bench.place import Place
from hub.instance import Instance
from hub.records import CHUNK

NAME = "mapping"
UNIT = "records/s"
STORES = False


def make_input(place: Place) -> None:
    """A register."""
    payments.write_register(place.input / "1.210", place.size.records)


def furnish(place: Place, hub: Instance) -> None:
    """A mapping asks for nothing stored."""


def ours(place: Place, watch: Stopwatch) -> int:
    """The product's mapping, compiled."""
    with place.opened() as hub:
        reader = hub.mapping("erip-210").reader(erip_210.RECORD, {})
        return _translated(place, watch, lambda chunk: reader.translate(chunk)[0])


def calibration(place: Place, watch: Stopwatch) -> int:
    """The same fields to the same tuples with the same checks, written for this one layout."""
    return _translated(
        place, watch, lambda chunk: [(line, byhand.payment(row)) for line, row in chunk]
    )


def _translated(
    place: Place, watch: Stopwatch, translate: Callable[[list[Numbered]], Sequence[object]]
) -> int:
    """Only the translation is under the stopwatch, not the reading of the rows."""
    count = 0
    for chunk in _chunks(place):
        with watch:
            messages = translate(chunk)
        count += len(messages)
    return count


def _chunks(place: Place) -> Iterator[list[Numbered]]:
    with (place.input / "1.210").open("rb") as stream:
        _, rows = erip_210.decode(stream, {})
        while chunk := list(islice(rows, CHUNK)):
            yield chunk
