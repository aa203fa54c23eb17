"""An opened instance: its settings, database, archive, keys, formats, mappings and clock.

Everything of an instance lies under its folder; this object is what the stories and the
commands get instead of global state.
"""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from formats.contract import Format
from formats.registry import discover
from hub.clock import Clock, SimulatedClock, SystemClock, unstamp
from hub.errors import SettingsError
from hub.exchange.archive import Archive
from hub.journal import JournalFile
from hub.mapping import Mapping as FieldMapping
from hub.mapping import load as load_mapping
from hub.settings import Agreement, Settings, data_folders
from hub.settings import load as load_settings
from hub.signing import keys
from hub.signing.verify import Pin
from hub.store import exchange as store_exchange
from hub.store.session import Store

FOLDERS = (
    "inbox",
    "outbox",
    "work",
    "staging",
    "store",
    "quarantine",
    "journal",
    "keys",
)
Stage = Callable[[str], None]
"""Told the name of each stage of a file as it is passed; tests stop the process there."""


def no_stage(name: str) -> None:
    """The stage callback of everyday work: nothing."""


class Instance:
    """A folder with a `settings.toml`, ready for work."""

    def __init__(self, root: Path, clock: Clock | None = None, stage: Stage = no_stage) -> None:
        self.root = root
        self.formats: Mapping[str, Format] = discover([root / "formats"])
        self.settings: Settings = load_settings(root / "settings.toml", self.formats)
        self.store = Store(*database(root, self.settings))
        self.clock: Clock = clock or self._clock()
        self.stage = stage
        self._mappings: dict[str, FieldMapping] = {}

    def _clock(self) -> Clock:
        if self.settings.hub.clock == "system":
            return SystemClock()
        with self.store.reading() as tx:
            stored = store_exchange.meta(tx, "clock")
        if stored is None:
            raise SettingsError('clock = "stored", but the database holds no clock yet')
        return SimulatedClock(unstamp(stored))

    @cached_property
    def archive(self) -> Archive:
        """The originals by hash."""
        return Archive(self.root / "store")

    @cached_property
    def journal_file(self) -> JournalFile:
        """The journal outside the database."""
        return JournalFile(self.root / "journal")

    @cached_property
    def key(self) -> keys.SigningKey:
        """Our signing key. Raises `SettingsError` when it is absent or readable by others."""
        return keys.load(self.root / "keys", self.settings.hub.key, passphrase())

    def folder(self, kind: str, channel: str = "") -> Path:
        """A folder of the instance, such as `folder("inbox", "water")`."""
        return self.root / kind / channel

    def make_folders(self) -> None:
        """Create what is missing of the instance's folders."""
        for kind in FOLDERS:
            (self.root / kind).mkdir(exist_ok=True)
        (self.root / "keys").chmod(0o700)
        for channel in self.settings.channels:
            self.folder("inbox", channel).mkdir(exist_ok=True)
            self.folder("outbox", channel).mkdir(exist_ok=True)

    def format_of(self, agreement: Agreement) -> Format:
        """The format that an agreement names."""
        return self.formats[agreement.format]

    def mapping(self, name: str) -> FieldMapping:
        """A mapping by name, the instance's own before ours. Raises `SettingsError`."""
        if name not in self._mappings:
            folders = data_folders(self.root, "mappings")
            found = [f / f"{name}.toml" for f in folders if (f / f"{name}.toml").exists()]
            if not found:
                raise SettingsError(f"no mapping {name!r} in {', '.join(map(str, folders))}")
            self._mappings[name] = load_mapping(found[0])
        return self._mappings[name]

    def pins(self, agreement: Agreement) -> list[Pin]:
        """The certificates pinned for an agreement: its partner, kind and direction."""
        return [
            Pin(keys.certificate(self.root / path).public_bytes(Encoding.DER), None, None)
            for path in self.settings.certificates_of(agreement)
        ]

    def check_keys(self) -> None:
        """Read our key and every pinned certificate once. Raises `SettingsError`."""
        assert self.key
        for agreement in self.settings.agreements.values():
            self.pins(agreement)

    def close(self) -> None:
        """Give the database connections back."""
        self.store.close()


def database(root: Path, settings: Settings) -> tuple[str, str | None]:
    """The address of the instance's database: (url, schema); a relative file lies in `root`."""
    url = settings.database.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{root / url.removeprefix('sqlite:///')}"
    return url, settings.database.schema_name


def passphrase() -> bytes | None:
    """The pass phrase of our keys from `HUB_KEY_PASSPHRASE`; None when it is not set."""
    text: Any = os.environ.get("HUB_KEY_PASSPHRASE")
    return text.encode() if text else None
