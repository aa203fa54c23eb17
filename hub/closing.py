"""Story 2, one month of a scheme: open, rate in chunks, take back, close.

The states are those of `billing.md`, 15, the run model that of section 19. Each change of state
is one transaction that ends with the caller's `also`, so that its journal entry cannot be apart
from it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from hub.clock import stamp
from hub.errors import Inconsistent, Refused
from hub.money import SHARE, roubles
from hub.month import Month
from hub.rating import Results, Work, rated, reach_of
from hub.settings import Policies, Scheme
from hub.settlement import distribute
from hub.store import periods as table
from hub.store import rates as store_rates
from hub.store import rating as facts
from hub.store import runs
from hub.store.payments import leave_todos
from hub.store.periods import PeriodRow, RunRow
from hub.store.runs import ChunkRow, Held
from hub.store.session import Row, Store, Transaction

Also = Callable[[Transaction], None]
"""What a caller adds at the end of the transaction of an act."""
Progress = Callable[[int, int], None]
"""Told (chunks done, chunks in all)."""


def nothing(tx: Transaction) -> None:
    """The `also` of a caller that adds nothing."""


# --- open --------------------------------------------------------------------------------------


def open_period(
    store: Store, scheme: Scheme, month: Month, now: datetime, also: Also = nothing
) -> None:
    """Open a month. Raises `Refused`: `period_state` out of order, `opening_differs`.

    The first month of a scheme opens when the balance of every card equals the sum of the
    account's services; the balances taken over then belong to the months before it.
    """
    with store.transaction() as tx:
        known = table.periods(tx, scheme.code)
        if known:
            _check_order(known[-1], month)
        else:
            table.date_openings(tx, scheme.code, month)
            _check_openings(tx, scheme.code)
        store_rates.seed(tx, stamp(now))
        table.open_period(tx, scheme.code, month, stamp(now))
        also(tx)


def _check_order(last: PeriodRow, month: Month) -> None:
    if Month.from_key(last.month).plus(1) != month:
        raise Refused("period_state", f"after {Month.from_key(last.month)} {month} cannot open")
    if last.state == "open":
        raise Refused("period_state", f"{Month.from_key(last.month)} is not rated yet")


def _check_openings(tx: Transaction, scheme: str) -> None:
    unequal = table.unequal_openings(tx, scheme)
    if unequal:
        number, card, services = unequal[0]
        raise Refused(
            "opening_differs",
            f"{len(unequal)} accounts open with another balance on the card than on their"
            f" services; the first is {number}: {roubles(card)}, {roubles(int(services))}",
        )


# --- rate --------------------------------------------------------------------------------------


class RunSummary(NamedTuple):
    """What a run came to, kopecks."""

    month: Month
    accounts: int
    errors: int
    rows: int
    gross: int
    benefit: int
    penalty: int
    chain: str

    def __str__(self) -> str:
        text = f"{self.month}: {self.accounts} accounts, {self.rows} rows, {roubles(self.gross)}"
        return f"{text}, {self.errors} in error" if self.errors else text


def rate(
    store: Store,
    scheme: Scheme,
    month: Month,
    now: datetime,
    progress: Progress | None = None,
    also: Also = nothing,
) -> RunSummary:
    """Rate a month: distribution, charges and penalties in chunks, seal, carry (10.3).

    What a kill left is finished: chunks that are done are skipped, and the rows and hashes are
    those of an unbroken run. A run with too many errors is void: the next call begins anew, with
    what was learnt since. A sealed month is left as it is, held accounts too: what was mended after
    its snapshot counts once it is taken back and rated again. Raises `Refused`: `period_state`,
    `rules_changed` in the middle of a run, `max_error_share` when too many accounts failed.
    """
    run = _begin(store, scheme, month, now)
    if run.state == "running":
        with store.reading() as tx:
            work, plan = Work.of(tx, run), runs.chunks(tx, run.id)
        for done, chunk in enumerate(plan, 1):
            if chunk.finished_at is None:
                _rate_chunk(store, work, chunk, stamp(now))
            if progress is not None:
                progress(done, len(plan))
        _seal(store, scheme, run, now, also)
    with store.reading() as tx:
        return _summary(tx, scheme, month)


def _begin(store: Store, scheme: Scheme, month: Month, now: datetime) -> RunRow:
    """The final run of the month: the one there is, or a new one with its plan."""
    with store.transaction() as tx:
        _check_may_rate(tx, scheme.code, month)
        known = table.final_run(tx, scheme.code, month)
        if known is not None:
            if known.state == "running" and known.rules_version != store_rates.rules_version():
                raise Refused("rules_changed", f"the run of {month} began under other rules")
            return known
        return _new_run(tx, scheme, month, now)


def _new_run(tx: Transaction, scheme: Scheme, month: Month, now: datetime) -> RunRow:
    distribute(tx, scheme, now, month)
    run = RunRow(
        id=tx.reserve("run"),
        scheme=scheme.code,
        month=month.key,
        kind="final",
        snapshot=stamp(now),
        rules_version=store_rates.rules_version(),
        policies=scheme.policies.model_dump_json(),
        state="running",
        chain=None,
    )
    table.add_run(tx, run)
    accounts = facts.account_ids(tx, reach_of(run, *facts.EVERYBODY))
    runs.add_chunks(tx, list(_plan(run.id, accounts, scheme.policies.chunk_accounts)))
    return run


def _check_may_rate(tx: Transaction, scheme: str, month: Month) -> None:
    states = {row.month: row.state for row in table.periods(tx, scheme)}
    if states.get(month.key) not in ("open", "rated"):
        raise Refused("period_state", f"{month} is {states.get(month.key, 'not opened')}")
    if states.get(month.plus(-1).key) == "open":
        raise Refused("period_state", f"{month.plus(-1)} must be rated before {month}")


def _plan(run: int, accounts: Sequence[int], size: int) -> Iterator[ChunkRow]:
    """Ranges that cover all accounts, closed ones with old debts included."""
    low, high = facts.EVERYBODY
    ends = [accounts[at - 1] for at in range(size, len(accounts), size)]
    for number, end in enumerate([*ends, high], 1):
        yield ChunkRow(run, number, low, end)
        low = end + 1


def _rate_chunk(store: Store, work: Work, chunk: ChunkRow, now: str) -> None:
    """Rate the accounts of a range and store all of it, or nothing, in one transaction."""
    reach = reach_of(work.run, chunk.account_from, chunk.account_to)
    with store.reading() as tx:
        found = rated(tx, work, reach)
    month, run = work.run.month, work.run.id
    with store.transaction() as tx:
        if not runs.finish_chunk(tx, _finished(chunk, found, now)):
            return  # another worker was faster
        facts.add_results(
            tx,
            ((row[1], month, *row[2:4], run, *row[4:]) for row in found.charges),
            ((*row[1:3], month, run, *row[3:]) for row in found.penalties),
            ((meter, run, reading) for meter, reading in found.charged),
            ((run, account, *problem) for account, problem in found.errors.items()),
        )


def _finished(chunk: ChunkRow, found: Results, now: str) -> ChunkRow:
    return chunk._replace(
        accounts=found.accounts,
        errors=len(found.errors),
        rows=len(found.charges) + len(found.penalties),
        sum_quantity=sum(row[6] for row in found.charges),
        sum_gross=sum(row[8] for row in found.charges),
        sum_benefit=sum(row[9] for row in found.charges),
        sum_penalty=sum(row[3] for row in found.penalties),
        body_sha256=_body(found.charges, found.penalties),
        finished_at=now,
    )


def _body(*tables: Iterable[Row]) -> str:
    digest = hashlib.sha256()
    for rows in tables:
        for row in rows:
            digest.update(("|".join(map(str, row)) + "\n").encode())
    return digest.hexdigest()


# --- seal --------------------------------------------------------------------------------------


def _seal(store: Store, scheme: Scheme, run: RunRow, now: datetime, also: Also) -> None:
    with store.transaction() as tx:
        plan = runs.chunks(tx, run.id)
        refused = _too_many_errors(tx, run, plan)
        if refused is not None:
            _void(tx, run, now)  # at once, before money is allocated to its charges
        elif runs.seal(tx, run.id, _chain(run, plan)):
            _sealed(tx, scheme, run, now)
            also(tx)
    if refused is not None:
        raise refused


def _sealed(tx: Transaction, scheme: Scheme, run: RunRow, now: datetime) -> None:
    month = Month.from_key(run.month)
    table.set_state(tx, scheme.code, month, "rated", "rated_at", stamp(now))
    distribute(tx, scheme, now, month, "carry")
    todos = [
        (f"rating.{held.code}", f"account:{held.account}", f"{month}: {held}")
        for held in runs.held(tx, run.id)
    ]
    leave_todos(tx, todos, stamp(now))


def _too_many_errors(tx: Transaction, run: RunRow, plan: Sequence[ChunkRow]) -> Refused | None:
    """Why a run is not sealed: more accounts are in error than its policy allows."""
    accounts = sum(chunk.accounts for chunk in plan)
    errors = sum(chunk.errors for chunk in plan)
    if errors * SHARE <= accounts * Policies.model_validate_json(run.policies).max_error_share:
        return None
    first = _first(runs.held(tx, run.id))
    text = f"{errors} of {accounts} accounts cannot be rated: {first}"
    return Refused("max_error_share", text)


def _first(held: Sequence[Held]) -> str:
    """The first accounts in error, for a person."""
    return "; ".join(map(str, held[:3]))


def _chain(run: RunRow, plan: Iterable[ChunkRow]) -> str:
    """The hash over the run key and the bodies of the chunks in order (section 19)."""
    key = f"{run.scheme}|{run.month}|{run.kind}|{run.snapshot}|{run.rules_version}"
    chain = hashlib.sha256(key.encode()).digest()
    for chunk in plan:
        chain = hashlib.sha256(chain + bytes.fromhex(chunk.body_sha256 or "")).digest()
    return chain.hex()


def _summary(tx: Transaction, scheme: Scheme, month: Month) -> RunSummary:
    run = table.final_run(tx, scheme.code, month)
    assert run is not None
    plan = runs.chunks(tx, run.id)
    return RunSummary(
        month=month,
        accounts=sum(chunk.accounts for chunk in plan),
        errors=sum(chunk.errors for chunk in plan),
        rows=sum(chunk.rows for chunk in plan),
        gross=sum(chunk.sum_gross for chunk in plan),
        benefit=sum(chunk.sum_benefit for chunk in plan),
        penalty=sum(chunk.sum_penalty for chunk in plan),
        chain=run.chain or "",
    )


# --- unrate and close --------------------------------------------------------------------------


def unrate(store: Store, scheme: Scheme, month: Month, now: datetime, also: Also = nothing) -> None:
    """Void the run of a month; what was allocated to its rows waits to be allocated again.

    Raises `Refused` `period_state` when there is no run, when a demand or notice of the month
    has left, or when the next month is open; `published` when what was allocated to its rows
    has been passed on to a supplier.
    """
    with store.transaction() as tx:
        period, run = table.period(tx, scheme.code, month), table.final_run(tx, scheme.code, month)
        if period is None or run is None or period.state == "closed":
            raise Refused("period_state", f"{month} has no rating that could be taken back")
        if period.published_at is not None:
            raise Refused("period_state", f"a demand of {month} has left")
        if table.period(tx, scheme.code, month.plus(1)) is not None:
            raise Refused("period_state", f"{month.plus(1)} is open")
        _void(tx, run, now)
        table.set_state(tx, scheme.code, month, "open", "rated_at", None)
        also(tx)


def _void(tx: Transaction, run: RunRow, now: datetime) -> None:
    """Void a run and take back, newest first, what is allocated above the debts that are left."""
    table.set_run(tx, run.id, "void", run.chain)
    runs.close_todos(tx, run.id, stamp(now))
    above = runs.overpaid_without(tx, run.id)
    taken: list[tuple[Row, int]] = []
    for row in runs.free_allocations_on(tx, run.id) if above else ():
        key, amount = row[2:4] + row[5:6], row[6]
        back = min(amount, above.get(key, 0))
        if back:
            taken.append((row, amount - back))
            above[key] -= back
    passed_on = sum(above.values())
    if passed_on:
        text = f"{roubles(passed_on)} paid for {Month.from_key(run.month)} went to suppliers"
        raise Refused("published", text)
    runs.take_back(tx, taken, run.month, stamp(now))


def close(
    store: Store,
    scheme: Scheme,
    month: Month,
    now: datetime,
    also: Also = nothing,
    parked: bool = False,
) -> None:
    """Close a rated month for ever: store its balances, hold its invariants.

    Accounts in error hold the close until the caller says that they are `parked`: they then stay
    without charges of this month. Raises `Refused` `period_state`, `held_accounts`;
    `Inconsistent` when sums from different rows differ; then nothing is stored.
    """
    with store.transaction() as tx:
        run = _run_to_close(tx, scheme.code, month)
        if not parked:
            _check_held(runs.held(tx, run.id))
        first = table.first_month(tx, scheme.code) == month
        runs.write_balances(tx, scheme.code, month, first)
        _check_invariants(tx, scheme.code, month, run)
        table.set_state(tx, scheme.code, month, "closed", "closed_at", stamp(now))
        also(tx)


def _run_to_close(tx: Transaction, scheme: str, month: Month) -> RunRow:
    states = {row.month: row.state for row in table.periods(tx, scheme)}
    run = table.final_run(tx, scheme, month)
    if states.get(month.key) != "rated" or run is None or run.state != "sealed":
        raise Refused("period_state", f"{month} is {states.get(month.key, 'not opened')}")
    earlier = [key for key, state in states.items() if key < month.key and state != "closed"]
    if earlier:
        raise Refused("period_state", f"{Month.from_key(earlier[0])} must be closed first")
    return run


def _check_held(held: Sequence[Held]) -> None:
    if held:
        text = (
            f"{len(held)} accounts could not be rated: {_first(held)}; mend their facts, unrate the"
            " month and rate it again, or close it with these accounts parked"
        )
        raise Refused("held_accounts", text)


def _check_invariants(tx: Transaction, scheme: str, month: Month, run: RunRow) -> None:
    """I3 and I19, I6, I8 of `billing.md`, 18: the same sums from different rows."""
    plan = runs.chunks(tx, run.id)
    control = tuple(
        sum(getattr(chunk, name) for chunk in plan)
        for name in ("sum_gross", "sum_benefit", "sum_penalty")
    )
    pairs = {
        "balances and ledger": (
            runs.balance_sums(tx, scheme, month),
            runs.ledger_sums(tx, scheme, month),
        ),
        "control sums and rows of the run": (control, runs.charged_sums(tx, run.id)),
        "chain of the run": (run.chain, _chain(run, plan)),
    }
    for name, (left, right) in pairs.items():
        if left != right:
            raise Inconsistent(f"{month}: {name} differ: {left}, {right}")
    overdrawn = runs.overdrawn(tx, scheme, month)
    if overdrawn is not None:
        raise Inconsistent(f"{month}: account {overdrawn[0]} has {overdrawn[1]} unallocated")


# --- the hashes of the runs --------------------------------------------------------------------


class Broken(NamedTuple):
    """Where the rows of a sealed run are not those that were sealed."""

    scheme: str
    month: str
    chunk: int | None
    """None: the chunks are whole and the chain over them is not."""


def broken_run(store: Store) -> Broken | None:
    """Hash the stored rows of every sealed run again (section 19): the first that differs."""
    with store.reading() as tx:
        for run in runs.sealed(tx):
            found = _broken(tx, run)
            if found is not None:
                return found
    return None


def _broken(tx: Transaction, run: RunRow) -> Broken | None:
    plan, month = runs.chunks(tx, run.id), Month.from_key(run.month)
    for chunk in plan:
        reach = reach_of(run, chunk.account_from, chunk.account_to)
        if _body(*facts.stored_rows(tx, run.id, reach)) != chunk.body_sha256:
            return Broken(run.scheme, str(month), chunk.chunk)
    return None if _chain(run, plan) == run.chain else Broken(run.scheme, str(month), None)


# --- status ------------------------------------------------------------------------------------


def status(store: Store, scheme: Scheme) -> list[PeriodRow]:
    """The months of a scheme with their states, in order."""
    with store.reading() as tx:
        return table.periods(tx, scheme.code)
