"""What an administrator may type about officers."""

from collections.abc import Callable
from typing import Any, TypeVar

from wtforms import FileField, HiddenField, PasswordField, SelectField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, ValidationError

from portal.accounts.rules import fault_of
from portal.core.access import ROLES
from portal.core.errors import Invalid
from portal.core.fields import ListField
from portal.core.forms import Form, LinesField, TextField, choices_of
from portal.core.i18n import _

R = TypeVar("R")


def _well_written(_form: Any, field: Any) -> None:
    fault = fault_of(field.name, field.data)
    if fault:
        raise ValidationError(str(fault))


class ParticularsForm(Form):
    """Who an officer is, and where they are posted."""

    name = TextField(_("Name"), [DataRequired(), Length(max=120)])
    email = TextField(
        _("E-mail"),
        [Length(max=254), _well_written],
        description=_("A sign-in by the organisation finds the account by it."),
        render_kw={"autocomplete": "off", "inputmode": "email"},
    )
    phone = TextField(
        _("Telephone"), [Length(max=24), _well_written], render_kw={"autocomplete": "off", "inputmode": "tel"}
    )
    circles = ListField(
        _("Circles"), [_well_written], description=_("With commas between them. Posted to none: writes everywhere.")
    )
    divisions = ListField(
        _("Divisions"),
        [_well_written],
        description=_("An officer with circles or divisions reads everywhere and writes only there."),
    )


class InviteForm(ParticularsForm):
    """A new officer; the password is theirs to choose. The page asks for `FIRST` before the rest."""

    FIRST = ("username", "name", "role")

    username = TextField(
        _("User name"),
        [DataRequired(), Length(max=80), _well_written],
        description=_("Small letters, digits, . _ and -. It stays for good."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    role = SelectField(_("Role"), [InputRequired()], choices=choices_of({"": _("Choose a role"), **ROLES}))


class RoleForm(Form):
    """Another role for an officer."""

    role = SelectField(_("Role"), [InputRequired()], choices=choices_of(ROLES))


class ReasonForm(Form):
    """Why something is done to an account."""

    why = LinesField(
        _("Reason"),
        [DataRequired(), Length(max=300)],
        description=_("It is kept in the record of the account. For example: transferred on 12-11-2026."),
        render_kw={"rows": 2},
    )


class PasswordForm(Form):
    """A password chosen by a link."""

    password = PasswordField(
        _("New password"),
        [InputRequired(), Length(max=200)],
        description=_("12 characters or more. Several words that do not belong together are easy to keep."),
        render_kw={"autocomplete": "new-password"},
    )
    repeated = PasswordField(
        _("The same once more"),
        [InputRequired(), EqualTo("password", message=_("The two are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )

    def takes(self, act: Callable[[], R]) -> R | None:
        """Validate, then act; a password that is too easy becomes the error of its field."""
        if not self.validate():
            return None
        try:
            return act()
        except Invalid as weak:
            self.password.errors = [*self.password.errors, str(weak)]
            return None


class RosterForm(Form):
    """A list of officers to be read."""

    file = FileField(
        _("The list (.csv or .xlsx)"),
        [InputRequired(_("Choose a file."))],
        description=_("At most 2,000 rows, 5 MB."),
        render_kw={"accept": ".csv,.xlsx"},
    )


class PlanForm(Form):
    """The plan of a list, as it was looked at."""

    plan = HiddenField(_("Plan"), [InputRequired()])
