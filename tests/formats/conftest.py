"""What the tests of all formats share."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest

from formats.contract import Envelope, Finding, Format, Numbered, Options, Unreadable
from formats.registry import discover

HERE = Path(__file__).parent
NOT_SAMPLES = {".expected", ".py", ".pyc"}


def samples() -> list[Path]:
    """Every sample: each file in a folder under this one that is neither test nor expectation."""
    files = (path for path in sorted(HERE.rglob("*")) if path.is_file() and path.parent != HERE)
    return [path for path in files if path.suffix not in NOT_SAMPLES]


def expectations() -> list[Path]:
    """Every expectation beside a sample."""
    return sorted(HERE.rglob("*.expected"))


@pytest.fixture(scope="session")
def formats() -> Mapping[str, Format]:
    """All formats of the package by name."""
    return discover()


def read(form: Format, content: bytes, options: Options | None = None) -> list[Numbered]:
    """The rows of a file, read to its end."""
    return list(form.decode(BytesIO(content), options or {})[1])


def head(form: Format, content: bytes, options: Options | None = None) -> Envelope:
    """The envelope of a file."""
    return form.decode(BytesIO(content), options or {})[0]


def refusal(form: Format, content: bytes, options: Options | None = None) -> Finding:
    """The finding for which a file cannot be read."""
    with pytest.raises(Unreadable) as caught:
        read(form, content, options)
    return caught.value.finding
