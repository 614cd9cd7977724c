"""One form class per input, for HTML and JSON alike: the whitelist of what a person may say."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self, TypeVar, cast

import wtforms
from flask_babel import get_locale
from werkzeug.datastructures import MultiDict
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import get_translations

from portal.core.access import Actor
from portal.core.errors import Invalid, RuleBroken, Stale
from portal.core.i18n import _
from portal.core.usecases import permit

R = TypeVar("R")


def choices_of(labels: Mapping[Any, Any]) -> list[SelectChoice]:
    """The choices of a SelectField from value and label."""
    return [SelectChoice(str(value), label) for value, label in labels.items()]


class Difference(NamedTuple):
    """One field that is stored otherwise than this officer has it; `touched` when this officer changed it at all."""

    name: str
    label: Any
    theirs: Any
    mine: Any
    touched: bool


class _Meta(wtforms.meta.DefaultMeta):
    def get_translations(self, form: wtforms.Form) -> Any:
        """WTForms' own sentences in the reader's language, where it has them."""
        locale = get_locale()
        languages = [str(locale)] if locale else ["en"]
        try:
            return get_translations(languages)
        except OSError:
            return get_translations(["en"])


class Form(wtforms.Form):
    """Fields with their validators; a command gets `values()`, and nothing that is not a field."""

    Meta = _Meta
    conflict: list[Difference]
    seen: int | None
    base: str  # the record as the officer opened it, for telling afterwards who changed what

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        self.conflict, self.seen = [], None
        self.base = (formdata.get("base", "") if formdata else "") or (self._told(obj) if obj is not None else "")

    def _told(self, record: Any) -> str:
        return json.dumps({name: _texts(getattr(record, name, None)) for name in self._fields})

    def _touched(self, name: str) -> bool:
        """Whether the officer changed the field since opening the form; yes where that cannot be told."""
        try:
            before = json.loads(self.base)[name]
        except (ValueError, TypeError, KeyError):
            return True
        return bool([text for text in before if text] != [text for text in _texts(self[name].data) if text])

    @classmethod
    def from_json(cls, body: Any, current: Any = None) -> Self:
        """Read a JSON object; what it leaves out keeps the value of `current`, if given. Raises Invalid."""
        if not isinstance(body, Mapping):
            raise Invalid(_("The body is to be a JSON object."))
        form = cls(obj=current)
        unknown = sorted(set(body) - set(form._fields))
        if unknown:
            raise Invalid(_("There is no field “%(name)s” here.", name=unknown[0]), unknown[0])
        given = [
            (name, text)
            for name, field in form._fields.items()
            for text in (_texts(_typed(field, body[name])) if name in body else _texts(field.data))
        ]
        return cls(MultiDict(given))

    def values(self) -> dict[str, Any]:
        """The fields by name, converted; the version looked at is no field."""
        return {name: field.data for name, field in self._fields.items()}

    def run(self, command: Callable[..., R], actor: Actor, *args: Any, **more: Any) -> R | None:
        """Validate, then call the command with our values; a refusal that names a field becomes that field's error."""
        permit(command, actor, *args)
        if not self.validate():
            return None
        try:
            return command(actor, *args, self.values(), **more)
        except (RuleBroken, Invalid) as broken:
            if broken.field not in self._fields:
                raise
            self[broken.field].errors = [*self[broken.field].errors, str(broken)]
            return None

    def save(self, command: Callable[..., R], actor: Actor, *args: Any, seen: int | None) -> R | None:
        """run() for an edit: when another officer was faster, keep what was typed and list what differs."""
        try:
            return self.run(command, actor, *args, seen=seen)
        except Stale as stale:
            if stale.current is None:
                raise
            self._compare(stale.current)
            return None if self.conflict else cast(R, stale.current)  # both saved the same: nothing is left to do

    def _compare(self, current: Any) -> None:
        """List what differs; a field this officer did not touch takes what the other saved."""
        self.seen = current.version
        self.conflict = [
            Difference(name, field.label.text, getattr(current, name), field.data, self._touched(name))
            for name, field in self._fields.items()
            if (getattr(current, name) or None) != (field.data or None)
        ]
        for one in self.conflict:
            if not one.touched:
                self[one.name].data, self[one.name].raw_data = one.theirs, None
        self.base = self._told(current)


def _typed(field: Any, value: Any) -> Any:
    """A JSON value fit for the field: text, true or false for a tick, a number for a figure. Raises Invalid."""
    if value is None:
        return None
    if isinstance(value, list) and getattr(field, "many", False):
        return [_typed(field, one) for one in value]
    wanted: tuple[type, ...] = (str,)
    words = _("A text is expected here.")
    if isinstance(field, wtforms.BooleanField):
        wanted, words = (bool,), _("true or false is expected here.")
    elif isinstance(field, wtforms.DecimalField | wtforms.IntegerField):
        wanted, words = (str, int, float, Decimal), _("A number is expected here.")
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise Invalid(words, field.name)
    if isinstance(value, str) and value != _clean(value, trim=False):
        raise Invalid(_("The text holds signs that no text can have, such as NUL."), field.name)
    return value


def _texts(value: Any) -> list[str]:
    """A JSON value as a browser would have sent it."""
    if value is None or value is False:
        return []
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return [value.strftime("%d-%m-%Y")]
    return ["true" if value is True else str(value)]


class DayField(wtforms.DateField):
    """A calendar date: dd-mm-yyyy as officers write it, or yyyy-mm-dd as machines and date pickers do."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, format=["%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """An unreadable date says how a date is written."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.gettext(str(_("Not a date. Write it as 31-12-2026.")))) from None


class TextField(wtforms.StringField):
    """One line of text, trimmed; what the record holds, or nothing, when none was given."""

    data: str  # never None after processing

    def process_formdata(self, valuelist: list[str]) -> None:
        """NUL and the like never reach the database."""
        self.data = _clean(valuelist[0]) if valuelist else self.data or ""


class LinesField(wtforms.TextAreaField):
    """Several lines of text; line ends are one newline."""

    data: str  # never None after processing

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _clean(valuelist[0].replace("\r\n", "\n")) if valuelist else self.data or ""


def _clean(text: str, *, trim: bool = True) -> str:
    kept = "".join(s for s in text if s in "\r\n\t" or (ord(s) >= 32 and not 0xD800 <= ord(s) <= 0xDFFF))
    return kept.strip() if trim else kept
