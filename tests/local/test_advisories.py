"""A known vulnerability of a locked package stops the check; advisories nobody can read do not."""

import subprocess
from types import SimpleNamespace

import msgspec
import pytest

from portal.local import advisories

REPORT = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "weak", "version": "2.1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.2"], "aliases": []}]},
        {"name": "old", "version": "0.1", "vulns": [{"id": "PYSEC-2026-2", "fix_versions": []}]},
        {"name": "unheard-of", "skip_reason": "Dependency not found on PyPI"},
    ],
    "fixes": [],
}


@pytest.fixture
def told(monkeypatch):
    """What pip-audit writes, or an error it ends with."""

    def make(answer):
        def run(*_args, **_kwargs):
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(stdout=answer)

        monkeypatch.setattr(subprocess, "run", run)

    return make


def test_a_package_with_an_advisory_is_named_with_its_mend(told, capsys):
    told(msgspec.json.encode(REPORT))
    assert advisories.main("requirements.txt") == 1
    said = capsys.readouterr().out
    assert "weak 2.1: PYSEC-2026-1, mended in 2.2" in said
    assert "old 0.1: PYSEC-2026-2, not mended yet" in said
    assert "2 in 3 packages; 1 could not be looked up" in said


@pytest.mark.parametrize("answer", [b"", b"Traceback", subprocess.TimeoutExpired("pip-audit", 1)], ids=str)
def test_when_nobody_can_be_asked_it_is_said_and_the_check_goes_on(told, capsys, answer):
    told(answer)
    assert advisories.main("requirements.txt") == 0
    assert "nothing was checked" in capsys.readouterr().out


def test_a_sound_list_passes(told):
    told(msgspec.json.encode({"dependencies": REPORT["dependencies"][:1]}))
    assert advisories.main("requirements.txt") == 0
