"""Runs the benches: for each database our path, then at once its calibration.

Everything is made and measured in processes forked from one that holds no data, each in an
instance of its own, so that neither memory nor caches of one measurement help the next.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hub.bench import accept, mapping, rate, register, xml
from hub.bench.contract import Bench
from hub.bench.measure import Sample, apart, measured
from hub.bench.place import Place, Size, clear, make
from hub.errors import Inconsistent

BENCHES: Mapping[str, Bench] = {
    bench.NAME: bench for bench in (register, mapping, xml, rate, accept)
}
SQLITE = "sqlite:///hub.db"
OURS, CALIBRATION = "ours", "calibration"

Tell = Callable[[str], None]
"""Told what is measured next."""


class Result(NamedTuple):
    """A line of the table; rates are in `unit`, memory is that of our path over its start."""

    name: str
    database: str
    records: int
    figure: float
    unit: str
    calibration: float
    ratio: float
    peak_mb: float


def run(names: Sequence[str], size: Size, database: str | None, tell: Tell) -> Iterator[Result]:
    """Measure benches on SQLite and on the PostgreSQL given, one after the other."""
    try:
        for name in names:
            yield from _run(BENCHES[name], size, database, tell)
    finally:
        if database:
            clear(database)


def _run(bench: Bench, size: Size, database: str | None, tell: Tell) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        place = Place(Path(folder), Path(folder) / "input", size)
        place.input.mkdir()
        tell(f"{bench.NAME}: input")
        apart(bench.make_input, place)
        if not bench.STORES:
            yield _compared(bench, place, SQLITE, "none", tell)
            return
        yield _compared(bench, place, SQLITE, "sqlite", tell)
        if database:
            yield _compared(bench, place, database, "postgresql", tell)


def _compared(bench: Bench, place: Place, url: str, shown: str, tell: Tell) -> Result:
    samples = []
    for role in (OURS, CALIBRATION):
        tell(f"{bench.NAME}, {shown}: {role}")
        here = place._replace(root=place.root / f"{shown}-{role}")
        apart(_furnished, bench.NAME, here, url)
        samples.append(apart(_measured, bench.NAME, here, role))
    ours, calibration = samples
    if ours.units != calibration.units:
        counts = f"{ours.units} and {calibration.units}"
        raise Inconsistent(f"bench {bench.NAME}: {counts} units cannot be compared")
    return Result(
        bench.NAME,
        shown,
        ours.units,
        round(ours.rate, 1),
        bench.UNIT,
        round(calibration.rate, 1),
        round(ours.rate / calibration.rate, 3),
        round(ours.peak_mb, 1),
    )


def _furnished(name: str, place: Place, url: str) -> None:
    make(place, url)
    with place.opened() as hub:
        BENCHES[name].furnish(place, hub)


def _measured(name: str, place: Place, role: str) -> Sample:
    bench = BENCHES[name]
    work = bench.ours if role == OURS else bench.calibration
    return measured(lambda watch: work(place, watch))
