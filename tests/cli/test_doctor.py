"""What the doctor sees, each check for itself."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.cli import doctor
from hub.clock import SimulatedClock, SystemClock, minsk
from hub.exchange.calendar import LAST_MOVED_YEAR
from hub.instance import Instance
from hub.journal import Entry, enter
from hub.signing import keys
from tests.cli.conftest import Call, change


def checks(hub: Call) -> dict[str, dict[str, str]]:
    """The last thing said by each check; the exit code goes with the worst."""
    said = hub("doctor", "--json")
    found = said.json["checks"]
    assert said.code == int(any(check["state"] == "bad" for check in found))
    return {check["check"]: check for check in found}


def bad(hub: Call) -> set[str]:
    """The checks that are bad; all others still said what they see."""
    found = checks(hub)
    assert set(found) >= {"settings", *doctor.CHECKS} - {"certificates"}
    return {name for name, check in found.items() if check["state"] == "bad"}


def pin(root: Path, path: str) -> None:
    """Name a certificate of the partner `erip` in the settings."""
    change(root, 'unp = "700000005"', f'unp = "700000005"\ncertificates = ["{path}"]')


def test_a_new_instance_is_well(hub: Call) -> None:
    """Nothing is bad in what `hub init` made, and the table says so."""
    assert bad(hub) == set()
    assert hub("doctor").code == 0


def test_a_key_that_is_gone(hub: Call, root: Path) -> None:
    """A removed key is bad, with the command that makes one; the other checks go on."""
    (root / "keys" / "hub.key").unlink()

    assert bad(hub) == {"key"}
    assert "hub keys new" in checks(hub)["key"]["mend"]


def test_a_key_that_others_may_read(hub: Call, root: Path) -> None:
    """A wrong mode is bad, with the mode that is right."""
    (root / "keys" / "hub.key").chmod(0o644)

    assert bad(hub) == {"key"}
    assert "chmod 600" in checks(hub)["key"]["text"]


def test_a_plain_key_for_real_files(hub: Call, root: Path) -> None:
    """With env = "prod" a key without a pass phrase is bad."""
    change(root, 'env = "test"', 'env = "prod"')

    found = [check for check in hub("doctor", "--json").json["checks"] if check["check"] == "key"]

    assert [check["state"] for check in found] == ["bad", "ok"]
    assert "HUB_KEY_PASSPHRASE" in found[0]["mend"]


def test_a_folder_that_is_gone(hub: Call, root: Path) -> None:
    """A missing folder is bad and named."""
    (root / "outbox" / "erip").rmdir()

    assert bad(hub) == {"folders"}
    assert str(root / "outbox" / "erip") in checks(hub)["folders"]["text"]


def test_folders_on_two_file_systems(
    hub: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a trial rename fails, files could not be handed over in one step."""
    monkeypatch.setattr(doctor.folders, "trial", lambda a, b: a.name != "erip")

    assert bad(hub) == {"renames"}


def test_a_trial_leaves_nothing(hub: Call, root: Path) -> None:
    """The doctor changes nothing that it looks at."""
    hub("doctor")
    before = sorted(root.rglob("*"))

    hub("doctor")

    assert sorted(root.rglob("*")) == before


def test_a_full_disk(hub: Call, root: Path) -> None:
    """Less free space than the settings ask for is bad."""
    change(root, 'env = "test"            #', 'env = "test"\ndisk_low_percent = 100 #')

    assert bad(hub) == {"disk"}


def test_no_tables(hub: Call, root: Path) -> None:
    """A database without our tables is bad, with the command that makes them."""
    (root / "hub.db").unlink()

    assert "database" in bad(hub)
    assert "hub run" in checks(hub)["database"]["mend"]


def test_a_clock_that_went_back(hub: Call, root: Path) -> None:
    """A journal entry of the future shows that the clock is behind."""
    opened = Instance(root)
    with opened.store.transaction() as tx:
        enter(tx, SystemClock().now() + timedelta(hours=1), [Entry("hub.start", "node:a", "ok")])
    opened.close()

    assert bad(hub) == {"clock"}


@pytest.mark.parametrize(
    ("age", "state"), [(3700, "bad"), (3640, "warn"), (100, "ok")], ids=["ended", "ends", "good"]
)
def test_the_certificate_of_a_partner(hub: Call, root: Path, age: int, state: str) -> None:
    """It is spoken of from thirty days before its end; after its end it is bad."""
    made = SystemClock().now() - timedelta(days=age)
    keys.new(root / "keys" / "partners", "erip", "ERIP", made, None)
    change(
        root, 'unp = "700000005"', 'unp = "700000005"\ncertificates = ["keys/partners/erip.pem"]'
    )

    found = checks(hub)["certificates"]

    assert found["state"] == state
    assert "keys/partners/erip.pem" in found["text"]


def test_a_certificate_that_is_not_there(hub: Call, root: Path) -> None:
    """A missing file is bad, with the command that brings it."""
    pin(root, "keys/no.pem")

    assert bad(hub) == {"certificates"}
    assert "--partner erip" in checks(hub)["certificates"]["mend"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('mapping = "erip-206"', 'mapping = "erip-20"', "no mapping 'erip-20'"),
        ('mapping = "erip-206"', 'mapping = "erip-210"', "is for erip.210, not for erip.206"),
        ('kind = "erip.202"', 'kind = "erip.203"', "'erip.203' does not go out"),
    ],
)
def test_an_agreement_that_cannot_work(
    hub: Call, root: Path, old: str, new: str, said: str
) -> None:
    """A mapping that is missing or for another format, or a kind that nobody makes."""
    change(root, old, new)

    assert bad(hub) == {"agreements"}
    assert said in checks(hub)["agreements"]["text"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"period.rate"', '"period.rat"', "no job 'period.rat'"),
        ('"10 0 1 * *"', '"70 0 1 * *"', "cron"),
    ],
)
def test_a_schedule_that_means_nothing(
    hub: Call, root: Path, old: str, new: str, said: str
) -> None:
    """An unknown job and a wrong cron text are bad."""
    change(root, old, new)

    assert bad(hub) == {"schedules"}
    assert said in checks(hub)["schedules"]["text"]


@pytest.mark.parametrize(
    ("day", "asked", "state"),
    [((10, 31), 0, "ok"), ((11, 1), 1, "warn")],
    ids=["until October", "from November"],
)
def test_moved_days_of_the_next_year(
    root: Path, day: tuple[int, int], asked: int, state: str
) -> None:
    """From 1 November the next year's table is asked for; the override table is one."""
    opened = Instance(root)
    opened.clock = SimulatedClock(minsk(LAST_MOVED_YEAR, *day))

    (said,) = doctor.check_calendar(opened)

    assert (said.state, said.facts["year"]) == (state, LAST_MOVED_YEAR + asked)
    opened.close()


def test_broken_settings_are_a_finding(hub: Call, root: Path) -> None:
    """With settings that cannot be read the doctor still answers, and says the place."""
    change(root, "language =", "langage =")

    said = hub("doctor", "--json")

    assert said.code == 1
    (only,) = said.json["checks"]
    assert only["check"] == "settings"
    assert "did you mean 'language'?" in only["text"]
