"""A daemon killed at any moment and restarted ends in the same database as one not killed.

The small town of `hub.simulation.small` is played twice: once in peace, once with a SIGKILL at
every stage of every file, month and outgoing file (`exchange.md`, F1-F16 and the points added by
the order of steps; `architecture.md`, 10.7: what must be equal).
"""

import random
import re
from collections import Counter
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from hub.clock import SimulatedClock
from hub.instance import Instance
from hub.store.session import Store
from tests.kill import START, Story, killed_at, make_instance, work

STAGES = {
    "listed",
    "claimed",
    "hashed",
    "tx open",
    "tx half",
    "before commit",
    "after commit",
    "archived",
    "out numbered",
    "out signed",
    "out opened",
    "out full",
    "out synced",
    "out renamed",
    "folder synced",
    "marked",
    "act before commit",
}
EQUAL = {
    "intake": "name, state, codes, number, records, accepted, suspended, parked, rejected,"
    " sum_file, object_sha, dedup_key, number_key, first_id",
    "record": "*",
    "finding": "*",
    "dispatch": "partner, kind, number, name, state, effect, records, amount, repeats, ack_state",
    "counter": "*",
    "account": "id, account_id, number",
    "contract": "id, contract_id, account, service",
    "reading": "id, meter, zone, taken_on, value, state",
    "opening": "*",
    "period": "scheme, month, state",
    "run_chunk": "run, chunk, accounts, errors, rows, sum_gross, sum_benefit, body_sha256",
    "charge": "*",
    "penalty": "*",
    "payment": "id, operation, account, amount, state, transferred, fee, bank_date, allocated",
    "allocation": "id, payment, contract, about_period, posted_period, ledger, amount, method,"
    " transfer, fee",
    "transfer": "id, supplier, day, gross, fee, net, order_number, state",
    "balance": "*",
    "ledger_entry": "*",
}
"""Tables and the columns of which both runs must hold the same."""
_NOISE = re.compile(rb"<journal [^>]*/>|<signer>[^<]*</signer>")


def _state(root: Path) -> dict[str, object]:
    """All that must be equal: rows, receipts, journal of files and money, outgoing bytes."""
    with closing(Instance(root, SimulatedClock(START))) as hub, hub.store.reading() as tx:
        found: dict[str, object] = {
            name: sorted(map(repr, tx.rows(f"SELECT {columns} FROM {name}")))
            for name, columns in EQUAL.items()
        }
        receipts = tx.rows("SELECT partner, number, name, body FROM receipt ORDER BY 1, 2")
        found["receipts"] = [(*row[:3], _NOISE.sub(b"", bytes(row[3]))) for row in receipts]
        found["journal"] = tx.rows(
            "SELECT action, object, result FROM journal WHERE action NOT LIKE 'hub.%' ORDER BY seq"
        )
    found["work"] = sorted(p.name for p in (root / "work").iterdir() if not p.name.startswith("."))
    found["drafts"] = list((root / "store" / "tmp").iterdir())
    found["staging"] = sorted(p.name for p in (root / "staging").iterdir())
    found["out"] = sorted(
        (str(p.relative_to(root)), _NOISE.sub(b"", p.read_bytes()))
        for p in (root / "outbox").rglob("*")
        if p.is_file() and p.suffix != ".p7s"
    )
    return found


def _further(database: tuple[str, str | None], folder: Path) -> tuple[str, str | None]:
    """A further empty database of the same kind."""
    url, schema = database
    name = f"t{uuid4().hex[:12]}"
    if schema is None:
        return f"sqlite:///{folder / name}.db", None
    store = Store(url)
    with store.transaction() as tx:
        tx.run(f"CREATE SCHEMA {name}")
    store.close()
    return url, name


@pytest.fixture
def peaceful(database: tuple[str, str | None], tmp_path: Path) -> dict[str, object]:
    """What the database holds after a run that nobody disturbed."""
    root = tmp_path / "peaceful"
    make_instance(root, *database)
    for now, act in Story(root).steps():
        act()
        work(root, now, lambda name: None)
    return _state(root)


def _disturbed(root: Path, chance: random.Random) -> Counter[str]:
    """Play the story with a worker that dies again and again; gives the stages of its deaths."""
    kills: Counter[str] = Counter()
    for now, act in Story(root).steps():
        act()
        patience = 3
        while (stage := killed_at(root, now, chance.randint(1, patience))) is not None:
            kills[stage] += 1
            patience += 1  # in the end it lives long enough to finish
    return kills


def test_killed_and_restarted_is_the_same(
    database: tuple[str, str | None], tmp_path: Path, peaceful: dict[str, object]
) -> None:
    """At least 200 kills, each stage among them: nothing lost, nothing doubled, no number gone."""
    kills: Counter[str] = Counter()
    for number in range(20):
        if kills.total() >= 200 and set(kills) >= STAGES:
            break
        root = tmp_path / f"killed-{number}"
        make_instance(root, *_further(database, tmp_path))
        kills += _disturbed(root, random.Random(number))
        state = _state(root)
        for name, expected in peaceful.items():
            assert state[name] == expected, name

    assert kills.total() >= 200
    assert set(kills) >= STAGES


def test_the_story_is_not_empty(peaceful: dict[str, object]) -> None:
    """The scenario that is compared has charges, payments, transfers and outgoing files."""
    for name in ("charge", "payment", "allocation", "transfer", "balance", "out", "receipts"):
        assert peaceful[name], name
