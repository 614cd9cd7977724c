"""What every request shares: who is asking, default deny, safe headers, and how errors are answered."""

import logging
import uuid
from contextlib import ExitStack
from io import SEEK_END
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_request_context,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from markupsafe import Markup, escape
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import FileWrapper

from portal.core import audit, limits, stepup, storage
from portal.core.access import Actor
from portal.core.attempts import try_again
from portal.core.errors import Invalid, NotProven, PortalError, TooMany
from portal.core.i18n import LANGUAGES, _
from portal.core.origin import ORIGIN, Origin
from portal.core.problem import problem
from portal.core.registry import supplied
from portal.core.tokens import NotSignedIn

csrf = CSRFProtect()
PUBLIC = {"static", "health.alive", "health.ready", "openapi.document", "openapi.reference"}
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
log = logging.getLogger("portal.http")


def public(endpoint: str) -> None:
    """Let an endpoint be seen without signing in; everything else is refused by default."""
    PUBLIC.add(endpoint)


def wants_json() -> bool:
    """Requests below /api/ are answered for machines."""
    return request.path.startswith("/api/")


def identify() -> None:
    """Put the actor on g, or why whoever asks is nobody."""
    given = request.headers.get("X-Request-Id", "")
    number = given if given.isalnum() and 8 <= len(given) <= 64 else uuid.uuid4().hex
    device = request.headers.get("User-Agent", "")[:300]
    ORIGIN.set(Origin("api" if wants_json() else "web", request.remote_addr or "", number, device))
    g.actor, g.refused = None, None
    if request.endpoint == "static":
        return
    if any("\x00" in text for text in request.args.values()):
        raise Invalid(_("The address holds a sign that no text can have."))
    (who,) = supplied("actor.of_request")
    try:
        g.actor = who()
    except PortalError as refused:  # raised once the request is counted: a forged token has a limit, too
        g.refused = refused


def admit() -> ResponseReturnValue | None:
    """Turn away whoever has not signed in, unless the endpoint is public."""
    if refused := g.get("refused"):
        if isinstance(refused, NotSignedIn):
            refused.on_record()
        raise refused
    if g.actor or request.endpoint in PUBLIC:
        return None
    if wants_json():
        answer = problem(401, _("Sign in first"), _("Send an access token: Authorization: Bearer …"))
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    here = request.full_path.rstrip("?") if request.method == "GET" and request.endpoint else None
    return redirect(url_for("accounts.sign_in", next=here if here != "/" else None))


def harden(answer: Response) -> Response:
    """The headers of every answer (OWASP secure headers)."""
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Request-Id"] = ORIGIN.get().request_id
    if request.is_secure:  # RFC 6797, 7.2: said over TLS only
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if request.endpoint != "static" and not answer.is_streamed:
        headers.setdefault("Cache-Control", "no-store")
    return answer


def refuse(status: int, title: Any, detail: Any, error: PortalError | None = None) -> ResponseReturnValue:
    """A refusal as problem+json, as a line in #flash over the page, or as a page of its own."""
    if wants_json():
        field = getattr(error, "field", None)
        answer = problem(status, title, detail, {field: [detail]} if field else None)
        if status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return answer
    if "HX-Request" in request.headers and "HX-Boosted" not in request.headers:
        line = Markup('<p role="alert">{}</p>').format(escape(str(detail)))
        return str(line), status, {"HX-Retarget": "#flash", "HX-Reswap": "innerHTML"}
    return render_template("error.html", status=status, title=title, detail=detail), status


def answer_portal_error(error: PortalError) -> ResponseReturnValue:
    """What a use case refused on purpose."""
    log.info("refused %s: %s", error.status, error)
    module, ids = (request.blueprint or "").removesuffix("_api"), (request.view_args or {}).values()
    audit.refused(error, signed_in(), module, ids, wrote=request.method not in ("GET", "HEAD"))
    answer = current_app.make_response(refuse(error.status, _(error.title), str(error), error))
    if isinstance(error, TooMany) and error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """What the framework refused: unknown address, wrong method, too large, forged form."""
    status = error.code or 500
    if isinstance(getattr(error, "original_exception", None), RedisError | OperationalError):
        return answer_outage(error)
    if isinstance(error, RateLimitExceeded):
        return answer_haste()
    if isinstance(error, CSRFError):
        return refuse(400, _("This form is too old"), _("Load the page again and repeat; nothing was saved."))
    words = {
        404: (_("Not found"), _("There is nothing at this address. Search for the project instead.")),
        405: (_("Not possible here"), _("This address does not take that kind of request.")),
        413: (_("Too large"), _("The upload is larger than the 200 MB that are taken.")),
    }
    title, detail = words.get(status, (error.name, error.description or ""))
    return refuse(status, title, detail)


def answer_haste() -> ResponseReturnValue:
    """More requests than the limit allows: when to try again, and to machines which quota was used up."""
    wait = limits.seconds_to_wait()
    title, detail = _("Too many requests"), try_again(wait)
    if wants_json():
        answer = problem(429, title, detail, **limits.exceeded())
    else:
        answer = current_app.make_response(refuse(429, title, detail))
    answer.headers["Retry-After"] = str(wait)
    return answer


def answer_outage(error: Exception) -> ResponseReturnValue:
    """The database or Redis is away for a moment: nothing was half-written, and trying again is right."""
    log.warning("outage: %r", error)
    title = _("Back in a moment")
    restarting = _("A part of the portal is restarting. Nothing was half-saved. Try again in a moment.")
    detail = str(error) if isinstance(error, PortalError) else restarting
    if wants_json():
        answer = problem(503, title, detail)
    else:  # a page that needs neither session nor database
        page = current_app.jinja_env.get_template("outage.html")
        answer = current_app.response_class(page.render(title=title, detail=detail, language=language()), 503)
    answer.headers["Retry-After"] = "5"
    return answer


def answer_crash(error: Exception) -> ResponseReturnValue:
    """A fault of ours: the officer gets a number to quote, the log gets the rest."""
    log.exception("crash in request %s", ORIGIN.get().request_id)
    detail = _("This is a fault of the portal. Quote number %(number)s.", number=ORIGIN.get().request_id[:8])
    return refuse(500, _("Something broke"), detail)


def send(sha256: str, name: str, mimetype: str, *, inline: bool = False) -> Response:
    """A stored file as a download: ranges work, and an uploaded file can run nothing in the browser."""
    with ExitStack() as held:
        file = held.enter_context(storage.reader(sha256))
        answer = send_file(file, mimetype, not inline, name, conditional=False, etag=sha256, max_age=0)
        answer.response = FileWrapper(file, 1 << 16)  # the server's own cannot go to where a range begins
        answer.content_length = size = file.seek(0, SEEK_END)
        file.seek(0)
        answer.make_conditional(request.environ, accept_ranges=True, complete_length=size)
        held.pop_all()  # the server closes it when all is sent
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def language() -> str:
    """The language chosen on the shell, else what the browser asks for; English where nobody asks."""
    if not has_request_context():
        return "en"
    try:
        chosen = session.get("language") if not wants_json() else None
    except (AssertionError, RuntimeError):  # no session: Redis is away
        chosen = None
    return chosen or request.accept_languages.best_match(list(LANGUAGES)) or "en"


def signed_in() -> Actor | None:
    """The actor of this request, if any, for templates that also serve strangers."""
    actor: Actor | None = getattr(g, "actor", None)
    return actor


def init_app(app: Flask) -> None:
    """Wire the above into the app."""
    app.before_request(identify)
    limits.init_app(app)
    app.before_request(admit)  # before the form is read: strangers upload nothing
    csrf.init_app(app)
    app.after_request(harden)
    app.register_error_handler(NotProven, stepup.answer)
    app.register_error_handler(PortalError, answer_portal_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(RedisError, answer_outage)
    app.register_error_handler(OperationalError, answer_outage)
    app.register_error_handler(Exception, answer_crash)
