"""`hub doctor`: what is wrong with an instance, and how to mend it; each check for itself."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import typer
from cryptography.x509 import Certificate

from hub import jobs, journal
from hub.cli.formats import check_mapping
from hub.cli.opened import instance, root_of
from hub.cli.options import Json
from hub.cli.output import as_json, cells, console, table
from hub.cli.words import say
from hub.clock import unstamp
from hub.errors import HubError
from hub.exchange import folders
from hub.exchange.calendar import LAST_MOVED_YEAR
from hub.gathering import GATHERERS
from hub.instance import FOLDERS, Instance, passphrase
from hub.signing import keys
from hub.store import journal as entries
from hub.store.schema import is_current

OK, WARN, BAD = "ok", "warn", "bad"
STYLES = {OK: "green", WARN: "yellow", BAD: "bold red"}
CERTIFICATE_DAYS = 30
"""Days before its end from which a certificate is spoken of (`exchange.md`, 15.5)."""
WARN_FROM = (11, 1)
"""Month and day from which the moved days of the next year are asked for (11.2)."""


class Said(NamedTuple):
    """What a check found: keys of words.toml and the facts that fill them."""

    state: str
    text: str
    mend: str | None
    facts: dict[str, object]


def _said(state: str, text: str, mend: str | None = None, **facts: object) -> Said:
    return Said(state, text, mend, facts)


Check = Callable[[Instance], Iterator[Said]]


def doctor(ctx: typer.Context, in_json: Json = False) -> None:
    """What is wrong, and how to mend it.

    Exit code 1 when a check is bad. Example: hub doctor --json
    """
    lang, found = examine(root_of(ctx), ctx.obj.lang)
    if in_json:
        shapes = [
            {"check": name, "state": said.state, **_texts(said, lang)} for name, said in found
        ]
        print(as_json({"checks": shapes}))
    else:
        _show(found, lang)
    raise typer.Exit(1 if any(said.state == BAD for _, said in found) else 0)


def examine(root: Path, lang: str | None) -> tuple[str, list[tuple[str, Said]]]:
    """The language of the answer and, by check, everything that was found."""
    try:
        hub = instance(root)
    except HubError as error:
        return lang or "ru", [("settings", _failed(error, "mend_settings"))]
    with closing(hub):
        found = [("settings", _said(OK, "settings_right", root=root))]
        for name, check in CHECKS.items():
            found += [(name, said) for said in _tried(check, hub)]
        return lang or hub.settings.hub.language, found


def _tried(check: Check, hub: Instance) -> Iterator[Said]:
    try:
        yield from check(hub)
    except Exception as error:  # whatever stops one check, the others still say what they see
        yield _failed(error)


def _failed(error: Exception, mend: str | None = None, **facts: object) -> Said:
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return _said(BAD, "as_it_is", mend, reason=reason, **facts)


def _texts(said: Said, lang: str) -> dict[str, str]:
    mend = say(lang, said.mend, **said.facts) if said.mend else ""
    return {"text": say(lang, said.text, **said.facts), "mend": mend}


def _show(found: list[tuple[str, Said]], lang: str) -> None:
    made = table(("check", "state", "text", "mend"), (), lang=lang)
    for name, said in found:
        row = (name, said.state, *_texts(said, lang).values())
        made.add_row(*cells(row), style=STYLES[said.state])
    console().print(made)


# --- the machine -------------------------------------------------------------------------------


def check_folders(hub: Instance) -> Iterator[Said]:
    """Every folder is there and may be written; keys are for their owner alone."""
    channels = [hub.folder(kind, c) for kind in ("inbox", "outbox") for c in hub.settings.channels]
    bad = False
    for folder in [*(hub.root / kind for kind in FOLDERS), *channels]:
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            bad = True
            mend = "mend_rights" if folder.exists() else "mend_run"
            yield _said(BAD, "folder_closed", mend, folder=folder)
    if not bad:
        yield _said(OK, "folders_right", count=len(FOLDERS) + len(channels))


def check_renames(hub: Instance) -> Iterator[Said]:
    """A file goes from inbox to work, and from staging to outbox, in one step."""
    work, staging = hub.root / "work", hub.root / "staging"
    ways = [(hub.folder("inbox", channel), work) for channel in hub.settings.channels]
    ways += [(staging, hub.folder("outbox", channel)) for channel in hub.settings.channels]
    bad = False
    for source, target in ways:
        missing = not (source.is_dir() and target.is_dir())  # told by the check of folders
        if not missing and not folders.trial(source, target):
            bad = True
            yield _said(BAD, "other_file_system", "mend_file_system", source=source, target=target)
    if not bad:
        yield _said(OK, "renames_right")


def check_disk(hub: Instance) -> Iterator[Said]:
    """Enough of the disk is free."""
    usage = shutil.disk_usage(hub.root)
    free, least = usage.free * 100 // usage.total, hub.settings.hub.disk_low_percent
    if free < least:
        yield _said(BAD, "disk_full", "mend_disk", free=free, least=least)
    else:
        yield _said(OK, "disk_right", free=free)


def check_clock(hub: Instance) -> Iterator[Said]:
    """The clock is not behind the last entry of the journal."""
    with hub.store.reading() as tx:
        last = entries.after(tx, journal.head(tx).seq - 1)
    skew = timedelta(minutes=hub.settings.hub.clock_skew_minutes)
    now = hub.clock.now()
    latest = unstamp(str(last[-1]["at"])) if last else now
    if latest > now + skew:
        yield _said(BAD, "clock_behind", "mend_clock", now=_shown(now), last=_shown(latest))
    else:
        yield _said(OK, f"clock_{hub.settings.hub.clock}", now=_shown(now))


def _shown(instant: datetime) -> str:
    return f"{instant:%d.%m.%Y %H:%M:%S}"


def check_database(hub: Instance) -> Iterator[Said]:
    """The database answers and is at the present schema."""
    dialect = hub.store.engine.dialect.name
    if is_current(hub.store):
        yield _said(OK, "database_right", dialect=dialect)
    else:
        yield _said(BAD, "database_old", "mend_run", dialect=dialect)


# --- keys --------------------------------------------------------------------------------------


def check_key(hub: Instance) -> Iterator[Said]:
    """Our key is there, closed to others, and its certificate does not end soon."""
    own = hub.settings.hub
    try:
        key = hub.key
    except HubError as error:
        yield _failed(error, "mend_key")
        return
    if own.env == "prod" and passphrase() is None:
        yield _said(BAD, "key_plain", "mend_key_plain")
    yield _lasting(hub, f"keys/{own.key}.pem", key.certificate, "mend_key_ends")


def check_certificates(hub: Instance) -> Iterator[Said]:
    """The certificates of partners can be read and do not end soon."""
    settings = hub.settings
    named = {path: p.id for p in settings.partners.values() for path in p.certificates}
    named |= {path: a.partner for a in settings.agreements.values() for path in a.certificates}
    for path, partner in named.items():
        try:
            certificate = keys.certificate(hub.root / path)
        except HubError as error:
            yield _failed(error, "mend_certificate", partner=partner)
        else:
            yield _lasting(hub, path, certificate, "mend_certificate_ends")


def _lasting(hub: Instance, path: str, certificate: Certificate, mend: str) -> Said:
    days = (certificate.not_valid_after_utc - hub.clock.now()).days
    end = f"{certificate.not_valid_after_utc:%d.%m.%Y}"
    if days < 0:
        return _said(BAD, "certificate_ended", mend, path=path, end=end)
    if days < CERTIFICATE_DAYS:
        return _said(WARN, "certificate_ends", mend, path=path, end=end, days=days)
    return _said(OK, "certificate_right", path=path, end=end)


# --- agreements and time -----------------------------------------------------------------------


def check_agreements(hub: Instance) -> Iterator[Said]:
    """Each agreement's mapping is there, right, and for its format; what goes out can be made."""
    bad = False
    for agreement in hub.settings.agreements.values():
        problem = _problem(hub, agreement.id)
        if problem is not None:
            bad = True
            yield _said(
                BAD, "agreement_wrong", "mend_agreement", agreement=agreement.id, reason=problem
            )
    if not bad:
        yield _said(OK, "agreements_right", count=len(hub.settings.agreements))


def _problem(hub: Instance, agreement_id: str) -> str | None:
    agreement = hub.settings.agreements[agreement_id]
    try:
        mapping = hub.mapping(agreement.mapping)
        check_mapping(mapping, dict(hub.formats))
    except HubError as error:
        return str(error)
    if mapping.format != agreement.format:
        return f"mapping {mapping.name} is for {mapping.format}, not for {agreement.format}"
    if agreement.direction == "out" and agreement.kind not in GATHERERS:
        return f"kind {agreement.kind!r} does not go out; known: {', '.join(GATHERERS)}"
    return None


def check_schedules(hub: Instance) -> Iterator[Said]:
    """Jobs and cron texts mean something."""
    jobs.check_schedules(hub)
    yield _said(OK, "schedules_right", count=len(hub.settings.schedules))


def check_calendar(hub: Instance) -> Iterator[Said]:
    """The days that the Council of Ministers moves are known for the year that comes."""
    today = hub.clock.now().date()
    asked = today.year + ((today.month, today.day) >= WARN_FROM)
    own = {day[:4] for day in hub.settings.hub.days_off}
    if asked > LAST_MOVED_YEAR and str(asked) not in own:
        yield _said(WARN, "days_missing", "mend_days", year=asked)
    else:
        yield _said(OK, "days_right", year=asked)


CHECKS: dict[str, Check] = {
    "folders": check_folders,
    "renames": check_renames,
    "disk": check_disk,
    "database": check_database,
    "clock": check_clock,
    "key": check_key,
    "certificates": check_certificates,
    "agreements": check_agreements,
    "schedules": check_schedules,
    "calendar": check_calendar,
}
"""The checks after that of the settings, in the order in which they are shown."""
