"""What a person may type to set up a second factor."""

from wtforms import HiddenField
from wtforms.validators import Length

from portal.accounts.forms.signing_in import A_CODE
from portal.core.forms import Form, TextField
from portal.core.i18n import _


class FactorForm(Form):
    """A new authenticator app, with its first code, or a new passkey, with the device's answer."""

    name = TextField(
        _("Name"),
        [Length(max=60)],
        description=_("So that you know it again in the list, such as “Office phone”."),
    )
    code = TextField(_("Code of the app"), [Length(max=20)], render_kw=A_CODE | {"inputmode": "numeric"})
    credential = HiddenField(_("Passkey"), [Length(max=20_000)])
