"""One page that uses every macro of `ui`, as a module's page would."""

import datetime as dt
from types import SimpleNamespace

import wtforms
from flask import Blueprint, redirect, request
from wtforms.validators import InputRequired, Optional

from portal.core.forms import DayField, Difference, Form, LinesField, TextField, choices_of
from portal.core.html import page
from portal.core.live import announce

bp = Blueprint("parts", __name__)
SEEN = {"asked": 0, "acted": 0}
HAPPENED = [
    SimpleNamespace(says="NOC received for HT line shifting", actor_name="K. Devi", at=dt.datetime.now(dt.UTC)),
    SimpleNamespace(says="Item 3.1 remeasured", actor_name="A. Kumar", at=dt.datetime.now(dt.UTC)),
]


class PartsForm(Form):
    """A field of every kind."""

    name = TextField("Name of work", [InputRequired()], description="As in the administrative sanction.")
    amount = wtforms.DecimalField("Estimate", [Optional()], render_kw={"data-unit": "₹", "data-money": ""})
    share = wtforms.DecimalField("Contingency", [Optional()], render_kw={"data-unit": "%"})
    day = DayField("Date of sanction", [Optional()])
    kind = wtforms.SelectField("Kind", choices=choices_of({"road": "Road", "bridge": "Bridge"}))
    way = wtforms.RadioField("Way", choices=choices_of({"in": "In house", "out": "Consultant"}), default="in")
    note = LinesField("Remarks", [Optional()])
    urgent = wtforms.BooleanField("Urgent")


class FileForm(Form):
    """A file and its title."""

    title = TextField("Title", [InputRequired()])
    file = wtforms.FileField("File", [InputRequired()], description="PDF, up to 200 MB.")


RECORD = SimpleNamespace(
    name="Link road", amount=41200000, share=3, day=dt.date(2026, 1, 2), kind="road", way="in", note="A\nB", urgent=True
)


@bp.route("/parts", methods=["GET", "POST"])
def parts():
    form = PartsForm(request.form)
    if request.method == "POST":
        form.validate()
    if request.args.get("conflict"):
        form.conflict = [
            Difference("name", "Name of work", "Link road", "Link road, 2 km", True),
            Difference("day", "Date of sanction", dt.date(2026, 1, 2), dt.date(2026, 2, 3), True),
        ]
    SEEN["asked"] += 1
    return page(
        "parts/page.html",
        form=form,
        file_form=FileForm(),
        row=RECORD,
        happened=HAPPENED,
        seen=SEEN,
        topics=["a-topic"],
    )


@bp.post("/parts/act")
def act():
    SEEN["acted"] += 1
    return redirect("/parts", 303)


@bp.post("/parts/break")
def breaks():
    raise RuntimeError("a fault made on purpose")


@bp.post("/parts/upload")
def upload():
    SEEN["uploaded"] = len(request.files["file"].read())
    return redirect("/parts", 303)


@bp.get("/parts/announce")
def tell():
    announce("a-topic")
    return "told"
