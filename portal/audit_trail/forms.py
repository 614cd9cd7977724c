"""What can be typed into the search of the trail."""

from wtforms import SelectField
from wtforms.validators import Length, Optional

from portal.core.forms import DayField, Form, TextField, choices_of
from portal.core.i18n import _
from portal.core.usecases import DOORS

WITNESSED = ("accounts.sign_in", "accounts.token", "accounts.session", "audit_trail.seal")
SHORT = [Optional(), Length(max=100)]


def _acts() -> list[str]:
    """Every act that a record can tell of: of the doors, and what is witnessed."""
    return sorted({*DOORS.values(), *WITNESSED})


class SearchForm(Form):
    """The fields of the search; roles, outcomes and modules are picked beside it."""

    q = TextField(_("Words"), SHORT, description=_("Names, acts, reasons, and what was written before and after."))
    who = TextField(_("Officer"), SHORT, description=_("Name or user name."))
    act = SelectField(_("Act"), [Optional()])
    record = TextField(
        _("Project or record"), SHORT, description=_("The number of a project, or the id of any record.")
    )
    since = DayField(_("From"), [Optional()])
    until = DayField(_("To"), [Optional()])
    address = TextField(_("Network address"), SHORT)
    instrument = TextField(_("Instrument"), SHORT, description=_("The number of an instrument of delegation."))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.act.choices = choices_of({"": _("any"), **{act: act for act in _acts()}})
