"""The commented example in the root of the repository."""

import re
import shutil
from pathlib import Path

import pytest

from hub import settings
from hub.cli.main import VERBS
from tests.cli.conftest import Call

EXAMPLE = Path(__file__).parents[2] / "settings.toml"
MODELS = (
    settings.HubTable,
    settings.DatabaseTable,
    settings.Policies,
    settings.Scheme,
    settings.Partner,
    settings.Channel,
    settings.ReceiptRule,
    settings.Cutoff,
    settings.Agreement,
    settings.Schedule,
)
NOT_WRITTEN = {"code", "policies", "options"}
"""Fields that are made of others: the code stands in the name of the table."""
KEYS = sorted(
    {field.alias or name for model in MODELS for name, field in model.model_fields.items()}
    - NOT_WRITTEN
)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained(key: str) -> None:
    """Each key that the settings know stands in the example, in use or with its default."""
    text = EXAMPLE.read_text(encoding="utf-8")

    assert re.search(rf"^#? ?\[?{key}(\]| =)|[{{,] {key} =|^# \[hub\.{key}\]", text, re.MULTILINE)


def test_the_defaults_are_told_right() -> None:
    """A key behind a mark shows the default of the program."""
    told = EXAMPLE.read_text(encoding="utf-8")
    for model in (settings.HubTable, settings.Policies):
        for name, field in model.model_fields.items():
            shown = re.search(rf"^# {name} = (\S+)", told, re.MULTILINE)
            if shown and not field.is_required():
                assert shown[1].strip('"') == str(field.default).replace("True", "true"), name


def test_it_runs_as_it_is(call: Call, tmp_path: Path) -> None:
    """With a key made, the example works: nothing is bad, and a pass comes to its end."""
    shutil.copy(EXAMPLE, tmp_path)
    at = ("--root", tmp_path, "--lang", "en")

    assert call(*at, "keys", "new").code == 0
    assert call(*at, "run", "--once") == (0, "", "")
    said = call(*at, "doctor", "--json")
    assert [check for check in said.json["checks"] if check["state"] == "bad"] == []
    assert said.code == 0


def test_every_command_in_its_text_is_there() -> None:
    """The commands that the example names are verbs."""
    named = re.findall(r"(?:`|^#   )hub ([a-z]+)", EXAMPLE.read_text("utf-8"), re.MULTILINE)

    assert named
    assert set(named) <= set(VERBS)
