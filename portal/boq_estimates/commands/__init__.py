"""What can be done with estimates."""

from portal.boq_estimates.commands.imports import (
    expire_imports,
    import_boq_file,
    map_import,
    reject_import,
    request_import,
)
from portal.boq_estimates.commands.reading import Reader, keep_import, take_up_import
from portal.boq_estimates.commands.recapitulation import edit_estimate, set_head
from portal.boq_estimates.commands.versions import commit_import, undo_import

__all__ = [
    "Reader",
    "commit_import",
    "edit_estimate",
    "expire_imports",
    "import_boq_file",
    "keep_import",
    "map_import",
    "reject_import",
    "request_import",
    "set_head",
    "take_up_import",
    "undo_import",
]
