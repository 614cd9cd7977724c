"""The composition root: the one place that knows every module."""

import hashlib
import logging
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_compress import Compress
from flask_session import Session
from htmx_flask import Htmx
from jinja2 import StrictUndefined

from portal.config import BadSetting, settings
from portal.core import health, http, keys, mask, oidc, opa, openapi, redis, storage, streams, tokens, whereabouts
from portal.core.access import ROLES
from portal.core.db import db
from portal.core.events import know_events
from portal.core.i18n import LANGUAGES, _
from portal.core.limits import STORAGE_OPTIONS, storage_url
from portal.core.show import FILTERS

ROOT = Path(__file__).parent.parent
MODULES = (  # from top to bottom
    *("doc_assembly", "boq_estimates", "attachments", "projects"),
    *("audit_trail", "security", "delegations", "accounts"),
)
NAVIGATION = {
    "projects": ("projects.index", _("Projects")),
    "boq_estimates": ("boq_estimates.index", _("Estimates")),
    "doc_assembly": ("doc_assembly.index", _("DPR assembly")),
    "delegations": ("delegations.index", _("Delegations")),
    "security": ("security.index", _("Security")),
    "audit_trail": ("audit_trail.index", _("Audit trail")),
    "accounts": ("accounts.officers", _("Officers")),
}
VERSION = "0.1.0"


def create_app(**overrides: Any) -> Flask:
    """An app on the settings of the environment; tests hand in their own."""
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(_defaults() | overrides)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS)
    db.init_app(app)
    for part in (mask, redis, keys, storage, opa, tokens, whereabouts, oidc):
        part.init_app(app)
    _init_extensions(app)
    app.register_blueprint(health.bp)
    app.register_blueprint(streams.bp)
    for name in MODULES:
        _add_module(app, name)
    app.register_blueprint(openapi.bp)
    app.add_url_rule("/", "home", home)
    app.context_processor(_shell)
    app.url_defaults(_stamp_static)
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("ui.html").module
    return app


def _defaults() -> dict[str, Any]:
    own = settings()
    if unknown := own.second_factor_roles - {"all", *ROLES}:
        raise BadSetting(f"SECOND_FACTOR_ROLES names no role of the portal: {', '.join(sorted(unknown))}.")
    return {
        "SECRET_KEY": own.secret_key,
        "SQLALCHEMY_DATABASE_URI": own.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 20, "pool_timeout": 10},
        "REDIS_URL": own.redis_url,
        "VAR": str(own.var),
        "FILES": str(own.var / "files"),
        "MASTER_KEY": own.master_key,
        "VAULT": own.vault,
        "VAULT_TRANSIT_KEY": own.vault_transit_key,
        "S3_BUCKET": own.s3_bucket,
        "S3_ENDPOINT": own.s3_endpoint,
        "PLACES_FILE": own.places_file,
        "OPA_URL": own.opa_url,
        "PUBLIC_URL": own.public_url,
        "OIDC": own.oidc,
        "LOCAL_ACCOUNTS": own.local_accounts,
        "SESSION_TYPE": "redis",
        "SESSION_PERMANENT": True,
        "PERMANENT_SESSION_LIFETIME": 24 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,  # a session ends a day after signing in; reading a page writes nothing
        "SESSION_COOKIE_NAME": "portal",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": own.cookie_secure,
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": 201 << 20,
        "MAX_FORM_MEMORY_SIZE": 4 << 20,
        "SEND_FILE_MAX_AGE_DEFAULT": 7 * 24 * 3600,
        "RATELIMIT_STORAGE_URI": storage_url(own.redis_url),
        "RATELIMIT_STORAGE_OPTIONS": STORAGE_OPTIONS,
        "USER_REQUESTS": own.user_requests,
        "STRANGER_REQUESTS": own.stranger_requests,
        "SIGN_IN_TRIES": own.sign_in_tries,
        "PROXIES": own.proxies,
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "portal" / "translations"),
        "COMPRESS_STREAMS": False,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
    }


def _init_extensions(app: Flask) -> None:
    app.config["SESSION_REDIS"] = app.extensions["redis"]
    Htmx(app)
    Session(app)
    Babel(app, locale_selector=http.language, default_timezone="Asia/Kolkata")
    Compress(app)
    http.init_app(app)
    import_module("portal.accounts.pages").logins.init_app(app)


def _add_module(app: Flask, name: str) -> None:
    know_events(import_module(f"portal.{name}.events"))
    app.register_blueprint(import_module(f"portal.{name}.pages").bp)
    api = import_module(f"portal.{name}.api")
    for blueprint in (api.bp, *getattr(api, "MORE", ())):
        http.csrf.exempt(blueprint)
        app.register_blueprint(blueprint)


def home() -> ResponseReturnValue:
    """Where an officer lands: the portfolio, or the list of officers for who sees no engineering record;
    whom to ask, for who has no role yet."""
    if g.actor.can("projects.read"):
        return redirect(url_for("projects.index"))
    return redirect(url_for("accounts.officers" if g.actor.can("accounts.read") else "accounts.waiting"))


def _shell() -> dict[str, Any]:
    """What base.html needs on every page."""
    actor = http.signed_in()
    places = [(name, *place) for name, place in NAVIGATION.items() if actor and actor.can(f"{name}.read")]
    nav = [(url_for(endpoint), label, request.blueprint == name) for name, endpoint, label in places]
    return {
        "actor": actor,
        "nav": nav,
        "languages": LANGUAGES,
        "language": http.language(),
        "live_url": streams.stream_url,
        "portal_version": VERSION,
    }


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""


def _stamp_static(endpoint: str, values: dict[str, Any]) -> None:
    """A changed file gets a new address, so browsers may keep the old one for a week."""
    if endpoint == "static" and "v" not in values:
        values["v"] = _mark(ROOT / "static" / values["filename"])


logging.getLogger("portal").setLevel(logging.INFO)
