"""What can be done with a report: write sections, ask for builds and stop them; and the worker's part of it."""

from portal.doc_assembly.commands.builds import (
    cancel_build,
    request_build,
    request_fresh_build,
    retry_build,
)
from portal.doc_assembly.commands.sections import write_section
from portal.doc_assembly.commands.waiting import _assemble as assemble
from portal.doc_assembly.commands.waiting import wait_for_version
from portal.doc_assembly.commands.work import (
    fail_build,
    note_frozen,
    publish_build,
    release_lost_build,
    report_progress,
    stop_build,
    take_up_build,
)

__all__ = [
    "assemble",
    "cancel_build",
    "fail_build",
    "note_frozen",
    "publish_build",
    "release_lost_build",
    "report_progress",
    "request_build",
    "request_fresh_build",
    "retry_build",
    "stop_build",
    "take_up_build",
    "wait_for_version",
    "write_section",
]
