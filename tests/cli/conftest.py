"""The command line as a person calls it, on an instance that `hub init` made."""

import json
import logging
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hub.cli.main import main
from hub.clock import minsk, stamp
from hub.simulation import erip_files
from hub.simulation.partners import AGENTS, COLLECTOR
from hub.simulation.payments import FIRST_OPERATION, Demand, Payment
from hub.simulation.town import Account, Town
from hub.store.exchange import set_meta
from hub.store.session import Store

NOW = minsk(2026, 10, 5, 12)
TOWN = Town.make(10, 1)


class Answer(NamedTuple):
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The refusal on standard error."""
        return json.loads(self.err)["error"]


Call = Callable[..., Answer]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run the command line with these arguments."""
    monkeypatch.delenv("HUB_ROOT", raising=False)
    monkeypatch.delenv("HUB_KEY_PASSPHRASE", raising=False)

    def run(*argv: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["hub", *map(str, argv)])
        # a process has its own log; here the next command must not find that of this one
        monkeypatch.setattr(logging.getLogger(), "handlers", [logging.NullHandler()])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Answer(int(str(ended.value.code)), out, err)

    return run


@pytest.fixture
def root(call: Call, tmp_path: Path) -> Path:
    """A new instance."""
    folder = tmp_path / "hub"
    assert call("init", folder).code == 0
    return folder


@pytest.fixture
def hub(call: Call, root: Path) -> Call:
    """Run a command on the new instance, in English."""
    return lambda *argv: call("--root", root, "--lang", "en", *argv)


def change(root: Path, old: str, new: str) -> None:
    """Replace a text of the settings that stands there."""
    path = root / "settings.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def desk(hub: Call, root: Path) -> "Desk":
    """The instance with a clock that stands still, and a hand that drops ERIP files."""
    change(root, 'env = "test"            #', 'env = "test"\nclock = "stored" #')
    with closing(Store(f"sqlite:///{root / 'hub.db'}")) as store, store.transaction() as tx:
        set_meta(tx, "clock", stamp(NOW))
    return Desk(root, hub)


class Desk:
    """Puts files into the inbox of ERIP and lets the hub take them."""

    def __init__(self, root: Path, hub: Call) -> None:
        self.root, self.hub = root, hub

    def drop(self, name: str, content: bytes) -> dict[str, Any]:
        """Drop a file, work, give the last message that came in."""
        (self.root / "inbox" / "erip" / name).write_bytes(content)
        assert self.hub("run", "--once") == (0, "", "")
        return self.messages()[-1]

    def messages(self, *options: str) -> list[dict[str, Any]]:
        """What `hub messages list` tells programs."""
        return self.hub("messages", "list", "--json", *options).json["messages"]


def notice(number: int) -> bytes:
    """A 206 with two payments for accounts that the hub does not know."""
    first = FIRST_OPERATION + 10 * number
    payments = [_payment(first + n, account) for n, account in enumerate(TOWN.accounts[:2])]
    return erip_files.notice(COLLECTOR, number, NOW, payments)


def _payment(operation: int, account: Account) -> Payment:
    demand = Demand(account.number, account.payer, account.address, "09.2026", 0, "")
    return Payment(operation, demand, 1000 + operation % 10, 0, NOW, AGENTS[0])
