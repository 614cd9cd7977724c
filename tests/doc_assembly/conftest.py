"""What several of these tests begin with."""

import pytest

from portal.attachments import commands as attachments
from portal.doc_assembly import commands
from tests.attachments.test_attachments import Upload
from tests.doc_assembly.desk import sheet


@pytest.fixture
def attach(actor):
    """A drawing is attached: attach(project, "Key plan")."""

    def attached(project, title, content=None):
        values = {"title": title, "kind": "drawing", "number": "ST-01", "dated": None}
        return attachments.add_attachment(actor("ae"), project.id, Upload(content or sheet(2)), values)

    return attached


@pytest.fixture
def project(session, redis, make_project, actor, attach):
    """A project with a section and a drawing."""
    made = make_project()
    commands.write_section(actor("ae"), made.id, "I.4", {"text": "# Alignment\n\nAlong the lake.", "text_te": ""})
    attach(made, "Key plan")
    return made
