"""The realm that is shipped for Keycloak fits the portal: its roles, its addresses, its rules of signing in."""

import json
import re
from pathlib import Path

import pytest

from portal.config import OIDC
from portal.core.access import NO_ROLE, ROLES
from portal.core.oidc import public_address
from portal.core.oidc.settings import provider_settings
from portal.core.oidc.tokens import ALGORITHMS, STRONG

FOLDER = Path("docs/deploy")
REALM = json.loads((FOLDER / "keycloak-realm.json").read_text())
GUIDE = (FOLDER / "oidc.md").read_text()
HERE = "https://portal.example"
(CLIENT,) = REALM["clients"]
SAYS = CLIENT["attributes"]
MAPPERS = {mapper["protocolMapper"]: mapper["config"] for mapper in CLIENT["protocolMappers"]}
EVERYBODY = ["default-roles-hmda", "offline_access", "uma_authorization"]  # Keycloak gives these to all


@pytest.fixture
def settings():
    """What the guide tells an operator to set, and nothing more."""
    told = dict(re.findall(r"^    OIDC_(\w+)=(\S.*?)(?:\s+#.*)?$", GUIDE, re.MULTILINE))
    return provider_settings({name.lower(): value for name, value in told.items()})


@pytest.fixture
def at_home(app, monkeypatch):
    monkeypatch.setitem(app.config, "PUBLIC_URL", HERE)
    with app.test_request_context():
        yield app


def claims_of(user):
    """What the mapper puts into an identity token for a user of the realm."""
    found = {}
    *outer, last = MAPPERS["oidc-usermodel-realm-role-mapper"]["claim.name"].split(".")
    inner = found
    for name in outer:
        inner = inner.setdefault(name, {})
    inner[last] = [*EVERYBODY, *user["realmRoles"]]
    return found


def test_the_realm_has_the_roles_of_the_portal_under_their_titles():
    assert {role["name"]: role["description"] for role in REALM["roles"]["realm"]} == {
        name: str(title) for name, title in ROLES.items()
    }


def test_a_user_of_each_role_gets_it_and_one_without_gets_none(settings):
    assert (settings.issuer.rpartition("/")[2], settings.client_id) == (REALM["realm"], CLIENT["clientId"])
    got = {user["username"]: settings.role_of(claims_of(user)) for user in REALM["users"]}
    assert got == {f"test-{role}": role for role in ROLES} | {"test-norole": NO_ROLE}


def test_roles_and_ways_of_signing_in_are_in_the_identity_token():
    roles = MAPPERS["oidc-usermodel-realm-role-mapper"]
    assert (roles["id.token.claim"], roles["multivalued"]) == ("true", "true")
    assert MAPPERS["oidc-amr-mapper"]["id.token.claim"] == "true"
    named = set(re.findall(r"`(otp|hwk|mfa|swk|pwd)`", GUIDE))
    assert named
    assert named <= STRONG, "what the guide lets Keycloak say counts as a second factor"


def test_the_client_signs_in_by_code_with_pkce_and_a_secret_that_is_not_in_the_file():
    assert SAYS["pkce.code.challenge.method"] == "S256"
    assert (CLIENT["publicClient"], CLIENT["clientAuthenticatorType"]) == (False, "client-secret")
    assert "secret" not in CLIENT
    ways = ("standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled")
    assert [CLIENT[way] for way in ways] == [True, False, False, False]
    assert SAYS["id.token.signed.response.alg"] in ALGORITHMS
    assert REALM["sslRequired"] != "none"
    assert not REALM["registrationAllowed"]


def test_the_addresses_are_those_the_portal_uses(at_home):
    assert CLIENT["redirectUris"] == [public_address("accounts.organisation_back")]
    assert CLIENT["rootUrl"] + CLIENT["baseUrl"] == public_address("accounts.organisation")
    assert SAYS["post.logout.redirect.uris"] == public_address("accounts.sign_in")
    assert SAYS["backchannel.logout.url"] == public_address("accounts.told_at_the_back")
    assert SAYS["frontchannel.logout.url"] == public_address("accounts.told_in_front")


def test_the_addresses_answer_the_way_they_are_asked(at_home):
    ways = [(CLIENT["redirectUris"][0], "GET"), (SAYS["backchannel.logout.url"], "POST")]
    ways += [(SAYS["frontchannel.logout.url"], "GET"), (SAYS["post.logout.redirect.uris"], "GET")]
    routes = at_home.url_map.bind("portal.example", url_scheme="https")
    for address, way in ways:
        assert routes.match(address.removeprefix(HERE), method=way)


def test_a_sign_out_names_the_session_it_ends():
    assert SAYS["backchannel.logout.session.required"] == SAYS["frontchannel.logout.session.required"] == "true"
    assert CLIENT["frontchannelLogout"] is False, "Keycloak would then leave the surer back channel alone"


def test_no_user_keeps_the_password_that_is_in_the_file():
    for user in REALM["users"]:
        (password,) = user["credentials"]
        assert password["temporary"] is True
        assert password["value"] in GUIDE
        assert "UPDATE_PASSWORD" in user["requiredActions"]
        assert user["emailVerified"], "or no account would be joined by its address"
    assert len({user["email"] for user in REALM["users"]}) == len(REALM["users"])


def test_the_guide_tells_of_every_setting_and_of_every_address():
    assert {f"OIDC_{name.upper()}" for name in OIDC} <= set(re.findall(r"^\| `(OIDC_\w+)` \|", GUIDE, re.MULTILINE))
    for address in (*CLIENT["redirectUris"], *(SAYS[f"{way}channel.logout.url"] for way in ("back", "front"))):
        assert f"`{address.removeprefix(HERE)}`" in GUIDE
    assert all(f"`{role}`" in GUIDE for role in ROLES)
