"""Workbooks for the tests: a road with drains, made up, and a division's bill with one wrong row."""

import io
import json
from importlib import import_module
from pathlib import Path

import pytest
from openpyxl import Workbook

from jobs.boq_estimates import read_boq_workbook
from portal.boq_estimates.queries import get_import
from portal.core import sandbox
from portal.core.access import SYSTEM

HEAD = ["Sl. No.", "Description of item", "Unit", "Qty", "Rate (Rs.)", "Amount (Rs.)"]
ROAD = [
    ["1", "Earthwork and sub-base", None, None, None, None],
    ["1.1", "Excavation in all soils", "cum", 492, 142.5, 70110],
    ["1.2", "Granular sub-base", "cum", 144, 1980.4, 285177.6],
    [None, "Sub total", None, None, None, 355287.6],
    ["2", "Pavement", None, None, None, None],
    ["2.1", "Plain cement concrete M10", "m3", 69, 4612.7, 318276.3],
    ["2.2", "Cement concrete pavement M30", "m3", 131.34, 6985.9, 917528.11],
    ["3", "Drains", None, None, None, None],
    ["3.1", "Reinforced cement concrete M25", "cum", 70.35, 7245.3, 509706.86],
    ["3.2", "Steel reinforcement", "MT", 5.628, 74850, 421255.8],
    ["3.3", "Cover slabs", "nos", 400, 412, 164800],
    ["4", "Sundries", None, None, None, None],
    ["4.1", "Traffic diversion", "LS", 1, 50000, 50000],
    [None, "Grand total", None, None, None, 2736854.67],
]
WRONG = [
    ["1", "Excavation", "cum", 125.4, 2350, None],
    ["2", "Refilling", "cum", 45.8, 3450, None],
    ["3", "Brickwork", "cum", 1247.5, 1850, None],
    ["4", "Plastering", "sqm", 658.2, 1450, None],
    ["5", "Openings", "sqm", -89.4, 185, None],
    ["6", "Painting", "sqm", 1456.3, 485, None],
    ["7", "Flooring", "sqm", 2314.6, 425, None],
    [None, "Total", None, None, None, "52,87,437"],
]


def read_in(batch_id):
    """Read a workbook as the worker does, and look at it."""
    read_boq_workbook(str(batch_id))
    return get_import(SYSTEM, batch_id)


class Sent(io.BytesIO):
    """A file as a browser sends it."""

    filename = "bill.xlsx"


@pytest.fixture
def sandboxed():
    """For the tests that want the process of its own in which workbooks are opened."""


@pytest.fixture(autouse=True)
def at_hand(request, monkeypatch):
    """Elsewhere they are opened at hand: starting a process for each would take longer than all the tests."""

    def look(function, path):
        module, _colon, name = function.partition(":")
        return json.loads(json.dumps(getattr(import_module(module), name)(path)))

    if "sandboxed" not in request.fixturenames:
        monkeypatch.setattr(sandbox, "look", look)


@pytest.fixture
def workbook():
    """The bytes of a workbook with a title row, the head and the given rows."""

    def make(rows=ROAD, head=HEAD, name="bill.xlsx"):
        book = Workbook()
        book.active.title = "BOQ"
        for row in [["Road of 120 m at Kompally"], head, *rows]:
            book.active.append(row)
        out = Sent()
        book.save(out)
        out.seek(0)
        out.filename = name
        return out

    return make


@pytest.fixture
def road_file(workbook, tmp_path) -> Path:
    """The road on the disk."""
    (tmp_path / "road.xlsx").write_bytes(workbook().read())
    return tmp_path / "road.xlsx"


@pytest.fixture
def imported(session, actor, make_project, road_file):
    """A project with the road as its estimate: (project, committed batch)."""
    from portal.boq_estimates.commands import import_boq_file

    project = make_project()
    return project, import_boq_file(actor("ee"), project.id, road_file)
