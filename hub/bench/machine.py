"""What the figures were measured on."""

import os
import platform
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.store.session import Store

MEGABYTE = 1024 * 1024


def machine(database: str | None) -> dict[str, str | int]:
    """Processor, cores, memory and the versions that matter; PostgreSQL's where one is given."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found: dict[str, str | int] = {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "memory_mb": memory // MEGABYTE,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    return found | ({"postgresql": _postgresql(database)} if database else {})


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _postgresql(database: str) -> str:
    with closing(Store(database)) as store, store.reading() as tx:
        return tx.text("SHOW server_version") or ""
