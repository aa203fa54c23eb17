"""Who stands on the other side: identities with right check digits, none of them assigned.

Bank codes `TSTB` and `DEMB` do not exist. IBAN, BIC and УНП: `formats-partners.md`, G1-G3.
"""

from typing import NamedTuple

_UNP_WEIGHTS = (29, 23, 19, 17, 13, 7, 5, 3)


def iban(bank: str, balance_account: str, account: str) -> str:
    """A Belarusian IBAN with its check digits (G1).

    >>> iban("TSTB", "3012", "0000000010000000")
    'BY39TSTB30120000000010000000'
    """
    body = bank + balance_account + account
    return f"BY{98 - _remainder(body + 'BY00'):02d}{body}"


def is_iban(text: str) -> bool:
    """Whether a text of 28 characters has the check digits of an IBAN."""
    return len(text) == 28 and text.isalnum() and _remainder(text[4:] + text[:4]) == 1


def _remainder(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


def unp(stem: str) -> str:
    """A taxpayer number of an organisation from its first eight digits (G3).

    >>> unp("19000001")
    '190000018'
    """
    check = sum(int(d) * w for d, w in zip(stem, _UNP_WEIGHTS, strict=True)) % 11
    if check == 10:
        raise ValueError(f"{stem}: a number that is not issued")
    return f"{stem}{check}"


class Partner(NamedTuple):
    """An organisation of the demo; `provider_id` is its code in АИС."""

    id: str
    role: str
    name: str
    unp: str
    provider_id: str | None = None
    iban: str | None = None
    bic: str | None = None


class AgentBank(NamedTuple):
    """A bank whose agents take payments: its three-digit code and the account it pays from."""

    code: str
    name: str
    unp: str
    iban: str
    bic: str


PARTNERS = {
    partner.id: partner
    for partner in (
        Partner(
            "ais", "charging", "Расчетный центр «Пример»", unp("19000001"), "501",
            iban("TSTB", "3012", "0000000011000000"), "TSTBBY2X",
        ),
        Partner(
            "water", "supplier", "Примерскводоканал", unp("39000000"), "502",
            iban("DEMB", "3012", "0000000040000000"), "DEMBBY2X",
        ),
        Partner(
            "gas", "supplier", "Примерскгаз", unp("39000002"), "503",
            iban("DEMB", "3012", "0000000050000000"), "DEMBBY2X",
        ),
        Partner(
            "heat", "supplier", "Примерские тепловые сети", unp("39000003"), "504",
            iban("TSTB", "3012", "0000000060000000"), "TSTBBY2X",
        ),
        Partner("erip", "erip", "Расчетная система", unp("70000000")),
        Partner("bank", "bank", "Тестовый банк", unp("10000002"), bic="TSTBBY2X"),
    )
}  # fmt: skip

AGENTS = (
    AgentBank(
        "795", "Тестовый банк", unp("10000002"),
        iban("TSTB", "3819", "0000000020000000"), "TSTBBY2X",
    ),
    AgentBank(
        "749", "Пробный банк", unp("10000004"),
        iban("DEMB", "3819", "0000000030000000"), "DEMBBY2X",
    ),
)  # fmt: skip


class Collector(NamedTuple):
    """The organisation whose account collects the money, as ERIP and the bank know it."""

    subscriber_code: str
    unp: str
    iban: str
    bic: str
    bank_code: str
    name: str = PARTNERS["ais"].name
    service_number: str = "1"


COLLECTOR = Collector(
    "31000001",
    PARTNERS["ais"].unp,
    iban("TSTB", "3012", "0000000010000000"),
    "TSTBBY2X",
    "795",
)
"""The collecting organisation of the demo."""
