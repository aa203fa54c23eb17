"""ERIP message 210, register of transferred payments (реестр платежей с перечислением).

Source: `formats-erip.md`, A9. Commission = amount - transferred, of the register and of each
record; a register equals one credit in the bank statement.
"""

from formats import erip_206, erip_text
from formats.contract import Field, Layout, Options
from formats.erip_values import AMOUNT, TIME, digits

NAME = "erip.210"
TITLE = "ЕРИП 210: реестр платежей с перечислением"
DIRECTION = "in"
VERSIONS = ("5", "4")
OPTIONS: Options = {**erip_text.OPTIONS, "check_totals": "refuse"}

HEADER = Layout(
    "erip.210 header",
    (
        *erip_206.HEADER.fields[:7],
        Field("bank_code", 3, False, digits(3, 3)),
        Field("settlement_account", 28),
        Field("payment_order_number", 16, True),
        Field("transfer_time", 14, True, TIME),
        Field("currency", 3, True),
        Field("total_amount", 17, True, AMOUNT),
        Field("total_penalty", 17, False, AMOUNT),
        Field("total_transferred", 17, True, AMOUNT),
        Field("agent_bank_code", 3, False, digits(3, 3)),
        Field("agent_account", 28),
        Field("budget_code", 5),
    ),
)
RECORD = Layout(
    "erip.210 record",
    (
        *erip_206.RECORD.fields[:8],
        Field("transferred", 17, True, AMOUNT),
        *(field for field in erip_206.RECORD.fields[8:] if field.name != "agent_bank_code"),
    ),
)

MESSAGE = erip_text.Message(
    kind="210",
    headers=dict.fromkeys(VERSIONS, (HEADER,)),
    records=dict.fromkeys(VERSIONS, (RECORD,)),
    options=OPTIONS,
)
recognise, decode, check, encode = (
    MESSAGE.recognise,
    MESSAGE.decode,
    MESSAGE.check,
    MESSAGE.encode,
)
