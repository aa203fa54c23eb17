"""ERIP message 204, reply to a 202 (ответ на сообщение 202): accepted, or rejected with errors.

Source: `formats-erip.md`, A6. A header of 8 fields lacks the count. The third field of a record
is the rejected record itself, carets and all.
"""

from formats import erip_text
from formats.contract import Field, Layout, Options
from formats.erip_values import TIME, digits

NAME = "erip.204"
TITLE = "ЕРИП 204: ответ на сообщение 202"
DIRECTION = "in"
VERSIONS = ("5", "4")
OPTIONS: Options = {**erip_text.OPTIONS, "reply_header_fields": [8, 9]}

HEADER = Layout(
    "erip.204 header",
    (
        Field("format_version", 1, True, "[0-9]"),
        Field("subscriber_code", 8, True, digits(8, 8)),
        Field("message_number", 8, True, digits(8)),
        Field("message_time", 14, True, TIME),
        Field("answered_number", 8, True, digits(8)),
        Field("answered_time", 14, False, TIME),
        Field("result_code", 3, True, digits(3)),
        Field("error_text", 255),
        Field("error_count", 8, False, digits(8)),
    ),
)
SHORT_HEADER = Layout("erip.204 short header", HEADER.fields[:8])
RECORD = Layout(
    "erip.204 record",
    (
        Field("record_number", 10),
        Field("error_text", 255),
        Field("source_record", personal=True),
    ),
)

MESSAGE = erip_text.Message(
    kind="204",
    headers=dict.fromkeys(VERSIONS, (HEADER, SHORT_HEADER)),
    records=dict.fromkeys(VERSIONS, (RECORD,)),
    options=OPTIONS,
    rest=True,
)
recognise, decode, check, encode = (
    MESSAGE.recognise,
    MESSAGE.decode,
    MESSAGE.check,
    MESSAGE.encode,
)
