"""The posters of money: payments, reversals, statements and replies to demands."""

from hub.posting.contract import Finisher, Poster
from hub.posting.payments import post_payments, post_reversals
from hub.posting.registers import finish_payments
from hub.posting.replies import finish_replies, post_replies
from hub.posting.statements import finish_statement, post_entries

POSTERS: dict[str, Poster] = {
    "Payment": post_payments,
    "Reversal": post_reversals,
    "StatementEntry": post_entries,
    "DemandReply": post_replies,
}
FINISHERS: dict[str, Finisher] = {
    "Payment": finish_payments,
    "StatementEntry": finish_statement,
    "DemandReply": finish_replies,
}
