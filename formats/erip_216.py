"""ERIP message 216, reversal (извещение о сторнировании): payments taken back.

Source: `formats-erip.md`, A8: a 206 with the time of the reversal as tenth field.
"""

from formats import erip_206, erip_text
from formats.contract import Field, Layout
from formats.erip_values import TIME

NAME = "erip.216"
TITLE = "ЕРИП 216: извещение о сторнировании"
DIRECTION = "in"
VERSIONS = erip_206.VERSIONS
OPTIONS = erip_206.OPTIONS

HEADER = Layout("erip.216 header", erip_206.HEADER.fields)
RECORD = Layout(
    "erip.216 record",
    (
        *erip_206.RECORD.fields[:9],
        Field("reversed_time", 14, True, TIME),
        *erip_206.RECORD.fields[9:],
    ),
)

MESSAGE = erip_text.Message(
    kind="216",
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
