"""One measurement: a piece of work in a process of its own, its time and its peak of memory."""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Stopwatch:
    """Adds up the time spent inside its `with` blocks: what stands around is not measured."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.peak_mb = 0.0
        """The largest memory of the process until the last block ended."""
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since
        self.peak_mb = _peak_mb()


Work = Callable[[Stopwatch], int]
"""Does something under the stopwatch and gives how many units it did."""


class Sample(NamedTuple):
    """What a piece of work came to."""

    units: int
    seconds: float
    peak_mb: float
    """Largest resident memory over that of its process at the start: interpreter and modules."""

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.seconds


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a forked process: it begins with our modules loaded and no data."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def measured(work: Work) -> Sample:
    """Time and peak of a piece of work; to be called `apart`, so that peaks do not mix."""
    before, watch = _peak_mb(), Stopwatch()
    units = work(watch)
    return Sample(units, watch.seconds, watch.peak_mb - before)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
