"""What a person may say about an incident, and about a figure of a rule."""

from typing import Any

from wtforms import SelectField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.core.access import ROLES
from portal.core.forms import DayField, Form, LinesField, TextField, choices_of
from portal.core.i18n import _
from portal.security.queries.incidents import _handlers
from portal.security.rules.catalogue import ACTIONS, REASONS, TALK

WORDS = [DataRequired(), Length(max=2000)]
TWO_LINES = {"rows": 2}


def _owners() -> Any:
    return choices_of({one.username: f"{one.name} ({ROLES[one.role]})" for one in _handlers()})


class OwnerForm(Form):
    """Who handles it."""

    owner = SelectField(_("Handled by"), [InputRequired()], choices=_owners)


class NoteForm(Form):
    """What was found out."""

    text = LinesField(
        _("Note"), WORDS, description=_("It is kept with your name and is not changed."), render_kw={"rows": 3}
    )


class ActForm(Form):
    """What is done about the officer."""

    action = SelectField(
        _("Act"), [InputRequired()], choices=choices_of({name: text for name, text in ACTIONS.items() if name != TALK})
    )


class CloseForm(Form):
    """Why it is over."""

    reason = SelectField(_("Reason"), [InputRequired()], choices=choices_of({"": _("Choose a reason"), **REASONS}))
    words = LinesField(
        _("In words"),
        WORDS,
        description=_("What it was, and how you know: who reads this in a year was not there."),
        render_kw=TWO_LINES,
    )


class WhyForm(Form):
    """Why something is done."""

    why = LinesField(_("Reason"), WORDS, description=_("It is kept in the history."), render_kw=TWO_LINES)


class FigureForm(Form):
    """Another value of a figure, from a day on."""

    value = TextField(_("Value"), [Length(max=2000)])
    starts = DayField(_("First day"), [InputRequired()], description=_("It holds from 00:00 of this day."))
    why = LinesField(_("Reason"), WORDS, description=_("It is kept beside the value."), render_kw=TWO_LINES)
