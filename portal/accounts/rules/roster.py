"""A list of officers, read row by row: what it says, and where it cannot be understood."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from portal.accounts.rules.particulars import fault_of, places_of
from portal.core.access import ROLES
from portal.core.errors import Invalid
from portal.core.i18n import _
from portal.core.sheets import read_workbook, shown

FIELDS: Mapping[str, Any] = {
    "username": _("User name"),
    "name": _("Name"),
    "email": _("E-mail"),
    "phone": _("Telephone"),
    "role": _("Role"),
    "circles": _("Circles"),
    "divisions": _("Divisions"),
    "active": _("Active"),
}
ALIASES = {
    "username": ("username", "user", "login", "userid"),
    "name": ("name", "fullname", "officer", "officername", "nameofofficer"),
    "email": ("email", "mail", "emailid", "emailaddress"),
    "phone": ("phone", "telephone", "mobile", "phoneno", "mobileno", "telephoneno"),
    "role": ("role", "rolecode", "designation"),
    "circles": ("circles", "circle"),
    "divisions": ("divisions", "division"),
    "active": ("active", "enabled"),
}
YES, NO = ("yes", "y", "true", "1", "active", "అవును"), ("no", "n", "false", "0", "disabled", "కాదు")
EMPTY = "-"  # in a cell: the account is to have nothing here; an empty cell leaves what it has
LISTS = ("circles", "divisions")
MOST_ROWS, MOST_BYTES = 2_000, 5 << 20


class Issue(NamedTuple):
    """What keeps a row out: in which column, and how to mend it."""

    column: Any
    text: Any


class Entry(NamedTuple):
    """One row understood: only the fields that its cells speak of."""

    number: int
    values: dict[str, Any]
    issues: list[Issue]


def examine(path: Path) -> dict[str, Any]:
    """In the sandbox: the first sheet that holds anything, its first row the headings. All cells as texts."""
    try:
        book = read_workbook(path, path.name, max_bytes=MOST_BYTES, max_rows=MOST_ROWS + 1)
        sheet = next(sheet for sheet in book.sheets if sheet.rows)
    except Invalid as refused:
        return {"refused": str(refused)}
    head, *rows = [(row.number, [shown(value).strip() for value in row.cells]) for row in sheet.rows]
    return {"heads": head[1], "rows": rows}


def columns_of(heads: Sequence[str]) -> dict[str, int]:
    """Which column holds which field; headings in any spelling an office uses. Raises Invalid, naming what lacks."""
    found: dict[str, int] = {}
    for place, head in enumerate(heads):
        name = _field_of(head)
        if name and name in found:
            raise Invalid(_("Two columns are headed “%(name)s”. Leave one of them.", name=head), "file")
        if name:
            found[name] = place
    if "username" not in found:
        wanted = ", ".join(str(label) for label in FIELDS.values())
        raise Invalid(
            _("The first row is to hold the headings: %(wanted)s. “User name” is missing.", wanted=wanted), "file"
        )
    return found


def _field_of(head: str) -> str:
    letters = re.sub(r"[\W_]", "", head.lower())
    for name, spellings in ALIASES.items():
        if letters in spellings or head.strip().lower() == str(FIELDS[name]).lower():
            return name
    return ""


def entry_of(number: int, cells: Sequence[str], columns: Mapping[str, int]) -> Entry:
    """One row; a cell that cannot be understood becomes an issue, and its field is not among the values."""
    entry = Entry(number, {}, [])
    for name, place in columns.items():
        text = _unescaped(cells[place]) if place < len(cells) else ""
        if text:
            _read(entry, name, text)
    if not entry.values.get("username") and not any(issue.column == FIELDS["username"] for issue in entry.issues):
        entry.issues.append(Issue(FIELDS["username"], _("A row needs the user name.")))
    return entry


def _unescaped(text: str) -> str:
    """Without the apostrophe that an export puts before a text a spreadsheet could take for a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _read(entry: Entry, name: str, text: str) -> None:
    value: Any = text
    if name == "username":
        value = text.lower()
    elif name == "role":
        value = role_of(text)
    elif name == "active":
        value = text.lower() in YES if text.lower() in (*YES, *NO) else None
    elif text == EMPTY:
        value = [] if name in LISTS else ""
    elif name in LISTS:
        value = places_of(text)
    fault = _fault(name, value)
    if fault:
        entry.issues.append(Issue(FIELDS[name], fault))
    else:
        entry.values[name] = value


def _fault(name: str, value: Any) -> Any:
    if name == "role" and not value:
        return _("There is no such role. Write one of: %(codes)s.", codes=", ".join(role.upper() for role in ROLES))
    if name == "active" and value is None:
        return _("Write yes or no.")
    if name == "name" and not value:
        return _("An officer has a name.")
    return fault_of(name, value) if name not in ("role", "active") else None


def role_of(text: str) -> str:
    """The role by its code in any case, or by its title; nothing for what is neither."""
    wanted = " ".join(text.split()).lower()
    return next((role for role, title in ROLES.items() if wanted in (role, str(title).lower())), "")
