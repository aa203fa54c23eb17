"""`hub bench`: the speed of this machine and ours as a ratio to it, measured in one run."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.bench.machine import machine
from hub.bench.place import Size
from hub.bench.run import BENCHES, Result, run
from hub.bench.town import SERVICES
from hub.cli.output import as_json, console
from hub.errors import SettingsError


def bench(
    name: Annotated[str, typer.Argument(help="one bench; without it all")] = "",
    records: Annotated[int, typer.Option(min=1, help="records of an input")] = 100_000,
    accounts: Annotated[int, typer.Option(min=1, help="accounts that are rated")] = 5_000,
    services: Annotated[
        int, typer.Option(min=1, max=len(SERVICES), help="services of an account")
    ] = 6,
    database: Annotated[
        str, typer.Option(help="postgresql://... ; measured beside SQLite, in a schema hub_bench")
    ] = "",
    as_text: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure our speed and memory against the calibration of this machine.

    Example: hub bench register --records 1000000
    """
    if name and name not in BENCHES:
        raise SettingsError(f"no bench {name!r}; there are {', '.join(BENCHES)}")
    if database and not database.startswith("postgresql"):
        raise SettingsError("--database wants postgresql://... ; SQLite is measured always")
    progress = Console(stderr=True)
    results = run(
        [name] if name else list(BENCHES),
        Size(records, accounts, services),
        database or None,
        progress.print if progress.is_terminal else lambda text: None,
    )
    found = list(results)
    facts = machine(database or None)
    if as_text:
        print(as_json({"machine": facts, "results": [result._asdict() for result in found]}))
    else:
        _show(facts, found)


def _show(facts: dict[str, str | int], results: list[Result]) -> None:
    out = Table(title=", ".join(f"{name} {value}" for name, value in facts.items()))
    for heading in ("bench", "database"):
        out.add_column(heading)
    for heading in ("records", "figure", "calibration", "ratio", "peak MB"):
        out.add_column(heading, justify="right")
    for r in results:
        rates = (f"{rate:,.0f} {r.unit}" for rate in (r.figure, r.calibration))
        out.add_row(
            r.name, r.database, f"{r.records:,}", *rates, f"{r.ratio:.2f}", f"{r.peak_mb:.1f}"
        )
    console().print(out)
