"""The verbs, and what becomes of everything that goes wrong."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from hub import VERSION
from hub.cli import keys
from hub.cli.main import VERBS
from tests.cli.conftest import Call, change

ROOT = Path(__file__).parents[2]


def texts(name: str) -> list[str]:
    """The docstrings of the commands behind a verb."""
    found = getattr(import_module(VERBS[name].module), VERBS[name].name)
    if not isinstance(found, typer.Typer):
        return [found.__doc__]
    return [command.callback.__doc__ or "" for command in found.registered_commands]


@pytest.mark.parametrize("name", VERBS)
def test_every_command_shows_an_example(name: str) -> None:
    """The help of each command ends with a line that can be typed."""
    assert texts(name)
    for text in texts(name):
        assert f"Example: hub {name}" in text


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_told_alike_in_both_places(name: str) -> None:
    """The line in the list of verbs is the first line of the command's own help."""
    told = texts(name)
    if len(told) == 1 and name != "mapping":
        assert told[0].splitlines()[0] == VERBS[name].help


def test_help_loads_nothing_heavy() -> None:
    """The list of verbs is there at once: no database, no XML, no cryptography."""
    code = (
        "import sys; from hub.cli.main import command_line; command_line(['--help']);"
        "print({'sqlalchemy', 'lxml', 'cryptography', 'pydantic'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert said.stdout.strip() == "set()"


def test_help_names_every_verb(call: Call) -> None:
    """`hub --help` names each verb and ends well; `hub` alone shows the same as a usage error."""
    helped, alone = call("--help"), call()

    assert (helped.code, alone.code) == (0, 2)
    for name in VERBS:
        assert f" {name} " in helped.out
        assert f" {name} " in alone.out
    assert alone.err == ""


def test_version(call: Call) -> None:
    """`hub --version` is one line."""
    assert call("--version") == (0, f"zhku-hub {VERSION}\n", "")


def test_an_unknown_verb(call: Call) -> None:
    """A misspelt verb is a usage error that names the nearest, for programs as JSON."""
    said = call("mesages", "list", "--json")

    assert said.code == 2
    assert said.error["code"] == "usage"
    assert "Did you mean 'messages'?" in said.error["text"]


def test_no_instance(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of an instance the sentence names the command that makes one."""
    monkeypatch.chdir(tmp_path)

    said = call("keys", "list")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("hub: no settings.toml")
    assert "hub init DIR" in said.err


def test_the_instance_by_environment(
    call: Call, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`$HUB_ROOT` names the instance; from a folder inside of one it is found by itself."""
    monkeypatch.chdir(root / "inbox" / "erip")
    inside = call("keys", "list", "--json").json
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_ROOT", str(root))

    assert call("keys", "list", "--json").json == inside


def test_a_wrong_setting(hub: Call, root: Path) -> None:
    """An unknown key is refused with its line and the nearest known key, also as JSON."""
    change(root, "language =", "langage =")
    lines = (root / "settings.toml").read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith("langage"))

    plain, told = hub("keys", "list"), hub("keys", "list", "--json")

    assert (plain.code, told.code) == (2, 2)
    assert f"line {line}: unknown key 'langage' in [hub]; did you mean 'language'?" in plain.err
    assert told.error == {"code": "settings", "text": plain.err.removeprefix("hub: ").rstrip()}
    assert told.out == ""


def test_a_database_without_tables(hub: Call, root: Path) -> None:
    """A command on a database that was not prepared names the one that prepares it."""
    (root / "hub.db").unlink()

    said = hub("messages", "list")

    assert said.code == 2
    assert "`hub run` makes them" in said.err


def test_layouts_that_clash(hub: Call, root: Path) -> None:
    """Two formats of one name stop the start with both places, as a fault of the settings."""
    (root / "formats").mkdir()
    layout = (ROOT / "formats" / "meters_21.toml").read_text(encoding="utf-8")
    (root / "formats" / "mine.toml").write_text(layout, encoding="utf-8")

    said = hub("keys", "list")

    assert said.code == 2
    assert "two formats are named meters.21" in said.err


def test_a_defect_of_ours(hub: Call, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is one sentence and exit code 3; its trace stands in the log only."""

    def fail(_: Path) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(keys.keys, "listed", fail)

    said = hub("keys", "list", "--json")

    assert said.code == 3
    assert said.error["code"] == "failure"
    assert said.error["text"].startswith("unexpected RuntimeError: first line; ")
    log = (root / "hub.log").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert '"action": "command_failed"' in log


def test_the_log_is_shown_when_asked_for(call: Call, tmp_path: Path) -> None:
    """With `-v` the lines of the log come on standard error, before the sentence."""
    said = call("-v", "--root", tmp_path, "keys", "list")

    log, sentence = said.err.splitlines()
    assert '"action": "command_failed"' in log
    assert sentence.startswith("hub: ")


def test_interrupted(hub: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends without a trace, with the code that a shell expects."""

    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys.keys, "listed", interrupt)

    said = hub("keys", "list")

    assert said.code == 130
    assert "Traceback" not in said.err


def test_the_reader_goes_away() -> None:
    """A closed pipe is no failure worth a trace, and never looks like success."""
    code = "from hub.cli.main import main; main()"
    command = [sys.executable, "-c", code, "formats", "list", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (1, b"")
