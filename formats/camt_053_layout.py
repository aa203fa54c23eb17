"""The records and the head of a camt.053 as the hub names them; see `camt_053`."""

from formats import iso20022
from formats.contract import Field, Layout

MESSAGE = "camt.053.001.08"
CURRENCY = "BYN"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BIC = "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"

WRITTEN = Layout(
    "camt.053 entry written",
    (
        Field("entry_ref", 35, True),
        Field("booked_on", 10, False, _DAY),
        Field("value_on", 10, False, _DAY),
        Field("direction", 6, True, "credit|debit"),
        Field("amount", 19, True, iso20022.AMOUNT),
        Field("currency", 3, True, "[A-Z]{3}"),
        Field("status", 4, True),
        Field("document_number", 35),
        Field("end_to_end", 35),
        Field("operation_code", 35),
        Field("party_name", 140, personal=True),
        Field("party_unp", 35),
        Field("party_account", 34, personal=True),
        Field("party_bic", 11, False, _BIC),
        Field("purpose", 1400, personal=True),
    ),
)
"""The form of a row that is written."""
ENTRY = Layout(
    "camt.053 entry",
    tuple(Field(field.name, personal=field.personal) for field in WRITTEN.fields),
)
"""The form of a row that was read: the schema and the mapping judge its values."""
HEADER = Layout(
    "camt.053 statement",
    (
        Field("message_id", 35, True),
        Field("created", 0, True),
        Field("statement_id", 35, True),
        Field("sequence", 18, False, "[0-9]+"),
        Field("from"),
        Field("to"),
        Field("account", 34, True),
        Field("currency", 3, True, "[A-Z]{3}"),
        Field("opening", 0, True, f"-?{iso20022.AMOUNT}"),
        Field("closing", 0, True, f"-?{iso20022.AMOUNT}"),
    ),
)
"""`Envelope.fields`: instants as xs:dateTime, balances in roubles, a debit balance negative."""

DIRECTIONS = {"CRDT": "credit", "DBIT": "debit"}
SIDES = {"credit": "Dbtr", "debit": "Cdtr"}
"""The other side of an entry: on a credit the debtor."""
