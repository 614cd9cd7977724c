"""Identity tokens that the provider signed and yet are not for this request: each is refused (Core 1.0, 3.1.3.7)."""

import base64
import hashlib
import hmac
import json
import time

import pytest
import requests

from portal.core.oidc import NotVouched
from portal.core.oidc.tokens import read_id_token

NONCE, ACCESS = "n-0S6_WzA2Mj", "an access token"
TIMES = {"iat", "nbf", "exp"}  # given in seconds from the moment the test runs


def part(value):
    return (
        base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode())
        .rstrip(b"=")
        .decode()
    )


@pytest.fixture
def read(portal, issuer):
    """Read a sound token but for what is changed; None leaves a claim out."""

    def signed(header=None, **changed):
        moment = int(time.time())
        half = hashlib.sha256(ACCESS.encode()).digest()[:16]
        sound = {"iss": issuer, "aud": "portal", "sub": "asha", "iat": 0, "exp": 300, "nonce": NONCE}
        claims = {
            name: moment + value if name in TIMES else value
            for name, value in (sound | {"at_hash": part(half)} | changed).items()
            if value is not None
        }
        return requests.post(f"{issuer}/control/sign", json={"claims": claims, "header": header or {}}, timeout=5).text

    def reading(text=None, header=None, **changed):
        given = {"id_token": text or signed(header, **changed), "access_token": ACCESS}
        return read_id_token(portal.extensions["oidc"], given, NONCE)

    reading.signed = signed
    return reading


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": ["portal"]},
        {"aud": ["portal", "another"], "azp": "portal"},
        {"nbf": 40},
        {"iat": 40},
        {"iat": -300, "exp": -40},
        {"at_hash": None},
    ],
    ids=str,
)
def test_what_is_ours_and_in_time_is_read(read, changed):
    assert read(**changed)["sub"] == "asha"


NOT_OURS = {
    "another issuer": {"iss": "http://127.0.0.1:1"},
    "no issuer": {"iss": None},
    "another portal": {"aud": "another"},
    "no audience": {"aud": None},
    "made out to several, and to another of them": {"aud": ["portal", "another"], "azp": "another"},
    "made out to several, to none of them": {"aud": ["portal", "another"]},
    "another request": {"nonce": "another"},
    "no request": {"nonce": None},
    "another access token": {"at_hash": part(hashlib.sha256(b"another").digest()[:16])},
    "expired": {"iat": -900, "exp": -90},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "not yet valid": {"nbf": 300},
    "from tomorrow": {"iat": 86400, "exp": 90000},
    "nobody": {"sub": None},
    "an odd person": {"sub": 7},
    "an empty person": {"sub": ""},
    "an unknown key": {"header": {"kid": "another"}},
    "a critical extension": {"header": {"crit": ["exotic"], "exotic": True}},
}


@pytest.mark.parametrize("changed", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_or_not_in_time_is_refused(read, changed):
    with pytest.raises(NotVouched) as refused:
        read(**changed)
    assert refused.value.forged or refused.value.why == "expired"


def test_an_unsigned_token_or_one_signed_with_a_public_secret_is_refused(read, portal):
    _head, body, signature = read.signed().split(".")
    (key,) = portal.extensions["oidc"].keys().keys
    public = key.as_pem(private=False)
    confused = f"{part({'alg': 'HS256', 'kid': key.kid})}.{body}"
    forged = part(hmac.new(public, confused.encode(), hashlib.sha256).digest())
    none = part({"alg": "none"})
    for text in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{confused}.{forged}",
        f"{none}.{body}",
        "",
        "x.y.z",
    ):
        with pytest.raises(NotVouched) as refused:
            read(text or "..")
        assert refused.value.forged


def test_one_letter_changed_is_refused(read):
    head, body, signature = read.signed().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    with pytest.raises(NotVouched):
        read(f"{head}.{part(claims | {'sub': 'mallory'})}.{signature}")
