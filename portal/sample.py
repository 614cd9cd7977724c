"""The sample officers, one of each role, and one sample project: what `make run` shows on its first start."""

from decimal import Decimal

from sqlalchemy import select

from portal.accounts.commands import add_officer
from portal.accounts.models import Officer
from portal.app import create_app
from portal.core.access import SYSTEM
from portal.core.db import db, transaction
from portal.core.origin import ORIGIN, Origin
from portal.projects.commands import assign_consultant, create_project
from portal.projects.forms import ProjectForm

OFFICERS = {
    "ce": "V. Reddy, Chief Engineer",
    "dce": "M. Fatima, Deputy Chief Engineer",
    "ee": "S. Rao, Executive Engineer, Division I",
    "ae": "A. Kumar, Assistant Engineer",
    "to": "P. Lakshmi, Technical Officer",
    "qr": "J. Thomas, Quality Reviewer",
    "fa": "N. Begum, Financial Analyst",
    "ec": "K. Devi, Example Consultants",
    "admin": "Portal administrator",
}
PROJECT = {
    "name": "Shamshabad radial road",
    "work": "Widening of the radial road at Shamshabad from 0+000 to 3+200 with side drains",
    "division": "III",
    "circle": "III",
    "district": "Ranga Reddy",
    "mandal": "Shamshabad",
    "village": "Shamshabad",
    "work_type": "road",
    "financial_year": "2026-27",
    "as_authority": "govt",
    "as_details": "G.O.Ms.No. 44",
    "as_amount": Decimal("182500000.00"),
    "as_date": "13-07-2026",
}


def load(password: str) -> bool:
    """Make the samples in an empty portal; True when they were made, False when there are officers already."""
    ORIGIN.set(Origin("cli"))
    with create_app().app_context():
        if db.session.scalar(select(Officer.id).limit(1)):
            return False
        with transaction(SYSTEM.id):
            for username, name in OFFICERS.items():
                who = {"username": username, "name": name, "role": username, "email": f"{username}@example.org"}
                add_officer(SYSTEM, who | {"password": password})
            project = ProjectForm.from_json(PROJECT).run(create_project, SYSTEM)
            assert project is not None, "the sample project is valid"
            assign_consultant(SYSTEM, project.id, {"consultant": "ec", "from_date": project.as_date, "to_date": None})
        return True
