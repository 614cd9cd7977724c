"""Many officers by a list: read as an office writes it, looked at row by row, loaded whole or not at all, once."""

import csv
import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import select, text
from werkzeug.datastructures import FileStorage

from portal.accounts import commands, queries
from portal.accounts.models import Officer, OfficerBatch
from portal.accounts.queries.officers import _as_actor, _by_username
from portal.accounts.rules import columns_of, entry_of
from portal.accounts.rules.roster import FIELDS
from portal.core.access import ROLES
from portal.core.audit import AuditRecord
from portal.core.db import db, transaction
from portal.core.errors import Invalid, NotFound, NotPermitted, RuleBroken, Stale, TooLarge
from portal.core.sheets import csv_lines

HEAD = "User name;Name;E-mail;Telephone;Role;Circles;Divisions;Active\n"


@pytest.fixture
def admin(make_officer, redis):
    """An administrator acting, freshly proven."""
    return _as_actor(make_officer("admin", username="the.admin"))


@pytest.fixture
def desk(signed_in, redis):
    """A browser in which an administrator is signed in."""
    return signed_in("admin")


def staged(admin, content, name="officers.csv"):
    """A list read for a dry run."""
    content = content.encode() if isinstance(content, str) else content
    return commands.stage_officers(admin, FileStorage(io.BytesIO(content), name))


def look(admin, batch):
    """What the list would do: kind and user name of each row."""
    return [(row.kind, row.username) for row in queries.get_roster(admin, batch.id).rows]


def load(admin, batch):
    """Load what was looked at."""
    return commands.load_officers(admin, batch.id, {"plan": queries.get_roster(admin, batch.id).mark})


def issues(admin, batch):
    """What is to be mended, by row and column."""
    rows = queries.get_roster(admin, batch.id).rows
    return [(row.number, str(one.column), str(one.text)) for row in rows for one in row.entry.issues]


# What a list says


def test_the_dry_run_says_what_would_happen_and_changes_nothing(admin, make_officer):
    make_officer("ee", username="same", name="Same", email="same@example.org")
    make_officer("ee", username="moved", name="Moved", circles=["I"])
    make_officer("ee", username="gone", name="Gone")
    make_officer("ee", username="back", name="Back", active=False)
    batch = staged(
        admin,
        HEAD + "new;S. Rao;rao@example.org;+91 40 2345 6789;AE;I, II;III;yes\n"
        "same;Same;same@example.org;;EE;;;yes\nmoved;;;;FA;II;;\ngone;;;;;;;no\nback;;;;;;;yes\n",
    )
    assert look(admin, batch) == [
        ("make", "new"),
        ("same", "same"),
        ("change", "moved"),
        ("disable", "gone"),
        ("enable", "back"),
    ]
    assert _by_username("new") is None
    assert _by_username("gone").active
    assert _by_username("moved").role == "ee"


def test_loading_makes_changes_disables_and_enables(admin, make_officer, signed_in, recorded):
    moved, gone = signed_in("ee"), signed_in("qr")
    back = make_officer("ee", active=False)
    batch = load(
        admin,
        staged(
            admin,
            HEAD + f"new;S. Rao;rao@example.org;+91 40 2345 6789;Assistant Engineer;I, II;III;yes\n"
            f"{moved.officer.username};;;;fa;II;;\n{gone.officer.username};;;;;;;no\n{back.username};;;;;;;yes\n",
        ),
    )
    new = _by_username("new")
    assert (new.name, new.role, new.circles, new.divisions, new.state) == (
        "S. Rao",
        "ae",
        ["I", "II"],
        ["III"],
        "invited",
    )
    assert (moved.officer.role, moved.officer.circles, gone.officer.active, back.active) == ("fa", ["II"], False, True)
    for browser in (moved, gone):
        assert browser.get("/projects/").headers["Location"].startswith("/sign-in")
    assert gone.officer.disabled_why == "by the list officers.csv"
    assert recorded()[-1] == "hmda.accounts.officers.loaded"
    assert batch.result == {"make": 1, "change": 1, "disable": 1, "enable": 1, "same": 0, "refused": 0}


def test_the_same_list_twice_changes_nothing(admin, recorded):
    content = HEAD + "s.rao;S. Rao;rao@example.org;+91 40 2345 6789;EE;I;II;yes\n"
    load(admin, staged(admin, content))
    before = recorded()
    again = staged(admin, content)
    assert look(admin, again) == [("same", "s.rao")]
    assert not queries.get_roster(admin, again.id).ready
    with pytest.raises(RuleBroken, match="nothing to load"):
        load(admin, again)
    assert recorded() == before


def test_a_list_is_loaded_once(admin):
    batch = staged(admin, HEAD + "s.rao;S. Rao;;;EE;;;\n")
    load(admin, batch)
    for act in (lambda: load(admin, batch), lambda: commands.leave_officers(admin, batch.id)):
        with pytest.raises(RuleBroken, match="loaded or left already"):
            act()


def test_one_row_to_be_mended_keeps_the_whole_list_out(admin):
    batch = staged(admin, HEAD + "good;S. Rao;;;EE;;;\nbad;S. Rao;;;king;;;\n")
    with pytest.raises(RuleBroken, match="to be mended first"):
        load(admin, batch)
    assert _by_username("good") is None


def test_when_one_row_fails_in_the_middle_nothing_is_kept(admin, make_officer, monkeypatch, recorded):
    officer = make_officer("ee", username="z.last")
    batch = staged(admin, HEAD + "a.first;S. Rao;;;EE;;;\nz.last;;;;;;;no\n")
    monkeypatch.setattr("portal.accounts.commands.bulk._disable", lambda *given: (_ for _ in ()).throw(OSError("torn")))
    with pytest.raises(OSError, match="torn"):
        load(admin, batch)
    assert _by_username("a.first") is None
    assert officer.active
    assert batch.state == "dry_run"
    assert recorded() == []


def test_a_plan_that_is_no_longer_true_is_looked_at_again(admin, make_officer):
    make_officer("ee", username="moved")
    batch = staged(admin, HEAD + "moved;;;;FA;;;\n")
    plan = queries.get_roster(admin, batch.id).mark
    commands.change_role(admin, _by_username("moved").id, {"role": "qr"})
    with pytest.raises(Stale, match="changed meanwhile"):
        commands.load_officers(admin, batch.id, {"plan": plan})
    assert _by_username("moved").role == "qr"


# What keeps a row out


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (";S. Rao;;;EE;;;", "User name", "needs the user name"),
        ("S Rao;S. Rao;;;EE;;;", "User name", "Use a-z"),
        ("new;;;;EE;;;", "Name", "A new officer needs this"),
        ("new;S. Rao;;;;;;", "Role", "A new officer needs this"),
        ("new;S. Rao;;;king;;;", "Role", "Write one of: CE, DCE, EE"),
        ("new;S. Rao;rao at home;;EE;;;", "E-mail", "no e-mail address"),
        ("new;S. Rao;taken@example.org;;EE;;;", "E-mail", "old has this e-mail address already"),
        ("new;S. Rao;;call me;EE;;;", "Telephone", "no telephone number"),
        ("new;S. Rao;;;EE;a circle with far too long a name;;", "Circles", "longer than the 20 signs"),
        ("new;S. Rao;;;EE;;;maybe", "Active", "Write yes or no"),
        ("new;S. Rao;;;EE;;;no", "Active", "begins active"),
        ("old;-;;;;;;", "Name", "An officer has a name"),
        ("the.admin;;;;CE;;;", "Role", "Nobody changes their own role"),
        ("the.admin;;;;;;;no", "Active", "Nobody disables their own account"),
    ],
)
def test_a_row_that_cannot_be_loaded_says_where_and_how_to_mend_it(admin, make_officer, row, column, said):
    make_officer("ee", username="old", email="Taken@example.org")
    found = issues(admin, staged(admin, HEAD + row + "\n"))
    assert [(number, name) for number, name, _text in found][:1] == [(2, column)]
    assert said in found[0][2]


def test_the_same_officer_or_address_twice_in_a_list_is_refused_in_both_rows(admin):
    rows = "a.one;A;one@example.org;;EE;;;\nA.ONE;B;two@example.org;;EE;;;\nc.two;C;TWO@example.org;;EE;;;\n"
    found = issues(admin, staged(admin, HEAD + rows))
    assert {(number, column) for number, column, _text in found} == {
        (2, "User name"),
        (3, "User name"),
        (3, "E-mail"),
        (4, "E-mail"),
    }
    assert "Row 3 has the same" in found[0][2]


def test_two_officers_exchange_their_addresses(admin, make_officer):
    first = make_officer("ee", username="first", email="a@example.org")
    second = make_officer("ee", username="second", email="b@example.org")
    load(admin, staged(admin, HEAD + "first;;b@example.org;;;;;\nsecond;;a@example.org;;;;;\n"))
    assert (first.email, second.email) == ("b@example.org", "a@example.org")


def test_a_list_does_not_remove_the_last_administrator(make_officer, actor, redis):
    one, other = make_officer("admin", username="one"), make_officer("admin", username="other")
    make_officer("admin", username="asleep", active=False)
    machine = actor("admin")  # acts from elsewhere: neither row is its own
    found = issues(machine, staged(machine, HEAD + "one;;;;;;;no\nother;;;;CE;;;\n"))
    assert [(number, column) for number, column, _text in found] == [(2, "Active"), (3, "Role")]
    assert "Nobody would be left" in found[0][2]
    load(machine, staged(machine, HEAD + "one;;;;;;;no\n"))
    assert (one.active, other.active) == (False, True)


def test_an_empty_cell_leaves_what_is_there_and_a_hyphen_empties_it(admin, make_officer):
    officer = make_officer(
        "ee", username="rao", name="S. Rao", email="r@example.org", phone="040 234567", circles=["I"]
    )
    load(admin, staged(admin, HEAD + "rao;;-;;;-;III;\n"))
    assert (officer.name, officer.email, officer.phone) == ("S. Rao", "", "040 234567")
    assert (officer.circles, officer.divisions) == ([], ["III"])


# How an office writes it


TELUGU = "a.kumar;అ. కుమార్, సహాయక ఇంజనీరు;;;AE;;;అవును\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_telugu_names_in_every_encoding_and_with_every_separator(admin, encoding, sign):
    text_ = (HEAD + TELUGU).replace(";", sign).replace("అ. కుమార్, సహాయక", "అ. కుమార్ సహాయక")
    content = ("\ufeff" + text_).encode(encoding) if encoding.endswith("e") else text_.encode(encoding)
    load(admin, staged(admin, content))
    assert _by_username("a.kumar").name == "అ. కుమార్ సహాయక ఇంజనీరు"


def test_a_workbook_is_read_like_a_list(admin):
    book, kept = Workbook(), io.BytesIO()
    book.active.append(["USER_NAME", "Full Name", "Designation", "Mobile", "Remarks"])
    book.active.append(["s.rao", "S. Rao", "Executive Engineer", 919876543210, "on leave"])
    book.save(kept)
    batch = staged(admin, kept.getvalue(), "officers.xlsx")
    assert queries.get_roster(admin, batch.id).unknown == ["Remarks"]
    load(admin, batch)
    officer = _by_username("s.rao")
    assert (officer.role, officer.phone) == ("ee", "919876543210")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "officers.csv", "empty"),
        (b"Name;Role\nS. Rao;EE\n", "officers.csv", "“User name” is missing"),
        (HEAD.encode(), "officers.csv", "no row below the headings"),
        (b"User name;Name;Full name\na.b;A;B\n", "officers.csv", "Two columns are headed"),
        (b"%PDF-1.7", "officers.pdf", "xlsx"),
        (b"PK\x03\x04 no workbook", "officers.xlsx", ""),
        (HEAD.encode() + b"a.b;A;;;EE;;;\n" * 2001, "officers.csv", "2,00"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(desk, content, name, said):
    answer = desk.post("/officers/bulk", data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'id="file-error"' in answer.text


def test_a_list_that_is_too_large_is_not_read(admin):
    with pytest.raises(TooLarge):
        staged(admin, b"a" * ((5 << 20) + 1))


# Formulas


@pytest.mark.parametrize("name", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x","y")'])
def test_no_cell_of_a_file_that_is_given_out_acts(desk, name):
    rows = [["User name", "Name", "Role"], ["s.rao", name, "EE"], ["t.rao", name, "king"]]
    content = "".join(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n" for row in rows)
    desk.post("/officers/bulk", data={"file": (io.BytesIO(content.encode()), "officers.csv")})
    batch = db.session.scalars(select(OfficerBatch)).one()
    found = parsed(desk.get(f"/officers/bulk/{batch.id}/issues.csv").text)
    assert found[1][1] == "'" + name
    assert found[0][-1] == "Issues"
    assert (found[1][-1], found[2][-1][:5]) == ("", "Role:")


def parsed(text_):
    """The rows of a CSV file."""
    return list(csv.reader(io.StringIO(text_.removeprefix("\ufeff"))))


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cf"]), min_size=1, max_size=40
)


@given(name=PLAIN, circles=st.lists(st.sampled_from(["I", "II", "=I", "-4", "+V", "@H"]), unique=True, max_size=4))
def test_what_is_exported_is_read_back_the_same(name, circles):
    heads = [str(label) for label in FIELDS.values()]
    row = ["s.rao", name, "rao@example.org", "+91 40 2345 6789", "EE", ", ".join(circles), "", "yes"]
    read = parsed("".join(csv_lines([heads, row])))
    entry = entry_of(2, [cell.strip() for cell in read[1]], columns_of(read[0]))
    wanted = {"name": name, "phone": "+91 40 2345 6789", "active": True}
    if name != "-":
        assert {key: entry.values.get(key) for key in wanted} == wanted
    assert entry.values.get("circles", []) == circles


@given(st.lists(st.text(max_size=30), min_size=8, max_size=8))
def test_no_row_breaks_the_reading(cells):
    entry = entry_of(2, cells, columns_of(list(FIELDS)))
    assert entry.values.get("role", "ee") in ROLES
    assert set(entry.values) <= set(FIELDS)


def test_what_the_desk_exports_it_reads_back_without_a_change(desk, make_officer):
    make_officer("ee", name="=SUM(A1)", email="a@example.org", phone="+91 40 2345 6789", circles=["I", "II"])
    make_officer("qr", active=False)
    make_officer("none")
    content = desk.get("/officers/export.csv").text.encode()
    answer = desk.post("/officers/bulk", data={"file": (io.BytesIO(content), "officers.csv")})
    page = desk.get(answer.headers["Location"]).text
    assert "The accounts hold all of this already" in page


# The links of the new ones


def test_the_links_of_new_officers_are_given_out_once_and_work(desk, app, session):
    content = HEAD + "a.one;A;one@example.org;;EE;;;\nb.two;B;;;AE;;;\n"
    place = desk.post("/officers/bulk", data={"file": (io.BytesIO(content.encode()), "officers.csv")}).headers[
        "Location"
    ]
    plan = desk.get(place).text.split('name="plan" value="')[1].partition('"')[0]
    assert desk.post(f"{place}/load", data={"plan": plan}).status_code == 303
    assert "2 new officers need links" in desk.get(place).text
    answer = desk.post(f"{place}/links.csv")
    assert answer.headers["Cache-Control"] == "no-store"
    rows = parsed(answer.text)
    assert [row[0] for row in rows] == ["User name", "a.one", "b.two"]
    assert desk.post(f"{place}/links.csv").status_code == 409
    link = rows[1][3].partition("/invitation/")[2]
    chosen = {"password": "violin harbour seventeen clouds", "repeated": "violin harbour seventeen clouds"}
    assert app.test_client().post(f"/invitation/{link}", data=chosen).status_code == 303
    assert _by_username("a.one").state == "active"


def test_what_was_read_is_forgotten_when_it_is_loaded_or_left(admin, session):
    loaded, left = (staged(admin, HEAD + f"{name};S. Rao;{name}@example.org;;EE;;;\n") for name in ("a.a", "b.b"))
    load(admin, loaded)
    commands.leave_officers(admin, left.id)
    assert (loaded.state, loaded.texts, left.state, left.texts) == ("loaded", [], "left", [])
    assert _by_username("b.b") is None
    told = str([kept.changes for kept in session.scalars(select(AuditRecord))])
    assert "b.b@example.org" not in told


def test_a_list_belongs_to_the_administrator_who_read_it(admin, make_officer):
    batch = staged(admin, HEAD + "a.a;S. Rao;;;EE;;;\n")
    other = _as_actor(make_officer("admin"))
    with pytest.raises(NotFound):
        queries.get_roster(other, batch.id)


def test_nobody_else_reads_or_loads_a_list(admin, actor):
    batch = staged(admin, HEAD + "a.a;S. Rao;;;EE;;;\n")
    for act in (lambda: staged(actor("ce"), HEAD), lambda: queries.get_roster(actor("ce"), batch.id)):
        with pytest.raises(NotPermitted):
            act()


def test_two_lists_at_once_come_one_after_the_other(app, redis):
    """Real transactions: both make the same officer; the second is told that its plan is no longer true."""
    start, told = threading.Barrier(2), []
    with app.app_context():
        admins = [Officer(username=f"admin-{n}", name="A", role="admin", password_hash="x") for n in (1, 2)]
        with transaction():
            db.session.add_all(admins)
        actors = [_as_actor(one) for one in admins]
        plans = [(one, staged(one, HEAD + "s.rao;S. Rao;;;EE;;;\n").id) for one in actors]
        plans = [(one, batch, queries.get_roster(one, batch).mark) for one, batch in plans]

    def run(one, batch, plan):
        with app.app_context():
            start.wait()
            try:
                told.append(commands.load_officers(one, batch, {"plan": plan}).state)
            except Stale:
                told.append("stale")
            db.session.remove()

    threads = [threading.Thread(target=run, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), db.engine.begin() as line:
        made = line.execute(text("SELECT count(*) FROM officer WHERE username = 's.rao'")).scalar()
        line.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("event", "outbox", "audit_record", "audit_day", "officer_batch", "officer"):
            line.execute(text(f"DELETE FROM {table}"))
    assert (made, sorted(told)) == (1, ["loaded", "stale"])


def test_the_api_reads_shows_loads_and_gives_out_links(api, redis):
    caller = api("admin")
    file = (io.BytesIO((HEAD + "a.one;A;;;EE;;;\n").encode()), "officers.csv")
    made = caller.post("/api/v1/accounts/bulk", data={"file": file})
    assert made.status_code == 201
    place = made.headers["Location"]
    seen = caller.get(place).json
    assert (seen["counts"]["make"], seen["ready"]) == (1, True)
    assert seen["rows"][0]["changes"]["name"] == {"before": "", "after": "A"}
    assert caller.post(f"{place}/load", json={"plan": "another"}).status_code in (409, 412)
    assert caller.post(f"{place}/load", json={"plan": seen["plan"]}).json["state"] == "loaded"
    links = caller.post(f"{place}/links").json["links"]
    assert [one["username"] for one in links] == ["a.one"]
    assert caller.delete(place).status_code == 409
    bad = caller.post("/api/v1/accounts/bulk", data={"file": (io.BytesIO(b"Name\nA\n"), "officers.csv")})
    assert (bad.status_code, bad.json["errors"][0]["pointer"]) == (422, "#/file")


def test_headings_that_are_missing_are_named():
    with pytest.raises(Invalid, match="User name"):
        columns_of(["Name", "Role"])


def test_reading_without_a_file_says_so_beside_the_field(desk):
    answer = desk.post("/officers/bulk", data={})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text
