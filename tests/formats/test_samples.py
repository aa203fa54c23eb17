"""One test for every format: a sample beside its expectation; a new format brings only samples.

A sample `x.csv` lies in a folder under this one, its expectation is `x.csv.expected`. Write
them with `pytest tests/formats/test_samples.py --update-golden`, then read the difference.
"""

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest

from formats.contract import Envelope, Finding, Format, Numbered, Unreadable
from tests.formats.conftest import HERE, expectations, samples

HEAD = 4096


@pytest.mark.parametrize("sample", samples(), ids=lambda path: path.relative_to(HERE).as_posix())
def test_sample_becomes_what_is_expected(
    sample: Path, formats: Mapping[str, Format], update_golden: bool
) -> None:
    """One format claims the sample and makes of it what is written beside it."""
    expected = sample.with_name(sample.name + ".expected")
    found = "".join(f"{line}\n" for line in _told(sample, formats))
    if update_golden:
        expected.write_bytes(found.encode())

    assert expected.is_file(), f"{sample.name} has no expectation; see --update-golden"
    assert found == expected.read_bytes().decode()


@pytest.mark.parametrize("expected", expectations(), ids=lambda p: p.relative_to(HERE).as_posix())
def test_expectation_has_its_sample(expected: Path) -> None:
    """An expectation whose sample is gone is found."""
    assert expected.with_suffix("").is_file()


def _told(sample: Path, formats: Mapping[str, Format]) -> Iterator[str]:
    content = sample.read_bytes()
    claims = [name for name, form in formats.items() if form.recognise(sample.name, content[:HEAD])]
    yield f"claimed by: {', '.join(claims) or 'none'}"
    if len(claims) == 1:
        yield from _read(formats[claims[0]], content)


def _read(form: Format, content: bytes) -> Iterator[str]:
    rows: list[Numbered] = []
    try:
        envelope, stream = form.decode(BytesIO(content), {})
        yield from _envelope(envelope)
        yield from (_finding("check", finding) for finding in form.check(envelope, {}))
        for line, row in stream:
            rows.append((line, row))
            yield f"row {line}: {json.dumps(row, ensure_ascii=False)}"
    except Unreadable as stop:
        yield _finding("unreadable", stop.finding)
    else:
        yield f"written again: {_again(form, rows, envelope, content)}"


def _envelope(envelope: Envelope) -> Iterator[str]:
    yield f"version: {envelope.version}"
    yield f"layout: {envelope.layout.name}, {len(envelope.layout.fields)} fields"
    for name in ("number", "created", "sender", "receiver", "count"):
        if (value := getattr(envelope, name)) is not None:
            yield f"{name}: {value}"
    for name, text in envelope.fields.items():
        yield f"header {name}: {json.dumps(text, ensure_ascii=False)}"


def _finding(what: str, finding: Finding) -> str:
    return f"{what}: {finding.code} ({finding.severity}) {finding.text()}"


def _again(form: Format, rows: list[Numbered], envelope: Envelope, content: bytes) -> str:
    """What encoding the rows again gives: the canonical form of a sample is its own bytes."""
    try:
        written = b"".join(form.encode((row for _, row in rows), envelope, {}))
    except Unreadable as stop:
        return f"{stop.finding.code} {stop.finding.rule or ''}".rstrip()
    return "the same bytes" if written == content else "other bytes"
