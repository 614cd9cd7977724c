"""One form for HTML and JSON; two savers of one record."""

from dataclasses import dataclass

import pytest
import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.validators import InputRequired, Optional

from portal.core.access import SYSTEM
from portal.core.errors import Invalid, Stale
from portal.core.forms import Form, LinesField, TextField
from portal.core.usecases import DOORS


class PlaceForm(Form):
    """Where a work lies."""

    village = TextField("Village", [InputRequired()])
    mandal = TextField("Mandal")
    note = LinesField("Note")
    area = wtforms.DecimalField("Area", [Optional()])
    urgent = wtforms.BooleanField("Urgent")


@dataclass
class Place:
    """A record as it is stored."""

    village: str = "Kompally"
    mandal: str = "Quthbullapur"
    note: str = ""
    area: object = None
    urgent: bool = False
    version: int = 1


@pytest.fixture
def saved(app):
    """A command that finds the record moved on unless the newest version was seen."""
    stored = Place(village="Suchitra", version=2)

    def save_place(_actor, values, *, seen):
        if seen != stored.version:
            raise Stale("moved on", current=stored)
        return values

    DOORS[f"{save_place.__module__}.{save_place.__qualname__}"] = "projects.write"
    with app.test_request_context():
        yield save_place
    DOORS.pop(f"{save_place.__module__}.{save_place.__qualname__}")


def opened(**typed):
    """The form as a browser sends it back: what was shown, what was typed over it, and what the record was."""
    shown = PlaceForm(obj=Place())
    texts = {"village": "Kompally", "mandal": "Quthbullapur", "note": "", "area": "", "base": shown.base}
    return PlaceForm(MultiDict(texts | typed))


def test_what_only_the_other_officer_changed_is_taken_over_and_shown(saved):
    form = opened(mandal="Medchal")
    assert form.save(saved, SYSTEM, seen=1) is None
    assert [(one.name, one.theirs, one.mine, one.touched) for one in form.conflict] == [
        ("village", "Suchitra", "Kompally", False),
        ("mandal", "Quthbullapur", "Medchal", True),
    ]
    assert (form.village.data, form.mandal.data, form.seen) == ("Suchitra", "Medchal", 2)
    again = PlaceForm(MultiDict({"village": "Suchitra", "mandal": "Medchal", "base": form.base}))
    assert again.save(saved, SYSTEM, seen=form.seen)["village"] == "Suchitra"


def test_what_both_changed_keeps_mine_in_the_form_and_shows_both(saved):
    form = opened(village="Petbasheerabad")
    assert form.save(saved, SYSTEM, seen=1) is None
    assert [(one.name, one.theirs, one.mine, one.touched) for one in form.conflict] == [
        ("village", "Suchitra", "Petbasheerabad", True)
    ]
    assert form.village.data == "Petbasheerabad"


def test_two_equal_changes_are_one(saved):
    assert opened(village="Suchitra").save(saved, SYSTEM, seen=1).version == 2


def test_without_the_record_as_it_was_every_difference_is_asked_about(saved):
    form = opened(mandal="Medchal", base="{forged")
    form.save(saved, SYSTEM, seen=1)
    assert all(one.touched for one in form.conflict)


def test_a_form_that_only_shows_keeps_what_the_record_holds(app):
    with app.test_request_context():
        assert PlaceForm(MultiDict(), obj=Place()).village.data == "Kompally"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"village": ["a"]}, "village"),
        ({"village": {"a": 1}}, "village"),
        ({"village": 5}, "village"),
        ({"village": "a\u0000b"}, "village"),
        ({"village": "\ud800"}, "village"),
        ({"urgent": "yes"}, "urgent"),
        ({"area": True}, "area"),
        ({"vilage": "a"}, "vilage"),
        ([], None),
    ],
)
def test_a_json_value_of_another_kind_is_refused_where_it_stands(app, body, field):
    with app.test_request_context(), pytest.raises(Invalid) as refused:
        PlaceForm.from_json(body)
    assert refused.value.field == field


def test_json_keeps_what_it_leaves_out_and_clears_what_is_null(app):
    with app.test_request_context():
        form = PlaceForm.from_json({"mandal": None, "area": 2.5, "urgent": True}, Place(note="two\nlines"))
    assert (form.village.data, form.mandal.data, str(form.area.data), form.urgent.data, form.note.data) == (
        "Kompally",
        "",
        "2.5",
        True,
        "two\nlines",
    )
