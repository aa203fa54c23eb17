"""The texts of ERIP, against the samples of `formats-erip.md`, A14."""

from datetime import timedelta

from hub.clock import minsk
from hub.simulation import erip_files
from hub.simulation.erip_files import Refusal, Register
from hub.simulation.partners import AGENTS, COLLECTOR
from hub.simulation.payments import Demand, Payment

IVANOV = Demand("0100000017", "Иванов Иван Иванович", "г. Минск", "09.2026", 8641, "20261001010500")
PAID = minsk(2026, 10, 5, 15, 9) + timedelta(seconds=15)


def payment() -> Payment:
    return Payment(6836800001, IVANOV, 8641, 363, PAID, AGENTS[0])


def lines(content: bytes) -> list[str]:
    text = content.decode("cp1251")
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


def test_an_accepting_reply() -> None:
    """A 204 that accepts has nine fields and no record."""
    content = erip_files.reply(
        COLLECTOR, 501, minsk(2026, 10, 1, 1, 10), ("12", "20261001010500"), []
    )

    assert lines(content) == ["5^31000001^501^20261001011000^12^20261001010500^0^^0"]


def test_a_refusing_reply() -> None:
    """A 204 that refuses carries the source record with its own carets."""
    source = "2^0100000017^Иванов Иван Иванович^^13.2026^12.91^^20261001011100^^^^^^^"
    content = erip_files.reply(
        COLLECTOR, 502, minsk(2026, 10, 1, 1, 12), ("15", "20261001011100"),
        [Refusal(2, "Неверный формат поля", source)],
    )  # fmt: skip

    assert lines(content) == [
        "5^31000001^502^20261001011200^15^20261001011100^1^Ошибки в записях сообщения^1",
        f"2^Неверный формат поля^{source}",
    ]


def test_a_notice() -> None:
    """A 206 of one payment is the sample."""
    content = erip_files.notice(COLLECTOR, 7701, minsk(2026, 10, 5, 15, 30), [payment()])

    assert lines(content) == [
        "5^31000001^7701^20261005153000^1^795^190000018^933^86.41^3.63",
        "1^1^0100000017^Иванов Иван Иванович^г. Минск^09.2026^86.41^3.63^20261005150915^"
        "^20261001010500^6836800001^90001^T0012345^BANKCARD^^795^^4***1111^11",
    ]


def test_a_reversal() -> None:
    """A 216 has the time of the reversal as its tenth field of 21."""
    taken_back = payment()
    taken_back.reversed_at = minsk(2026, 10, 5, 16, 55)
    head, record = lines(erip_files.reversal(COLLECTOR, 7702, minsk(2026, 10, 5, 17), taken_back))

    assert head == "5^31000001^7702^20261005170000^1^795^190000018^933^86.41^3.63"
    assert len(record.split("^")) == 21
    assert record.split("^")[8:12] == ["20261005150915", "20261005165500", "", "20261001010500"]


def test_a_register() -> None:
    """A 210 of one payment is the sample, with the commission of 1 % held back."""
    told = Register(7801, AGENTS[0], "2941", [payment()])
    content = erip_files.register(COLLECTOR, minsk(2026, 10, 6, 9), told)

    assert lines(content) == [
        "5^31000001^7801^20261006090000^1^795^190000018^795^BY39TSTB30120000000010000000^2941^"
        "20261006083000^933^86.41^3.63^85.55^795^BY25TSTB38190000000020000000^",
        "1^1^0100000017^Иванов Иван Иванович^г. Минск^09.2026^86.41^3.63^85.55^20261005150915^"
        "^20261001010500^6836800001^90001^T0012345^BANKCARD^^^4***1111^11",
    ]


def test_a_shortened_message() -> None:
    """Without its last record a message is cut exactly between two lines."""
    whole = erip_files.notice(COLLECTOR, 1, minsk(2026, 10, 5, 16), [payment(), payment()])

    assert lines(erip_files.shortened(whole)) == lines(whole)[:-1]
