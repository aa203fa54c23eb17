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
from hub.posting.contract import KNOW_REPEATS, Origin, Outcomes, refused_state
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


class _Before(NamedTuple):
    """A record with effect that another file brought."""

    key: str
    amount: int


class _Fates(NamedTuple):
    """Records of a chunk by what will become of them."""

    good: list[tuple[int, Message]]
    suspended: frozenset[int]
    outcomes: Outcomes
    bad: list[Bad]
    known: dict[int, _Before]
    """Lines whose business key another file of this kind brought before."""


def _earlier(line: int | None, key: str) -> Finding:
    return Finding("E-DUP-REC", line, None, key, "ранее", key=key)


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
        self._poster_judges = self._mapping.message in KNOW_REPEATS
        self._without_key: set[str] = set()
        """Keys of this file whose records were stored without them."""
        self._repeats, self._repeated = 0, ""
        """How many records say nothing new, and the key of the last of them."""

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
        known = self._known(good) if self._key and self._mapping.key_space else {}
        outcomes = {} if self._poster_judges else self._doubles(good, known)
        fresh = [pair for pair in good if pair[0] not in outcomes] if outcomes else good
        lines = frozenset(line for line, _ in suspended)
        outcomes |= POSTERS[self._mapping.message](self._tx, self._origin, fresh, lines)
        fates = _Fates(good, lines, outcomes, bad, known)
        self._count_repeats(fates)
        self._count(fates)

    def _known(self, good: list[tuple[int, Message]]) -> dict[int, _Before]:
        """Lines known from another file; the same key twice in this one refuses it."""
        assert self._mapping.key_space is not None
        keys = [self._text_key(message) for _, message in good]
        if len(set(keys)) != len(keys):
            twice = Counter(keys).most_common(1)[0][0]
            raise Undo(Verdict(REJECTED, (_twice(None, twice),)))
        rows = table.known_records(self._tx, self._mapping.key_space, keys)
        found = {key: _Before(key, amount) for key, _, amount in rows}
        own = {key for key, intake, _ in rows if intake == self._intake_id}
        own |= self._without_key.intersection(keys)
        if not found and not own:
            return {}
        lines = {line: key for (line, _), key in zip(good, keys, strict=True)}
        for line, key in lines.items():
            if key in own:
                raise Undo(Verdict(REJECTED, (_twice(line, key),)))
        return {line: found[key] for line, key in lines.items() if key in found}

    def _doubles(self, good: list[tuple[int, Message]], known: dict[int, _Before]) -> Outcomes:
        """Refuse records known from another file, where the poster does not judge them itself."""
        amounts = {line: self._value(message) for line, message in good if line in known}
        outcomes = Outcomes()
        for line, (key, amount) in known.items():
            if amount == amounts[line]:
                found = _earlier(line, key)
            else:
                found = Finding("E-CONFLICT", line, None, key, roubles(amount), key=key)
            outcomes[line] = self._refused, found
        return outcomes

    def _count_repeats(self, fates: _Fates) -> None:
        """Count the records that say nothing new: a file of nothing else is refused."""
        for line, message in fates.good if fates.known or fates.outcomes else ():
            _, finding = fates.outcomes.get(line, (None, None))
            said = finding is not None and finding.code == "E-DUP-REC"
            if self._poster_judges:
                same = line in fates.known and fates.known[line].amount == self._value(message)
                said = same and (finding is None or said)
                self._repeated = self._text_key(message)
            self._repeats += said

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
        special = fates.suspended or fates.outcomes or fates.known
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
            key = self._stored_key(line, message, fates)
            space = self._mapping.key_space if key is not None else None
            code, amount = finding.code if finding else None, self._value(message)
            rows.append((self._intake_id, line, space, key, state, amount, code))
        return rows

    def _stored_key(self, line: int, message: Message, fates: _Fates) -> str | None:
        """The business key under which a record has its effect, once; None when it has none.

        What the poster put into suspense apart from a known operation has the key of its finding.
        """
        if self._key is None or self._mapping.key_space is None:
            return None
        text = self._text_key(message)
        state, finding = fates.outcomes.get(line, ("POSTED", None))
        stored: str | None = text
        if state == "SUSPENDED" and finding is not None and finding.key is not None:
            stored = finding.key
        elif line in fates.known or state not in ("POSTED", "SUSPENDED"):
            stored = None
        if stored != text:
            self._without_key.add(text)
        return stored

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
        if tally.records and self._repeats == tally.records:
            told = any(finding.code == "E-DUP-REC" for finding in tally.findings)
            found = () if told else (_earlier(None, self._repeated),)
            raise Undo(Verdict(REJECTED, found))
        if not bad:
            return
        many = bad * 100 > self._agreement.max_bad_percent * tally.records
        if rule == "reject_file" or (rule == "accept_until_limit" and many):
            raise Undo(Verdict(REJECTED))
        if rule == "hold_file":
            raise Undo(Verdict(HELD))
