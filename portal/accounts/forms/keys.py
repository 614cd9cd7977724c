"""What a person may type to make a key for programs, or to change a key of the installation."""

from wtforms import RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from portal.accounts.queries.keys import _scopes
from portal.accounts.rules import act_in_words
from portal.core.forms import DayField, Form, TextField, choices_of
from portal.core.i18n import _


class ActsField(SelectMultipleField):  # type: ignore[misc]
    """Some of the acts a key can have; a JSON list on the API."""

    many = True

    def __init__(self, label: object = None, validators: object = None, **kwargs: object) -> None:
        # asked for when a form is made: the modules above this one declare their acts after it is imported
        super().__init__(label, validators, choices=self._acts, **kwargs)

    @staticmethod
    def _acts() -> list[SelectChoice]:
        return choices_of({act: act_in_words(act) for act in _scopes()})


class KeyForm(Form):
    """A new key for a program: it does what is ticked, in the name of who made it, until a day."""

    name = TextField(
        _("Name"),
        [DataRequired(), Length(max=60)],
        description=_("The program that will use it, such as “Nightly copy of the portfolio”."),
    )
    scopes = ActsField(_("What it may do"), [InputRequired(_("Choose at least one act."))])
    expires_on = DayField(
        _("Good until"), [InputRequired()], description=_("A year at most. The key opens nothing from the day after.")
    )


class SigningKeyForm(Form):
    """Which key of the installation is changed, and why."""

    what = RadioField(
        _("Key"),
        [InputRequired()],
        choices=choices_of(
            {
                "token": _("Access tokens: a new key. Tokens given out so far go on working until they run out."),
                "leaked": _("Access tokens: the key may be known to others. Every token given out so far ends now."),
                "audit": _("Audit trail: the days from now on are sealed by a new key."),
            }
        ),
    )
