"""What a person may type to sign in."""

from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from portal.core.forms import Form, TextField
from portal.core.i18n import _


class SignInForm(Form):
    """User name and password."""

    username = TextField(_("User name"), [InputRequired(), Length(max=80)])
    password = PasswordField(_("Password"), [InputRequired(), Length(max=200)])
