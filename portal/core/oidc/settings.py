"""What one installation is told about its organisation's provider, checked once at the start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from portal.config import BadSetting
from portal.core.access import NO_ROLE, POLICY, ROLES

HERE = {"localhost", "127.0.0.1", "::1"}
OFF = "none"
FOOT = list(POLICY["line"]["order"])
# Of several roles the highest on the line of command counts, then the order in which the roles are listed.
RANK = [*reversed(FOOT), *(role for role in ROLES if role not in FOOT)]


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """Where the provider is, who the portal is to it, and which of its roles are roles of the portal."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    name: str = ""
    scopes: str = "openid profile email"
    role_claim: str = "realm_access.roles"
    roles: Mapping[str, str] = field(default_factory=lambda: {role: role for role in ROLES})

    @property
    def roles_come_from_it(self) -> bool:
        """Whether roles are given at the provider; else by the administrators of the portal."""
        return self.role_claim != OFF

    def role_of(self, claims: Mapping[str, object]) -> str:
        """The portal's role in the claims, the highest of several; NO_ROLE when there is none it knows."""
        held = {self.roles[name] for name in _names(claims, self.role_claim) if name in self.roles}
        return min(held, key=RANK.index, default=NO_ROLE)


def _names(claims: Mapping[str, object], path: str) -> list[str]:
    """The texts at a path such as realm_access.roles; a claim whose own name has dots is found too."""
    found: object = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.split()
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def safe_address(url: object) -> bool:
    """https, or http to this very machine: tokens travel over no open line."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE))


def read_role_map(text: str) -> dict[str, str]:
    """`chief-engineer=ce,engineer=ee` as a dictionary. Raises BadSetting."""
    found = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _sign, role = (part.strip() for part in pair.rpartition("="))
        if not name or role not in ROLES:
            known = ", ".join(ROLES)
            raise BadSetting(f"OIDC_ROLE_MAP must be name=role, with the roles {known}; {pair!r} is not.")
        found[name] = role
    return found or {role: role for role in ROLES}


def provider_settings(given: Mapping[str, str]) -> ProviderSettings | None:
    """From the settings OIDC_…, None when no issuer is named. Raises BadSetting."""
    issuer, client = given.get("issuer", ""), given.get("client_id", "")
    if not issuer:
        return None
    if not safe_address(issuer):
        raise BadSetting(f"OIDC_ISSUER must be an https address (http only on this machine), not {issuer!r}.")
    if not client:
        raise BadSetting("OIDC_CLIENT_ID must name the portal as the provider knows it.")
    scopes = (given.get("scopes") or "openid profile email").split()
    return ProviderSettings(
        issuer=issuer,
        client_id=client,
        client_secret=given.get("client_secret", ""),
        name=given.get("name", ""),
        scopes=" ".join(dict.fromkeys(["openid", *scopes])),
        role_claim=given.get("role_claim") or "realm_access.roles",
        roles=read_role_map(given.get("role_map", "")),
    )
