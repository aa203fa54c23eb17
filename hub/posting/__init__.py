"""One function per message kind: messages become rows, in bulk (`hub.posting.contract`)."""

from hub.posting.contract import Finisher, Poster
from hub.posting.facts import POSTERS as OF_FACTS
from hub.posting.money import FINISHERS as OF_MONEY_FILES
from hub.posting.money import POSTERS as OF_MONEY

POSTERS: dict[str, Poster] = {**OF_FACTS, **OF_MONEY}
"""By the message that a mapping names."""
FINISHERS: dict[str, Finisher] = OF_MONEY_FILES
"""For messages whose file says something as a whole: registers, statements, replies."""
