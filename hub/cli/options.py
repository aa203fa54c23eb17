"""Options that several commands share."""

from typing import Annotated

import typer

from hub.month import Month

Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


def _month(text: str | Month) -> Month:
    try:
        return text if isinstance(text, Month) else Month.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


AMonth = Annotated[Month, typer.Option("--month", parser=_month, metavar="YYYY-MM")]
MaybeMonth = Annotated[Month | None, typer.Option("--month", parser=_month, metavar="YYYY-MM")]
"""Without it: all months, or the one that is next."""
ASchemeCode = Annotated[
    str | None, typer.Option("--scheme", help="needed only where there are several")
]
