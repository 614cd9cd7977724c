"""What can be done with estimates."""

from portal.boq_estimates.commands.imports import (
    check_import,
    import_boq_file,
    map_import,
    reject_import,
    request_import,
    tend_imports,
)
from portal.boq_estimates.commands.recapitulation import edit_estimate, set_head
from portal.boq_estimates.commands.versions import commit_import, undo_import

__all__ = [
    "check_import",
    "commit_import",
    "edit_estimate",
    "import_boq_file",
    "map_import",
    "reject_import",
    "request_import",
    "set_head",
    "tend_imports",
    "undo_import",
]
