"""What an integrator asks."""

from pathlib import Path

import pytest

from formats.registry import discover
from tests.cli.conftest import Call

ROOT = Path(__file__).parents[2]
MAPPINGS = sorted((ROOT / "mappings").glob("*.toml"))


def test_the_list(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every format by name, title, direction and versions; no instance is needed."""
    monkeypatch.chdir(tmp_path)

    found = call("formats", "list", "--json").json["formats"]

    assert [form["name"] for form in found] == list(discover())
    assert all(set(form) == {"name", "title", "direction", "versions"} for form in found)
    assert "erip.210" in call("formats", "list").out


def test_a_layout_of_the_instance(hub: Call, root: Path) -> None:
    """A layout in the folder of the instance is a format like the others."""
    layout = (ROOT / "formats" / "meters_21.toml").read_text(encoding="utf-8")
    (root / "formats").mkdir()
    (root / "formats" / "mine.toml").write_text(
        layout.replace('"meters.21"', '"my.meters"'), encoding="utf-8"
    )

    names = [form["name"] for form in hub("formats", "list", "--json").json["formats"]]

    assert "my.meters" in names


def test_one_format(call: Call) -> None:
    """Its settings and its fields, with width and whether they must be filled."""
    told = call("formats", "show", "erip.210", "--json").json

    assert told["options"]["check_totals"] == "refuse"
    fields = {field["name"]: field for field in told["fields"]}
    assert fields["transferred"]["mandatory"] is True
    assert "transferred" in call("formats", "show", "erip.210").out


def test_an_unknown_format(call: Call) -> None:
    """A name that is not there is refused with those that are."""
    said = call("formats", "show", "erip.999", "--json")

    assert (said.code, said.error["code"]) == (1, "format")
    assert "erip.210" in said.error["text"]


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_the_mappings_of_the_product_are_right(call: Call, path: Path) -> None:
    """Each mapping that travels with the product passes its own check."""
    said = call("mapping", "check", path, "--json")

    assert (said.code, said.err) == (0, "")
    assert said.json["name"] == path.stem


def test_a_wrong_mapping(call: Call, tmp_path: Path) -> None:
    """A column that the format lacks is named with its place."""
    text = (ROOT / "mappings" / "erip-206.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace('from = "amount"', 'from = "amuont"', 1), encoding="utf-8")

    said = call("mapping", "check", wrong)

    assert said.code == 2
    assert "amuont" in said.err
