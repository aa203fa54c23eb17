"""The architecture as a few words: imports go one way, and a test holds it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = (
    "cli daemon jobs console simulation bench",
    "pipeline doubles review closing rating explaining departure gathering records answer"
    " arrival instance",
    "posting settlement proof",
    "exchange | signing | mapping | journal",
    "store",
    "billing",
    "messages settings errors clock money month",
    "formats",
)
"""A row may import itself and the rows under it; a `|` parts peers that do not import another."""

PEERS = [[set(peer.split()) for peer in row.split("|")] for row in ROWS]
SIMULATION_MAY = {"clock", "money", "month", "simulation", "formats"}
MODULES = sorted([*ROOT.glob("hub/**/*.py"), *ROOT.glob("formats/*.py")])


def room(dotted: str) -> str:
    """`hub.store.session` -> `store`; `formats.table` -> `formats`; else ''."""
    parts = dotted.split(".")
    if parts[0] == "formats":
        return "formats"
    return parts[1] if parts[0] == "hub" and len(parts) > 1 else ""


def imported(path: Path) -> set[str]:
    """The rooms that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "hub"
            names |= {f"hub.{alias.name}" for alias in node.names} if whole else {node.module}
    return {found for found in map(room, names) if found}


def place(name: str) -> tuple[int, set[str]]:
    """The row of a room and the peer group in it."""
    for number, row in enumerate(PEERS):
        for peer in row:
            if name in peer:
                return number, peer
    raise AssertionError(f"{name} stands in no row")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    """A module imports its own row and the rows under it, and no peer behind a bar."""
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    here = room(dotted)
    if not here or here == "VERSION" or (path.name == "__init__.py" and path.parent.name == "hub"):
        return
    row, peers = place(here)
    for name in imported(path) - {here, "VERSION"}:
        below, _ = place(name)
        assert below > row or (below == row and name in peers), f"{here} imports {name}"
    if here == "simulation":
        assert imported(path) <= SIMULATION_MAY
