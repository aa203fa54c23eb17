"""`hub reconcile` and `hub verify`: the proof, the journal and the originals."""

import typer

from hub import closing, journal, proof
from hub.cli.opened import Opened, opened
from hub.cli.options import Json, MaybeMonth
from hub.cli.output import as_json, console, proof_table
from hub.cli.words import say
from hub.departure import read_back
from hub.instance import Instance
from hub.month import Month
from hub.proof import Line
from hub.store import exchange as store

app = typer.Typer()


def reconcile(ctx: typer.Context, month: MaybeMonth = None, in_json: Json = False) -> None:
    """The proof that every sum agrees.

    Exit code 1 when a line shows a difference. Example: hub reconcile --month 2026-09
    """
    with opened(ctx) as it:
        _prove(it, month, in_json)


@app.command()
def money(ctx: typer.Context, in_json: Json = False) -> None:
    """The proof over all months.

    Example: hub verify money --json
    """
    reconcile(ctx, None, in_json)


def _prove(it: Opened, month: Month | None, in_json: bool) -> None:
    lines = proof_lines(it.hub, month)
    balanced = proof.balanced(lines)
    if in_json:
        print(as_json({"balanced": balanced, "lines": [line._asdict() for line in lines]}))
    else:
        console().print(proof_table(lines, it.lang))
        print(say(it.lang, "balanced" if balanced else "not_balanced", count=len(lines)))
    raise typer.Exit(0 if balanced else 1)


def proof_lines(hub: Instance, month: Month | None) -> list[Line]:
    """The lines of the proof, our own files read back from the archive."""
    return proof.lines(
        hub.store,
        hub.settings,
        lambda object_sha, agreement: read_back(hub, object_sha, agreement),
        month,
    )


@app.command("journal")
def journal_(ctx: typer.Context, in_json: Json = False) -> None:
    """The hash chains of the journal and of the ratings: whole, or the first that does not fit.

    Example: hub verify journal
    """
    with opened(ctx) as (hub, lang):
        differs = hub.journal_file.differs_at(hub.store)
        broken, run = journal.broken_at(hub.store) or differs, closing.broken_run(hub.store)
    whole = broken is None and run is None
    if in_json:
        where = run._asdict() if run else None
        print(as_json({"whole": whole, "broken_at": broken, "broken_run": where}))
    else:
        print(say(lang, "chain_whole" if broken is None else "chain_broken", seq=broken))
        print(say(lang, _run_word(run), **(run._asdict() if run else {})))
    raise typer.Exit(0 if whole else 1)


def _run_word(run: closing.Broken | None) -> str:
    if run is None:
        return "runs_whole"
    return "run_broken" if run.chunk is None else "chunk_broken"


@app.command("store")
def store_(ctx: typer.Context, in_json: Json = False) -> None:
    """The originals: every object hashed again, every file of the database there.

    Example: hub verify store
    """
    with opened(ctx) as (hub, lang):
        damaged, missing = list(hub.archive.damaged()), missing_objects(hub)
    if in_json:
        print(as_json({"whole": not damaged + missing, "damaged": damaged, "missing": missing}))
    else:
        for key, names in (("object_damaged", damaged), ("object_missing", missing)):
            for name in names:
                print(say(lang, key, name=name))
        print(say(lang, "store_broken" if damaged + missing else "store_whole"))
    raise typer.Exit(1 if damaged + missing else 0)


def missing_objects(hub: Instance) -> list[str]:
    """Hashes of files, in or out, whose bytes are not in the archive."""
    with hub.store.reading() as tx:
        known = {row.object_sha for row in store.intakes(tx)}
        known |= {row.object_sha for row in store.dispatches(tx)}
    return sorted(sha for sha in known if sha and not hub.archive.path(sha).exists())
