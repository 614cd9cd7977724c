"""Settings, read once from the environment; one that cannot be used stops the start with a line that names it."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote

from portal.secrets import BadSetting, Secrets
from portal.vault import Access

ROOT = Path(__file__).resolve().parent.parent
SOCKET_PATH_MAX = 107  # bytes; the kernel's limit for the address of a unix socket, less its end mark
APP_ROLE = "portal_app"  # of the embedded server; see portal.local.rights
LONGEST_SOCKET = "postgres/.s.PGSQL.5432"
OIDC = ("issuer", "client_id", "client_secret", "name", "scopes", "role_claim", "role_map")  # settings OIDC_ISSUER, …
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._ -]+")


__all__ = ["ROOT", "BadSetting", "Settings", "private_folder", "read_settings", "settings", "socket_folder"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one installation of the portal is told by its environment. PORTAL_VAR alone finds a running portal."""

    var: Path
    database_url: str
    migration_database_url: str = field(repr=False)  # of the owner of the tables; the portal itself owns nothing
    redis_url: str
    host: str
    port: int
    web_workers: int
    job_workers: int
    cookie_secure: bool
    sample_password: str
    s3_bucket: str
    s3_endpoint: str
    places_file: str
    opa_url: str
    public_url: str
    oidc: Mapping[str, str] = field(repr=False)
    local_accounts: str
    second_factor_roles: frozenset[str]
    user_requests: int
    stranger_requests: int
    sign_in_tries: int
    proxies: int
    embedded_postgres: bool
    embedded_valkey: bool

    given_secret_key: str = field(repr=False)
    master_key: str = field(repr=False)
    vault: Access | None
    vault_transit_key: str

    @cached_property
    def secret_key(self) -> str:
        """SECRET_KEY, or a key made once and kept in the data folder, readable by its owner only."""
        return self.given_secret_key or _kept_secret(self.var / "secret-key")

    @property
    def sockets(self) -> Path:
        """The folder of the private sockets of the embedded servers."""
        return socket_folder(self.var)


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


def read_settings(env: Mapping[str, str]) -> Settings:
    """Understand the environment; an empty variable counts as one not set. Raises BadSetting."""
    var = Path(env.get("PORTAL_VAR") or ROOT / "var").expanduser().resolve()
    sockets = socket_folder(var)
    secret = Secrets(env)
    database, redis = secret.get("DATABASE_URL"), secret.get("REDIS_URL")
    owner = secret.get("MIGRATION_DATABASE_URL") or database
    return Settings(
        var=var,
        database_url=_with_driver(database) if database else postgres_url(sockets / "postgres", user=APP_ROLE),
        migration_database_url=_with_driver(owner) if owner else postgres_url(sockets / "postgres"),
        redis_url=redis or valkey_url(sockets / "valkey.sock"),
        host=env.get("HOST") or "127.0.0.1",
        port=_number(env, "PORT", 8000, 1, 65535),
        web_workers=_number(env, "WEB_WORKERS", 2, 1, 64),
        job_workers=_number(env, "JOB_WORKERS", 2, 1, 64),
        cookie_secure=_yes(env, "COOKIE_SECURE"),
        sample_password=secret.get("SAMPLE_PASSWORD"),
        s3_bucket=env.get("S3_BUCKET", ""),
        s3_endpoint=env.get("S3_ENDPOINT", ""),
        places_file=env.get("PLACES_FILE", ""),
        opa_url=_address(env, "OPA_URL"),
        public_url=env.get("PUBLIC_URL", "").rstrip("/"),
        oidc={name: secret.get(f"OIDC_{name.upper()}") for name in OIDC},
        second_factor_roles=_words(env, "SECOND_FACTOR_ROLES"),
        user_requests=_number(env, "USER_REQUESTS", 1000, 1, 10_000_000),
        stranger_requests=_number(env, "STRANGER_REQUESTS", 120, 1, 10_000_000),
        proxies=_number(env, "PROXIES", 0, 0, 9),
        sign_in_tries=_number(env, "SIGN_IN_TRIES", 20, 1, 10_000_000),
        local_accounts=_one_of(env, "LOCAL_ACCOUNTS", ("yes", "break-glass", "no")),
        embedded_postgres=not database,
        embedded_valkey=not redis,
        given_secret_key=secret.needed("SECRET_KEY"),
        master_key=secret.get("MASTER_KEY"),
        vault=secret.vault,
        vault_transit_key=env.get("VAULT_TRANSIT_KEY", ""),
    )


def postgres_url(sockets: Path, database: str = "portal", user: str = "postgres") -> str:
    """The address of an embedded PostgreSQL whose socket is in this folder; `postgres` owns everything in it."""
    return f"postgresql+psycopg://{user}@/{database}?host={quote(str(sockets), safe='')}"


def valkey_url(socket: Path) -> str:
    """The address of an embedded Valkey that listens on this socket."""
    return f"unix://{quote(str(socket))}"


def socket_folder(var: Path) -> Path:
    """`run` in the data folder, or a folder named by a hash below the temporary one where that path will not do.

    It will not do when it is too long, or has a character that is no plain one: a comma parts hosts for PostgreSQL.
    """
    usual = var / "run"
    if len(os.fsencode(usual / LONGEST_SOCKET)) <= SOCKET_PATH_MAX and PLAIN_PATH.fullmatch(str(usual)):
        return usual
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{name}"


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter; one that someone else could have prepared is refused."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.mkdir(exist_ok=True, mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise BadSetting(f"{path} must be a folder of your own: it belongs to another user, or is a link.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def _with_driver(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    given = env.get(name) or str(default)
    if not given.isascii() or not given.isdigit() or not low <= int(given) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}, not {given!r}.")
    return int(given)


def _words(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in env.get(name, "").split(",") if word.strip())


def _one_of(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    given = env.get(name, "").lower() or known[0]
    if given not in known:
        raise BadSetting(f"{name} must be one of {', '.join(known)}, not {given!r}.")
    return given


def _address(env: Mapping[str, str], name: str) -> str:
    given = env.get(name, "")
    if given and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", given):
        raise BadSetting(f"{name} must be an address such as http://127.0.0.1:8181, not {given!r}.")
    return given


def _yes(env: Mapping[str, str], name: str) -> bool:
    given = env.get(name, "").lower()
    if given not in {"", "0", "1", "false", "true", "no", "yes"}:
        raise BadSetting(f"{name} must be yes or no, not {given!r}.")
    return given in {"1", "true", "yes"}


def _kept_secret(place: Path) -> str:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            place.hardlink_to(draft)  # the first of several processes wins, and none reads half a key
        draft.unlink()
    return place.read_text()
