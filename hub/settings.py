"""`settings.toml` -> frozen models; an unknown key is an error that names the nearest known one.

An instance is a folder with a `settings.toml`; every path of it lies under that folder. Keys of
an agreement that belong to its format (`Format.OPTIONS`) stand beside the others in the file
and arrive in `Agreement.options`.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from formats.contract import Format
from formats.registry import discover
from hub.errors import SettingsError

Toml = dict[str, Any]
M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """A frozen table of the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HubTable(Model):
    """`[hub]`: what holds for the whole instance."""

    name: str
    env: Literal["prod", "test"]
    language: Literal["ru", "be", "en"] = "ru"
    zone: Literal["Europe/Minsk"] = "Europe/Minsk"
    clock: Literal["system", "stored"] = "system"
    key: str = "hub"
    scan_seconds: int = Field(5, ge=1, le=60)
    clock_skew_minutes: int = 5
    disk_low_percent: int = Field(10, ge=0, le=100)
    days_off: dict[str, str] = {}
    """Override table of the calendar: date -> `off` or `work`."""


class DatabaseTable(Model):
    """`[database]`: `sqlite:///hub.db` (relative to the instance) or `postgresql://...`."""

    url: str = "sqlite:///hub.db"
    schema_name: str | None = Field(None, alias="schema")


class Policies(Model):
    """Policies of a scheme (`billing.md`, 17); the default is what the table names."""

    scheme_master: Literal["own"] = "own"
    quantity_rounding: Literal["none", "stored"] = "none"
    water_norm_days: Literal["calendar", "fixed_30"] = "calendar"
    water_norm_scope: Literal["cold_plus_hot"] = "cold_plus_hot"
    unmetered_split: bool = True
    reading_day: Literal["last"] = "last"
    meter_digits: int = Field(5, ge=1, le=9)
    high_factor: int = 5
    rollover_part: int = 10
    max_gap_days: int = 100
    benefit_combination: Literal["best"] = "best"
    benefit_share: Literal["limit_only"] = "limit_only"
    due_day: int = Field(25, ge=1, le=28)
    due_date_shift: Literal["none", "next_working_day"] = "none"
    penalty_payment_day: Literal["counted", "not_counted"] = "counted"
    penalty_payment_date: Literal["pay_date"] = "pay_date"
    penalty_rounding: Literal["per_debt_period", "per_posting", "per_segment", "per_day"] = (
        "per_debt_period"
    )
    penalty_accrue_to: Literal["period_end"] = "period_end"
    settle_tolerance: int = 0
    receipt_split: Literal["capped", "binding"] = "capped"
    service_excess: Literal["unallocated", "penalty"] = "unallocated"
    distribution: Literal["oldest_first", "proportional"] = "oldest_first"
    settlement_delay: Literal["next_banking_day"] = "next_banking_day"
    contract_tariff: Literal["ignore"] = "ignore"
    commission: int = Field(10_000, ge=0)
    """Expected commission of the settlement agent, 1e6 (10000 = 1 %); a difference is told."""
    chunk_accounts: int = Field(10_000, ge=1)
    max_error_share: int = Field(10_000, ge=0)
    """Share of accounts in error that stops a run, 1e6 (10000 = 1 %)."""


class Scheme(Model):
    """`[scheme.<code>]`: one charging organisation's data, and how its money is collected."""

    code: str
    partner: str
    subscriber_code: str = Field(pattern="^[0-9]{8}$")
    service_number: str = Field(pattern="^[0-9]{1,8}$")
    bank_code: str = Field(pattern="^[0-9]{3}$")
    iban: str
    bic: str
    policies: Policies


class Partner(Model):
    """`[[partner]]`: an organisation with which files are exchanged."""

    id: str = Field(pattern="^[a-z][a-z0-9-]*$")
    role: Literal["charging", "supplier", "erip", "bank"]
    name: str
    unp: str
    provider_id: str | None = None
    iban: str | None = None
    bic: str | None = None
    settles_itself: bool = False
    certificates: tuple[str, ...] = ()
    """PEM files, relative to the instance, pinned for every agreement of the partner."""


class Channel(Model):
    """`[[channel]]`: a place where files appear or are put."""

    id: str = Field(pattern="^[a-z][a-z0-9-]*$")
    partner: str
    kind: Literal["folder"] = "folder"


class ReceiptRule(Model):
    """How the receipt of an intake is delivered."""

    kind: Literal["receipt"] = "receipt"
    channel: str
    deadline_min: int = 30


class Cutoff(Model):
    """Local times until which a file counts in a window."""

    calendar: Literal["calendar", "BY-work", "BY-bank"] = "BY-work"
    times: tuple[Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")], ...] = Field(
        min_length=1
    )
    zone: Literal["Europe/Minsk"] = "Europe/Minsk"


Duplicates = Literal["warn", "reject"]


class Agreement(Model):
    """`[[agreement]]`: rules for one kind of file in one direction (`exchange.md`, section 2)."""

    id: str = Field(pattern="^[a-z][a-z0-9-]*$")
    partner: str
    kind: str
    direction: Literal["in", "out"]
    channel: str
    format: str
    mapping: str
    version: int = 1
    scheme: str | None = None
    """Needed only where there are several schemes."""
    name_pattern: str | None = None
    name_letters: Literal["latin", "cyrillic"] = "latin"
    name: str | None = None
    name_reuse: Literal["refuse", "allow"] | None = None
    handover: tuple[Literal["rename", "stable"], ...] = ("stable",)
    stable_for: int = 60
    min_age: int = 10
    empty_age: int = 600
    set_wait: int = 900
    """Seconds that data wait for their signature."""
    completeness: tuple[Literal["count", "sum", "signature", "xml_end", "none"], ...] = ()
    accept_risk: bool = False
    max_bytes: int = 512 * 1024 * 1024
    max_records: int = 10_000_000
    dup_file: Duplicates = "reject"
    dup_number: Duplicates = "reject"
    dup_record: Literal["reject"] = "reject"
    number_scope: Literal["forever", "year", "day"] = "forever"
    sequence: Literal["none", "gap_warn", "gap_hold", "strict"] | None = None
    number_back: Literal["accept", "hold"] = "hold"
    number_after_reject: Literal["free", "burned"] = "free"
    partial: Literal[
        "reject_file", "hold_file", "accept_good", "accept_park", "accept_until_limit"
    ] = "reject_file"
    max_bad_percent: int = 1
    receipt: ReceiptRule | None = None
    signature: Literal["required", "none"] = "required"
    certificates: tuple[str, ...] = ()
    """PEM files pinned for this kind and direction only; absent: those of the partner."""
    crl: Literal["none"] = "none"
    ack: Literal["none", "expected"] = "none"
    ack_within_hours: int = 24
    ack_warn_minutes: int = 60
    release: Literal["auto", "four_eyes"] = "auto"
    after_reject: Literal["hold", "leave_out"] = "hold"
    post_210_without_206: bool = True
    date_window_days: int = 30
    cutoff: Cutoff | None = None
    env: Literal["prod", "test"]
    options: Mapping[str, Any] = {}

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled name pattern of an inbound agreement."""
        return re.compile(self.name_pattern or "(?!)")

    @property
    def numbered(self) -> bool:
        """Whether its names carry a number or a date, so that a name is not used again."""
        return bool({"number", "date"} & set(self.pattern.groupindex))

    @property
    def refuses_reuse(self) -> bool:
        """Whether a known name with other content is refused."""
        return self.name_reuse == "refuse" or (self.name_reuse is None and self.numbered)


class Schedule(Model):
    """`[[schedule]]`: a job and when it falls due (five cron fields, Europe/Minsk)."""

    job: str
    cron: str
    calendar: Literal["calendar", "BY-work", "BY-bank"] = "calendar"


class Settings(Model):
    """The whole file, checked."""

    hub: HubTable
    database: DatabaseTable
    schemes: Mapping[str, Scheme]
    partners: Mapping[str, Partner]
    channels: Mapping[str, Channel]
    agreements: Mapping[str, Agreement]
    schedules: tuple[Schedule, ...]

    def certificates_of(self, agreement: Agreement) -> tuple[str, ...]:
        """The certificates that may sign under an inbound agreement."""
        return agreement.certificates or self.partners[agreement.partner].certificates

    def scheme_of(self, agreement: Agreement) -> Scheme:
        """The scheme that an agreement serves: its own, or the only one there is."""
        if agreement.scheme is not None:
            return self.schemes[agreement.scheme]
        return next(iter(self.schemes.values()))

    def inbound(self, channel: str) -> list[Agreement]:
        """The inbound agreements of a channel in the order of the file."""
        return [a for a in self.agreements.values() if a.channel == channel and a.direction == "in"]


def load(path: Path, formats: Mapping[str, Format] | None = None) -> Settings:
    """Read a settings file with the files it includes. Raises `SettingsError`."""
    raw = _read(path)
    for included in raw.pop("include", []):
        _merge(raw, _read(path.parent / included))
    return Builder(path, raw, formats or discover()).build()


def _read(path: Path) -> Toml:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} is missing; `hub init DIR` makes an instance") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None


def _merge(raw: Toml, more: Toml) -> None:
    for key, value in more.items():
        if isinstance(value, list):
            raw.setdefault(key, []).extend(value)
        else:
            raw.setdefault(key, {}).update(value)


TABLES = ("hub", "database", "erip", "scheme", "partner", "channel", "agreement", "schedule")


class Builder:
    """Turns the raw tables into `Settings`, naming the place of whatever is wrong."""

    def __init__(self, path: Path, raw: Toml, formats: Mapping[str, Format]) -> None:
        self._path = path
        self._raw = raw
        self._formats = formats

    def build(self) -> Settings:
        """The checked settings. Raises `SettingsError`."""
        for key in self._raw:
            if key not in TABLES:
                raise self._unknown(key, TABLES, "the file")
        raw = self._raw
        return self._checked(
            Settings(
                hub=self._table(HubTable, raw.get("hub", {}), "[hub]"),
                database=self._table(DatabaseTable, raw.get("database", {}), "[database]"),
                schemes={code: self._scheme(code, t) for code, t in raw.get("scheme", {}).items()},
                partners=self._by_id(Partner, "partner"),
                channels=self._by_id(Channel, "channel"),
                agreements={a.id: a for a in map(self._agreement, raw.get("agreement", []))},
                schedules=tuple(
                    self._table(Schedule, t, "[[schedule]]") for t in raw.get("schedule", [])
                ),
            )
        )

    def _scheme(self, code: str, table: Toml) -> Scheme:
        place = f"[scheme.{code}]"
        own = {k: v for k, v in table.items() if k in Scheme.model_fields}
        policies = {k: v for k, v in table.items() if k not in own}
        self._known(policies, [*Policies.model_fields, *Scheme.model_fields], place)
        checked = self._table(Policies, policies, place)
        return self._table(Scheme, {**own, "code": code, "policies": checked}, place)

    def _by_id(self, model: type[Any], key: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for table in self._raw.get(key, []):
            item = self._table(model, table, f"[[{key}]] {table.get('id', '?')}")
            if item.id in found:
                raise SettingsError(f"{self._path}: two tables [[{key}]] have id = {item.id!r}")
            found[item.id] = item
        return found

    def _agreement(self, table: Toml) -> Agreement:
        place = f"[[agreement]] {table.get('id', '?')}"
        form = self._formats.get(str(table.get("format")))
        if form is None:
            known = ", ".join(sorted(self._formats))
            raise SettingsError(
                f"{self._path}: {place}: no format {table.get('format')!r}; {known}"
            )
        shared = self._raw.get("erip", {}) if form.NAME.startswith("erip.") else {}
        table = {**self._shared(shared, form), **table}
        own = {k: v for k, v in table.items() if k in Agreement.model_fields and k != "options"}
        options = {k: v for k, v in table.items() if k not in own}
        self._known(options, [*form.OPTIONS, *Agreement.model_fields], place)
        return self._table(Agreement, {**own, "options": options}, place)

    def _shared(self, shared: Toml, form: Format) -> Toml:
        erip = [f for f in self._formats.values() if f.NAME.startswith("erip.")]
        known = {name for f in erip for name in f.OPTIONS} | set(Agreement.model_fields)
        self._known(shared, known, "[erip]")
        here = {*form.OPTIONS, *Agreement.model_fields}
        return {k: v for k, v in shared.items() if k in here}

    def _known(self, table: Toml, known: Iterable[str], place: str) -> None:
        names = set(known)
        for key in table:
            if key not in names:
                raise self._unknown(key, names, place)

    def _table(self, model: type[M], table: Toml, place: str) -> M:
        fields = [f.alias or name for name, f in model.model_fields.items()]
        self._known(table, fields, place)
        try:
            return model(**table)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise SettingsError(
                f"{self._path}, line {self._line(key)}: {place}: {key}: {first['msg']}"
            ) from None

    def _unknown(self, key: str, known: Iterable[str], place: str) -> SettingsError:
        near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return SettingsError(
            f"{self._path}, line {self._line(key)}: unknown key {key!r} in {place}{hint}"
        )

    def _line(self, key: str) -> str:
        name = re.escape(key.split(".", maxsplit=1)[0])
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(rf"\s*(\[+)?\s*{name}\b", line):
                return str(number)
        return "?"

    def _checked(self, settings: Settings) -> Settings:
        for problem in problems(settings):
            raise SettingsError(f"{self._path}: {problem}")
        return settings


def problems(settings: Settings) -> Iterable[str]:
    """Combinations that are unsafe or point nowhere, each as one sentence."""
    if settings.hub.clock == "stored" and settings.hub.env != "test":
        yield 'clock = "stored" is allowed only with env = "test"'
    if not settings.schemes:
        yield "no [scheme.<code>] is given"
    for scheme in settings.schemes.values():
        if scheme.partner not in settings.partners:
            yield f"[scheme.{scheme.code}] names the unknown partner {scheme.partner!r}"
    for channel in settings.channels.values():
        if channel.partner not in settings.partners:
            yield f"[[channel]] {channel.id} names the unknown partner {channel.partner!r}"
    for agreement in settings.agreements.values():
        for problem in _agreement_problems(settings, agreement):
            yield f"[[agreement]] {agreement.id}: {problem}"


def _agreement_problems(settings: Settings, agreement: Agreement) -> Iterable[str]:
    channel = settings.channels.get(agreement.channel)
    if agreement.partner not in settings.partners:
        yield f"unknown partner {agreement.partner!r}"
    if channel is None:
        yield f"unknown channel {agreement.channel!r}"
    elif channel.partner != agreement.partner:
        yield f"channel {channel.id!r} belongs to {channel.partner!r}"
    if agreement.receipt and agreement.receipt.channel not in settings.channels:
        yield f"receipt.channel {agreement.receipt.channel!r} is unknown"
    if agreement.env != settings.hub.env:
        yield f"env = {agreement.env!r} but the instance is {settings.hub.env!r}"
    if agreement.scheme is None and len(settings.schemes) > 1:
        yield "several schemes exist: name one with `scheme`"
    if agreement.direction == "in":
        yield from _inbound_problems(settings, agreement)
    elif not agreement.name:
        yield "an outbound agreement needs `name`"


def _inbound_problems(settings: Settings, agreement: Agreement) -> Iterable[str]:
    if not agreement.name_pattern:
        yield "an inbound agreement needs `name_pattern`"
    try:
        _ = agreement.pattern
    except re.error as error:
        yield f"name_pattern: {error}"
    if set(agreement.completeness) <= {"none"} and not agreement.accept_risk:
        yield "completeness is none: state how a whole file is told, or accept_risk = true"
    if agreement.signature == "none" and not agreement.accept_risk:
        yield 'signature = "none" needs accept_risk = true and a channel that proves the sender'
    if agreement.signature == "required" and not settings.certificates_of(agreement):
        yield f"signature is required but partner {agreement.partner!r} has no certificates"


def find_root(given: Path | None) -> Path:
    """The instance: `--root`, else `$HUB_ROOT`, else the nearest parent with `settings.toml`."""
    if given is not None or os.environ.get("HUB_ROOT"):
        return (given or Path(os.environ["HUB_ROOT"])).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "settings.toml").exists():
            return folder
    raise SettingsError(f"no settings.toml in {here} or above; `hub init DIR` makes an instance")


def data_folders(root: Path, kind: str) -> list[Path]:
    """Where data files of a kind (`formats`, `mappings`, `xsd`) lie: the instance's, then ours."""
    own = Path(__file__).resolve().parent.parent / kind
    return [folder for folder in dict.fromkeys((root / kind, own)) if folder.is_dir()]
