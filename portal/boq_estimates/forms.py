"""What a person may say about an estimate, its recapitulation and the workbook it comes from."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, Self
from uuid import UUID

from openpyxl.utils import get_column_letter
from wtforms import BooleanField, FileField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from portal.boq_estimates.rules.layout import LABELS
from portal.core.fields import AmountField, FigureField
from portal.core.forms import Form, TextField
from portal.core.i18n import _

NO_COLUMN = -1
LARGEST = 10**13


def _document(text: str | UUID) -> UUID | None:
    return UUID(str(text)) if text and text != "None" else None


class EstimateForm(Form):
    """Particulars of an estimate."""

    title = TextField(_("Title"), [InputRequired(), Length(max=200)])
    base_rate_year = TextField(
        _("Rate year"), [InputRequired(), Regexp(r"20\d\d-\d\d$", message=_("Write it as 2026-27."))]
    )
    duration_months = IntegerField(
        _("Duration of the work"),
        [Optional(), NumberRange(1, 120)],
        description=_("Above 18 months the recapitulation provides for price escalation."),
        render_kw={"data-unit": _("months")},
    )
    approved_budget = AmountField(
        _("Approved budget"),
        [Optional(), NumberRange(0, LARGEST)],
        description=_("In rupees, or with its unit: 40 crore, 82.5 lakh."),
    )


class HeadForm(Form):
    """One head of the recapitulation: a percentage or a lump sum, with the reason."""

    pct = FigureField(
        _("Per cent"),
        [Optional(), NumberRange(0, 100)],
        kept=4,
        description=_("Leave it empty to go back to the ordered percentage."),
        render_kw={"data-unit": "%"},
    )
    amount = AmountField(_("Amount"), [Optional(), NumberRange(max=LARGEST)])
    reason = TextField(
        _("Reason"), [Optional(), Length(max=500)], description=_("At least ten letters; it is kept with your name.")
    )
    document_id = SelectField(
        _("Document it rests on"),
        [Optional()],
        coerce=_document,
        choices=[],
        validate_choice=False,
        description=_("Needed above ₹1,00,000: a demand note or order, attached to the project."),
    )

    @staticmethod
    def chosen(line: Any) -> Any:
        """What an officer set on a line, under the names of the fields: what a change over the API starts from."""
        return SimpleNamespace(
            pct=line.chosen_pct, amount=line.chosen_amount, reason=line.reason, document_id=line.document_id
        )

    @classmethod
    def of(cls, line: Any, documents: Iterable[Any], given: Any = None) -> Self:
        """The fields that fit the head, filled with what holds now."""
        form = cls(given, data={**vars(cls.chosen(line)), "pct": line.pct_used})
        form.document_id.choices = [
            SelectChoice("", _("none")),
            *(SelectChoice(str(row.id), row.title) for row in documents),
        ]
        for name in ("pct",) if line.mode == "lump_sum" else ("amount", "document_id"):
            del form[name]
        return form


class ImportForm(Form):
    """A workbook on its way in; the file is a part of its own."""


class WorkbookForm(Form):
    """The workbook, for the page."""

    file = FileField(
        _("BOQ workbook"),
        [InputRequired(_("Choose a file."))],
        description=_("An .xlsx workbook or a .csv file, up to 25 MB and 20,000 rows."),
        render_kw={"accept": ".xlsx,.csv"},
    )

    def values(self) -> dict[str, Any]:
        """The file is handed over separately."""
        return {}


class ColumnField(SelectField, IntegerField):
    """A column by its number: chosen from a list on the page, an integer in JSON."""


def _column(label: Any) -> ColumnField:
    return ColumnField(label, [Optional()], coerce=int, choices=[], default=NO_COLUMN, validate_choice=False)


class MappingForm(Form):
    """Where the table is: sheet, header row, and the column (from 0) of each field; -1 for none."""

    sheet = SelectField(_("Sheet"), [InputRequired()], choices=[], validate_choice=False)
    header_row = IntegerField(
        _("Row of the headings"),
        [InputRequired(), NumberRange(1, 1_048_576)],
        description=_("With another sheet or row the columns are guessed anew."),
    )
    item_no = _column(LABELS["item_no"])
    description = _column(LABELS["description"])
    unit = _column(LABELS["unit"])
    quantity = _column(LABELS["quantity"])
    rate = _column(LABELS["rate"])
    amount = _column(LABELS["amount"])
    section_code = _column(LABELS["section_code"])
    book_item_code = _column(LABELS["book_item_code"])
    drawing_ref = _column(LABELS["drawing_ref"])

    @classmethod
    def of(cls, batch: Any, given: Any = None) -> Self:
        """The present guess, with the headings of the file as choices."""
        form = cls(given, data={"sheet": batch.sheet, "header_row": batch.header_row, **batch.mapping})
        form.sheet.choices = [SelectChoice(sheet["name"], sheet["name"]) for sheet in batch.sheets]
        heads = batch.sample[0][1:] if batch.sample else []
        columns = [SelectChoice(NO_COLUMN, _("not in the file"))]
        columns += [SelectChoice(at, f"{get_column_letter(at + 1)} · {head[:40]}") for at, head in enumerate(heads)]
        for name in LABELS:
            form[name].choices = columns
        return form

    def values(self) -> dict[str, Any]:
        """Sheet and header row as they are, the named columns as one mapping."""
        given = super().values()
        columns = {name: given[name] for name in LABELS if given[name] is not None and given[name] >= 0}
        return {"sheet": given["sheet"], "header_row": given["header_row"], "columns": columns}


class CommitForm(Form):
    """Taking a checked workbook over; `confirm` for a file that is in the estimate already."""

    confirm = BooleanField(_("Take the same file over once more"))
