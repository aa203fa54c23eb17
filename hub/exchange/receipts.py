"""The receipt (квитанция о приеме): what became of a file, as XML and as words.

Source: `exchange.md`, 10.1 (content and order) and 10.2 (findings); `xsd/hub-receipt.xsd`
describes it. Bytes depend on the facts alone, so a stored receipt can be made again.
"""

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from lxml import etree

from formats.contract import Finding, codes
from hub import VERSION
from hub.clock import MINSK
from hub.money import roubles

MOST_FINDINGS = 1_000
MOST_CHARACTERS = 64
MOST_OF_RULE = 200
MOST_OF_NAME = 255
PARTS = ("file", "accepted", "suspended", "parked", "rejected")
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of Unicode that do not show what they are: controls, bidi marks, surrogates."""


@dataclass(frozen=True)
class ReceiptFacts:
    """What a receipt says. Instants are aware; amounts are kopecks."""

    number: int
    """1, 2, 3 ... for each partner."""
    created: datetime
    partner: str
    agreement: str
    agreement_version: str
    name: str
    size: int
    object_sha: str
    payload_sha: str
    envelope_number: str | None
    envelope_date: str | None
    received: datetime
    late: bool
    window: datetime | None
    """The cut-off in whose window the file counts; None for an agreement without cut-offs."""
    next_cutoff: datetime | None
    outcome: str
    """ACCEPTED, ACCEPTED_WITH_ERRORS or REJECTED."""
    totals: Mapping[str, tuple[int, int]]
    """Count and sum of the records for each of `PARTS`."""
    findings: Sequence[Finding]
    findings_more: int
    """How many findings there are beside these."""
    mapping: str | None
    mapping_version: str | None
    format: str | None
    format_version: str | None
    journal_seq: int
    journal_hash: str
    signer: str
    """Fingerprint of our certificate."""


def shown(text: str, most: int = MOST_CHARACTERS) -> str:
    """Text that is safe to look at: hidden characters escaped, then cut.

    >>> shown("a\\u202eb")
    'a\\\\u202eb'
    """
    safe = "".join(_escaped(sign) for sign in text[: most + 1])
    return safe if len(safe) <= most else safe[: most - 1] + "…"


def _escaped(sign: str) -> str:
    if unicodedata.category(sign) not in _HIDDEN:
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


# --- as XML ------------------------------------------------------------------------------------


def render(facts: ReceiptFacts) -> bytes:
    """The XML of a receipt: UTF-8, no declaration, no white space that is not content.

    At most 1,000 findings, ordered by line, those of the whole file first; the count of the
    others stands in `findings/@more`. Findings that are for us alone (X) are left out.
    """
    root = _element("receipt", version="1")
    root.extend(
        [
            _element("number", str(facts.number)),
            _element("created", at=_utc(facts.created), minsk=_minsk(facts.created)),
            _element("partner", facts.partner),
            _element("agreement", id=facts.agreement, version=facts.agreement_version),
            _file(facts),
            _received(facts),
            _element("outcome", facts.outcome),
            _totals(facts),
            _findings(facts),
            _judged(facts),
            _element("journal", seq=str(facts.journal_seq), hash=facts.journal_hash),
            _element("signer", facts.signer),
        ]
    )
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _element(tag: str, text: str | None = None, /, **attributes: str | None) -> etree._Element:
    made = etree.Element(tag, {k: v for k, v in attributes.items() if v is not None})
    made.text = text
    return made


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _minsk(instant: datetime) -> str:
    return instant.astimezone(MINSK).isoformat(timespec="seconds")


def _file(facts: ReceiptFacts) -> etree._Element:
    return _element(
        "file",
        name=shown(facts.name, MOST_OF_NAME),
        size=str(facts.size),
        object=facts.object_sha,
        payload=facts.payload_sha,
        number=None if facts.envelope_number is None else shown(facts.envelope_number),
        date=facts.envelope_date,
    )


def _received(facts: ReceiptFacts) -> etree._Element:
    return _element(
        "received",
        at=_utc(facts.received),
        late="yes" if facts.late else "no",
        window=_utc(facts.window) if facts.window else None,
        nextCutoff=_utc(facts.next_cutoff) if facts.next_cutoff else None,
    )


def _totals(facts: ReceiptFacts) -> etree._Element:
    made = _element("totals")
    for part in PARTS:
        count, amount = facts.totals[part]
        made.append(_element(part, n=str(count), sum=roubles(amount)))
    return made


def _listed(facts: ReceiptFacts) -> tuple[list[Finding], int]:
    """The findings that are listed, safe to look at and in order; the count of the others."""
    told = [finding for finding in facts.findings if codes()[finding.code].out != "X"]
    told.sort(key=lambda finding: finding.line or 0)
    rest = facts.findings_more + max(0, len(told) - MOST_FINDINGS)
    return [_safe(finding) for finding in told[:MOST_FINDINGS]], rest


def _safe(finding: Finding) -> Finding:
    made = Finding._make(shown(part) if isinstance(part, str) else part for part in finding)
    return made if finding.rule is None else made._replace(rule=shown(finding.rule, MOST_OF_RULE))


def _findings(facts: ReceiptFacts) -> etree._Element:
    listed, rest = _listed(facts)
    made = _element("findings", more=str(rest) if rest else None)
    made.extend([_finding(finding) for finding in listed])
    return made


def _finding(finding: Finding) -> etree._Element:
    made = _element(
        "finding",
        code=finding.code,
        severity=finding.severity,
        line=None if finding.line is None else str(finding.line),
        key=finding.key,
        field=finding.field,
        rule=finding.rule,
        value=finding.value,
        expected=finding.expected,
        example=finding.example or codes()[finding.code].example,
    )
    made.append(_element("text", finding.text("ru")))
    return made


def _judged(facts: ReceiptFacts) -> etree._Element:
    version = facts.mapping_version
    return _element(
        "judged",
        mapping=facts.mapping,
        mappingVersion=None if version is None else str(version),
        format=facts.format,
        formatVersion=None if facts.format_version is None else shown(facts.format_version),
        hub=VERSION,
    )


# --- as words ----------------------------------------------------------------------------------

_HEAD = (
    "head", "partner", "file", "message", "sha", "received", "late", "window", "next", "outcome",
)  # fmt: skip


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    path = Path(__file__).with_name("receipts.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def as_text(facts: ReceiptFacts, lang: str = "ru") -> str:
    """The same receipt for people, in `ru`, `be` or `en`; lines end with a line feed."""
    words = _words()[lang]
    lines = [*_head_lines(facts, words), *_part_lines(facts, words)]
    listed, rest = _listed(facts)
    if listed:
        lines += [words["findings"], *(f"  {one.code} {one.text(lang)}" for one in listed)]
    if rest:
        lines.append("  " + words["more"].format(more=rest))
    lines.append(words["journal"].format(seq=facts.journal_seq, hash=facts.journal_hash))
    lines.append(words["signer"].format(signer=facts.signer))
    return "\n".join(lines) + "\n"


def _head_lines(facts: ReceiptFacts, words: Mapping[str, str]) -> list[str]:
    told = _told(facts) | {"outcome": words[facts.outcome]}
    left_out = {
        "message": facts.envelope_number is None and facts.envelope_date is None,
        "late": not facts.late,
        "window": facts.window is None,
        "next": facts.next_cutoff is None,
    }
    return [words[name].format_map(told) for name in _HEAD if not left_out.get(name)]


def _told(facts: ReceiptFacts) -> dict[str, object]:
    return {
        "number": facts.number,
        "created": _day(facts.created),
        "partner": facts.partner,
        "agreement": facts.agreement,
        "version": facts.agreement_version,
        "name": shown(facts.name, MOST_OF_NAME),
        "size": facts.size,
        "sha": facts.payload_sha,
        "message": shown(facts.envelope_number or "-"),
        "date": facts.envelope_date or "-",
        "received": _day(facts.received),
        "window": _day(facts.window),
        "next": _day(facts.next_cutoff),
    }


def _part_lines(facts: ReceiptFacts, words: Mapping[str, str]) -> list[str]:
    figures = ((part, *facts.totals[part]) for part in PARTS)
    return [
        words["part"].format(part=words[f"part_{part}"], count=count, amount=roubles(amount))
        for part, count, amount in figures
    ]


def _day(instant: datetime | None) -> str:
    return f"{instant.astimezone(MINSK):%d.%m.%Y %H:%M:%S}" if instant else ""
