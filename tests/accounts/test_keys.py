"""Keys for programs: made once, narrower than their owner, ended at once; and the keys of the installation."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.accounts import commands, queries
from portal.accounts.commands.keys import MOST, _write_uses
from portal.accounts.models import ApiKey, Officer, SigningKey
from portal.accounts.queries.keys import _scopes
from portal.accounts.queries.officers import _as_actor
from portal.accounts.rules import act_in_words, grouped
from portal.accounts.rules.acts import ACTS
from portal.core.access import POLICY
from portal.core.audit import AuditRecord
from portal.core.calendar import today
from portal.core.cards import drop
from portal.core.db import db, now, transaction
from portal.core.errors import Invalid, NotFound, NotPermitted, NotProven, RuleBroken

READS = ["projects.read", "boq_estimates.read"]


def values(scopes=READS, name="Nightly copy", days=30):
    return {"name": name, "scopes": scopes, "expires_on": today() + dt.timedelta(days=days)}


@pytest.fixture
def owner(make_officer, redis):
    """An executive engineer who has just proven who they are."""
    return _as_actor(make_officer("ee"))


@pytest.fixture
def client(app, session, redis):
    return app.test_client()


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def witnessed(session):
    found = session.scalars(select(AuditRecord).where(AuditRecord.act == "accounts.token"))
    return [(one.outcome, one.why) for one in found]


def test_every_act_a_key_can_have_is_called_something_and_every_word_is_of_an_act():
    assert all(act_in_words(act) != act for act in _scopes())
    assert set(ACTS) <= set(POLICY["acts"])
    assert sorted(act for acts in grouped(_scopes()).values() for act, _words in acts) == _scopes()


def test_what_asks_for_a_person_is_in_no_key():
    assert not {*POLICY["step_up"]["acts"], *POLICY["everyone"]["acts"]} & set(_scopes())


def test_a_key_does_what_was_ticked_and_nothing_else(client, owner):
    made = commands.make_key(owner, values(["projects.read"]))
    assert re.fullmatch(r"hk_[a-z0-9]{8}_[\w-]{43}", made.secret)
    headers = bearer(made.secret)
    assert client.get("/api/v1/projects", headers=headers).status_code == 200
    refused = client.post("/api/v1/projects", headers=headers, json={"name": "A road"})
    assert (refused.status_code, refused.content_type) == (403, "application/problem+json")
    for path in ("/api/v1/boq-estimates", "/api/v1/accounts/sessions", "/api/v1/accounts/keys"):
        assert client.get(path, headers=headers).status_code in (403, 404), path
    assert client.post("/api/v1/accounts/keys", headers=headers, json={}).status_code == 403
    assert client.get("/projects/", headers=headers).status_code in (302, 303)  # no page opens by a key


def test_of_the_secret_only_a_hash_is_kept_and_it_is_in_no_record(session, owner, recorded):
    made = commands.make_key(owner, values())
    secret = made.secret.rpartition("_")[2]
    assert secret not in repr(vars(session.scalars(select(ApiKey)).one()))
    assert secret not in "".join(repr(vars(one)) for one in session.scalars(select(AuditRecord)))
    assert recorded()[-1] == "hmda.accounts.key.made"


def test_a_key_is_never_more_than_its_owner(client, owner):
    with pytest.raises(Invalid, match="You do not hold"):
        commands.make_key(owner, values(["accounts.read"]))
    made = commands.make_key(owner, values(["projects.import", "projects.read"]))
    with transaction():
        db.session.get_one(Officer, owner.id).role = "qr"
    drop(owner.id)
    assert client.get("/api/v1/projects", headers=bearer(made.secret)).status_code == 200
    assert client.post("/api/v1/projects/reports", headers=bearer(made.secret)).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["accounts.secure"]}, "scopes"),
        ({"scopes": ["no.such"]}, "scopes"),
        ({"days": 0}, "expires_on"),
        ({"days": -1}, "expires_on"),
        ({"days": 367}, "expires_on"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field(owner, change, field):
    with pytest.raises(Invalid) as refused:
        commands.make_key(owner, values(**change))
    assert refused.value.field == field
    assert not db.session.scalars(select(ApiKey)).all()


def test_there_is_an_end_to_keys(owner):
    for number in range(MOST):
        commands.make_key(owner, values(name=f"Key {number}"))
    with pytest.raises(RuleBroken, match="Revoke one"):
        commands.make_key(owner, values())
    first = queries.list_keys(owner)[0][0]
    commands.revoke_key(owner, first.id)
    commands.make_key(owner, values())


def test_unknown_cut_short_revoked_and_run_out_keys_are_refused_alike(client, session, owner):
    good, old, gone = (commands.make_key(owner, values(name=name)) for name in ("good", "old", "gone"))
    with transaction():
        old.key.expires_at = now() - dt.timedelta(seconds=1)
    commands.revoke_key(owner, gone.key.id)
    drop(owner.id)
    tried = [
        good.secret[:-1],
        good.secret + "x",
        good.secret[:-1] + ("a" if good.secret[-1] != "a" else "b"),
        f"hk_{'z' * 8}_{'a' * 43}",
        "hk_'; drop table api_key; --",
        old.secret,
        gone.secret,
    ]
    answers = [client.get("/api/v1/projects", headers=bearer(one)) for one in tried]
    assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
    assert client.get("/api/v1/projects", headers=bearer(good.secret)).status_code == 200
    found = witnessed(session)
    assert [outcome for outcome, _why in found].count("tampering") == 2  # two that nobody but a guesser sends
    assert ("refused", "revoked or expired key") in found


def test_when_and_from_where_a_key_was_last_used_is_written_by_the_clock(client, session, owner):
    made = commands.make_key(owner, values())
    client.get("/api/v1/projects", headers=bearer(made.secret), environ_base={"REMOTE_ADDR": "10.9.8.7"})
    session.expire_all()
    assert session.scalars(select(ApiKey)).one().last_used_at is None  # reading writes no row
    _write_uses()
    session.expire_all()
    key = session.scalars(select(ApiKey)).one()
    assert (now() - key.last_used_at, key.last_used_from) < (dt.timedelta(seconds=20), "~")
    assert key.last_used_from == "10.9.8.7"


def test_a_key_of_another_officer_is_not_there(owner, make_officer):
    made = commands.make_key(owner, values())
    other = _as_actor(make_officer("ce"))
    with pytest.raises(NotFound):
        commands.revoke_key(other, made.key.id)


def test_making_a_key_asks_for_a_fresh_proof(owner):
    with pytest.raises(NotProven):
        commands.make_key(replace(owner, proven_at=now() - dt.timedelta(minutes=6)), values())


# The page


def test_a_key_is_made_on_the_page_and_shown_once(signed_in, client, session):
    browser = signed_in("ee")
    page = browser.get("/account/keys/new").text
    assert "set the percentages and lump sums" in page
    assert "accounts.read" not in page  # what an engineer does not hold is not offered
    until = f"{today() + dt.timedelta(days=30):%d-%m-%Y}"
    sent = {"name": "Nightly copy", "scopes": ["projects.read", "boq_estimates.read"], "expires_on": until}
    answer = browser.post("/account/keys/new", data=sent)
    secret = re.search(r"hk_[a-z0-9]{8}_[\w-]{43}", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/api/v1/projects", headers=bearer(secret)).status_code == 200
    listed = browser.get("/account/keys").text
    assert (secret in listed, "Nightly copy" in listed, until in listed) == (False, True, True)
    key = session.scalars(select(ApiKey)).one()
    browser.post(f"/account/keys/{key.id}/revoke")
    assert "revoked" in browser.get("/account/keys").text
    assert client.get("/api/v1/projects", headers=bearer(secret)).status_code == 401


def test_what_is_wrong_stands_beside_its_field_and_what_was_ticked_stays(signed_in):
    browser = signed_in("ee")
    answer = browser.post("/account/keys/new", data={"name": "", "scopes": ["projects.read"], "expires_on": "soon"})
    assert answer.status_code == 422
    assert "Not a date. Write it as 31-12-2026." in answer.text
    assert re.search(r'value="projects.read" checked', answer.text)
    none = browser.post("/account/keys/new", data={"name": "x", "expires_on": "31-12-2026"})
    assert "Choose at least one act." in none.text


def test_over_the_api_a_key_is_made_listed_and_revoked(api, session):
    call = api("ee")
    body = {"name": "Copy", "scopes": ["projects.read"], "expires_on": f"{today() + dt.timedelta(days=9):%d-%m-%Y}"}
    made = call.post("/api/v1/accounts/keys", json=body)
    assert (made.status_code, made.json["scopes"]) == (201, ["projects.read"])
    assert call.get(made.headers["Location"]).json["name"] == "Copy"
    (listed,) = call.get("/api/v1/accounts/keys").json["_embedded"]["items"]
    assert (listed["id"], "secret" in listed) == (made.json["id"], False)
    assert call.delete(f"/api/v1/accounts/keys/{listed['id']}").status_code == 204
    wrong = call.post("/api/v1/accounts/keys", json=body | {"scopes": ["accounts.secure"]})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/scopes")


# Keys of the installation


def test_the_administrator_changes_the_keys_of_the_installation(signed_in, session):
    desk = signed_in("admin")
    assert "Change a key" in desk.get("/officers/signing-keys").text
    before = set(session.scalars(select(SigningKey.kid)))
    for what in ("token", "leaked", "audit"):
        answer = desk.post("/officers/signing-keys", data={"what": what}, follow_redirects=True)
        assert "The key is changed." in answer.text
    made = set(session.scalars(select(SigningKey.kid))) - before
    assert len(made) == 3
    assert desk.post("/officers/signing-keys", data={"what": "other"}).status_code == 422
    assert set(session.scalars(select(SigningKey.kid))) - before == made


def test_nobody_else_sees_the_keys_of_the_installation(signed_in, make_officer):
    for role in ("ce", "ee", "ec"):
        assert signed_in(role).get("/officers/signing-keys").status_code == 403
    with pytest.raises(NotPermitted):
        queries.list_signing_keys(_as_actor(make_officer("ee")))
