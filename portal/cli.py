"""The command line: parse, call the same use cases as the pages, print. Errors go to stderr with a non-zero exit."""

import json
import os
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from werkzeug.datastructures import FileStorage

from portal.boq_estimates.commands import import_boq_file
from portal.boq_estimates.queries import find_estimate, list_issues
from portal.cli_acting import acting
from portal.cli_audit import audit
from portal.cli_keys import keys
from portal.cli_policy import policy
from portal.core import storage
from portal.core.access import Actor
from portal.core.bus import bring_back, list_dead_letters
from portal.core.errors import NotFound
from portal.core.money import crore_lakh, rupees
from portal.doc_assembly.commands import assemble, request_build
from portal.projects import commands as projects
from portal.projects.queries import get_plan, get_project, list_projects

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FORMAT = click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", help="How to print.")


def _find(actor: Actor, text: str) -> Any:
    """A project by its id or its number. Raises NotFound."""
    try:
        return get_project(actor, UUID(text))
    except ValueError:
        pass
    rows, _after = list_projects(actor, q=text, size=200)
    for row in rows:
        if row.code.casefold() == text.strip().casefold():
            return row
    raise NotFound(f"There is no project “{text}”. See: portal projects")


@click.group()
@click.option("--as", "username", default="", help="Act with the rights of this officer (user name).")
@click.pass_context
def main(context: click.Context, username: str) -> None:
    """The portal from the command line: the same acts, rights and checks as its pages.

    It reaches the running portal of this folder (PORTAL_VAR, DATABASE_URL and REDIS_URL as for `make run`).
    """
    context.obj = username


@main.command("import-works")
@click.argument("file", type=A_FILE)
@click.option("--dry-run", is_flag=True, help="Say what was understood; store no project.")
@click.pass_obj
def import_works(username: str, file: Path, dry_run: bool) -> None:
    """Load the divisions' works report into the register; the same FILE twice changes nothing."""
    with acting(username) as actor, file.open("rb") as stream:
        batch = projects.stage_works_report(actor, FileStorage(stream, file.name))
        before = batch.state
        if not dry_run and before == "dry_run":
            batch = projects.commit_works_report(actor, batch.id)
        plan = get_plan(actor, batch.id)
        _print_report(batch.totals)
        for one in plan.rows:
            for flag in one.row.flags:
                click.echo(f"  row {one.row.source_row:>3}  {flag['code']:<22} {flag['field']}: {flag['found']}")
            if one.row.refused:
                click.echo(f"  row {one.row.source_row:>3}  left out: {one.row.refused}")
        counts = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in plan.counts.items())
        if before != "dry_run":
            click.echo("this file is loaded already: nothing changed")
        else:
            click.echo(f"dry run, would be: {counts}" if dry_run else f"committed: {counts}")


def _print_report(totals: dict[str, Any]) -> None:
    sized = crore_lakh(Decimal(totals["size"]))
    click.echo(f"{totals['works']} works; divisions {_pairs(totals['divisions'])}")
    click.echo(f"{totals['estimates']} estimates, {crore_lakh(Decimal(totals['estimated']))}")
    click.echo(f"{totals['sized']} works with an amount, {sized}; {totals['unsized']} without")
    click.echo(f"by value {_pairs(totals['slices'])}; by type {_pairs(totals['types'])}")
    click.echo(f"sanction {_pairs(totals['authorities'])}; status blank {totals['status_blank']}")
    waiting = crore_lakh(Decimal(totals["before_tender_estimated"]))
    click.echo(f"{totals['before_tender']} before tender, {totals['before_tender_estimates']} estimated at {waiting}")
    click.echo(f"held amounts {totals['held']}; tender percent rows {_rows(totals['tender_percent'])}")
    click.echo(f"kept out rows {_rows(totals['kept_out'])}; warned rows {_rows(totals['warned'])}")


def _pairs(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'none'} {number}" for name, number in counts.items())


def _rows(rows: list[int]) -> str:
    return ", ".join(map(str, rows)) or "none"


@main.command("import-boq")
@click.argument("project")
@click.argument("file", type=A_FILE)
@click.option("--dry-run", is_flag=True, help="Check every row; take nothing over.")
@click.option("--again", is_flag=True, help="Take over a file that is in the estimate already.")
@click.pass_obj
def import_boq(username: str, project: str, file: Path, dry_run: bool, again: bool) -> None:
    """Make an estimate of PROJECT (number or id) from the BOQ workbook FILE, all of it or nothing."""
    with acting(username) as actor:
        found = _find(actor, project)
        batch = import_boq_file(actor, found.id, file, dry_run=dry_run, again=again)
        for issue in list_issues(actor, batch.id)[0]:
            click.echo(f"  row {issue.row_no:>5}  {issue.severity:<7} {issue.code}: {issue.message}", err=True)
        click.echo(f"{batch.items_count} items in {batch.sections_count} sections, W = ₹ {rupees(batch.works_total)}")
        if batch.rows_error:
            raise click.ClickException(f"{batch.rows_error} rows have errors; nothing was taken over.")
        if not batch.items_count:
            raise click.ClickException("No item was found below the headings; nothing was taken over.")
        if dry_run:
            click.echo("dry run: nothing was taken over")
            return
        row = find_estimate(actor, found.id)
        if row is not None and row.current is not None:
            click.echo(f"committed: {row.estimate.estimate_no}, say ₹ {rupees(row.current.say_amount)}")


@main.command("projects")
@FORMAT
@click.option("-q", "words", default="", help="Only those with these words.")
@click.pass_obj
def list_them(username: str, shape: str, words: str) -> None:
    """List the projects of the register."""
    with acting(username) as actor:
        rows: list[Any] = []
        after = ""
        while True:
            page, after = list_projects(actor, q=words, after=after, size=200)
            rows += page
            if not after:
                break
        if shape == "json":
            click.echo(json.dumps([_row(row) for row in rows], ensure_ascii=False, indent=1))
            return
        for row in rows:
            amount = "–" if row.amount is None else crore_lakh(row.amount)
            click.echo(f"{row.id}  {row.code:<22} {amount:>14}  {row.name}")


def _row(row: Any) -> dict[str, Any]:
    amount = None if row.amount is None else str(row.amount)
    facts = {name: getattr(row, name) for name in ("code", "name", "work", "division", "work_type", "status")}
    return {"id": str(row.id), **facts, "amount": amount}


@main.command("assemble")
@click.argument("project")
@click.option("--wait", is_flag=True, help="Stay until the version is there, and show the progress.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the PDF here (implies --wait).")
@click.pass_obj
def assemble_dpr(username: str, project: str, wait: bool, out: Path | None) -> None:
    """Assemble the DPR of PROJECT (number or id) with the running portal's workers."""
    if out is not None and not (out.parent.is_dir() and os.access(out.parent, os.W_OK)):
        raise click.ClickException(f"{out.parent} is no folder that can be written to.")
    with acting(username) as actor:
        found = _find(actor, project)
        if not wait and out is None:
            build = request_build(actor, found.id)
            click.echo(f"requested: build {build.id}")
            return
        with click.progressbar(length=1000, label=f"DPR of {found.code}", file=sys.stderr) as bar:
            version = assemble(actor, found.id, lambda percent: bar.update(int(percent * 10) - bar.pos))
        click.echo(f"{version.number}: {version.pages} pages, SHA-256 {version.sha256}")
        if out is not None:
            with storage.reader(version.sha256) as stored, out.open("wb") as saved:
                shutil.copyfileobj(stored, saved)
            click.echo(f"saved: {out}")


@main.command("dead-letters")
@click.option("--again", is_flag=True, help="Deliver them once more.")
def dead_letters(again: bool) -> None:
    """List the events that a reaction of the portal could not digest, with the reason."""
    with acting(""):
        letters = list_dead_letters()
        for letter in letters:
            click.echo(f"{letter.at:%d-%m-%Y %H:%M}  {letter.group}  {letter.topic}  {letter.error}")
            if again:
                bring_back(letter)
        click.echo(f"{len(letters)} delivered once more" if again else f"{len(letters)} dead letters")


main.add_command(audit)
main.add_command(keys)
main.add_command(policy)

if __name__ == "__main__":
    main(prog_name="portal")
