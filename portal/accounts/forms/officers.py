"""What a person may type about accounts."""

from wtforms import PasswordField, SelectField
from wtforms.validators import InputRequired, Length, Regexp

from portal.core.access import ROLES
from portal.core.forms import Form, TextField, choices_of
from portal.core.i18n import _


class OfficerForm(Form):
    """A new account."""

    username = TextField(
        _("User name"),
        [InputRequired(), Length(min=2, max=80), Regexp(r"^[a-z0-9._-]+$", message=_("Use a-z, 0-9, . _ and - only."))],
    )
    name = TextField(_("Name"), [InputRequired(), Length(max=120)])
    role = SelectField(_("Role"), [InputRequired()], choices=choices_of(ROLES))
    password = PasswordField(_("First password"), [InputRequired(), Length(min=12, max=200)])
