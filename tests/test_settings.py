"""Settings are checked before use; an error names the place and what is right."""

from pathlib import Path

import pytest

from hub.errors import SettingsError
from hub.settings import data_folders, load

TEXT = """
[hub]
name = "Test"
env = "test"

[erip]
partial = "accept_park"
header_mark = "PS"

[scheme.DM0001]
partner = "ais"
subscriber_code = "31000001"
service_number = "1"
bank_code = "795"
iban = "BY39TSTB30120000000010000000"
bic = "TSTBBY2X"
service_excess = "penalty"

[[partner]]
id = "ais"
role = "charging"
name = "Center"
unp = "190000018"
provider_id = "501"

[[channel]]
id = "erip"
partner = "ais"

[[agreement]]
id = "erip-206"
partner = "ais"
kind = "erip.206"
direction = "in"
channel = "erip"
format = "erip.206"
mapping = "erip-206"
name_pattern = '(?P<number>[0-9]{1,8})\\.206'
completeness = ["count"]
signature = "none"
accept_risk = true
check_totals = "refuse"
env = "test"

[[schedule]]
job = "settlement.distribute"
cron = "0 23 * * *"
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_right_file_is_read(tmp_path: Path) -> None:
    """Tables become models; keys of the format stand apart; `[erip]` gives the defaults."""
    settings = load(_file(tmp_path, TEXT))

    agreement = settings.agreements["erip-206"]
    assert agreement.partial == "accept_park"
    assert agreement.options["check_totals"] == "refuse"
    assert settings.schemes["DM0001"].policies.service_excess == "penalty"


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ('env = "test"\n\n[erip]', 'enw = "test"\n\n[erip]', "unknown key 'enw' in [hub]"),
        ("service_excess =", "servise_excess =", "did you mean 'service_excess'?"),
        ("check_totals =", "chek_totals =", "did you mean 'check_totals'?"),
        ("header_mark =", "heder_mark =", "did you mean 'header_mark'?"),
        ('channel = "erip"', 'channel = "eripp"', "unknown channel 'eripp'"),
        ("accept_risk = true\n", "", 'signature = "none" needs accept_risk = true'),
        (
            'completeness = ["count"]\nsignature = "none"\naccept_risk = true',
            'completeness = ["none"]',
            "completeness is none",
        ),
        ('signature = "none"', 'signature = "required"', "has no certificates"),
        ('format = "erip.206"', 'format = "erip.999"', "no format 'erip.999'"),
        ('role = "charging"', 'role = "king"', "[[partner]] ais: role"),
        ("[0-9]{1,8})", "[0-9]{1,8}", "name_pattern"),
        ('partner = "ais"\nsubscriber', 'partner = "no"\nsubscriber', "unknown partner 'no'"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, right: str, wrong: str, expected: str) -> None:
    """An unknown key, a dead reference or an unsafe combination is one clear sentence."""
    assert right in TEXT
    with pytest.raises(SettingsError) as raised:
        load(_file(tmp_path, TEXT.replace(right, wrong, 1)))
    assert expected in str(raised.value)


def test_the_line_is_named(tmp_path: Path) -> None:
    """The message points to the line of the unknown key."""
    path = _file(tmp_path, TEXT.replace("service_excess", "servise_excess"))
    line = path.read_text(encoding="utf-8").splitlines().index('servise_excess = "penalty"') + 1
    with pytest.raises(SettingsError, match=f"line {line}:"):
        load(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """Without a settings file the text names the command that makes one."""
    with pytest.raises(SettingsError, match="hub init"):
        load(tmp_path / "settings.toml")


def test_partner_files_are_included(tmp_path: Path) -> None:
    """Tables of an included file are added to those of the first."""
    more = '[[partner]]\nid = "bank"\nrole = "bank"\nname = "B"\nunp = "100000027"\n'
    (tmp_path / "bank.toml").write_text(more, encoding="utf-8")
    settings = load(_file(tmp_path, 'include = ["bank.toml"]\n' + TEXT))
    assert list(settings.partners) == ["ais", "bank"]


def test_a_stored_clock_is_for_tests_only(tmp_path: Path) -> None:
    """A production instance cannot stand still in time."""
    text = TEXT.replace('env = "test"', 'env = "prod"').replace("[erip]", "", 1)
    text = text.replace('partial = "accept_park"\nheader_mark = "PS"\n', 'clock = "stored"\n', 1)
    with pytest.raises(SettingsError, match='env = "test"'):
        load(_file(tmp_path, text))


def test_the_instance_comes_before_the_product(tmp_path: Path) -> None:
    """Data files of the instance are asked before the installed ones."""
    (tmp_path / "mappings").mkdir()
    assert data_folders(tmp_path, "mappings")[0] == tmp_path / "mappings"
