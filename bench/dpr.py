"""A report of 400 rendered and 600 attached pages, cold and with one section changed, beside its floor."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psutil

from bench.boq import workbook
from bench.floor import attached, items, typst_and_pikepdf, weasyprint_and_pypdf
from bench.report import figure, heading
from bench.running import add_projects, app, bench_project, officer, portal
from portal.local.trial import Trial

SECTION = "0.3"
LOOK_EVERY_S = 0.1


def measure() -> None:
    """The floor and the usual libraries first, then the portal with two workers on the same content."""
    heading("DPR of about 400 rendered and 600 attached pages from 200 files")
    rows = items()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawings = attached(folder)
        floor = typst_and_pikepdf(rows, drawings, folder / "floor.pdf")
        usual = weasyprint_and_pypdf(rows, drawings, folder / "usual.pdf")
        boq = workbook(folder / "boq.xlsx", rows)
        with portal(JOB_WORKERS="2") as running, app().app_context():
            _fill(boq, drawings)
            with _heaviest_worker(running) as megabytes:
                cold, pages = _assembled()
            _rewrite()
            changed, _pages = _assembled()
    print(f"pages: portal {pages}, floor {floor.pages}, WeasyPrint and pypdf {usual.pages}")
    figure("cold, beside typst and pikepdf alone", cold, "s", baseline=floor.seconds, aim="ratio at most 3")
    figure("cold, beside WeasyPrint and pypdf", cold, "s", baseline=usual.seconds, aim="ratio at most 0.2")
    figure("one section changed", changed, "s", baseline=floor.seconds, aim="under 3 s")
    figure("heaviest worker", max(megabytes), "MB", aim="under 1500 MB")


class Named:
    """An open file with the name an officer gave it."""

    def __init__(self, stream: Any, filename: str) -> None:
        self.stream, self.filename = stream, filename

    def read(self, size: int = -1, /) -> bytes:
        """A piece of it."""
        return bytes(self.stream.read(size))


def attach(project_id: UUID, drawings: list[Path]) -> None:
    """Bind the files to the project, as uploads do."""
    from portal.attachments.commands import add_attachment

    for number, place in enumerate(drawings, 1):
        with place.open("rb") as stream:
            values = {"title": f"Sheet {number}", "number": f"RD-{number:03}", "kind": "drawing", "dated": None}
            add_attachment(officer(), project_id, Named(stream, place.name), values)


def _fill(boq: Path, drawings: list[Path]) -> None:
    from portal.boq_estimates.commands import import_boq_file
    from portal.doc_assembly.commands import write_section

    add_projects(1)
    project_id = bench_project()
    assert import_boq_file(officer(), project_id, boq).status == "committed"
    attach(project_id, drawings)
    write_section(officer(), project_id, SECTION, {"text": "The road is widened.", "text_te": "రహదారి వెడల్పు."})


def _rewrite() -> None:
    from portal.doc_assembly.commands import write_section

    values = {"text": "The road is widened and lit.", "text_te": "రహదారి వెడల్పు, వెలుతురు."}
    write_section(officer(), bench_project(), SECTION, values)


def _assembled() -> tuple[float, int]:
    """Seconds from asking to the published version, and its pages."""
    from portal.doc_assembly.commands import assemble

    begun = time.monotonic()
    version = assemble(officer(), bench_project(), lambda _percent: None)
    return time.monotonic() - begun, version.pages


@contextmanager
def _heaviest_worker(running: Trial) -> Iterator[list[float]]:
    """The memory of the largest worker with its children, looked at again and again while the block runs."""
    workers = [psutil.Process(running.supervisor.pid(f"portal:worker-{number}")) for number in (1, 2)]
    found, over = [0.0], Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            found.extend(_megabytes(worker) for worker in workers)

    watching = Thread(target=look)
    watching.start()
    try:
        yield found
    finally:
        over.set()
        watching.join()


def _megabytes(worker: psutil.Process) -> float:
    """Proportional memory of a worker and all it started: pages that processes share count once."""
    total = 0.0
    for process in [worker, *worker.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss / 1e6
        except psutil.NoSuchProcess:
            continue
    return total
