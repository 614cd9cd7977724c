"""What a person may write in a report."""

from wtforms.validators import Length, Optional

from portal.core.forms import Form, LinesField
from portal.core.i18n import _

LONGEST = 60_000


class SectionForm(Form):
    """The text of a section, in the markup of the editor."""

    text = LinesField(
        _("Text"),
        [Optional(), Length(max=LONGEST)],
        description=_(
            "# heading, ## smaller heading, **bold**, *italic*, - list, 1. numbered list, | tables |. "
            "At most 60,000 characters."
        ),
        render_kw={"rows": 22, "spellcheck": "true"},
    )
    text_te = LinesField(
        _("Text in Telugu"),
        [Optional(), Length(max=LONGEST)],
        description=_("Printed after the English text. At most 60,000 characters."),
        render_kw={"rows": 8, "lang": "te"},
    )
