"""What a poster gets and gives: messages of one kind become rows, in bulk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from formats.contract import Envelope, Finding
from hub.month import Month
from hub.settings import Agreement, Scheme, Settings
from hub.store.session import Transaction

POSTED, SUSPENDED, PARKED, REJECTED = "POSTED", "SUSPENDED", "PARKED", "REJECTED"


class Origin(NamedTuple):
    """The file whose messages are posted."""

    intake_id: int
    scheme: Scheme
    agreement: Agreement
    envelope: Envelope
    received_at: datetime
    period: Month
    """The month in which money of this file is posted."""
    settings: Settings


Outcomes = dict[int, tuple[str, Finding]]
"""Line -> (record state, finding); a line that is absent was POSTED without remark."""
Poster = Callable[[Transaction, Origin, list[tuple[int, Any]], frozenset[int]], Outcomes]
"""Posts a chunk of (line, message); the set holds lines that the mapping sent to suspense."""
Finisher = Callable[[Transaction, Origin], list[Finding]]
"""Called once after the last chunk, in the same savepoint."""
KNOW_REPEATS = frozenset({"Payment", "Reversal"})
"""Messages whose posters know what a repeated business key means; of others it is no record."""


def refused_state(agreement: Agreement) -> str:
    """What becomes of a bad record under the agreement: PARKED for us to repair, or REJECTED."""
    return PARKED if agreement.partial in ("accept_park", "hold_file") else REJECTED
