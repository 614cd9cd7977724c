"""One policy, two readers: what decide() says and what the bundle says are the same, on every combination."""

import datetime as dt
import json
import shutil
import socket
import subprocess
import time
import urllib.request
import uuid
from decimal import Decimal
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core import cards, opa
from portal.core.access import NO_ROLE, NOTHING, POLICY, ROLES, SYSTEM, About, Actor, Instrument, ask, decide
from portal.core.errors import PolicyAway
from tests.core.rego import Rego, policy_server, unpacked

DAY = dt.date(2025, 2, 1)
MINE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
ALL_ROLES = (*ROLES, NO_ROLE, SYSTEM.role, "unheard_of")
ACTS = [
    *(f"{module}.{verb}" for module in POLICY["modules"] for verb in ("read", "write")),
    *POLICY["acts"],
    *POLICY["everyone"]["acts"],
]
LENT = POLICY["lent"]
BATCH = 20_000


@pytest.fixture(scope="module")
def rego():
    return Rego()


def lent(number="DI-1", charge="scoped", floor="20000000", ceiling="100000000", **facts):
    usual = {
        "classes": frozenset({"standard", "emergency"}),
        "circles": frozenset({"II"}),
        "starts": DAY - dt.timedelta(days=1),
        "ends": DAY + dt.timedelta(days=1),
    }
    return Instrument(number=number, charge=charge, floor=Decimal(floor), ceiling=Decimal(ceiling), **usual | facts)


def agree(rego, cases):
    """Both readers answer every case alike; how many cases there were."""
    cases = list(cases)
    for start in range(0, len(cases), BATCH):
        part = cases[start : start + BATCH]
        told = rego.decisions([opa.question(actor, act, about, DAY) for actor, act, about in part])
        assert len(told) == len(part)
        for (actor, act, about), answer in zip(part, told, strict=True):
            said = decide(actor, act, about, on=DAY)
            assert (answer["allow"], answer["why"], answer["instrument"]) == said, (actor, act, about)
    return len(cases)


PLACES = [  # posted to circles, to divisions, the circle and division of the work
    ((), (), "III", "9"),
    (("II",), ("4",), "III", "4"),
    (("II",), ("4",), "III", "9"),
    (("II",), (), "", ""),
    (("II",), ("4",), "II", "9"),
    ((), ("4",), "", "9"),
]


def case(role, act, *, project=None, closed=False, place=PLACES[0], done=(), scopes=None):
    circles, divisions, circle, division = place
    posted = {"circles": frozenset(circles), "divisions": frozenset(divisions)}
    key = None if scopes is None else frozenset(scopes)
    about = About(project=project, restricted=closed, circle=circle, division=division, done=frozenset(done))
    return Actor(MINE, role, frozenset({MINE}), **posted, scopes=key), act, about


def test_they_agree_on_every_role_act_project_volume_place_and_key(rego):
    each = product(ALL_ROLES, ACTS, (None, MINE, OTHER), (False, True), PLACES[:3], (None, ()))
    cases = (
        case(role, act, project=project, closed=closed, place=place, scopes=scopes)
        for role, act, project, closed, place, scopes in each
    )
    assert agree(rego, cases) == len(ALL_ROLES) * len(ACTS) * 3 * 2 * 3 * 2


def test_they_agree_on_every_role_act_place_key_and_part_taken(rego):
    def cases():
        for role, act, place, named in product(ALL_ROLES, ACTS, PLACES, (False, True)):
            for done in ((), *((part,) for part in POLICY["separation"].get(act, ()))):
                yield case(role, act, place=place, done=done, scopes={act, "projects.read"} if named else None)

    assert agree(rego, cases()) >= len(ALL_ROLES) * len(ACTS) * 6 * 2


INSTRUMENTS = [
    (),
    (lent(),),
    (lent(charge="look_after"),),
    (lent(charge="full_additional_charge", ceiling="500000000"),),
    (lent(ceiling="99999999999"),),
    (lent(charge="full_additional_charge", ceiling="99999999999"),),
    (lent(starts=DAY, ends=DAY),),
    (lent(ends=None),),
    (lent(ends=DAY - dt.timedelta(days=1)),),
    (lent(starts=DAY + dt.timedelta(days=1)),),
    (lent("DI-1", ceiling="20000000.00"), lent("DI-2"), lent("DI-3")),
]
AMOUNTS = [None, "0", "19999999.99", "19999999.996", "20000000", "20000000.01", "100000000", "100000000.004"]
AMOUNTS += ["100000000.005", "100000000.01", "500000000", "500000000.01", "99999999999999.99"]


def acting(role, act, held, amount, kind="standard", circle="II", posted=()):
    about = About(amount=Decimal(amount) if amount else None, circle=circle, project_class=kind)
    return Actor(MINE, role, instruments=held, circles=frozenset(posted)), act, about


def test_they_agree_on_every_instrument_band_class_and_circle(rego):
    each = product(("ce", "dce", "ee", "qr"), LENT["acts"], INSTRUMENTS, AMOUNTS, ("standard", "complex"), ("II", ""))
    assert agree(rego, (acting(*one) for one in each)) == 4 * 2 * len(INSTRUMENTS) * len(AMOUNTS) * 2 * 2


def test_they_agree_on_whom_and_what_an_instrument_lends_and_where(rego):
    acts = (*LENT["acts"], "tech_sanction.review", "tech_sanction.read", "tech_sanction.write", "delegations.issue")
    each = product(ALL_ROLES, acts, INSTRUMENTS, ("50000000",), ("standard",), ("II", "I"), ((), ("I",)))
    assert agree(rego, (acting(*one) for one in each)) == len(ALL_ROLES) * 6 * len(INSTRUMENTS) * 2 * 2


texts = st.sampled_from(["", "I", "II", "III"])
money = st.none() | st.decimals(0, 10**14, places=3)
instruments = st.builds(
    Instrument,
    number=st.sampled_from(["DI-1", "DI-2"]),
    charge=st.sampled_from(["scoped", "look_after", "full_additional_charge"]),
    floor=st.decimals(0, 10**9, places=2),
    ceiling=st.decimals(0, 10**10, places=2),
    classes=st.frozensets(st.sampled_from(["standard", "complex", "emergency"])),
    circles=st.frozensets(st.sampled_from(["I", "II", "III"])),
    starts=st.dates(dt.date(2024, 12, 1), dt.date(2025, 3, 1)),
    ends=st.none() | st.dates(dt.date(2024, 12, 1), dt.date(2025, 3, 1)),
)
actors = st.builds(
    Actor,
    id=st.just(MINE),
    role=st.sampled_from(ALL_ROLES),
    projects=st.frozensets(st.sampled_from([MINE, OTHER])),
    circles=st.frozensets(texts.filter(bool)),
    divisions=st.frozensets(texts.filter(bool)),
    instruments=st.lists(instruments, max_size=3).map(tuple),
    scopes=st.none() | st.frozensets(st.sampled_from(ACTS)),
)
abouts = st.builds(
    About,
    project=st.sampled_from([None, MINE, OTHER]),
    circle=texts,
    division=texts,
    amount=money,
    project_class=st.sampled_from(["standard", "complex", "emergency"]),
    restricted=st.booleans(),
    done=st.frozensets(st.sampled_from(ACTS)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(actors, st.sampled_from(ACTS), abouts), min_size=1, max_size=40))
def test_they_agree_on_whatever_can_be_thought_of(rego, cases):
    agree(rego, cases)


# the bundle


def test_the_bundle_is_what_a_server_loads_and_its_revision_is_the_hash_of_the_policy(rego):
    parts = unpacked(opa.bundle())
    assert list(parts) == [".manifest", "data.json", "policy.rego"]
    manifest = json.loads(parts[".manifest"])
    assert manifest == {"revision": opa.REVISION, "roots": ["portal", "policy"], "rego_version": 1}
    assert json.loads(parts["data.json"])["policy"]["modules"] == POLICY["modules"]
    assert rego.decision(opa.question(SYSTEM, "projects.read"))["revision"] == opa.REVISION
    assert opa.bundle() == opa.bundle(), "the same policy is the same file"


# the server


@pytest.fixture
def server(app, rego, monkeypatch):
    with policy_server(rego) as running:
        monkeypatch.setitem(app.extensions, "opa", opa.PolicyServer(running.url))
        yield running


def test_the_server_decides_and_is_asked_once(session, redis, server):
    officer = Actor(uuid.uuid4(), "ee")
    for _time in range(3):
        assert officer.can("projects.write")
        assert not officer.can("accounts.read")
    assert ask(officer, "accounts.read").why == "right"
    assert len(server.asked) == 2
    assert 0 < redis.ttl(f"verdicts:{officer.id}") <= 3600


def test_a_verdict_goes_with_the_card(session, redis, server):
    officer = Actor(uuid.uuid4(), "ee")
    officer.can("projects.write")
    cards.drop(officer.id)
    officer.can("projects.write")
    assert len(server.asked) == 2


def test_no_verdict_outlives_midnight_in_india(session, redis, server, monkeypatch):
    monkeypatch.setattr(cards, "now", lambda: dt.datetime(2026, 1, 1, 18, 29, 50, tzinfo=dt.UTC))
    officer = Actor(uuid.uuid4(), "ee")
    officer.can("projects.write")
    assert redis.ttl(f"verdicts:{officer.id}") <= 10


def test_a_verdict_asked_for_before_a_change_is_not_kept_after_it(app, session, redis, server):
    officer, usual = Actor(uuid.uuid4(), "ee"), server.reply

    def slow(path, asked):
        with app.app_context():
            cards.drop(officer.id)  # the role is changed while the server thinks
        return usual(path, asked)

    server.reply = slow
    officer.can("projects.write")
    assert not redis.exists(f"verdicts:{officer.id}")


def test_another_officer_or_another_case_is_another_question(session, redis, server):
    dce = Actor(uuid.uuid4(), "dce", instruments=(lent(starts=dt.date(2020, 1, 1), ends=None),))
    inside = About(amount=Decimal("50000000"), circle="II")
    assert ask(dce, "tech_sanction.decide", inside) == (True, "instrument", "DI-1")
    assert not ask(dce, "tech_sanction.decide", About(amount=Decimal("50000000"), circle="I")).allowed
    assert not ask(Actor(dce.id, "dce"), "tech_sanction.decide", inside).allowed


def test_a_server_with_another_policy_is_obeyed_and_asked_again(session, redis, server):
    officer = Actor(uuid.uuid4(), "ee")
    server.reply = lambda *_: (200, {"result": {"allow": False, "why": "right", "instrument": "", "revision": "old"}})
    assert not officer.can("projects.write")
    assert not officer.can("projects.write")
    assert len(server.asked) == 2
    assert not redis.exists(f"verdicts:{officer.id}")


def test_a_kept_verdict_of_an_older_policy_is_asked_for_anew(session, redis, server, monkeypatch):
    officer = Actor(uuid.uuid4(), "ee")
    officer.can("projects.write")
    monkeypatch.setattr(opa, "REVISION", "f" * 64)
    officer.can("projects.write")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, {}), (200, {}), (200, {"result": "yes"}), (200, {"result": {"allow": "yes", "why": ""}}), (404, {})],
)
def test_an_answer_that_is_none_allows_nothing(session, redis, server, monkeypatch, status, answer):
    monkeypatch.setattr(opa, "RETRY", False)
    server.reply = lambda *_: (status, answer)
    with pytest.raises(PolicyAway, match="cannot be checked"):
        Actor(uuid.uuid4(), "ce").can("projects.read")


def test_while_the_server_is_away_what_is_kept_counts_and_nothing_else_is_allowed(
    app, session, redis, rego, monkeypatch, signed_in, api
):
    with policy_server(rego) as running:
        monkeypatch.setitem(app.extensions, "opa", opa.PolicyServer(running.url))
        pages, caller = signed_in("ee"), api("ee")
        assert pages.get("/projects/").status_code == 200
        assert caller.get("/api/v1/projects").status_code == 200
    assert pages.get("/projects/").status_code == 200, "every verdict of the page is kept"
    assert pages.post("/projects/new").status_code == 422, "the right to write was asked for by the page"
    cards.drop(pages.officer.id)
    cards.drop(caller.officer.id)
    refused = pages.get("/projects/")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "Rights cannot be checked at this moment" in refused.get_data(as_text=True)
    answer = caller.get("/api/v1/projects")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert "Rights cannot be checked" in answer.json["detail"]


def test_the_portal_itself_asks_nobody(session, redis, server):
    assert SYSTEM.can("doc_assembly.work")
    assert ask(SYSTEM, "projects.write", NOTHING).why == "system"
    assert not server.asked


def test_the_question_says_amounts_in_whole_paise():
    asked = opa.question(
        Actor(MINE, "dce", instruments=(lent(),)), "tech_sanction.decide", About(amount=Decimal("0.005"))
    )
    assert asked["about"]["amount"] == 1
    assert asked["instruments"][0]["ceiling"] == 10_000_000_000
    msgspec.json.encode(asked)


@pytest.mark.skipif(not shutil.which("opa"), reason="no opa program on this machine")
def test_the_program_opa_serves_the_bundle_and_says_the_same(tmp_path):
    (tmp_path / "bundle.tar.gz").write_bytes(opa.bundle())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["opa", "run", "--server", "--addr", f"127.0.0.1:{port}", "--bundle", str(tmp_path / "bundle.tar.gz")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            url = f"http://127.0.0.1:{port}"
            for _try in range(100):
                try:
                    urllib.request.urlopen(f"{url}/health", timeout=1)
                    break
                except OSError:
                    time.sleep(0.1)
            server = opa.PolicyServer(url)
            for role, act in product(ROLES, ACTS):
                asked = msgspec.json.encode({"input": opa.question(Actor(MINE, role), act)})
                assert server._ask(asked).decision == decide(Actor(MINE, role), act)
        finally:
            running.terminate()
