"""Mappings: what a mapping file says, how each value is read, what a bad one leads to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import formats
import mappings
from formats import table
from formats.contract import Field, Finding, Layout, Unreadable
from hub import mapping
from hub.errors import SettingsError
from hub.messages import MESSAGES, Payment, Reading, ServiceLine, StatementEntry

FOLDER = Path(next(iter(mappings.__path__)))
FILES = sorted(FOLDER.glob("*.toml"))
NOTICE = (
    "record_number", "service_number", "personal_account", "payer_name", "payer_address",
    "period", "amount", "penalty", "paid_time", "meters", "demand_time", "erip_operation",
    "agent_operation",
)  # fmt: skip
LAYOUT = Layout("erip.206", tuple(Field(n, personal=n.startswith("payer")) for n in NOTICE))
ROW = dict(
    zip(
        NOTICE,
        (
            "1", "1", "0100000017", "Иванов Иван", "г. Минск", "09.2026", "86.41", "3.63",
            "20261005150915", "", "20261001010500", "6836800001", "90001",
        ),
        strict=True,
    )
)  # fmt: skip
READER = mapping.load(FOLDER / "erip-206.toml").reader(LAYOUT, {})


def notice(**changed: str) -> tuple[str, ...]:
    return tuple({**ROW, **changed}.values())


def layout_of(name: str) -> Layout:
    return table.load(Path(formats.__file__).with_name(f"{name}.toml")).layout


class TestPayments:
    """What a bad value of a payment notice leads to (`formats-erip.md`, A13)."""

    def test_a_good_row(self) -> None:
        """A row becomes a message with its line."""
        good, bad = READER.translate([(2, notice())])

        assert (good, bad) == (
            [(2, Payment(
                "6836800001", "0100000017", "1", 8641, 363, None, "2026-10-05T12:09:15.000000Z",
                "2026-09", "2026-09-30T22:05:00.000000Z", "Иванов Иван", "г. Минск", "90001", None,
            ))],
            [],
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("field", "text", "finding", "fate"),
        [
            ("amount", "1,50", "E-AMOUNT", "file"),
            ("amount", "", "E-REQUIRED", "file"),
            ("amount", "0.00", "E-AMOUNT-SIGN", "record"),
            ("amount", "-5.00", "E-AMOUNT-SIGN", "record"),
            ("penalty", "x", "E-AMOUNT", "file"),
            ("erip_operation", "", "E-REQUIRED", "file"),
            ("erip_operation", "123456789012", "E-FIELD", "file"),
            ("paid_time", "20261005240000", "E-DATE", "suspense"),
            ("paid_time", "", "E-REQUIRED", "suspense"),
            ("period", "13.2026", "E-PERIOD", "suspense"),
            ("personal_account", "0100\u00a0017", "E-ACCOUNT", "suspense"),
            ("service_number", "abc", "E-FIELD", "suspense"),
        ],
    )
    def test_a_bad_value(self, field: str, text: str, finding: str, fate: str) -> None:
        """The finding names line, field and value; the fate is that of the table."""
        good, (bad,) = READER.translate([(2, notice()), (3, notice(**{field: text}))])

        assert [line for line, _ in good] == [2]
        assert (bad.line, bad.fate) == (3, fate)
        assert [(f.code, f.line, f.field, f.value) for f in bad.findings] == [
            (finding, 3, field, text)
        ]

    def test_suspense_keeps_the_money(self) -> None:
        """A suspended payment is a message with None for what could not be read."""
        row = notice(personal_account="\u200b1", period="00.2026")
        _, (bad,) = READER.translate([(2, row)])

        assert isinstance(bad.message, Payment)
        assert (bad.message.account, bad.message.period, bad.message.amount) == (None, None, 8641)
        assert (bad.key, len(bad.findings)) == ("6836800001", 2)

    def test_sums_of_bad_records(self) -> None:
        """A bad record still counts in the control sums with what could be read of it."""
        _, (bad,) = READER.translate([(2, notice(amount="-5.00", period="x"))])

        assert (bad.fate, bad.message, bad.sums) == (
            "record",
            None,
            {"amount": -500, "penalty": 363},
        )

    def test_personal_data_is_masked(self) -> None:
        """A finding about a personal field does not repeat the value."""
        layout = Layout("x", (*LAYOUT.fields[:2], Field("personal_account", personal=True),
                              *LAYOUT.fields[3:]))  # fmt: skip
        reader = mapping.load(FOLDER / "erip-206.toml").reader(layout, {})
        _, (bad,) = reader.translate([(2, notice(personal_account="АB1"))])

        assert bad.findings[0].value == "***"

    def test_penalty_left_empty(self) -> None:
        """An empty penalty counts as zero."""
        ((_, message),), _ = READER.translate([(2, notice(penalty=""))])

        assert isinstance(message, Payment)
        assert message.penalty == 0

    @given(st.lists(st.sampled_from(["amount", "paid_time", "period", ""]), max_size=12))
    def test_every_row_is_somewhere(self, spoilt: list[str]) -> None:
        """Each row of a chunk is either a message or bad, in its order."""
        rows = [(n, notice(**({field: "x"} if field else {}))) for n, field in enumerate(spoilt, 2)]
        good, bad = READER.translate(rows)

        assert sorted([line for line, _ in good] + [b.line for b in bad]) == [n for n, _ in rows]
        assert [b.line for b in bad] == [n for n, field in enumerate(spoilt, 2) if field]

    def test_announced_sums(self) -> None:
        """The control sums of the header are read like the field; an unreadable one is told."""
        said = mapping.load(FOLDER / "erip-206.toml")

        assert said.announced({"total_amount": "126.41", "total_penalty": ""}) == (
            {"amount": 12641}, []
        )  # fmt: skip
        _, (finding,) = said.announced({"total_amount": "1e3"})
        assert finding[:4] == ("E-AMOUNT", None, "total_amount", "1e3")

    def test_read_money(self) -> None:
        """An amount that cannot be read is the file's fault, not ours."""
        assert mapping.read_money("126,4") == 12640
        with pytest.raises(Unreadable):
            mapping.read_money("126.405")


class TestFiles:
    """The mapping files of the product."""

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_loads(self, path: Path) -> None:
        """Each file is whole and named like itself."""
        said = mapping.load(path)

        assert said.name == path.stem
        assert set(said.key) <= set(MESSAGES[said.message].__annotations__)
        assert len(said.digest) == 64

    @pytest.mark.parametrize(
        ("name", "layout"),
        [
            (name, name.replace("-", "_"))
            for name in ("ais-account", "ais-service", "ais-registration", "hub-tariffs",
                         "hub-norms", "hub-benefits", "meters-21", "hub-supplier-register")
        ],
    )  # fmt: skip
    def test_fits_its_layout(self, name: str, layout: str) -> None:
        """Every column that a mapping of a table names is in its layout."""
        mapping.load(FOLDER / f"{name}.toml").reader(layout_of(layout), {})

    def test_services_of_ais(self) -> None:
        """The balances to take over and the code of the service are read; the tariff is not."""
        layout = layout_of("ais_service")
        cells = {
            "account_id": "100001", "contract_id": "700001", "service_id": "27",
            "supplier_id": "502", "supplier_short": "Тепло", "valid_from": "01.01.2020",
            "valid_to": "01.01.2100", "tariff": "нет", "opening_balance": "1 010,5",
            "opening_penalty": "0,12", "debt_months": "2",
        }  # fmt: skip
        row = tuple(cells.get(name, "") for name in layout.names)
        reader = mapping.load(FOLDER / "ais-service.toml").reader(layout, {"scheme": "DM0001"})

        good, bad = reader.translate([(2, row)])
        assert bad == []
        assert good == [(2, ServiceLine(
            "DM0001", "100001", "700001", "heating", "502", "Тепло", "2020-01-01", None, 101050,
            12, 2,
        ))]  # fmt: skip

    def test_a_foreign_schema(self) -> None:
        """A row of another charging organisation is refused as a record."""
        layout = layout_of("ais_account")
        cells = {"schema_code": "DM0002", "account_id": "1", "account_number": "010",
                 "opened_on": "01.01.2020"}  # fmt: skip
        row = tuple(cells.get(name, "") for name in layout.names)
        reader = mapping.load(FOLDER / "ais-account.toml").reader(layout, {"schema": "DM0001"})

        _, (bad,) = reader.translate([(2, row)])
        assert (bad.fate, bad.findings) == (
            "record",
            (Finding("E-SENDER", 2, "schema_code", "DM0002", "DM0001"),),
        )

    def test_the_day_of_a_reading(self) -> None:
        """Without its own date a reading is of the day on which the file came."""
        layout = layout_of("meters_21")
        cells = {"address": "ул. Примерная", "account_number": "010", "meter_type": "ХВС",
                 "meter_number": "W-1", "value_1": "12,5"}  # fmt: skip
        row = tuple(cells.get(name, "") for name in layout.names)
        reader = mapping.load(FOLDER / "meters-21.toml").reader(
            layout, {"received_on": "25.09.2026"}
        )

        ((_, message),), _ = reader.translate([(2, row)])
        assert isinstance(message, Reading)
        assert (message.taken_on, message.zones, message.value_1) == ("2026-09-25", 1, 12_500_000)

    def test_a_statement(self) -> None:
        """Rows of a statement have the names of the message and ISO days."""
        layout = Layout("camt", tuple(map(Field, StatementEntry._fields)))
        cells = {"entry_ref": "900001", "booked_on": "2026-10-06", "direction": "credit",
                 "amount": "85.55", "currency": "BYN"}  # fmt: skip
        row = tuple(cells.get(name, "") for name in layout.names)

        ((_, entry),), _ = (
            mapping.load(FOLDER / "camt-053.toml").reader(layout, {}).translate([(1, row)])
        )
        assert isinstance(entry, StatementEntry)
        assert (entry.amount, entry.booked_on, entry.value_on) == (8555, "2026-10-06", None)


class TestWriting:
    """A mapping works in both directions."""

    def test_a_demand(self) -> None:
        """A demand becomes a record of type 2 with the constant and empty columns filled in."""
        names = ("record_type", "personal_account", "payer_name", "payer_address", "period",
                 "amount", "meters", "demand_time", "info_text", "extra_data")  # fmt: skip
        layout = Layout("erip.202", tuple(map(Field, names)))
        write = mapping.load(FOLDER / "erip-202.toml").writer(layout)

        assert write(
            ("0100000017", "Иванов", None, "2026-09", 8641, "2026-09-30T22:05:00.000000Z", None)
        ) == ("2", "0100000017", "Иванов", "", "09.2026", "86.41", "", "20261001010500", "", "")

    def test_a_register_comes_back(self) -> None:
        """What is written for a supplier is read as the same message."""
        said, layout = (
            mapping.load(FOLDER / "hub-supplier-register.toml"),
            layout_of("hub_supplier_register"),
        )
        line = ("2026-09", "0100000017", "gas", 1000, 120, 0, -50, 5, 500, 5, 575)

        ((_, again),), _ = said.reader(layout, {}).translate([(2, said.writer(layout)(line))])
        assert again == line

    def test_a_mandatory_column_that_nothing_fills(self) -> None:
        """It is told when the writer is made, not when the file is refused."""
        layout = Layout("x", (*map(Field, ("record_type", "personal_account", "payer_name",
            "payer_address", "period", "amount", "demand_time", "info_text")),
            Field("serial", mandatory=True)))  # fmt: skip

        with pytest.raises(SettingsError, match="nothing fills the column 'serial'"):
            mapping.load(FOLDER / "erip-202.toml").writer(layout)


REPLY = """
name = "x"
version = 1
format = "f"
message = "DemandReply"
[fields]
record_number = { from = "n", as = "int" }
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version", "verson", r"the file: 'verson' is not known; did you mean 'version'"),
        ('as = "int"', 'az = "int"', r"fields.record_number: 'az' .* did you mean 'as'"),
        ('as = "int"', 'as = "itn"', r"fields.record_number.as: 'itn' .* did you mean 'int'"),
        ("record_number", "record_nummer", r"'record_nummer' .* did you mean 'record_number'"),
        ("DemandReply", "DemandRepli", r"message: 'DemandRepli' .* did you mean 'DemandReply'"),
        ('from = "n", ', "", r"wants one of 'from', 'constant', 'name'"),
        ('as = "int"', 'as = "code"', r"'as = \"code\"' and 'table' go together"),
        ("DemandReply", "Tariff", r"not known"),
        ("[fields]", "[fields", r"x\.toml"),
    ],
)
def test_a_mistake_in_a_mapping_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    """The error names the file, the place, the wrong key and the nearest right one."""
    path = tmp_path / "x.toml"
    path.write_text(REPLY.replace(old, new), encoding="utf-8")

    with pytest.raises(SettingsError, match=told):
        mapping.load(path)


def test_a_column_that_the_layout_lacks(tmp_path: Path) -> None:
    """It is told when the reader is made, with the nearest column."""
    path = tmp_path / "x.toml"
    path.write_text(REPLY, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"record_number.from: 'n' .* did you mean 'nr'"):
        mapping.load(path).reader(Layout("f", (Field("nr"),)), {})


def test_a_field_without_which_the_message_is_nothing(tmp_path: Path) -> None:
    """A field that a message cannot do without must be mapped."""
    path = tmp_path / "x.toml"
    path.write_text(REPLY.replace("DemandReply", "Norm").replace("record_number", "scope"))

    with pytest.raises(SettingsError, match="the message needs its field 'service'"):
        mapping.load(path)
