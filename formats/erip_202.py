"""ERIP message 202, list of payment demands (требования к оплате): who owes how much.

Source: `formats-erip.md`, A3 (versions), A4, A5 (meters). Written in version 5; version 4 is
for archives. A file with meters holds tariff records (`TARIFF`) before the demands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from formats import erip_text
from formats.contract import Envelope, Field, Layout, Options, Row
from formats.erip_values import AMOUNT, PERIOD, TIME, WHOLE, digits

NAME = "erip.202"
TITLE = "ЕРИП 202: требования к оплате"
DIRECTION = "out"
VERSIONS = ("5", "4")
OPTIONS: Options = {
    **erip_text.OPTIONS,
    "demand_version": 5,
    "header_mark": "PS",
    "service_in_header": True,
}

_METERS = "[0-9]{1,2}~(?:[0-9]{1,2}~[0-9]{1,8}~~~[0-9]{1,2}~[0-9]{1,9}~)*"
_RESERVED = tuple(Field(f"reserved_{place}", 0, False, "(?:)") for place in range(1, 6))

HEADER_4 = Layout(
    "erip.202 header 4",
    (
        Field("format_version", 1, True, "[0-9]"),
        Field("subscriber_code", 8, True, digits(8, 8)),
        Field("message_number", 8, True, digits(8)),
        Field("message_time", 14, True, TIME),
        Field("record_count", 8, True, digits(8)),
        Field("provider_unp", 9, True),
        Field("bank_code", 3, True, digits(3, 3)),
        Field("settlement_account", 28, True),
        Field("service_number", 8, False, digits(8)),
        Field("currency", 3, True),
    ),
)
HEADER_5 = Layout("erip.202 header 5", (*HEADER_4.fields, Field("header_mark", 2)))

_DEMAND = (
    Field("personal_account", 30, True),
    Field("payer_name", 99, personal=True),
    Field("payer_address", 99, personal=True),
    Field("period", 7, False, PERIOD),
)
_DEMAND_END = (
    Field("meters", 0, False, _METERS),
    Field("demand_time", 14, True, TIME),
    Field("info_text", 500, personal=True),
    Field("extra_data", 255, personal=True),
    *_RESERVED,
)
DEMAND_4 = Layout(
    "erip.202 demand 4",
    (
        Field("record_type", 8, True, digits(8)),
        *_DEMAND,
        Field("amount", 14, True, WHOLE),
        *_DEMAND_END,
    ),
)
DEMAND_5 = Layout(
    "erip.202 demand 5",
    (
        Field("record_type", 1, True, "2"),
        *_DEMAND,
        Field("amount", 17, True, AMOUNT),
        *_DEMAND_END,
    ),
)
TARIFF = Layout(
    "erip.202 tariff",
    (
        Field("record_type", 1, True, "1"),
        Field("tariff_id", 8, True, digits(8)),
        Field("tariff_name", 99),
        *_RESERVED[:4],
        Field("tariff_value", 15, True, r"(?:0|[1-9][0-9]{0,8})\.[0-9]{5}"),
        _RESERVED[4],
    ),
)

MESSAGE = erip_text.Message(
    kind="202",
    headers={"5": (HEADER_5,), "4": (HEADER_4,)},
    records={"5": (DEMAND_5, TARIFF), "4": (DEMAND_4,)},
    options=OPTIONS,
    ours=True,
)
recognise, decode, check = MESSAGE.recognise, MESSAGE.decode, MESSAGE.check


def encode(rows: Iterable[Row], envelope: Envelope, options: Options) -> Iterator[bytes]:
    """The bytes of a list, in the version of `options["demand_version"]` or of the envelope.

    The header takes its version, its mark `PS` and, without `service_in_header`, an empty
    service from the options. Version 4 numbers its records in place of their type. Raises as
    `Message.encode` does.
    """
    settings = {**OPTIONS, **options}
    version = str(options.get("demand_version", envelope.version))
    fields = {**envelope.fields, "format_version": version}
    fields.pop("header_mark", None)
    if version == "4":
        rows = ((str(number), *row[1:]) for number, row in enumerate(rows, 1))
    else:
        fields["header_mark"] = settings["header_mark"]
    if not settings["service_in_header"]:
        fields["service_number"] = ""
    return MESSAGE.encode(rows, replace(envelope, version=version, fields=fields), options)
