"""`portal keys`: the keys of the installation, from the command line."""

import sys
from collections import Counter

import click

from portal.accounts.commands import change_master_key, renew_secrets, rotate_token_keys
from portal.cli_acting import acting
from portal.config import BadSetting
from portal.core import storage
from portal.core.access import Actor
from portal.core.calendar import IST
from portal.core.errors import NotFound, PortalError
from portal.core.keys import KeysAway, Unsealable, ring

WORDS = {
    "wrapped": "files have a key wrapped anew",
    "sealed": "files were plain and are sealed now",
    "well": "files were well already",
}
AGAIN = "Then: portal keys rotate-files --go-on"


@click.group()
def keys() -> None:
    """The keys that protect what is stored, and those that sign access tokens."""


@keys.command()
@click.pass_obj
def status(username: str) -> None:
    """Say which master key wraps now, and how many files are under which."""
    with acting(username):
        click.echo(f"wrapping now: {ring().current}")
        for where, many in sorted(Counter(map(_where, storage.store().names())).items()):
            if where:
                click.echo(f"{many:>9} files {where}")


def _where(name: str) -> str:
    try:
        version = storage.version(name)
    except NotFound:  # taken away since it was listed
        return ""
    except Unsealable:
        return "with a key that cannot be opened: portal keys rotate-files --go-on names them"
    return f"under {version}" if version else "still plain"


@keys.command("rotate-files")
@click.option("--go-on", is_flag=True, help="Make no new key: wrap by the current one what is not yet.")
@click.pass_obj
def rotate_files(username: str, go_on: bool) -> None:
    """Make a new master key, and wrap by it the key of every file and of every secret in the database.

    The portal may run meanwhile, and this may be stopped and gone on with (--go-on). No file is read, but for those
    that are still plain: they are sealed. Take the older master keys away once `portal keys status` no longer names
    them, and not before the backups that need them are gone.
    """
    with acting(username) as actor:
        try:
            click.echo(f"wrapping now: {ring().current if go_on else change_master_key(actor)}")
            damaged = _renew(actor)
        except BadSetting as refused:
            raise click.ClickException(str(refused)) from None
        except KeysAway as away:
            raise click.ClickException(f"{away} {AGAIN}") from None
    for name, why in damaged:
        click.echo(f"{name}: {why}", err=True)
    if damaged:
        raise click.ClickException(f"What cannot be opened: {len(damaged)}, named above.")


def _renew(actor: Actor) -> list[tuple[str, str]]:
    counts: Counter[str] = Counter()
    damaged = []
    with click.progressbar(list(storage.store().names()), label="files", file=sys.stderr) as names:
        for name in names:
            try:
                counts[storage.renew(name)] += 1
            except KeysAway:
                raise
            except NotFound:  # taken away since it was listed, as copies made for one reader are
                continue
            except PortalError as fault:
                damaged.append((name, str(fault)))
    for outcome, words in WORDS.items():
        if counts[outcome]:
            click.echo(f"{counts[outcome]:>9} {words}")
    secrets = renew_secrets(actor)
    click.echo(f"{secrets.renewed:>9} secrets in the database have a key wrapped anew")
    return damaged + secrets.damaged


@keys.command("rotate-tokens")
@click.option("--leaked", is_flag=True, help="The key may be known to others: every token given out so far ends now.")
@click.pass_obj
def rotate_tokens(username: str, leaked: bool) -> None:
    """Sign access tokens by a new key; the one before verifies for a day more."""
    with acting(username) as actor:
        key = rotate_token_keys(actor, leaked=leaked)
        click.echo(f"{key.kid} signs from {key.starts_at.astimezone(IST):%d-%m-%Y %H:%M}")
