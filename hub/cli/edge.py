"""The edge of the program: what goes wrong becomes one sentence, an exit code and a line of log.

No command catches anything by itself. Exit codes (`architecture.md`, section 6): 1 the data is
at fault, 2 usage or settings, 3 our failure; 130 is what a shell expects of a program that was
interrupted. Only standard things are imported here, so that
`hub --help` is there at once.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import typer

from hub.clock import stamp
from hub.errors import HubError

FAILURE, INTERRUPTED = 3, 130
NO_READER = 1
"""A closed pipe: no trace, and never success, for nobody read the answer to its end."""
LONGEST = 300
"""Characters of a foreign message that are shown; the whole stands in the log."""

log = logging.getLogger("hub.cli")
# standard error is for sentences: without a handler of its own, a warning would end there
logging.getLogger().addHandler(logging.NullHandler())


class Asked(NamedTuple):
    """The options before the command; `ctx.obj` of every command."""

    root: Path | None = None
    lang: str | None = None


class Fault(NamedTuple):
    """How a refusal is told."""

    exit_code: int
    code: str
    text: str


@runtime_checkable
class UsageFault(Protocol):
    """The shape of typer's own refusals; their base class has no public name in typer."""

    exit_code: int

    def format_message(self) -> str:
        """The sentence."""
        ...


@contextmanager
def plain_words(in_json: bool) -> Iterator[None]:
    """Turn whatever leaves the block into a sentence on standard error and an exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader went away; what is still buffered must not fail again at the very end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(NO_READER) from None
    except (KeyboardInterrupt, typer.Abort):
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        raise SystemExit(tell(error, in_json)) from None


def tell(error: Exception, in_json: bool) -> int:
    """Log a failure, print its sentence, give its exit code."""
    fault = fault_of(error)
    trace = error if fault.exit_code == FAILURE else None
    log.error("%s", fault.text, exc_info=trace, extra={"action": "command_failed"})
    if in_json:
        words = {"error": {"code": fault.code, "text": fault.text}}
        print(json.dumps(words, ensure_ascii=False), file=sys.stderr)
    elif fault.text:  # `hub` alone has printed its help and has nothing to add
        print(f"hub: {fault.text}", file=sys.stderr)
    return fault.exit_code


def fault_of(error: Exception) -> Fault:
    """The exit code, the stable code and the sentence of an exception."""
    if isinstance(error, HubError):
        return Fault(error.exit_code, error.code, str(error))
    if isinstance(error, UsageFault):
        return Fault(error.exit_code, "usage", error.format_message().rstrip())
    said = next(iter(str(error).splitlines()), "")[:LONGEST]
    where = f"stands in {log_file()}" if log_file() else "is shown by `hub -v`"
    return Fault(
        FAILURE, "failure", f"unexpected {type(error).__name__}: {said}; the trace {where}"
    )


# --- log ---------------------------------------------------------------------------------------


class JsonLine(logging.Formatter):
    """A record as one line of JSON; `action` is the name that a monitor looks for."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        fields = {
            "at": stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "action": getattr(record, "action", None),
            "text": record.getMessage(),
        }
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


class LogFile(WatchedFileHandler):
    """The log of an instance; a full disk or a read-only folder does not stop the work."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line where that is possible."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - a name of logging
        """Say nothing: there is no other place to say it."""


def log_to(path: Path) -> None:
    """Send the log to a file from now on; it appears with its first line."""
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, LogFile)]:
        root.removeHandler(former)
        former.close()
    _attach(LogFile(path, encoding="utf-8", delay=True))


def log_to_stderr() -> None:
    """Send the log to standard error too (`hub -v`)."""
    _attach(logging.StreamHandler())


def _attach(handler: logging.Handler) -> None:
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    logging.getLogger("hub").setLevel(logging.INFO)


def log_file() -> str | None:
    """The log file in use."""
    found = (h.baseFilename for h in logging.getLogger().handlers if isinstance(h, LogFile))
    return next(found, None)
