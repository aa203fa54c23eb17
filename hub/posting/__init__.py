"""One function per message kind: messages become rows, in bulk (`hub.posting.contract`)."""

from hub.posting import facts, money
from hub.posting.contract import Finisher, Poster

POSTERS: dict[str, Poster] = {**facts.POSTERS, **money.POSTERS}
"""By the message that a mapping names."""
FINISHERS: dict[str, Finisher] = money.FINISHERS
"""For messages whose file says something as a whole: registers, statements, replies."""
