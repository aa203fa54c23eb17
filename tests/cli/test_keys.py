"""Keys of ours, certificates of partners."""

from datetime import timedelta
from pathlib import Path

from hub.clock import minsk
from hub.signing import keys
from tests.cli.conftest import Call, change

NOW = minsk(2026, 1, 1)


def test_the_list(hub: Call, root: Path) -> None:
    """Our certificate and those of partners, with whether the key lies beside them."""
    keys.new(root / "keys" / "partners", "water-1", "Water", NOW, None)
    (root / "keys" / "partners" / "water-1.key").unlink()

    found = {one["name"]: one for one in hub("keys", "list", "--json").json["keys"]}

    assert (found["hub"]["has_key"], found["partners/water-1"]["has_key"]) == (True, False)
    assert found["partners/water-1"]["subject"] == "CN=Water"
    assert len(found["hub"]["fingerprint"]) == 64
    assert found["hub"]["fingerprint"] in hub("keys", "list").out


def test_a_second_key(hub: Call, root: Path) -> None:
    """A key of another name is made beside the first; the same name is refused."""
    assert hub("keys", "new", "--name", "hub-2", "--years", "1").code == 0
    again = hub("keys", "new", "--name", "hub-2")

    assert (root / "keys" / "hub-2.key").exists()
    assert again.code == 2
    assert "never overwritten" in again.err


def test_no_plain_key_for_real_files(hub: Call, root: Path) -> None:
    """With env = "prod" a key needs a pass phrase."""
    change(root, 'env = "test"', 'env = "prod"')

    said = hub("keys", "new", "--name", "real")

    assert said.code == 2
    assert "HUB_KEY_PASSPHRASE" in said.err
    assert not (root / "keys" / "real.key").exists()


def test_a_certificate_of_a_partner(hub: Call, root: Path, tmp_path: Path) -> None:
    """The certificate alone is kept, whatever else the file held, and the line is shown."""
    made = keys.new(tmp_path / "theirs", "erip", "ERIP", NOW + timedelta(days=1), None)
    both = tmp_path / "both.pem"
    both.write_bytes(made.read_bytes() + made.with_suffix(".key").read_bytes())
    seal = keys.fingerprint(keys.certificate(made))

    said = hub("keys", "import", both, "--partner", "erip")

    name = f"keys/partners/erip-{seal[:8]}.pem"
    assert said.code == 0
    assert f'certificates = ["{name}"]' in said.out
    assert seal in said.out
    assert (root / name).read_bytes() == made.read_bytes()


def test_what_is_no_certificate(hub: Call, tmp_path: Path) -> None:
    """Another file and an unknown partner are refused with a sentence."""
    other = tmp_path / "other.pem"
    other.write_text("nothing")

    assert hub("keys", "import", other, "--partner", "erip").code == 2
    said = hub("keys", "import", other, "--partner", "water")
    assert "no partner 'water'; known: center, erip" in said.err
