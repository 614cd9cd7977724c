"""`portal audit`: examine the trail, seal the days that are over, change the key they are sealed with."""

import datetime as dt
import time

import click

from portal.accounts.commands import rotate_seal_key
from portal.audit_trail.commands import _seal_over
from portal.audit_trail.queries import check_chain
from portal.cli_acting import acting

DAY = click.DateTime(["%d-%m-%Y", "%Y-%m-%d"])


@click.group()
def audit() -> None:
    """The audit trail: its chain, and the seals of its days."""


@audit.command()
@click.option("--day", type=DAY, help="Only this day: 25-11-2026.")
@click.pass_obj
def verify(username: str, day: dt.datetime | None) -> None:
    """Read every record and say which is altered, removed, moved or put in; exit status 1 when any is."""
    with acting(username) as actor:
        begun = time.perf_counter()
        report = check_chain(actor, day.date() if day else None)
        took = time.perf_counter() - begun
    for finding in report.findings:
        click.echo(finding.says, err=True)
    if report.found > len(report.findings):
        click.echo(f"and {report.found - len(report.findings)} more", err=True)
    click.echo(f"{report.records} records in {report.days} days, {report.sealed} of them sealed, read in {took:.1f} s")
    click.echo(f"the chain ends with {report.tip}")
    if report.found:
        raise click.ClickException(f"The trail is broken in {report.found} places.")


@audit.command()
@click.pass_obj
def seal(username: str) -> None:
    """Seal the days that are over; the running portal does the same by its clock."""
    with acting(username) as actor:
        made, broken = _seal_over(actor)
        for one in made:
            click.echo(f"sealed: {one.day:%d-%m-%Y}, {one.count} records, root {one.root}, key {one.kid}")
    for day, fault in broken:
        click.echo(f"not sealed: {day:%d-%m-%Y}: {fault}", err=True)
    if broken:
        raise click.ClickException("Days with faults are not sealed. See: portal audit verify")
    if not made:
        click.echo("every day that is over is sealed")


@audit.command("rotate-key")
@click.pass_obj
def rotate_key(username: str) -> None:
    """Seal from now on with a new key; what earlier keys signed stays good."""
    with acting(username) as actor:
        click.echo(f"new key: {rotate_seal_key(actor).kid}")
