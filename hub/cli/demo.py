"""`hub demo`: the main job on a synthetic town, real files in, real files out, then the proof.

The daemon of the product and the other side run in one process. Time stands still while they
work and moves to the next instant at which the other side acts or something of the hub falls
due, and only when the daemon is quiet (`architecture.md`, 10.2).
"""

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub import proof
from hub.cli.edge import log_to
from hub.cli.opened import LOG
from hub.cli.output import as_json, console, proof_table
from hub.cli.reconcile import proof_lines
from hub.clock import SimulatedClock, minsk, stamp
from hub.daemon import Daemon
from hub.errors import HubError, SettingsError
from hub.instance import Instance
from hub.signing import keys
from hub.simulation.handover import Complaint
from hub.simulation.other_side import OtherSide, signers
from hub.simulation.partners import COLLECTOR, PARTNERS
from hub.simulation.town import Town
from hub.store import exchange as table
from hub.store.schema import make_schema_anew, upgrade
from hub.store.session import Store

MARKER = "demo.json"
SCHEMA = "hub_demo"
START = minsk(2026, 8, 31, 8)
SUPPLIERS = ("ais", "water", "heat", "gas")
SCHEDULE = (
    ("period.rate", "10 0 1 * *", "calendar"),
    ("period.close", "30 0 1 * *", "calendar"),
    ("period.open", "40 0 1 * *", "calendar"),
    ("departure:erip-demands", "0 1 1 * *", "calendar"),
    *((f"departure:{partner_id}-register", "0 2 1 * *", "calendar") for partner_id in SUPPLIERS),
    ("settlement.transfer", "0 10 * * *", "BY-bank"),
    ("departure:bank-orders", "0 10 * * *", "BY-bank"),
    ("settlement.distribute", "0 23 * * *", "calendar"),
)
"""Job, cron, calendar: what the hub does by itself in the demo."""


def demo(
    folder: Annotated[Path, typer.Argument(help="where the instance is made")] = Path("demo"),
    accounts: Annotated[int, typer.Option(min=10, help="personal accounts of the town")] = 300,
    months: Annotated[int, typer.Option(min=1, max=24, help="charged months")] = 2,
    seed: Annotated[int, typer.Option(help="one seed is one town")] = 1,
    database: Annotated[
        str, typer.Option(help="postgresql://... ; without it SQLite in the instance")
    ] = "sqlite:///hub.db",
    as_text: Annotated[bool, typer.Option("--json", help="print the proof as JSON")] = False,
) -> None:
    """The main job on a synthetic town: files in, files out, both sides, and the proof.

    Example: hub demo --accounts 5000 --months 3
    """
    _check_database(database)
    _clear(folder)
    signers(folder)
    schema = None if database.startswith("sqlite") else SCHEMA
    write_settings(folder, database, schema, SCHEDULE)
    (folder / MARKER).write_text(json.dumps({"accounts": accounts, "months": months, "seed": seed}))
    certificate = keys.new(folder / "keys", "hub", "zhku-hub demo", START, None)
    if not database.startswith("sqlite"):
        _empty_schema(database)
    log_to(folder / LOG)
    clock = SimulatedClock(START)
    with closing(Instance(folder.resolve(), clock)) as hub:
        hub.make_folders()
        upgrade(hub.store)
        town = Town.make(accounts, seed)
        other = OtherSide(folder, certificate, town, months, seed, _collector())
        _play(hub, clock, other)
        lines = proof_lines(hub, None)
    problems = other.complaints()
    balanced = proof.balanced(lines) and not problems
    if as_text:
        print(as_json({"balanced": balanced, "lines": [line._asdict() for line in lines]}))
    else:
        console().print(proof_table(lines))
        _tell(folder, other)
    for problem in problems:
        print(f"the other side complains: {problem}", file=sys.stderr)
    raise typer.Exit(0 if balanced else 1)


def _clear(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SettingsError(f"{folder} is not a folder: nothing is touched")
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise SettingsError(f"{folder} holds no demo ({MARKER} is missing): nothing is touched")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _check_database(database: str) -> None:
    """An address that cannot be used is told before anything of a former demo is removed."""
    if database.startswith("sqlite:///"):
        return
    if not database.startswith("postgresql"):
        raise SettingsError(f"--database {database}: sqlite:///FILE or postgresql://... is meant")
    with closing(Store(database)) as store:
        store.check()


def _empty_schema(database: str) -> None:
    with closing(Store(database)) as store:
        make_schema_anew(store, SCHEMA)


def _collector() -> dict[str, str]:
    names = ("subscriber_code", "unp", "iban", "bic", "bank_code")
    return {name: getattr(COLLECTOR, name) for name in names}


# --- settings ----------------------------------------------------------------------------------


def write_settings(
    folder: Path, database: str, schema: str | None, schedule: Iterable[tuple[str, str, str]]
) -> None:
    """Write the demo's `settings.toml` with its partners, a database and a schedule."""
    text = Path(__file__).with_name("demo.toml").read_text(encoding="utf-8")
    named = f'\nschema = "{schema}"' if schema else ""
    filled = text.format(
        database=f"url = {json.dumps(database)}{named}",
        subscriber_code=COLLECTOR.subscriber_code,
        bank_code=COLLECTOR.bank_code,
        iban=COLLECTOR.iban,
        bic=COLLECTOR.bic,
        partners="\n".join(_partner(partner_id) for partner_id in PARTNERS),
        channels="\n".join(
            f'[[channel]]\nid = "{partner_id}"\npartner = "{partner_id}"\n'
            for partner_id in PARTNERS
        ),
        registers="\n".join(map(_register, SUPPLIERS)),
        schedules="\n".join(
            f'[[schedule]]\njob = "{job}"\ncron = "{cron}"\ncalendar = "{calendar}"\n'
            for job, cron, calendar in schedule
        ),
    )
    (folder / "settings.toml").write_text(filled, encoding="utf-8")


def _partner(partner_id: str) -> str:
    partner = PARTNERS[partner_id]
    optional = {name: getattr(partner, name) for name in ("provider_id", "iban", "bic")}
    keys_ = {"id": partner.id, "role": partner.role, "name": partner.name, "unp": partner.unp}
    keys_ |= {name: value for name, value in optional.items() if value}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in keys_.items()]
    certificates = f'certificates = ["partners/{partner_id}/cert.pem"]'
    return "\n".join(["[[partner]]", *lines, certificates, ""])


def _register(partner_id: str) -> str:
    return (
        f'[[agreement]]\nid = "{partner_id}-register"\npartner = "{partner_id}"\n'
        'kind = "hub.supplier_register"\ndirection = "out"\n'
        f'channel = "{partner_id}"\nformat = "hub.supplier_register"\n'
        'mapping = "hub-supplier-register"\nname = "register_{month}_{number}.csv"\n'
        'env = "test"\n'
    )


# --- time --------------------------------------------------------------------------------------


def _play(hub: Instance, clock: SimulatedClock, other: OtherSide) -> None:
    """Move the clock from act to act until the other side has nothing more to do."""
    _remember(hub, clock.now())
    daemon = Daemon(hub)
    with daemon.started(), _progress() as tell:
        daemon.settle()
        while (acts_at := other.next_instant(clock.now())) is not None:
            due = daemon.next_due()
            instant = acts_at if due is None or acts_at <= due else due
            with daemon.between_passes():
                clock.move_to(max(instant, clock.now()))
                if instant == acts_at:
                    _act(other, clock.now())
            tell(clock.now())
            daemon.settle()
    _remember(hub, clock.now())


def _act(other: OtherSide, now: datetime) -> None:
    try:
        other.act(now)
    except Complaint as complaint:
        raise HubError(f"the other side refuses: {complaint}") from None


def _remember(hub: Instance, now: datetime) -> None:
    with hub.store.transaction() as tx:
        table.set_meta(tx, "clock", stamp(now))


class _Teller:
    """Shows the simulated instant on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.status = console.status("starting")

    def __call__(self, now: datetime) -> None:
        self.status.update(f"{now:%d.%m.%Y %H:%M}")


@contextmanager
def _progress() -> Iterator[_Teller]:
    teller = _Teller(Console(stderr=True))
    with teller.status:
        yield teller


def _tell(folder: Path, other: OtherSide) -> None:
    for name, value in other.summary().items():
        print(f"{name.replace('_', ' ')}: {value}")
    print(
        f"\nLook around: hub --root {folder} messages list · hub --root {folder} period status"
        f" · hub --root {folder} reconcile"
    )
