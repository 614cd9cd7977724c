"""`portal policy`: who may what, the bundle for a policy server, the tables of a document that are made from it."""

from pathlib import Path

import click

from portal import explain
from portal.core import opa
from portal.core.access import POLICY, ROLES

ROLE = click.Choice(list(explain.titles()), case_sensitive=False)
WIDE = max(len(name) for name in (*POLICY["modules"], *POLICY["acts"])) + 2


@click.group()
def policy() -> None:
    """Who may do what. Needs no running portal."""


@policy.command()
@click.argument("role", type=ROLE, required=False)
def show(role: str | None) -> None:
    """Print the whole policy, or what one ROLE has."""
    if role is None:
        return _show_all()
    click.echo(f"{explain.titles()[role]} ({role})")
    for heading, found in explain.rows_of(role):
        click.echo(click.wrap_text(found or "–", 110, f"  {heading:<18}", " " * 20))


def _show_all() -> None:
    click.echo("".join(f"{name:<{7 if at else WIDE}}" for at, name in enumerate(("module", *ROLES))).rstrip())
    for module, rights in explain.matrix():
        click.echo((f"{module:<{WIDE}}" + "".join(f"{right:<7}" for right in rights)).rstrip())
    click.echo("\nnarrower than W")
    for act in POLICY["acts"]:
        click.echo(f"{act:<{WIDE}}{' '.join(explain.holders(act)) or 'nobody: the portal itself'}")
    click.echo(f"\nfor everybody: {', '.join(POLICY['everyone']['acts'])}")
    click.echo(f"revision {opa.REVISION}")


@policy.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def bundle(file: Path) -> None:
    """Write the policy to FILE, a bundle (.tar.gz) for an Open Policy Agent server."""
    _write(file, opa.bundle())
    click.echo(f"{file}: revision {opa.REVISION}")


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def document(file: Path) -> None:
    """Bring the tables of FILE that are made from the policy up to date (docs/policy.md)."""
    before = file.read_text()
    try:
        after = explain.filled(before)
    except KeyError as unknown:
        raise click.ClickException(f"{file} asks for a part the policy has not: {unknown.args[0]}") from None
    if after == before:
        click.echo(f"{file} is up to date")
        return
    _write(file, after.encode())
    click.echo(f"{file} was brought up to date")


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as refused:
        raise click.ClickException(f"{file} cannot be written: {refused.strerror}") from None
