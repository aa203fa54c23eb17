"""What the hub would do with a file, changing nothing."""

from pathlib import Path

from tests.cli.conftest import Desk, notice


def state(root: Path) -> dict[Path, bytes]:
    """Every file of an instance but those of the database itself."""
    files = (path for path in root.rglob("*") if path.is_file() and "hub.db" not in path.name)
    return {path: path.read_bytes() for path in files}


def test_a_good_file(desk: Desk, tmp_path: Path) -> None:
    """Every step is shown; nothing of the file stays, so that it can come afterwards."""
    file = tmp_path / "1.206"
    file.write_bytes(notice(1))
    before = state(desk.root)

    said = desk.hub("check", file, "--agreement", "erip-206", "--json")

    assert (said.code, said.json["outcome"]) == (0, "ACCEPTED")
    assert [step["step"] for step in said.json["steps"]][-1] == "post"
    assert {"code", "severity", "line", "field", "value", "text"} == set(said.json["findings"][0])
    assert desk.messages() == []
    assert state(desk.root) == before
    assert desk.drop("1.206", file.read_bytes())["state"] == "ACCEPTED"


def test_a_known_file(desk: Desk, tmp_path: Path) -> None:
    """A file that was taken before is shown as a duplicate, which is no fault of it."""
    desk.drop("1.206", notice(1))
    file = tmp_path / "1.206"
    file.write_bytes(notice(1))

    said = desk.hub("check", file, "--agreement", "erip-206", "--json")

    assert (said.code, said.json["outcome"]) == (0, "DUPLICATE")


def test_a_bad_file(desk: Desk, tmp_path: Path) -> None:
    """A refused file ends with exit code 1, the step at which it ended, and the sentence."""
    file = tmp_path / "1.206"
    file.write_bytes(b"nothing of ours\r\n")

    said = desk.hub("check", file, "--agreement", "erip-206")

    assert said.code == 1
    assert "E-VERSION" in said.out
    assert "Outcome: REJECTED. Nothing was changed." in said.out


def test_a_wrong_name(desk: Desk, tmp_path: Path) -> None:
    """A name that the agreement does not claim would go to quarantine."""
    file = tmp_path / "other.txt"
    file.write_bytes(notice(1))

    said = desk.hub("check", file, "--agreement", "erip-206", "--json")

    assert (said.code, said.json["outcome"]) == (1, "QUARANTINED")
    assert said.json["steps"] == [{"step": "identify", "result": "QUARANTINED"}]


def test_an_unknown_agreement(desk: Desk, tmp_path: Path) -> None:
    """An agreement that is not there is refused with those that are; so is a missing file."""
    file = tmp_path / "1.206"
    file.write_bytes(notice(1))

    said = desk.hub("check", file, "--agreement", "erip-999", "--json")
    lost = desk.hub("check", tmp_path / "no.206", "--agreement", "erip-206", "--json")

    assert (said.code, said.error["code"]) == (1, "agreement")
    assert "erip-206" in said.error["text"]
    assert (lost.code, lost.error["code"]) == (2, "usage")
