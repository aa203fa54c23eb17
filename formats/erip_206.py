"""ERIP message 206, payment notice (извещение о платежах): paid, the money has not moved yet.

Source: `formats-erip.md`, A7. The reversal 216 has the same header and almost the same record.
"""

from formats import erip_text
from formats.contract import Field, Layout, Options
from formats.erip_values import AMOUNT, METERS, PERIOD, PERSON, TIME, digits

NAME = "erip.206"
TITLE = "ЕРИП 206: извещение о платежах"
DIRECTION = "in"
VERSIONS = ("5", "4")
OPTIONS: Options = {**erip_text.OPTIONS, "check_totals": "refuse"}

HEADER = Layout(
    "erip.206 header",
    (
        Field("format_version", 1, True, "[0-9]"),
        Field("subscriber_code", 8, True, digits(8, 8)),
        Field("message_number", 8, True, digits(8)),
        Field("message_time", 14, True, TIME),
        Field("record_count", 8, True, digits(8)),
        Field("agent_code", 3, False, digits(3, 3)),
        Field("provider_unp", 9),
        Field("currency", 3, True),
        Field("total_amount", 17, True, AMOUNT),
        Field("total_penalty", 17, False, AMOUNT),
    ),
)
RECORD = Layout(
    "erip.206 record",
    (
        Field("record_number", 8, True, digits(8)),
        Field("service_number", 8, True, digits(8)),
        Field("personal_account", 30, True),
        Field("payer_name", 99, False, PERSON, personal=True),
        Field("payer_address", 99, personal=True),
        Field("period", 7, False, PERIOD),
        Field("amount", 17, True, AMOUNT),
        Field("penalty", 17, False, AMOUNT),
        Field("paid_time", 14, True, TIME),
        Field("meters", 0, False, METERS),
        Field("demand_time", 14, False, TIME),
        Field("erip_operation", 11, True, digits(11)),
        Field("agent_operation", 11, False, digits(11)),
        Field("device_id", 30),
        Field("auth_way", 10),
        Field("info_text", 255, personal=True),
        Field("agent_bank_code", 3, False, digits(3, 3)),
        Field("extra_data", 500, personal=True),
        Field("auth_id", 30, personal=True),
        Field("device_type", 2, False, digits(2)),
    ),
)

MESSAGE = erip_text.Message(
    kind="206",
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
