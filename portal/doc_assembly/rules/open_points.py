"""What a Draft leaves open against a submission: the points of section XII.1."""

from decimal import Decimal

from portal.core.money import rupees
from portal.doc_assembly.rules import characters
from portal.doc_assembly.rules.frozen import Inputs
from portal.doc_assembly.rules.generated import Block, column, over, sanctioned
from portal.doc_assembly.rules.template import need_of, written_for


def open_points(inputs: Inputs, refused: dict[str, str], boxes: characters.Found) -> list[Block]:
    """What a Draft leaves open: sections without text, no estimate, a say over the sanction, files left out, boxes."""
    written = {text.code for text in inputs.texts if text.text.strip() or text.text_te.strip()}
    rows = [
        ["C01", f"{section.code} {section.title}", "no text is written"]
        for section in written_for(inputs.work_type)
        if need_of(section.code, inputs.work_type) == "M" and section.code not in written
    ]
    rows += figures_open(inputs)
    if not any(file.kind == "drawing" for file in inputs.files):
        rows.append(["C05", "IX.2 Drawings", "no drawing is attached"])
    rows += [["C08", file.title, refused[file.sha256]] for file in inputs.files if file.sha256 in refused]
    rows += characters.points(boxes)
    if not rows:
        return [{"k": "p", "runs": "Nothing is open."}]
    columns = [column("Rule", "16mm"), column("Where", "1fr"), column("What is open", "1fr")]
    return [
        {"k": "p", "runs": "A draft is printed with what is there. These points stand open against a submission."},
        {"k": "table", "columns": columns, "rows": [{"c": row} for row in rows]},
    ]


def figures_open(inputs: Inputs) -> list[list[str]]:
    """What does not fit of the estimate, in itself and against the sanction."""
    estimate, sanction = inputs.estimate, sanctioned(inputs)
    if estimate is None:
        return [["C02", "VIII.1 Bill of quantities", "no estimate is on record"]]
    found = []
    total = sum((Decimal(bill.total) for bill in estimate.bills if bill.depth == 1), Decimal(0))
    if total != Decimal(estimate.works):
        found.append(
            ["C02", "VII.1 Recapitulation", f"bills add to {rupees(total)}, W is {rupees(Decimal(estimate.works))}"]
        )
    if not sanction:
        return [*found, ["C04", "0.2 Abstract of cost", "no administrative sanction is on record"]]
    say, limit = Decimal(estimate.say), Decimal(sanction)
    if say * 100 > limit * 110:
        found.append(["C04", "0.2 Abstract of cost", f"say is {over(say, limit)} the AS: a revised AS is needed"])
    elif say * 100 > limit * 105:
        found.append(["C04", "0.2 Abstract of cost", f"say is {over(say, limit)} the AS: FA's justification is needed"])
    return found
