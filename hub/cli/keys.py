"""`hub keys`: our signing keys, and the certificates by which partners are recognised."""

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from hub.cli.opened import opened
from hub.cli.options import Json
from hub.cli.output import as_json, console, table
from hub.cli.words import say
from hub.errors import SettingsError
from hub.instance import Instance, passphrase
from hub.signing import keys
from hub.signing.keys import Listed

PARTNERS = "partners"
"""The folder of partners' certificates inside `keys/`."""

app = typer.Typer()


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="else the `key` of the settings")] = None,
    subject: Annotated[str | None, typer.Option(help="else the `name` of the hub")] = None,
    years: Annotated[int, typer.Option(min=1, max=30, help="until the certificate ends")] = 10,
) -> None:
    """Make an ECDSA P-256 key with a self-issued certificate.

    The pass phrase is taken from HUB_KEY_PASSPHRASE. Example: hub keys new --name hub-2030
    """
    with opened(ctx) as (hub, lang):
        own, folder = hub.settings.hub, hub.root / "keys"
        made = keys.new(
            folder,
            name or own.key,
            subject or own.name,
            hub.clock.now(),
            passphrase_for(hub),
            years,
        )
        seal = keys.fingerprint(keys.certificate(made))
        print(say(lang, "key_made", path=made, fingerprint=seal))


def passphrase_for(hub: Instance) -> bytes | None:
    """The pass phrase for a new key; a plain key is for tests only (`exchange.md`, 15.9)."""
    secret = passphrase()
    if secret is None and hub.settings.hub.env != "test":
        raise SettingsError('set HUB_KEY_PASSPHRASE: only with env = "test" a key may be plain')
    return secret


@app.command("list")
def list_(ctx: typer.Context, in_json: Json = False) -> None:
    """Our certificates and those of partners, with the days they still have.

    Example: hub keys list --json
    """
    with opened(ctx) as (hub, lang):
        folder, now = hub.root / "keys", hub.clock.now()
        found = [
            {
                "name": f"{prefix}{one.name}",
                "subject": one.subject,
                "fingerprint": one.fingerprint,
                "valid_from": one.valid_from.isoformat(),
                "valid_to": one.valid_to.isoformat(),
                "days_left": (one.valid_to - now).days,
                "has_key": one.has_key,
            }
            for prefix, one in _everywhere(folder)
        ]
    if in_json:
        print(as_json({"keys": found}))
        return
    heads = ("name", "subject", "valid_to", "days_left", "has_key", "fingerprint")
    rows = [[_cell(lang, one[head]) for head in heads] for one in found]
    console().print(table(heads, rows, ["days_left"], lang))


def _everywhere(folder: Path) -> list[tuple[str, Listed]]:
    ours = [("", one) for one in keys.listed(folder)]
    return ours + [(f"{PARTNERS}/", one) for one in keys.listed(folder / PARTNERS)]


def _cell(lang: str, value: object) -> str:
    return say(lang, "yes" if value else "no") if isinstance(value, bool) else str(value)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PEM or DER")],
    partner: Annotated[str, typer.Option(help="whose certificate it is")],
) -> None:
    """Keep a partner's certificate in keys/partners/ and show the line for the settings.

    Compare the fingerprint with the partner's by another way first.
    Example: hub keys import water.pem --partner water
    """
    with opened(ctx) as (hub, lang):
        if partner not in hub.settings.partners:
            known = ", ".join(hub.settings.partners)
            raise SettingsError(f"no partner {partner!r}; known: {known}")
        certificate = keys.certificate(file)
        seal = keys.fingerprint(certificate)
        name = f"keys/{PARTNERS}/{partner}-{seal[:8]}.pem"
        (hub.root / name).parent.mkdir(parents=True, exist_ok=True)
        # written anew from what was read, so that nothing else of the file comes along
        (hub.root / name).write_bytes(certificate.public_bytes(Encoding.PEM))
        print(say(lang, "imported", name=name, fingerprint=seal, partner=partner))
