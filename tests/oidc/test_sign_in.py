"""Sign-in by the organisation, the whole way, against the certified provider oidc-provider."""

import msgspec
import pytest
from sqlalchemy import select

from portal.accounts.models import Identity, Officer, OfficerSession
from portal.core.audit import AuditRecord
from portal.core.oidc import journey, tokens
from tests.oidc.conftest import BACK, asked

START = "/sign-in/organisation"


def found(session, username):
    return session.scalars(select(Officer).where(Officer.username == username)).one()


def last_witnessed(session):
    record = session.scalars(select(AuditRecord).order_by(AuditRecord.position.desc()).limit(1)).one()
    return record.act, record.outcome, record.why


def open_sessions(session, officer):
    rows = select(OfficerSession).where(OfficerSession.officer_id == officer.id, OfficerSession.ended_at.is_(None))
    return session.scalars(rows.execution_options(populate_existing=True)).all()


def test_somebody_new_comes_in_with_the_role_the_provider_names(session, officer, recorded):
    asha = officer("asha", "ee")
    answer = asha.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert asha.portal.get("/projects/").status_code == 200
    made = found(session, "asha")
    assert (made.role, made.name, made.email) == ("ee", "Officer asha", "asha@example.org")
    (begun,) = open_sessions(session, made)
    assert begun.method == "oidc"
    assert begun.provider_session
    assert begun.id_token.startswith("s1.")
    assert recorded() == [
        "hmda.accounts.officer.added",
        "hmda.accounts.identity.linked",
        "hmda.accounts.officer.signed_in",
    ]


def test_the_request_carries_pkce_state_and_nonce(officer, issuer):
    sent = asked(officer("asha").ask())
    assert (sent["response_type"], sent["code_challenge_method"], sent["client_id"]) == ("code", "S256", "portal")
    assert min(len(sent[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert "openid" in sent["scope"].split()


def test_the_page_asked_for_is_opened_afterwards_and_no_other_site(officer):
    assert (
        officer("asha", "ee").sign_in(f"{START}?next=/projects/%3Fq%3Dlake").headers["Location"] == "/projects/?q=lake"
    )
    assert officer("ravi", "ee").sign_in(f"{START}?next=https://evil.example/").headers["Location"] == "/"


def test_an_officer_is_known_again_whatever_their_name_and_e_mail_are_by_then(session, officer):
    asha = officer("asha", "ee")
    asha.sign_in()
    asha.is_now("ee", email="asha.rao@example.org", preferred_username="asha.rao")
    asha.sign_in()
    assert session.scalars(select(Officer.username)).all() == ["asha"]


def test_the_account_with_the_verified_e_mail_is_linked_once(session, officer, make_officer):
    mine = make_officer("ee", email="Asha@Example.org")
    officer("asha", "ee").sign_in()
    assert session.scalars(select(Identity)).one().officer_id == mine.id
    officer("another", "ee", email="asha@example.org").sign_in()
    assert found(session, "another").id != mine.id
    assert found(session, "another").email == ""


def test_an_e_mail_nobody_has_verified_links_nothing(session, officer, make_officer):
    mine = make_officer("admin", email="asha@example.org")
    officer("asha", "ee", email_verified=False).sign_in()
    assert session.scalars(select(Identity)).one().officer_id != mine.id
    assert found(session, "asha").email == ""
    officer("ravi", "ee", email="x@example.org", email_verified="true").sign_in()
    assert found(session, "ravi").email == ""


def test_a_percent_sign_in_an_e_mail_is_no_wildcard(session, officer, make_officer):
    mine = make_officer("admin", email="asha@example.org")
    officer("asha", "ee", email="%@example.org").sign_in()
    assert session.scalars(select(Identity)).one().officer_id != mine.id


def test_a_taken_user_name_gets_a_number(session, officer, make_officer):
    make_officer("ce", username="asha")
    officer("asha", "ee").sign_in()
    assert found(session, "asha-2").role == "ee"


def test_an_unknown_role_opens_nothing_and_names_whom_to_ask(session, officer, make_officer):
    make_officer("admin", name="K. Admin")
    make_officer("admin", name="L. Gone", active=False)
    asha = officer("asha", "king of-everything")
    asha.sign_in()
    assert asha.portal.get("/").headers["Location"] == "/waiting"
    told = asha.portal.get("/waiting")
    assert "K. Admin" in told.text
    assert "L. Gone" not in told.text
    assert asha.portal.get("/projects/").status_code == 403
    assert found(session, "asha").role == "none"


def test_of_several_roles_the_highest_on_the_line_counts(session, officer):
    officer("asha", "fa ae dce ee").sign_in()
    officer("ravi", "admin to").sign_in()
    assert (found(session, "asha").role, found(session, "ravi").role) == ("dce", "to")


def test_a_role_that_changes_at_the_provider_changes_here_and_ends_the_other_sessions(session, officer, recorded):
    asha = officer("asha", "ee")
    asha.sign_in()
    elsewhere = officer("asha", "ae")
    elsewhere.sign_in()
    assert asha.portal.get("/projects/").headers["Location"].startswith("/sign-in")
    assert elsewhere.portal.get("/projects/").status_code == 200
    assert found(session, "asha").role == "ae"
    assert "hmda.accounts.officer.role_changed" in recorded()


def test_a_role_that_is_lost_ends_everything_but_the_page_that_says_so(session, officer):
    asha = officer("asha", "ee")
    asha.sign_in()
    asha.is_now("")
    asha.sign_in()
    assert asha.portal.get("/projects/").status_code == 403
    assert len(open_sessions(session, found(session, "asha"))) == 1


def test_the_last_administrator_stays_one(session, officer, make_officer):
    mine = make_officer("admin", email="asha@example.org")
    officer("asha", "ee").sign_in()
    assert mine.role == "admin"
    make_officer("admin")
    officer("asha", "ee").sign_in()
    assert mine.role == "ee"


@pytest.mark.parametrize("closed", [{"active": False, "disabled_why": "retired"}, {"locked_why": "retired"}])
def test_a_closed_account_stays_outside_and_is_told_why(session, officer, make_officer, closed):
    if "locked_why" in closed:
        closed = closed | {"locked_at": tokens.dt.datetime.now(tokens.dt.UTC)}
    make_officer("admin", name="K. Admin")
    make_officer("ee", email="asha@example.org", **closed)
    asha = officer("asha", "ee")
    answer = asha.sign_in()
    assert answer.status_code == 403
    assert "retired" in answer.text
    assert "K. Admin" in answer.text
    assert asha.portal.get("/").headers["Location"].startswith("/sign-in")
    assert last_witnessed(session) == ("accounts.sign_in", "failed", "account closed")
    assert session.scalars(select(Identity)).all() == []


def test_a_second_factor_at_the_provider_counts(session, officer):
    for sub, said in (("asha", {"amr": ["pwd", "otp"]}), ("ravi", {"acr": "mfa"}), ("mani", {"amr": ["pwd"]})):
        officer(sub, "ee", **said).sign_in()
    methods = [open_sessions(session, found(session, sub))[0].method for sub in ("asha", "ravi", "mani")]
    assert methods == ["oidc+mfa", "oidc+mfa", "oidc"]


def test_the_session_number_changes_when_somebody_signs_in(officer):
    asha = officer("asha", "ee")
    url = asha.at_provider(asha.ask())
    before = asha.portal.get_cookie("portal").value
    asha.back(url)
    assert asha.portal.get_cookie("portal").value != before


def test_an_answer_that_was_used_opens_nothing_a_second_time(session, officer):
    asha = officer("asha", "ee")
    url = asha.at_provider(asha.ask())
    asha.back(url)
    asha.portal.post("/sign-out")
    assert asha.back(url).status_code == 400
    assert last_witnessed(session) == ("accounts.sign_in", "failed", "state")


def test_a_replayed_code_is_refused_by_the_provider_and_opens_nothing(session, officer):
    asha = officer("asha", "ee")
    used = asha.at_provider(asha.ask())
    asha.back(used)
    mallory = officer("mallory", "ae")
    state, iss = asked(mallory.ask())["state"], asked(used)["iss"]
    answer = mallory.portal.get(BACK, query_string={"code": asked(used)["code"], "state": state, "iss": iss})
    assert answer.status_code == 400
    assert "did not accept" in answer.text
    assert last_witnessed(session)[1:] == ("failed", "code")


def test_a_code_of_another_browser_does_not_fit_the_verifier(session, officer):
    victim, mallory = officer("asha", "ce"), officer("mallory", "ae")
    stolen, state = asked(victim.at_provider(victim.ask())), asked(mallory.ask())["state"]
    answer = mallory.portal.get(BACK, query_string=stolen | {"state": state})
    assert answer.status_code == 400
    assert session.scalars(select(Officer)).all() == []


def test_the_answer_to_one_browser_opens_nothing_in_another(session, officer):
    mallory, victim = officer("mallory", "ae"), officer("asha", "ee")
    victim.ask()
    assert victim.back(mallory.at_provider(mallory.ask())).status_code == 400
    assert last_witnessed(session)[2] == "state"


@pytest.mark.parametrize("state", ["", "made-up", None])
def test_a_wrong_state_is_refused(officer, state):
    asha = officer("asha", "ee")
    back = asked(asha.at_provider(asha.ask()))
    changed = {name: value for name, value in (back | {"state": state}).items() if value is not None}
    assert asha.portal.get(BACK, query_string=changed).status_code == 400


def test_a_wrong_nonce_is_refused_as_tampering(session, officer, redis):
    asha = officer("asha", "ee")
    url = asha.at_provider(asha.ask())
    (key,) = redis.keys("oidc:*")
    kept = msgspec.json.decode(redis.get(key), type=journey.Journey)
    redis.set(key, msgspec.json.encode(msgspec.structs.replace(kept, nonce="another")))
    assert asha.back(url).status_code == 400
    assert last_witnessed(session)[1] == "tampering"
    assert session.scalars(select(Officer)).all() == []


@pytest.mark.parametrize("iss", ["http://evil.example", None])
def test_an_answer_in_the_name_of_another_provider_is_a_mix_up(session, officer, iss):
    asha = officer("asha", "ee")
    back = asked(asha.at_provider(asha.ask())) | {"iss": iss}
    answer = asha.portal.get(BACK, query_string={name: value for name, value in back.items() if value})
    assert answer.status_code == 400
    assert last_witnessed(session)[1:] == ("tampering", "issuer")


@pytest.mark.parametrize(("late_s", "status"), [(3600 + 30, 303), (3600 + 90, 400)])
def test_an_expired_identity_token_is_refused_after_a_minute_of_grace(officer, monkeypatch, late_s, status):
    asha = officer("asha", "ee")
    url = asha.at_provider(asha.ask())
    monkeypatch.setattr(tokens, "clock", lambda: tokens.time.time() + late_s)
    assert asha.back(url).status_code == status


@pytest.mark.parametrize(("early_s", "status"), [(-30, 303), (-90, 400)])
def test_a_clock_that_is_slow_by_a_minute_is_tolerated(officer, monkeypatch, early_s, status):
    asha = officer("asha", "ee")
    url = asha.at_provider(asha.ask())
    monkeypatch.setattr(tokens, "clock", lambda: tokens.time.time() + early_s)
    assert asha.back(url).status_code == status


def test_rotated_keys_are_asked_for_once(officer, tell, portal):
    officer("asha", "ee").sign_in()
    tell("keys")
    assert officer("ravi", "ee").sign_in().status_code == 303
    tell("keys")
    assert officer("mani", "ee").sign_in().status_code == 400, "twice within half a minute is too often"
    portal.extensions["oidc"]._refetched -= 60
    assert officer("mani", "ee").sign_in().status_code == 303


def test_who_gives_up_at_the_provider_is_told_so(session, officer):
    answer = officer("asha", "ee").sign_in(login="nobody")
    assert answer.status_code == 400
    assert "cancelled" in answer.text
    assert last_witnessed(session)[1:] == ("failed", "access_denied")
