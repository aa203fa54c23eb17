"""The records of one file: decoded, mapped, checked for doubles and posted, chunk by chunk.

Everything happens inside the savepoint of the file. What only the end can show (count, sums, a
bad record where the agreement refuses the whole file) raises `Undo`.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from formats.contract import Envelope, Finding, Numbered
from hub.arrival import HELD, REJECTED, Arrival, Undo, Verdict, refused
from hub.mapping import Bad, Mapping
from hub.messages import MESSAGES
from hub.money import roubles
from hub.month import Month
from hub.posting import FINISHERS, POSTERS
from hub.posting.contract import Origin, Outcomes, refused_state
from hub.settings import Agreement
from hub.store import exchange as table
from hub.store.periods import operating_month
from hub.store.session import Transaction

CHUNK = 5_000
"""Records that are mapped and posted at once: more costs memory and gains nothing."""
Message = tuple[Any, ...]


def post_file(tx: Transaction, arrival: Arrival, intake_id: int) -> None:
    """Post every record of the file. Raises `Undo` and `formats.contract.Unreadable`."""
    work = _Work(tx, arrival, intake_id)
    for chunk in _chunks(work.rows):
        work.post(chunk)
        arrival.hub.stage("tx half")
    work.finish()


def replay_file(tx: Transaction, arrival: Arrival, intake_id: int) -> list[str]:
    """Try the refused and parked records of a posted file again; gives a sentence a change."""
    before = table.refused_records(tx, intake_id)
    work = _Work(tx, arrival, intake_id)
    wanted = ((line, row) for line, row in work.rows if line in before)
    for chunk in _chunks(wanted):
        table.drop_records(tx, intake_id, [line for line, _ in chunk])
        work.post(chunk)
    after = table.states(tx, intake_id, list(before))
    changed = {line: state for line, state in after.items() if state != before[line]}
    table.recount(tx, intake_id, changed)
    return [f"line {n}: {before[n]} -> {state}" for n, state in sorted(changed.items())]


def _chunks(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


class _Fates(NamedTuple):
    """Records of a chunk by what will become of them."""

    good: list[tuple[int, Message]]
    suspended: frozenset[int]
    outcomes: Outcomes
    bad: list[Bad]


def _twice(line: int | None, key: str) -> Finding:
    return Finding("E-DUP-REC", line, None, key, "в этом же файле", key=key)


class _Work:
    """One file under posting."""

    def __init__(self, tx: Transaction, arrival: Arrival, intake_id: int) -> None:
        agreement, form, stream = arrival.agreement, arrival.format, arrival.stream
        assert agreement is not None and form is not None and stream is not None
        self._tx, self._arrival, self._intake_id = tx, arrival, intake_id
        self._agreement: Agreement = agreement
        stream.seek(0)
        self._envelope: Envelope
        self._envelope, self.rows = form.decode(stream, agreement.options)
        self._mapping: Mapping = arrival.hub.mapping(agreement.mapping)
        self._reader = self._mapping.reader(self._envelope.layout, self._fill())
        fields = MESSAGES[self._mapping.message]._fields
        self._amount = itemgetter(fields.index("amount")) if "amount" in fields else None
        self._key = itemgetter(*map(fields.index, self._mapping.key)) if self._mapping.key else None
        self._control = {name: fields.index(name) for name in self._mapping.control}
        self._origin = self._make_origin()
        self._refused = refused_state(agreement)

    def _fill(self) -> dict[str, str]:
        scheme = self._arrival.hub.settings.scheme_of(self._agreement)
        day = f"{self._arrival.received_at:%d.%m.%Y}"
        return {"scheme": scheme.code, "received_on": day, **self._arrival.names}

    def _make_origin(self) -> Origin:
        hub = self._arrival.hub
        scheme = hub.settings.scheme_of(self._agreement)
        month = operating_month(self._tx, scheme.code, Month.of(hub.clock.now().date()))
        return Origin(
            self._intake_id,
            scheme,
            self._agreement,
            self._envelope,
            self._arrival.received_at,
            month,
            hub.settings,
        )

    def post(self, chunk: list[Numbered]) -> None:
        """Map a chunk, sort out doubles, post the rest, write its record rows."""
        most = self._agreement.max_records
        if self._arrival.tally.records + len(chunk) > most:
            rule = f"max_records = {most}"
            raise Undo(Verdict(REJECTED, (Finding("E-LIMIT", expected=str(most), rule=rule),)))
        good, bad = self._reader.translate(chunk)
        for broken in bad:
            if broken.fate == "file":
                self._arrival.tally.add("REJECTED", len(chunk), 0)
                raise Undo(Verdict(REJECTED, broken.findings))
        suspended = [(b.line, b.message) for b in bad if b.message is not None]
        good = sorted(good + suspended) if suspended else good
        outcomes = self._doubles(good) if self._key and self._mapping.key_space else {}
        fresh = [pair for pair in good if pair[0] not in outcomes] if outcomes else good
        lines = frozenset(line for line, _ in suspended)
        outcomes |= POSTERS[self._mapping.message](self._tx, self._origin, fresh, lines)
        self._count(_Fates(good, lines, outcomes, bad))

    def _doubles(self, good: list[tuple[int, Message]]) -> Outcomes:
        """Records known from another file; the same key twice in this one refuses it."""
        assert self._key is not None and self._mapping.key_space is not None
        keys = [self._text_key(message) for _, message in good]
        if len(set(keys)) != len(keys):
            twice = Counter(keys).most_common(1)[0][0]
            raise Undo(Verdict(REJECTED, (_twice(None, twice),)))
        known = {
            key: (intake, amount)
            for key, intake, amount in table.known_records(self._tx, self._mapping.key_space, keys)
        }
        if not known:
            return {}
        found = zip(good, keys, strict=True)
        return {
            line: self._double(line, key, self._value(message), known[key])
            for (line, message), key in found
            if key in known
        }

    def _double(
        self, line: int, key: str, amount: int, known: tuple[int, int]
    ) -> tuple[str, Finding]:
        if known[0] == self._intake_id:
            raise Undo(Verdict(REJECTED, (_twice(line, key),)))
        if amount == known[1]:
            return self._refused, Finding("E-DUP-REC", line, None, key, "ранее", key=key)
        return self._refused, Finding("E-CONFLICT", line, None, key, roubles(known[1]), key=key)

    def _text_key(self, message: Message) -> str:
        assert self._key is not None
        key = self._key(message)
        return key if isinstance(key, str) else "|".join(map(str, key))

    def _value(self, message: Message) -> int:
        return self._amount(message) or 0 if self._amount else 0

    def _count(self, fates: _Fates) -> None:
        """Record rows, counts and sums of a chunk."""
        tally = self._arrival.tally
        for name, index in self._control.items():
            whole = sum(message[index] or 0 for _, message in fates.good)
            whole += sum(b.sums.get(name, 0) for b in fates.bad if b.message is None)
            tally.control[name] = tally.control.get(name, 0) + whole
        special = fates.suspended or fates.outcomes
        rows = self._special_rows(fates) if special else self._plain_rows(fates.good)
        rows += [self._bad_row(broken) for broken in fates.bad if broken.message is None]
        tally.findings += [finding for broken in fates.bad for finding in broken.findings]
        tally.findings += [finding for _, finding in fates.outcomes.values()]
        if not special and not fates.bad:
            tally.add("POSTED", len(rows), sum(row[5] for row in rows))
        else:
            for row in rows:
                tally.add(row[4], 1, row[5])
        table.add_records(self._tx, rows)

    def _plain_rows(self, good: list[tuple[int, Message]]) -> list[Message]:
        intake, space, key, value = self._intake_id, self._mapping.key_space, self._key, self._value
        if space is None or key is None:
            return [(intake, line, None, None, "POSTED", value(m), None) for line, m in good]
        text = self._text_key
        return [(intake, line, space, text(m), "POSTED", value(m), None) for line, m in good]

    def _special_rows(self, fates: _Fates) -> list[Message]:
        rows = []
        for line, message in fates.good:
            usual = "SUSPENDED" if line in fates.suspended else "POSTED"
            state, finding = fates.outcomes.get(line, (usual, None))
            keyed = state in ("POSTED", "SUSPENDED") and self._mapping.key_space and self._key
            rows.append(
                (
                    self._intake_id,
                    line,
                    self._mapping.key_space if keyed else None,
                    self._text_key(message) if keyed else None,
                    state,
                    self._value(message),
                    finding.code if finding else None,
                )
            )
        return rows

    def _bad_row(self, broken: Bad) -> Message:
        state = "REJECTED" if self._agreement.partial == "accept_good" else self._refused
        amount = broken.sums.get("amount", 0)
        code = broken.findings[0].code
        return (self._intake_id, broken.line, None, None, state, amount, code)

    def finish(self) -> None:
        """Compare the whole with its envelope and the agreement; the last word on the file."""
        tally, envelope = self._arrival.tally, self._envelope
        if envelope.count is not None and envelope.count != tally.records:
            found = Finding("E-COUNT", value=str(tally.records), expected=str(envelope.count))
            raise Undo(Verdict(REJECTED, (found,)))
        self._compare_sums()
        self._judge_partial()
        finisher = FINISHERS.get(self._mapping.message)
        for finding in finisher(self._tx, self._origin) if finisher else []:
            if finding.severity != "warning":
                raise Undo(refused(finding))
            tally.findings.append(finding)

    def _compare_sums(self) -> None:
        announced, unreadable = self._mapping.announced(self._envelope.fields)
        if unreadable:
            raise Undo(Verdict(REJECTED, tuple(unreadable)))
        for name, stated in announced.items():
            found = self._arrival.tally.control.get(name, 0)
            if stated != found:
                header = self._mapping.control[name]
                finding = Finding("E-SUM", None, header, roubles(found), roubles(stated))
                raise Undo(Verdict(REJECTED, (finding,)))

    def _judge_partial(self) -> None:
        tally, rule = self._arrival.tally, self._agreement.partial
        bad = tally.counts["rejected"] + tally.counts["parked"]
        if not bad:
            return
        many = bad * 100 > self._agreement.max_bad_percent * tally.records
        known = sum(1 for finding in tally.findings if finding.code == "E-DUP-REC")
        if (
            rule == "reject_file"
            or known == tally.records
            or (rule == "accept_until_limit" and many)
        ):
            raise Undo(Verdict(REJECTED))
        if rule == "hold_file":
            raise Undo(Verdict(HELD))
