"""Who acts at the command line, and on which portal: shared by its commands."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import click
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError, ProgrammingError

from portal.accounts.queries.officers import _as_actor, _by_username
from portal.app import create_app
from portal.config import settings
from portal.core.access import SYSTEM, Actor
from portal.core.errors import NotFound, PortalError
from portal.core.origin import ORIGIN, Origin


@contextmanager
def acting(username: str) -> Iterator[Actor]:
    """The running portal's database and queue, on behalf of an officer or of whoever has the command line."""
    ORIGIN.set(Origin("cli"))
    try:
        with create_app().app_context():
            yield _who(username)
    except PortalError as refused:
        raise click.ClickException(str(refused)) from None
    except (OperationalError, ProgrammingError, RedisError) as away:
        reason = (str(away) or repr(away)).splitlines()[0]
        raise click.ClickException(
            f"The portal in {settings().var} does not answer ({reason}). Is it running? Start it with: make run"
        ) from None


def _who(username: str) -> Actor:
    if not username:
        return Actor(SYSTEM.id, SYSTEM.role, name=f"Command line, {getpass.getuser()}")
    officer = _by_username(username)
    if officer is None or not officer.may_sign_in:
        raise NotFound(f"There is no officer “{username}”.")
    return _as_actor(officer)
