"""What a bench is: a module with agreed names, found by the name in `hub.bench.run`."""

from typing import Protocol

from hub.bench.measure import Stopwatch
from hub.bench.place import Place
from hub.instance import Instance


class Bench(Protocol):
    """One comparison of our path with the least that could do the same."""

    @property
    def NAME(self) -> str:  # noqa: N802 - the names of the contract are those of a module
        """As the command line calls it."""
        ...

    @property
    def UNIT(self) -> str:  # noqa: N802
        """Of figure and calibration."""
        ...

    @property
    def STORES(self) -> bool:  # noqa: N802
        """Whether it differs from one database to another."""
        ...

    def make_input(self, place: Place) -> None:
        """Write to `place.input` what our path and the calibration read; only once."""
        ...

    def furnish(self, place: Place, hub: Instance) -> None:
        """Store what a fresh instance must hold before."""
        ...

    def ours(self, place: Place, watch: Stopwatch) -> int:
        """The path of the product; gives the units done under the stopwatch."""
        ...

    def calibration(self, place: Place, watch: Stopwatch) -> int:
        """The yardstick, with as many units."""
        ...
