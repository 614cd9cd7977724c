"""What a person may say about an instrument of delegation."""

from collections.abc import Sequence
from typing import Any

from wtforms import SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.accounts.rules import fault_of
from portal.core.access import ROLES
from portal.core.calendar import today
from portal.core.fields import AmountField, ListField
from portal.core.forms import DayField, Form, LinesField, TextField, choices_of
from portal.core.i18n import _
from portal.core.money import LARGEST
from portal.delegations.queries import _receivers
from portal.delegations.rules import CHARGES, CLASSES, TYPES, Terms, faults

BAND = NumberRange(0, LARGEST, _("An amount is not below nothing."))


def _choices() -> Any:
    who = {one.username: f"{one.name} ({ROLES[one.role]})" for one in _receivers()}
    return choices_of({"": _("Choose an officer"), **who})


class InstrumentForm(Form):
    """The terms of an instrument; `PARTS` is how the page groups them."""

    PARTS = {
        _("To whom"): ("to_officer", "type", "charge"),
        _("What is lent"): ("floor_rs", "ceiling_rs", "project_classes", "circles"),
        _("When"): ("starts_on", "ends_on", "review_on", "condition"),
        _("Why, and on whose word"): ("reason", "outside_approval_ref"),
    }

    to_officer = SelectField(_("Given to"), [InputRequired()], choices=_choices)
    type = SelectField(_("Kind"), [InputRequired()], choices=choices_of(TYPES))
    charge = SelectField(_("Charge"), [InputRequired()], choices=choices_of(CHARGES))
    floor_rs = AmountField(
        _("From amount"), [Optional(), BAND], description=_("Left empty: from nothing. The amount itself is included.")
    )
    ceiling_rs = AmountField(
        _("Up to amount"),
        [InputRequired(), BAND],
        description=_("In rupees, or with its unit: 2 crore, 82.5 lakh. The amount itself is included."),
    )
    project_classes = ListField(_("Classes of works"), [InputRequired(_("Choose at least one class of works."))])
    circles = ListField(
        _("Circles"), [InputRequired()], description=_("As the register of projects writes them, with commas between.")
    )
    starts_on = DayField(_("First day"), [InputRequired()], description=_("It begins at 00:00 of this day."))
    ends_on = DayField(
        _("Last day"), [Optional()], description=_("It ends when this day is over. A temporary instrument needs one.")
    )
    review_on = DayField(
        _("Day of review"), [Optional()], description=_("A standing instrument needs one, within twelve months.")
    )
    condition = LinesField(
        _("Event on which it takes effect"),
        [Optional(), Length(max=500)],
        description=_("For a conditional instrument only. For example: the Chief Engineer is called to election duty."),
        render_kw={"rows": 2},
    )
    reason = LinesField(
        _("Reason"),
        [DataRequired(), Length(20, 1000)],
        description=_("20 to 1000 letters. For example: leave of the Chief Engineer from 28-01-2026 to 15-02-2026."),
    )
    outside_approval_ref = TextField(
        _("Order of the Secretary or the Commissioner"),
        [Optional(), Length(max=200)],
        description=_("Number and date. Needed above ₹ 10 crore, and for full additional charge."),
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Every field by itself, then the rules of instruments on those that can be read."""
        super().validate(extra_validators)
        for name, fault in [*self._unwritable(), *faults(self._terms(), today())]:
            if not self[name].errors:
                self[name].errors = [str(fault)]
        return not self.errors

    def _unwritable(self) -> Sequence[tuple[str, Any]]:
        fault = fault_of("circles", self.circles.data)
        return [("circles", fault)] if fault else []

    def _terms(self) -> Terms:
        said = {name: field.data for name, field in self._fields.items() if name not in ("to_officer", "reason")}
        roles = {one.username: one.role for one in _receivers()}
        return Terms(role=roles.get(self.to_officer.data), **said)

    @property
    def classes(self) -> dict[str, tuple[Any, bool]]:
        """The boxes of the classes, and which are ticked."""
        return {name: (label, name in (self.project_classes.data or ())) for name, label in CLASSES.items()}


class WhyForm(Form):
    """Why an instrument is put in force or taken back."""

    why = LinesField(
        _("Reason"),
        [DataRequired(), Length(max=500)],
        description=_("It is kept in the register and in the audit trail."),
        render_kw={"rows": 2},
    )


class ReviewForm(Form):
    """The day of the next review."""

    review_on = DayField(_("Next review"), [InputRequired()], description=_("Within twelve months from today."))
