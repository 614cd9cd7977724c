"""What a person may say about an attachment."""

import datetime as dt
from typing import Any

from wtforms import FileField, SelectField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.attachments.models import KIND_LABELS
from portal.core.forms import DayField, Form, TextField, choices_of
from portal.core.i18n import _


def not_in_future(_form: Any, field: Any) -> None:
    """A drawing or letter carries the date on which it was made."""
    if field.data and field.data > dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1):
        raise ValidationError(str(_("This date is in the future. Use the date written on the document.")))


class AttachmentForm(Form):
    """Particulars of a file."""

    title = TextField(_("Title"), [InputRequired(), Length(max=200)])
    kind = SelectField(_("Kind"), [InputRequired()], choices=choices_of(KIND_LABELS))
    number = TextField(
        _("Number"),
        [Optional(), Length(max=80)],
        description=_("Drawing or letter number, as written on it, for example ST-FD-002 C01."),
    )
    dated = DayField(_("Date"), [Optional(), not_in_future], description=_("As written on the document: dd-mm-yyyy."))


class UploadForm(AttachmentForm):
    """The particulars and the file, for the page; the API takes the file as a part of its own."""

    file = FileField(
        _("File"),
        [InputRequired(_("Choose a file."))],
        description=_("PDF, PNG, JPEG or TIFF, up to 200 MB and 2,000 pages."),
    )

    def values(self) -> dict[str, Any]:
        """The file is handed over separately."""
        return {name: value for name, value in super().values().items() if name != "file"}
