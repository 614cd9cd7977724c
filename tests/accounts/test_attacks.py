"""Tokens and cookies nobody was given: all refused with the same words, forgeries on record as tampering (RFC 8725)."""

import base64
import hashlib
import hmac
import json
import time
import uuid

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select

from portal.core import tokens
from portal.core.audit import AuditRecord

SAME = ("detail", "title", "type", "status")


def part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def parts(token):
    head, body, signature = token.split(".")
    return (
        json.loads(base64.urlsafe_b64decode(head + "==")),
        json.loads(base64.urlsafe_b64decode(body + "==")),
        signature,
    )


@pytest.fixture
def caller(api):
    """A client of an officer with a good token; each test changes what it sends."""
    return api("ee")


@pytest.fixture
def good(caller):
    return caller.environ_base.pop("HTTP_AUTHORIZATION").removeprefix("Bearer ")


@pytest.fixture
def resigned(app, good):
    """The good token with other claims or headers, signed by the portal's own key: nobody else has it."""

    def make(header=None, **changed):
        head, claims, _signature = parts(good)
        merged = {name: value for name, value in (claims | changed).items() if value is not None}
        with app.app_context():
            key = tokens.ring().signing()
        signer = jwt.JWSRegistry(strict_check_header=False) if header else None
        return jwt.encode({**head, **(header or {})}, merged, key, registry=signer)

    return make


@pytest.fixture
def refused(caller, session):
    """refused(token) checks that it opens nothing, is told the usual words, and how it is on record."""

    def check(token):
        before = len(session.scalars(select(AuditRecord).where(AuditRecord.act == "accounts.token")).all())
        answer = caller.get("/api/v1/projects", headers={"Authorization": f"Bearer {token}"})
        usual = caller.get("/api/v1/projects", headers={"Authorization": "Bearer nothing.at.all"})
        assert answer.status_code == 401, token
        assert [answer.json.get(name) for name in SAME] == [usual.json.get(name) for name in SAME]
        assert answer.headers["WWW-Authenticate"] == usual.headers["WWW-Authenticate"]
        asked = select(AuditRecord).where(AuditRecord.act == "accounts.token").order_by(AuditRecord.number)
        return session.scalars(asked).all()[before].outcome

    return check


def test_the_token_that_is_changed_below_is_good(caller, good):
    assert caller.get("/api/v1/projects", headers={"Authorization": f"Bearer {good}"}).status_code == 200


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None])
@pytest.mark.parametrize("signed", [True, False])
def test_without_a_signature_nothing_opens(refused, good, alg, signed):
    head, claims, signature = parts(good)
    bare = f"{part(head | {'alg': alg})}.{part(claims)}.{signature if signed else ''}"
    assert refused(bare) == "tampering"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("spelt", ["pem", "pem without its end", "pkcs1", "der", "jwk", "n"])
def test_the_public_key_is_no_secret_to_sign_with(app, refused, good, alg, spelt):
    with app.app_context():
        key = tokens.ring().signing()
    public, jwk = key.raw_value.public_key(), key.as_dict(private=False)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = {
        "pem": pem,
        "pem without its end": pem.rstrip(),
        "pkcs1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": json.dumps(jwk).encode(),
        "n": jwk["n"].encode(),
    }[spelt]
    head, claims, _signature = parts(good)
    signed = f"{part(head | {'alg': alg})}.{part(claims | {'role': 'ce'})}"
    forged = hmac.new(secret, signed.encode(), getattr(hashlib, alg.replace("HS", "sha"))).digest()
    assert refused(f"{signed}.{part(forged)}") == "tampering"


KIDS = [
    "../../etc/passwd",
    "/dev/null",
    "' OR 1=1; --",
    "http://127.0.0.1/jwks.json",
    "x" * 4000,
    "",
    "\0",
    None,
    7,
    [],
]


@pytest.mark.parametrize("kid", KIDS, ids=lambda kid: str(kid)[:20])
def test_a_key_is_found_by_the_names_of_ours_only(refused, good, kid):
    theirs = RSAKey.generate_key(2048)
    head, claims, _signature = parts(good)
    signed = f"{part(head | {'kid': kid})}.{part(claims)}"
    own = jwt.encode({"alg": "RS256"}, claims, theirs).split(".")[2]
    assert refused(f"{signed}.{own}") == "tampering"


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip", "cty", "odd"])
def test_a_token_brings_no_key_and_no_extension_along(refused, good, name):
    theirs = RSAKey.generate_key(2048)
    value = {"jwk": theirs.as_dict(private=False), "crit": ["odd"], "b64": False, "x5c": ["MIIB"]}
    head, claims, signature = parts(good)
    brought = part(head | {name: value.get(name, "http://127.0.0.1/keys")})
    assert refused(f"{brought}.{part(claims)}.{signature}") == "tampering"


def test_another_type_of_token_is_not_taken(refused, good, resigned):
    for kind in ("JWT", "refresh+jwt", "dpop+jwt"):
        assert refused(resigned({"typ": kind})) == "tampering"


WRONG = {
    "another audience": {"aud": "another-api"},
    "several audiences": {"aud": ["another-api", "portal-api-2"]},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://portal.example"},
    "no issuer": {"iss": None},
    "no end": {"exp": None},
    "an end in words": {"exp": "never"},
    "an endless end": {"exp": 1e400},
    "no beginning": {"nbf": None},
    "nobody": {"sub": None},
    "an odd person": {"sub": "ee"},
    "a list of persons": {"sub": [str(uuid.uuid4())]},
    "no session": {"sid": None},
    "no number": {"jti": None},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_what_our_key_signed_for_something_else_is_not_taken(refused, resigned, changed):
    assert refused(resigned(**changed)) == "tampering"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_not_yet_valid_is_refused_beyond_a_minute_of_skew(caller, refused, resigned, name):
    soon = resigned(**{name: int(time.time()) + 50})
    assert caller.get("/api/v1/projects", headers={"Authorization": f"Bearer {soon}"}).status_code == 200
    assert refused(resigned(**{name: int(time.time()) + 90})) == "tampering"


def test_expired_is_refused_beyond_a_minute_of_skew_and_is_no_tampering(caller, refused, resigned):
    just = resigned(exp=int(time.time()) - 50)
    assert caller.get("/api/v1/projects", headers={"Authorization": f"Bearer {just}"}).status_code == 200
    assert refused(resigned(exp=int(time.time()) - 90)) == "refused"


def test_a_session_that_never_was_is_refused(refused, resigned):
    assert refused(resigned(sid=uuid.uuid4().hex)) == "refused"
    assert refused(resigned(sub=str(uuid.uuid4()))) == "refused"


def test_one_changed_letter_is_enough(refused, good):
    head, body, signature = good.split(".")
    claims = parts(good)[1]
    assert refused(f"{head}.{part(claims | {'role': 'ce'})}.{signature}") == "tampering"
    assert refused(f"{head}.{body}.{signature[:-6]}AAAAAA") == "tampering"
    assert refused(f"{head}.{body}.{'A' * len(signature)}") == "tampering"
    assert refused(f"{head}.{body}.") == "tampering"
    assert refused(f"{head}.{body}.{signature}=") == "tampering"
    assert refused(f"{head}.{body}.{signature.replace('_', '/').replace('-', '+')}==") == "tampering"


def test_a_name_that_comes_twice_is_refused(refused, good):
    head, _claims, signature = parts(good)
    twice = json.dumps(head)[:-1] + ', "alg": "none"}'
    assert refused(f"{part(twice.encode())}.{good.split('.')[1]}.{signature}") == "tampering"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c.d", "." * 2, "." * 5000, "x" * 100_000, "rt_abc", "hk_short_x"]
)
def test_what_is_no_token_at_all_is_refused_and_no_tampering(caller, token):
    answer = caller.get("/api/v1/projects", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (400, 401, 431)


def test_nested_without_end_is_refused(refused, good):
    deep = part(b'{"a":' * 1500 + b"1" + b"}" * 1500)
    assert refused(f"{deep}.{good.split('.')[1]}.{good.split('.')[2]}") == "tampering"


def test_guessing_session_cookies_is_on_record_as_tampering(app, session, redis):
    guesser = app.test_client()
    guesser.set_cookie(app.config["SESSION_COOKIE_NAME"], "../../etc/passwd")
    assert guesser.get("/projects/").status_code == 302
    found = session.scalars(select(AuditRecord).where(AuditRecord.act == "accounts.session")).all()
    assert [one.outcome for one in found] == ["tampering"]


def test_a_cookie_opens_no_api_and_a_token_opens_no_page(signed_in, caller, good, make_project):
    browser, project = signed_in("ee"), make_project().id
    assert browser.get("/api/v1/projects").status_code == 401
    page = caller.get(f"/projects/{project}", headers={"Authorization": f"Bearer {good}"})
    assert page.headers["Location"].startswith("/sign-in")
