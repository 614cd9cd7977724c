"""The pages of open volumes that say prices of closed ones, as a reader sees them to whom those are closed.

What officers wrote in other sections, and what is in attached papers, is bound as it is: the portal does not judge it.
"""

from typing import Any

import msgspec

from portal.doc_assembly.rules.binding import cover_values
from portal.doc_assembly.rules.desk import Imprinted
from portal.doc_assembly.rules.generated import Block, particulars
from portal.doc_assembly.rules.open_points import figures_open
from portal.doc_assembly.rules.template import PRICED, SECTIONS

COVER, SALIENT, OPEN = "", "0.1", "XII.1"
CLOSED: Block = {"k": "note", "runs": "What the work costs stays closed until the tender is opened."}


def without_prices(printed: Imprinted) -> list[dict[str, Any]]:
    """What stands in place of a section ("" is the cover), as values of a print template."""
    inputs = printed.frozen.inputs
    bare = msgspec.structs.replace(printed.frozen, inputs=msgspec.structs.replace(inputs, estimate=None))
    cover = cover_values(Imprinted(bare, printed.label, printed.kind))
    found = [
        {"code": COVER, "template": "cover", "values": cover},
        _section(SALIENT, [CLOSED, {"k": "facts", "rows": particulars(inputs)}]),
        *(_section(code, [CLOSED]) for code in sorted(PRICED)),
    ]
    if inputs.estimate and figures_open(inputs):
        found.append(_section(OPEN, [CLOSED]))
    return found


def _section(code: str, blocks: list[Block]) -> dict[str, Any]:
    parts = [{"lang": "en", "blocks": blocks}]
    values = {"code": code, "title": SECTIONS[code].title, "parts": parts}
    return {"code": code, "template": "section", "values": values}
