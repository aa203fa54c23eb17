"""A partner examines its receipts by itself: the outcome, the file and the signature."""

import hashlib

import pytest

from hub.simulation.handover import REJECTED, WITH_ERRORS, Sending, Taken
from hub.simulation.receipts import Receipts
from hub.simulation.signature import Signer, enrol

SENT = Sending("water", "readings_1.csv", b"data", "water")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The hub that signs the receipts."""
    return enrol(tmp_path_factory.mktemp("hub"), "hub")


def receipt(
    signer: Signer, outcome: str = "ACCEPTED", number: int = 1, code: str = "", rejected: int = 0,
    data: bytes = b"data",
) -> Taken:  # fmt: skip
    content = (
        f'<receipt version="1"><number>{number}</number>'
        f'<file name="readings_1.csv" payload="{hashlib.sha256(data).hexdigest()}"/>'
        f'<outcome>{outcome}</outcome><totals><rejected n="{rejected}" sum="0.00"/></totals>'
        f'<findings><finding code="{code}"/></findings></receipt>'
    ).encode()
    return Taken("RCP_1_20260925.xml", content, signer.sign(content))


def test_what_was_expected(signer: Signer) -> None:
    """The receipt that was expected leaves nothing to say and nothing missing."""
    receipts = Receipts(signer.certificate)
    receipts.expect(SENT)
    assert len(list(receipts.missing())) == 1

    assert list(receipts.examine("water", receipt(signer))) == []
    assert list(receipts.missing()) == []
    assert receipts.count == 1


@pytest.mark.parametrize(("sent", "answer"), [
    (SENT, {"outcome": "REJECTED"}),
    (SENT, {"rejected": 1}),
    (SENT, {"number": 2}),
    (SENT, {"data": b"other"}),
    (SENT._replace(channel="gas"), {}),
    (SENT._replace(outcome=REJECTED, code="E-SIG"), {"outcome": "REJECTED", "code": "E-COUNT"}),
    (SENT._replace(outcome=WITH_ERRORS, rejected=3),
     {"outcome": "ACCEPTED_WITH_ERRORS", "rejected": 2}),
])  # fmt: skip
def test_what_was_not_expected(signer: Signer, sent: Sending, answer: dict[str, object]) -> None:
    """Another outcome, code, count, number, file or partner is told."""
    receipts = Receipts(signer.certificate)
    receipts.expect(sent)

    assert list(receipts.examine("water", receipt(signer, **answer)))


def test_same_bytes_twice_have_two_outcomes(signer: Signer) -> None:
    """A file that is sent again, signed, has its receipts in the order of the sendings."""
    receipts = Receipts(signer.certificate)
    receipts.expect(SENT._replace(outcome=REJECTED, code="E-SIG-NONE"))
    receipts.expect(SENT)

    first = receipt(signer, "REJECTED", 1, "E-SIG-NONE")
    assert list(receipts.examine("water", first)) == []
    assert list(receipts.examine("water", receipt(signer, number=2))) == []
    assert list(receipts.examine("water", receipt(signer, number=3)))


def test_a_file_without_receipt_is_not_awaited(signer: Signer) -> None:
    """For what ERIP sends no receipt is delivered, and none is missed."""
    receipts = Receipts(signer.certificate)
    receipts.expect(SENT._replace(outcome=None))

    assert list(receipts.missing()) == []


@pytest.mark.parametrize("change", [{"signature": None}, {"content": b"<receipt>"}])
def test_a_receipt_that_is_none(signer: Signer, change: dict[str, bytes | None]) -> None:
    """A receipt without signature or that is not XML is told."""
    receipts = Receipts(signer.certificate)
    receipts.expect(SENT)

    assert list(receipts.examine("water", receipt(signer)._replace(**change)))
