"""Reading the report of a project: sections, builds, versions, and the inputs a build is made from."""

from portal.doc_assembly.queries.builds import (
    find_active_build,
    get_build,
    list_builds,
    list_lost_builds,
    list_steps,
    list_units,
    newest_build,
    past_rates,
    recent_builds,
)
from portal.doc_assembly.queries.inputs import freeze_inputs, list_origins
from portal.doc_assembly.queries.sections import (
    get_revision,
    get_section,
    list_revisions,
    list_sections,
    page_sections,
)
from portal.doc_assembly.queries.versions import (
    find_version,
    get_part,
    get_version,
    list_moved,
    list_versions,
    newest_version,
    page_moved,
    sees_everything,
)

__all__ = [
    "find_active_build",
    "find_version",
    "freeze_inputs",
    "get_build",
    "get_part",
    "get_revision",
    "get_section",
    "get_version",
    "list_builds",
    "list_lost_builds",
    "list_moved",
    "list_origins",
    "list_revisions",
    "list_sections",
    "list_steps",
    "list_units",
    "list_versions",
    "newest_build",
    "newest_version",
    "page_moved",
    "page_sections",
    "past_rates",
    "sees_everything",
    "recent_builds",
]
