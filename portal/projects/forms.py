"""What a person may say about a project, a doubtful value, a consultant."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import wtforms
from wtforms import FileField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from portal.core.access import Actor
from portal.core.errors import Invalid
from portal.core.forms import DayField, Form, LinesField, TextField, choices_of
from portal.core.i18n import _
from portal.core.money import CRORE, LAKH, parse_number, round2, rupees
from portal.projects.queries.register import _consultants, get_flag
from portal.projects.rules import AUTHORITIES, WORK_TYPES
from portal.projects.works_report.values import LARGEST

MARKED = re.compile(r"[^\W\d_]|₹")  # a unit or a sign of money: without one, a small figure may be crore
UNIT = re.compile(r"\s*(crores?|cr|lakhs?|lacs?)\.?\s*$", re.IGNORECASE)


class DecimalField(wtforms.DecimalField):
    """A number as officers write it; an amount is in rupees, or has its unit behind it: 4.5 crore, 82 lakh."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Commas, Rs. and /- mean nothing; what is no number is said to be none."""
        if not valuelist:
            return
        self.data, text = None, valuelist[0]
        if (self.render_kw or {}).get("data-unit") == "%":
            text = text.strip().removesuffix("%")
        if not text.strip():
            return
        unit = UNIT.search(text)
        factor = Decimal(1) if not unit else LAKH if unit[1].lower().startswith("la") else CRORE
        try:
            self.data = round2(parse_number(text[: unit.start()] if unit else text) * factor)
        except Invalid as invalid:
            raise ValueError(str(invalid)) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else rupees(self.data).replace("−", "-")


def _amount(label: Any, hint: Any = "") -> DecimalField:
    checks = [Optional(), NumberRange(0, LARGEST, _("An amount is between nothing and ten lakh crore."))]
    return DecimalField(label, checks, description=hint, render_kw={"data-money": "", "data-unit": "₹"})


def _text(label: Any, most: int = 200, hint: Any = "") -> TextField:
    return TextField(label, [Optional(), Length(max=most)], description=hint)


FIRST_YEAR = 1975  # the authority's predecessor was founded in that year


def not_ahead(_form: Any, field: Any) -> None:
    """What has been done was done by today."""
    if field.data and field.data > dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1):
        raise ValidationError(str(_("This date is in the future.")))
    if field.data and field.data.year < FIRST_YEAR:
        raise ValidationError(str(_("No work of the authority is as old as this. Look at the year.")))


class ProjectForm(Form):
    """The particulars of a project, as one officer enters or corrects them."""

    name = TextField(_("Name of the project"), [InputRequired(), Length(max=500)])
    work = LinesField(_("Name of the work"), [InputRequired(), Length(max=2000)], render_kw={"rows": 3})
    work_type = SelectField(_("Type of work"), [InputRequired()], choices=choices_of(WORK_TYPES))
    code = TextField(
        _("Project number"),
        [
            Optional(),
            Regexp(r"[A-Za-z0-9][A-Za-z0-9/-]{3,39}$", message=_("Letters, digits, hyphens and slashes only.")),
        ],
        description=_("For example INFRA-RT-2025-042-C1. Left empty, a new project gets the next number."),
    )
    division = _text(_("Division"), 20, _("I to VII, as in the works report."))
    circle = _text(_("Circle"), 20)
    district = _text(_("District"), 80)
    mandal = _text(_("Mandal"), 80)
    village = _text(_("Village"), 80)
    survey_numbers = _text(_("Survey numbers"), 500)
    financial_year = TextField(
        _("Financial year"),
        [Optional(), Regexp(r"20\d{2}-\d{2}$", message=_("Write it as 2025-26."))],
        description=_("Of the administrative sanction: 2025-26."),
    )
    as_file = _text(_("AS file number"), 300)
    as_authority = SelectField(_("AS given by"), [Optional()], choices=choices_of(AUTHORITIES))
    as_details = _text(_("AS order"), 1000, _("G.O. or note file number and department."))
    as_amount = _amount(_("AS amount"), _("In rupees, or with its unit: 40 crore, 82.5 lakh."))
    as_date = DayField(_("AS date"), [Optional(), not_ahead])
    as_revised = _text(_("Revised AS"), 1000)
    as_revised_amount = _amount(_("Revised AS amount"))
    ts_details = _text(_("Technical sanction"), 500)
    ts_amount = _amount(_("TS amount"))
    estimate_amount = _amount(_("Estimate"))
    tender_notice = _text(_("Tender notice"), 300)
    ecv = _amount(_("Estimated contract value (ECV)"))
    contract_value = _amount(_("Contract value"))
    tender_percent = DecimalField(
        _("Tender percent"), [Optional(), NumberRange(-100, 1000)], render_kw={"data-unit": "%"}
    )
    agency = _text(_("Agency"), 300)
    loa = _text(_("Letter of acceptance"), 300)
    agreement_no = _text(_("Agreement number"), 300)
    agreement_date = DayField(_("Agreement date"), [Optional(), not_ahead])
    grounded_on = DayField(_("Grounded on"), [Optional(), not_ahead])
    period = _text(_("Period of completion"), 80)
    status = _text(_("Status"), 500)
    percent_done = DecimalField(_("Work done"), [Optional(), NumberRange(0, 100)], render_kw={"data-unit": "%"})
    spent_gross = _amount(_("Expenditure with taxes"))
    spent_net = _amount(_("Expenditure without taxes"))


GROUPS = (
    (_("The work"), ("name", "work", "work_type", "code")),
    (_("Where"), ("division", "circle", "district", "mandal", "village", "survey_numbers")),
    (
        _("Administrative sanction"),
        (
            *("financial_year", "as_authority", "as_file", "as_details", "as_date", "as_amount"),
            *("as_revised", "as_revised_amount"),
        ),
    ),
    (_("Technical sanction and estimate"), ("ts_details", "ts_amount", "estimate_amount")),
    (
        _("Tender and contract"),
        (
            *("tender_notice", "ecv", "contract_value", "tender_percent", "agency", "loa"),
            *("agreement_no", "agreement_date", "period"),
        ),
    ),
    (_("On the ground"), ("grounded_on", "status", "percent_done", "spent_gross", "spent_net")),
)

AMOUNTS = (
    *("as_amount", "as_revised_amount", "ts_amount", "estimate_amount", "ecv", "contract_value"),
    *("spent_gross", "spent_net"),
)
FILLED_IN = frozenset(name for _legend, names in GROUPS for name in names)
CHOSEN: dict[str, dict[Any, Any]] = {"work_type": dict(WORK_TYPES), "as_authority": AUTHORITIES}


class ReportForm(Form):
    """A works report to be looked at before it is loaded."""

    file = FileField(
        _("Works report"),
        [InputRequired(_("Choose the file."))],
        description=_("The division's report as .xlsx or .csv, up to 25 MB, with its heading row."),
    )


def read_as(name: str, text: str) -> Any:
    """What was typed for one of the particulars, by the rules of its own field. Raises ValidationError with words."""
    if not text:
        raise ValidationError(str(_("Write the right value.")))
    if name not in FILLED_IN:
        raise ValidationError(str(_("This value can only be left as it stands.")))
    form = ProjectForm.from_json({name: text})
    if not form[name].validate(form):
        raise ValidationError(" ".join(str(error) for error in form[name].errors))
    if name in AMOUNTS and not MARKED.search(text) and form[name].data < LAKH:
        raise ValidationError(str(_("Write the unit: crore or lakh.")))
    return form[name].data


class FlagForm(Form):
    """What is to become of a doubtful value."""

    about = ""  # the field in doubt
    right: Any = None

    decision = SelectField(
        _("Decision"),
        [InputRequired()],
        choices=choices_of({"corrected": _("Put the right value"), "accepted": _("Leave it as it stands")}),
    )
    value = TextField(_("Right value"))
    note = TextField(_("Note"), [Optional(), Length(max=500)])

    def validate_value(self, field: Any) -> None:
        """Only a correction needs the value."""
        self.right = read_as(self.about, field.data) if self.decision.data == "corrected" else None

    def values(self) -> dict[str, Any]:
        """The right value as the particulars hold it."""
        return super().values() | {"value": self.right}

    def run(self, command: Any, actor: Actor, *args: Any, **more: Any) -> Any:
        """The first argument names the doubt, and that the field whose rules count."""
        self.about = get_flag(actor, args[0]).field
        return super().run(command, actor, *args, **more)


def flag_form(name: str) -> type[FlagForm]:
    """The form for a doubt about this field: where the particulars offer a choice, so does the right value."""
    if name not in CHOSEN:
        return FlagForm
    field = SelectField(_("Right value"), [Optional()], choices=choices_of(CHOSEN[name]))
    field.creation_counter = FlagForm.value.creation_counter  # stands where it stood
    return type("FlagForm", (FlagForm,), {"value": field})


def _choices() -> Any:
    return choices_of(_consultants())


class AssignmentForm(Form):
    """A consultant and the days of access."""

    consultant = SelectField(_("Consultant"), [InputRequired()], choices=_choices)
    from_date = DayField(_("From"), [InputRequired()])
    to_date = DayField(_("To"), [Optional()], description=_("Left empty: until released."))
