"""The bank: payment orders are examined, statements are valid and go on from each other."""

from pathlib import Path

import pytest
from lxml import etree

from hub.clock import minsk
from hub.simulation.bank import Bank
from hub.simulation.erip_files import Register
from hub.simulation.handover import Complaint, Taken
from hub.simulation.partners import AGENTS, COLLECTOR, PARTNERS
from hub.simulation.payments import Demand, Payment
from hub.simulation.signature import Signer, enrol
from tests.simulation.fake_hub import pain

NOW = minsk(2026, 10, 7, 19)
SCHEMA = Path(__file__).parents[3] / "shared/xsd/iso20022/camt.053.001.08.xsd"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The hub that signs the orders."""
    return enrol(tmp_path_factory.mktemp("hub"), "hub")


@pytest.fixture
def bank(signer: Signer) -> Bank:
    """A bank with an empty account."""
    return Bank(COLLECTOR, signer.certificate)


def register(amount: int) -> Register:
    demand = Demand("0100000017", "Иванов", "г. Минск", "09.2026", amount, "")
    return Register(1, AGENTS[1], "2941", [Payment(1, demand, amount, 0, NOW, AGENTS[1])])


def order(signer: Signer, number: int, amount: str, old: str = "", new: str = "") -> Taken:
    content = pain(number, amount, PARTNERS["water"], NOW).replace(old.encode(), new.encode())
    return Taken(f"pain001_{number}.xml", content, signer.sign(content))


def test_credits_and_debits(bank: Bank, signer: Signer) -> None:
    """A statement holds the registers and the orders of its day and opens where one closed."""
    bank.statement(minsk(2026, 10, 6, 19), [register(10_000)])
    bank.take(order(signer, 1, "60.00"), NOW)
    content = bank.statement(NOW, [register(1000)]).content

    entries = [
        (node.findtext("{*}Amt"), node.findtext("{*}CdtDbtInd"), node.findtext(".//{*}EndToEndId"))
        for node in etree.fromstring(content).iter("{*}Ntry")
    ]
    assert entries == [("9.90", "CRDT", None), ("60.00", "DBIT", "ZH-T-000001")]
    balances = [n.findtext("{*}Amt") for n in etree.fromstring(content).iter("{*}Bal")]
    assert balances == ["99.00", "48.90"]
    assert (bank.balance, bank.credited, bank.debited) == (4890, 10_890, 6000)


def test_a_quiet_day(bank: Bank) -> None:
    """A day on which nothing moves has a statement without entries."""
    content = bank.statement(NOW, []).content

    assert list(etree.fromstring(content).iter("{*}Ntry")) == []


def test_more_than_there_is(bank: Bank, signer: Signer) -> None:
    """Orders above the balance are a complaint."""
    bank.take(order(signer, 1, "0.01"), NOW)

    with pytest.raises(Complaint, match="exceed"):
        bank.statement(NOW, [])


@pytest.mark.parametrize(("old", "new"), [
    ("<NbOfTxs>1<", "<NbOfTxs>2<"),
    ("<CtrlSum>5.00<", "<CtrlSum>5.01<"),
    (">5.00<", ">5.0<"),
    (">5.00<", ">0.00<"),
    (COLLECTOR.iban, AGENTS[0].iban),
    (PARTNERS["water"].iban, PARTNERS["gas"].iban),
    (PARTNERS["water"].iban, AGENTS[0].iban),
    ("2026-10-07", "2026-10-08"),
    ("pain.001.001.09", "pain.001.001.03"),
    ("</Document>", ""),
    ("CdtTrfTxInf", "Other"),
])  # fmt: skip
def test_every_fault_of_an_order(bank: Bank, signer: Signer, old: str, new: str) -> None:
    """One fault of sums, accounts, day or form refuses the file."""
    assert old.encode() in order(signer, 1, "5.00").content
    with pytest.raises(Complaint):
        bank.take(order(signer, 1, "5.00", old, new), NOW)


def test_an_order_twice(bank: Bank, signer: Signer) -> None:
    """An EndToEndId is carried out once."""
    bank.take(order(signer, 1, "5.00"), NOW)

    with pytest.raises(Complaint, match="before"):
        bank.take(order(signer, 1, "5.00"), NOW)


def test_an_order_without_signature(bank: Bank, signer: Signer) -> None:
    """An unsigned file of orders is refused."""
    with pytest.raises(Complaint, match="signature"):
        bank.take(order(signer, 1, "5.00")._replace(signature=None), NOW)


@pytest.mark.skipif(not SCHEMA.exists(), reason="the official schemas are not here")
def test_statements_are_valid(bank: Bank, signer: Signer) -> None:
    """Statements with and without entries are valid by the official schema."""
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    bank.take(order(signer, 1, "5.00"), NOW)

    for registers in ([register(1000)], []):
        schema.assertValid(etree.fromstring(bank.statement(NOW, registers).content))
