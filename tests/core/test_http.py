"""Servers that are away, and addresses that nobody should send."""

import pytest

from portal.app import create_app
from portal.core.db import cursor_of
from portal.core.errors import NotFound
from portal.core.idempotency import _still_known
from portal.projects.models import Project


@pytest.fixture
def without_redis(servers, tmp_path):
    """The app while Redis is away."""
    app = create_app(
        SQLALCHEMY_DATABASE_URI=str(servers[0]),
        REDIS_URL=f"unix://{tmp_path}/nobody.sock",
        RATELIMIT_ENABLED=False,
        VAR=str(tmp_path),
        FILES=str(tmp_path / "files"),
    )
    browser = app.test_client()
    browser.set_cookie("portal", "a-session-of-earlier")
    yield browser
    app.extensions["redis"].close()


@pytest.mark.parametrize("path", ["/sign-in", "/projects/"])
def test_while_redis_is_away_pages_say_that_they_come_back(without_redis, path):
    answer = without_redis.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing was half-saved" in answer.text


def test_a_sign_no_text_can_have_is_refused(session, redis, signed_in, api):
    assert signed_in("ee").get("/projects/?q=%00").status_code == 422
    assert api("ee").get("/api/v1/projects?q=%00").status_code == 422


def test_a_cursor_that_was_tampered_with_is_refused(session, redis, api, make_project):
    project = make_project()
    forged = cursor_of(project, Project.name, Project.code)
    answer = api("ee").get(f"/api/v1/attachments/of/{project.id}?after={forged}")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/after")


def test_an_answer_about_a_project_is_not_repeated_to_who_no_longer_reaches_it(session, actor, make_project):
    project = make_project()
    body = f'{{"project_id": "{project.id}"}}'.encode()
    _still_known(actor("ec", [project.id]), body)
    with pytest.raises(NotFound):
        _still_known(actor("ec"), body)


def test_strangers_are_asked_who_they_are_before_their_upload_is_read(app, session, redis):
    answer = app.test_client().post("/projects/import", data={"file": (__file__, "x")})
    assert answer.headers["Location"].startswith("/sign-in")
