"""Making an instance, and working in one."""

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

from hub.instance import FOLDERS
from tests.cli.conftest import Call

ROOT = Path(__file__).parents[2]


def test_a_new_instance(call: Call, tmp_path: Path) -> None:
    """Settings, folders, database and a closed key are made, and the next steps are told."""
    folder = tmp_path / "new" / "hub"

    said = call("--lang", "en", "init", folder, "--name", 'ЖЭУ "№ 1"')

    assert (said.code, said.err) == (0, "")
    assert f"hub --root {folder} doctor" in said.out
    own = tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8"))["hub"]
    assert (own["name"], own["language"]) == ('ЖЭУ "№ 1"', "en")
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(FOLDERS)
    assert (folder / "keys" / "hub.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "hub.db").exists()


def test_an_instance_is_not_made_twice(call: Call, root: Path) -> None:
    """A folder with settings is left alone."""
    before = (root / "settings.toml").read_bytes(), (root / "keys" / "hub.key").read_bytes()

    said = call("init", root)

    assert said.code == 2
    assert "is an instance already" in said.err
    assert before == (
        (root / "settings.toml").read_bytes(),
        (root / "keys" / "hub.key").read_bytes(),
    )


def test_once(hub: Call, root: Path) -> None:
    """`hub run --once` does what is due and ends; the start stands in the journal."""
    assert hub("run", "--once") == (0, "", "")
    assert '"action":"hub.start"' in next((root / "journal").glob("*.jsonl")).read_text()


def test_no_work_without_a_key(hub: Call, root: Path) -> None:
    """Without its key the hub does not start: it could not answer any file."""
    (root / "keys" / "hub.key").unlink()

    said = hub("run", "--once")

    assert said.code == 2
    assert "hub.key" in said.err


def test_what_is_missing_is_made(hub: Call, root: Path) -> None:
    """A start makes folders and database of an instance that has only settings and a key."""
    (root / "hub.db").unlink()
    (root / "outbox" / "erip").rmdir()

    assert hub("run", "--once").code == 0
    assert (root / "outbox" / "erip").is_dir()
    assert hub("verify", "journal").code == 0


def daemon(root: Path) -> subprocess.Popen[str]:
    """`hub run` in a process of its own."""
    code = "from hub.cli.main import main; main()"
    command = [sys.executable, "-c", code, "--root", str(root), "--lang", "en", "run"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_a_signal_ends_the_daemon(root: Path) -> None:
    """SIGTERM ends `hub run` cleanly, and the stop stands in the journal."""
    with daemon(root) as process:
        assert process.stderr is not None
        assert "at work" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()

    assert (process.returncode, rest) == (0, "")
    entries = next((root / "journal").glob("*.jsonl")).read_text().splitlines()
    assert '"action":"hub.stop"' in entries[-1]


def test_one_daemon_at_a_time(hub: Call, root: Path) -> None:
    """A second process on the same instance is refused in a sentence."""
    with daemon(root) as process:
        assert process.stderr is not None
        process.stderr.readline()
        said = hub("run", "--once")
        process.send_signal(signal.SIGINT)

    assert process.returncode == 0
    assert said.code == 1
    assert "another process works on" in said.err
