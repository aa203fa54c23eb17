"""`hub messages`: every file in and out, what was found in it, and what can be done about it."""

from typing import Annotated

import typer

from hub import review
from hub.arrival import Verdict
from hub.cli.check import UNTAKEN, finding_shape, print_findings
from hub.cli.opened import opened
from hub.cli.options import Json
from hub.cli.output import as_json, console, facts, iso, plain, table
from hub.cli.words import say
from hub.errors import Refused
from hub.instance import Instance
from hub.money import roubles
from hub.store import exchange as store
from hub.store import lineage as edges
from hub.store.exchange import DispatchRow, IntakeRow
from hub.store.session import Transaction

SHOWN = 200
"""Files that a person sees unless another number is asked for; programs get all."""
ALL = 1_000_000_000
Shape = dict[str, object]

app = typer.Typer()
Id = Annotated[int, typer.Argument(metavar="ID", help="the id in `hub messages list`")]


# --- list --------------------------------------------------------------------------------------


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="such as REJECTED, HELD, SENT")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="the latest so many")] = None,
    in_json: Json = False,
) -> None:
    """Files in and out together, in the order of their time.

    Example: hub messages list --state REJECTED
    """
    with opened(ctx) as (hub, lang), hub.store.reading() as tx:
        found = _latest(tx, state.upper() if state else None, limit or (ALL if in_json else SHOWN))
    if in_json:
        print(as_json({"messages": found}))
        return
    heads = ("id", "direction", "time", "partner", "name", "state", "codes", "records", "sum")
    rows = [_cells(message, lang) for message in found]
    console().print(table(heads, rows, ["id", "records", "sum"], lang))


def _latest(tx: Transaction, state: str | None, limit: int) -> list[Shape]:
    came = [(row.received_at, intake_shape(row)) for row in store.intakes(tx, state, limit)]
    went = [
        (row.created_at, dispatch_shape(row))
        for row in store.dispatches(tx)
        if state in (None, row.state, row.ack_state)
    ]
    ordered = sorted(came + went, key=lambda dated: dated[0])
    return [shape for _, shape in ordered[-limit:]]


def intake_shape(row: IntakeRow) -> Shape:
    """A file that came, as programs read it."""
    return {
        "id": row.id,
        "direction": "in",
        "partner": row.partner,
        "agreement": row.agreement,
        "kind": row.kind,
        "name": row.name,
        "number": row.number,
        "state": row.state,
        "codes": row.codes.split(),
        "received_at": iso(row.received_at),
        "records": row.records,
        "accepted": row.accepted,
        "suspended": row.suspended,
        "parked": row.parked,
        "rejected": row.rejected,
        "sum": roubles(row.sum_file),
        "receipt": row.receipt,
        "first": row.first_id,
        "sha256": row.object_sha,
    }


def dispatch_shape(row: DispatchRow) -> Shape:
    """A file that went, as programs read it; `received_at` is when it was made."""
    return {
        "id": row.id,
        "direction": "out",
        "partner": row.partner,
        "agreement": row.agreement,
        "kind": row.kind,
        "name": row.name,
        "number": str(row.number),
        "state": row.state,
        "codes": [row.reason] if row.reason else [],
        "received_at": iso(row.created_at),
        "records": row.records,
        "accepted": None,
        "rejected": None,
        "sum": roubles(row.amount),
        "receipt": None,
        "sha256": row.object_sha,
        "sent_at": iso(row.sent_at) if row.sent_at else None,
        "ack": row.ack_state,
        "ack_due": iso(row.ack_due) if row.ack_due else None,
        "ack_text": row.ack_text,
    }


def _cells(message: Shape, lang: str) -> list[str]:
    ack = message.get("ack", "NONE")
    codes = message["codes"]
    assert isinstance(codes, list)
    return [
        str(message["id"]),
        say(lang, f"way_{message['direction']}"),
        str(message["received_at"])[:19].replace("T", " "),
        str(message["partner"]),
        str(message["name"]),
        str(message["state"]) + ("" if ack == "NONE" else f", {ack}"),
        " ".join(codes),
        str(message["records"]),
        str(message["sum"]),
    ]


# --- one message -------------------------------------------------------------------------------


@app.command()
def show(
    ctx: typer.Context,
    message_id: Id,
    out: Annotated[bool, typer.Option("--out", help="a file that went")] = False,
    in_json: Json = False,
) -> None:
    """One file: what is known of it, its findings and its receipt.

    Example: hub messages show 7
    """
    with opened(ctx) as (hub, lang), hub.store.reading() as tx:
        if out:
            _show({"message": dispatch_shape(_dispatch(tx, message_id))}, lang, in_json)
            return
        row = _intake(tx, message_id)
        findings = store.findings(tx, row.id)
        receipt = store.receipt_of(tx, row.first_id or row.id)
    told: Shape = {"message": intake_shape(row)}
    told["findings"] = [finding_shape(finding, lang) for finding in findings]
    told["receipt"] = None
    if receipt is not None:
        told["receipt"] = {"number": receipt[0], "name": receipt[1], "xml": receipt[2].decode()}
    _show(told, lang, in_json)
    if not in_json:
        print_findings(findings, lang)
        print(receipt[2].decode() if receipt else "", end="")


def _show(told: Shape, lang: str, in_json: bool) -> None:
    if in_json:
        print(as_json(told))
        return
    message = told["message"]
    assert isinstance(message, dict)
    pairs = ((k, " ".join(v) if isinstance(v, list) else v) for k, v in message.items())
    console().print(facts(pairs, lang))


def _intake(tx: Transaction, message_id: int) -> IntakeRow:
    row = store.intake(tx, message_id)
    if row is None:
        raise Refused("message", f"no message {message_id} came in; see `hub messages list`")
    return row


def _dispatch(tx: Transaction, message_id: int) -> DispatchRow:
    row = store.dispatch(tx, message_id)
    if row is None:
        raise Refused("message", f"no message {message_id} went out; see `hub messages list`")
    return row


# --- repair ------------------------------------------------------------------------------------


@app.command()
def retry(
    ctx: typer.Context,
    message_id: Id,
    out: Annotated[bool, typer.Option("--out", help="a file that goes")] = False,
    in_json: Json = False,
) -> None:
    """Decide again about a held file, after what was missing is there.

    Example: hub messages retry 7
    """
    with opened(ctx) as (hub, lang):
        if out:
            review.send_again(hub, message_id)
            with hub.store.reading() as tx:
                _show({"message": dispatch_shape(_dispatch(tx, message_id))}, lang, in_json)
            return
        _decided(hub, message_id, review.decide_again(hub, message_id), lang, in_json)


@app.command()
def release(ctx: typer.Context, message_id: Id, in_json: Json = False) -> None:
    """Let a held file go on in spite of a gap, an old date or a number that disagrees.

    Example: hub messages release 7
    """
    with opened(ctx) as (hub, lang):
        verdict = review.decide_again(hub, message_id, released=True)
        _decided(hub, message_id, verdict, lang, in_json)


@app.command()
def reject(
    ctx: typer.Context,
    message_id: Id,
    reason: Annotated[str, typer.Option(help="why; it stands in the journal")],
    in_json: Json = False,
) -> None:
    """Refuse a held file; its sender gets the receipt.

    Example: hub messages reject 7 --reason "sent by mistake, letter of 3 October"
    """
    with opened(ctx) as (hub, lang):
        verdict = review.reject(hub, message_id, reason)
        _decided(hub, message_id, verdict, lang, in_json, wanted=verdict.state)


def _decided(
    hub: Instance, message_id: int, verdict: Verdict, lang: str, in_json: bool, wanted: str = ""
) -> None:
    with hub.store.reading() as tx:
        shape = intake_shape(_intake(tx, message_id))
    if in_json:
        print(as_json({"message": shape}))
    else:
        print(say(lang, "decided", id=message_id, state=verdict.state))
        print_findings(list(verdict.findings), lang)
    raise typer.Exit(1 if verdict.state in UNTAKEN and verdict.state != wanted else 0)


@app.command()
def replay(
    ctx: typer.Context,
    message_id: Id,
    preview: Annotated[bool, typer.Option("--preview", help="only show what would change")] = False,
    in_json: Json = False,
) -> None:
    """Try the refused and parked records of an accepted file again.

    Records that took effect are left alone. Example: hub messages replay 7 --preview
    """
    with opened(ctx) as (hub, lang):
        changes = review.replay(hub, message_id, preview=preview)
    if in_json:
        print(as_json({"id": message_id, "preview": preview, "changes": changes}))
        return
    print(say(lang, "replayed" if changes else "nothing_changes", id=message_id))
    for change in changes:
        print(f"  {plain(change)}")


# --- lineage -----------------------------------------------------------------------------------


@app.command()
def lineage(ctx: typer.Context, message_id: Id, in_json: Json = False) -> None:
    """What became of a file: its journal, its records, its money and where that went.

    Example: hub messages lineage 7
    """
    with opened(ctx) as (hub, lang), hub.store.reading() as tx:
        told = _lineage(tx, _intake(tx, message_id))
    if in_json:
        print(as_json(told))
        return
    for name, heads in _PARTS.items():
        rows = told[name]
        assert isinstance(rows, list)
        if rows:
            cells = ([str(row[head]) for head in heads] for row in rows)
            console().print(table(heads, cells, ["count", "amount"], lang))


_PARTS = {
    "journal": ("at", "action", "actor", "result"),
    "records": ("state", "count", "amount"),
    "rows": ("table", "count"),
    "money": ("supplier", "ledger", "amount", "order", "dispatch"),
    "answers": ("dispatch", "name", "state"),
}


def _lineage(tx: Transaction, row: IntakeRow) -> Shape:
    return {
        "message": intake_shape(row),
        "journal": [
            {"at": iso(at), "action": action, "actor": actor, "result": result}
            for at, action, actor, result in edges.journal(tx, f"intake:{row.id}")
        ],
        "records": [
            {"state": state, "count": count, "amount": roubles(amount)}
            for state, count, amount in edges.records(tx, row.id)
        ],
        "rows": [{"table": name, "count": count} for name, count in edges.rows(tx, row.id)],
        "money": [
            {
                "supplier": supplier,
                "ledger": ledger,
                "amount": roubles(amount),
                "order": order,
                "dispatch": dispatch,
            }
            for supplier, ledger, order, dispatch, amount in edges.money(tx, row.id)
        ],
        "answers": [
            {"dispatch": dispatch, "name": name, "state": state}
            for dispatch, name, state in edges.answered(tx, row.id)
        ],
    }
