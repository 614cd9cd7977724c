"""An officer who may load reports, and the means to do so."""

import pytest

from portal.projects import commands
from tests.projects.reports import Upload, content

REPORT = content()  # the same bytes each time: a workbook carries the time at which it was saved


@pytest.fixture
def officer(session, actor):
    return actor("ee")


@pytest.fixture
def stage(officer):
    return lambda data=None, name="works.xlsx": commands.stage_works_report(officer, Upload(data or REPORT, name))


@pytest.fixture
def load(officer, stage):
    return lambda data=None: commands.commit_works_report(officer, stage(data).id)
