"""`hub check`: what the hub would do with a file, step by step, changing nothing."""

from pathlib import Path
from typing import Annotated

import typer

from formats.contract import Finding
from hub import review
from hub.arrival import HELD, QUARANTINED, REJECTED
from hub.cli.opened import opened
from hub.cli.options import Json
from hub.cli.output import as_json, console, plain, table
from hub.cli.words import say
from hub.review import Rehearsal

UNTAKEN = (REJECTED, HELD, QUARANTINED)
"""Outcomes with which a file has no effect though it is none that we know already."""


def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="its .p7s beside it")],
    agreement: Annotated[str, typer.Option(help="the inbound agreement that it is for")],
    in_json: Json = False,
) -> None:
    """What the hub would do with a file.

    Example: hub check samples/12.206 --agreement erip-206
    """
    with opened(ctx) as (hub, lang):
        found = review.rehearse(hub, file, agreement)
    if in_json:
        print(as_json(_shape(found, lang)))
    else:
        _show(found, lang)
    raise typer.Exit(1 if found.outcome in UNTAKEN else 0)


def _shape(found: Rehearsal, lang: str) -> dict[str, object]:
    return {
        "outcome": found.outcome,
        "steps": [{"step": step, "result": result} for step, result in found.steps],
        "findings": [finding_shape(finding, lang) for finding in found.findings],
    }


def finding_shape(finding: Finding, lang: str) -> dict[str, object]:
    """A finding as programs read it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "line": finding.line,
        "field": finding.field,
        "value": finding.value,
        "text": finding.text(lang),
    }


def _show(found: Rehearsal, lang: str) -> None:
    rows = [(say(lang, f"step_{step}"), result) for step, result in found.steps]
    console().print(table(("step", "result"), rows, lang=lang))
    print_findings(found.findings, lang)
    print(say(lang, "outcome", outcome=found.outcome))


def print_findings(findings: list[Finding], lang: str) -> None:
    """Each finding as its code and sentence."""
    for finding in findings:
        print(f"{finding.code:<14} {plain(finding.text(lang))}")
