"""Sections made from records: salient features, abstracts, recapitulation, the bill, open points."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from portal.core.money import crore_lakh, in_words, plain_number, rupees, rupees0
from portal.doc_assembly.rules.frozen import Estimate, File, Inputs, Item
from portal.doc_assembly.rules.template import need_of, written_for

Block = dict[str, Any]
ROWS_A_PART = 250
CHARACTERS_A_ROW = 250  # a longer description counts as several rows, so that a part stays small to set
NO_ESTIMATE: Block = {"k": "note", "runs": "No estimate is on record for this project yet."}
PART_TITLES = {
    "A_works": "Part A: works",
    "B1_statutory": "Part B: statutory charges",
    "B2_tax": "Part B: taxes",
    "B3_provision": "Part B: provisions",
}
KIND_WORDS = {"drawing": "drawings", "clearance_letter": "clearance letters", "certificate": "certificates"}


def column(head: str, width: str, align: str = "left") -> dict[str, str]:
    """One column of a table."""
    return {"head": head, "width": width, "align": align}


def salient(inputs: Inputs) -> list[Block]:
    """One page that says what the work is, what it costs and what is bound."""
    p, estimate = inputs.project, inputs.estimate
    place = ", ".join(part for part in (p["village"], p["mandal"], p["district"]) if part)
    rows = [
        ["Project number", p["code"]],
        ["Name", p["name"]],
        ["Name of work", p["work"] if p["work"] != p["name"] else ""],
        ["Type of work", p["type"]],
        ["Division, circle", ", ".join(part for part in (p["division"], p["circle"]) if part)],
        ["Village, mandal, district", place],
        ["Survey numbers", p["survey_numbers"]],
        ["Financial year", p["financial_year"]],
        ["Period of completion", p["period"]],
        ["Administrative sanction", _sanction(p)],
        ["Technical sanction", p["ts_details"]],
        ["Agency", p["agency"]],
    ]
    counts = [f"{_count(inputs.files, kind)} {words}" for kind, words in KIND_WORDS.items()]
    rows.append(["Bound in this report", ", ".join(counts)])
    if estimate:
        items = sum(len(bill.items) for bill in estimate.bills)
        bills = sum(1 for bill in estimate.bills if bill.depth == 1)
        rows.append(["Estimate", f"{estimate.number}, version {estimate.version}; {bills} bills, {items} items"])
    return [*_cards(inputs), {"k": "facts", "rows": rows}]


def _count(files: Sequence[File], kind: str) -> int:
    return sum(1 for file in files if file.kind == kind)


def _sanction(p: dict[str, str]) -> str:
    amount = f"₹ {rupees(Decimal(p['as_amount']))}" if p["as_amount"] else ""
    return "; ".join(part for part in (p["as_file"], p["as_authority"], amount, p["as_date"], p["as_revised"]) if part)


def _cards(inputs: Inputs) -> list[Block]:
    estimate, sanctioned = inputs.estimate, inputs.project["as_amount"]
    if estimate is None:
        return [NO_ESTIMATE]
    say = Decimal(estimate.say)
    cards = [
        ["Works (W)", crore_lakh(Decimal(estimate.works)), f"₹ {rupees(Decimal(estimate.works))}"],
        ["Grand total (G)", crore_lakh(Decimal(estimate.grand_total)), f"₹ {rupees(Decimal(estimate.grand_total))}"],
        ["Say", crore_lakh(say), f"₹ {rupees0(say)}"],
    ]
    if sanctioned:
        cards.append(["Against the AS", _over(say, Decimal(sanctioned)), f"AS ₹ {rupees0(Decimal(sanctioned))}"])
    return [{"k": "figures", "rows": cards}]


def _over(say: Decimal, sanctioned: Decimal) -> str:
    if not sanctioned:
        return "–"
    percent = (say - sanctioned) * 100 / sanctioned
    return f"{plain_number(abs(percent), 2)} % {'over' if percent > 0 else 'under'}"


def funding(inputs: Inputs) -> list[Block]:
    """Abstract of cost and funding, with the amount in words and the sanction sought."""
    estimate = inputs.estimate
    if estimate is None:
        return [NO_ESTIMATE]
    say = Decimal(estimate.say)
    heads: dict[str, Decimal] = {}
    for head in estimate.heads:
        heads[head.part] = heads.get(head.part, Decimal(0)) + Decimal(head.amount)
    rows: list[Block] = [{"c": [PART_TITLES.get(part, part), rupees0(amount)]} for part, amount in heads.items()]
    rows.append({"kind": "total", "c": ["Say", rupees0(say)]})
    return [
        *_cards(inputs),
        {"k": "table", "columns": [column("Part", "1fr"), column("Amount (₹)", "42mm", "right")], "rows": rows},
        {"k": "p", "runs": [{"t": f"{in_words(say)}.", "b": True}]},
        {"k": "p", "runs": in_words(say, "te")},
        {"k": "h", "level": 2, "runs": "Sanction sought"},
        {
            "k": "p",
            "runs": f"Technical sanction is sought for ₹ {rupees0(say)} ({crore_lakh(say)}). {_against(inputs)}",
        },
    ]


def _against(inputs: Inputs) -> str:
    if not inputs.project["as_amount"]:
        return "No administrative sanction is on record."
    return f"Administrative sanction: {_sanction(inputs.project)}."


def background(inputs: Inputs) -> list[Block]:
    """The administrative sanction as recorded, in front of the text on the background."""
    p = inputs.project
    rows = [
        ["File or GO number", p["as_file"]],
        ["Authority", p["as_authority"]],
        ["Amount (₹)", rupees(Decimal(p["as_amount"])) if p["as_amount"] else ""],
        ["Date", p["as_date"]],
        ["Revisions", p["as_revised"]],
    ]
    return [{"k": "facts", "rows": rows}, {"k": "gap", "mm": 3}]


def cost_summary(inputs: Inputs) -> list[Block]:
    """The figures of the estimate beside the administrative sanction."""
    return _cards(inputs)


def abstract(inputs: Inputs) -> list[Block]:
    """The general abstract by bills and the recapitulation that follows from it."""
    estimate = inputs.estimate
    if estimate is None:
        return [NO_ESTIMATE]
    works = Decimal(estimate.works)
    bills: list[Block] = [
        {"c": [bill.code, bill.title, rupees(Decimal(bill.total)), _share(Decimal(bill.total), works)]}
        for bill in estimate.bills
        if bill.depth == 1
    ]
    bills.append({"kind": "total", "c": ["Works total (W)", rupees(works), "100.00" if works else ""]})
    columns = [
        column("Bill", "18mm"),
        column("Description", "1fr"),
        column("Amount (₹)", "38mm", "right"),
        column("Share %", "18mm", "right"),
    ]
    say = Decimal(estimate.say)
    return [
        {"k": "h", "level": 2, "runs": "General abstract", "anchor": "VII.1.1"},
        {"k": "table", "columns": columns, "rows": bills},
        {"k": "h", "level": 2, "runs": "Recapitulation", "anchor": "VII.1.2"},
        _recapitulation(estimate),
        {"k": "p", "runs": [{"t": f"{in_words(say)}.", "b": True}]},
    ]


def _share(part: Decimal, whole: Decimal) -> str:
    return plain_number(part * 100 / whole, 2) if whole else ""


def _recapitulation(estimate: Estimate) -> Block:
    rows: list[Block] = []
    part = ""
    for number, head in enumerate(estimate.heads, 1):
        if head.code == "rounding":
            rows.append({"kind": "total", "c": ["Grand total (G)", rupees0(Decimal(estimate.grand_total))]})
        elif head.part != part:
            if part == "B1_statutory":
                rows.append({"kind": "total", "c": ["Taxable total (T)", rupees0(Decimal(estimate.taxable))]})
            part = head.part
            rows.append({"kind": "band", "c": [PART_TITLES.get(part, part)]})
        base = rupees(Decimal(head.base)) if head.base else ""
        percent = f"{Decimal(head.percent).normalize():f}" if head.percent else ""
        rows.append({"c": [str(number), head.label, base, percent, rupees0(Decimal(head.amount))]})
    rows.append({"kind": "total", "c": ["Say", rupees0(Decimal(estimate.say))]})
    columns = [
        column("No.", "11mm"),
        column("Head", "1fr"),
        column("Base (₹)", "34mm", "right"),
        column("%", "16mm", "right"),
        column("Amount (₹)", "36mm", "right"),
    ]
    return {"k": "table", "columns": columns, "rows": rows}


BILL_COLUMNS = [
    column("Item", "14mm"),
    column("Description", "1fr"),
    column("Unit", "13mm", "center"),
    column("Quantity", "21mm", "right"),
    column("Rate (₹)", "22mm", "right"),
    column("Amount (₹)", "29mm", "right"),
]


def bill_parts(estimate: Estimate) -> Iterator[list[Block]]:
    """The bill of quantities in parts of at most 250 rows, so that a changed item re-renders one small part."""
    rows: list[Block] = []
    weight = 0
    for row in _bill_rows(estimate):
        if weight >= ROWS_A_PART and row.get("kind", "row") != "total":
            yield [{"k": "table", "columns": BILL_COLUMNS, "rows": rows, "size": 8.2}]
            rows, weight = [], 0
        rows.append(row)
        weight += 1 + sum(map(len, row["c"])) // CHARACTERS_A_ROW
    yield [{"k": "table", "columns": BILL_COLUMNS, "rows": rows, "size": 8.2}]


def _bill_rows(estimate: Estimate) -> Iterator[Block]:
    following = [*(bill.depth for bill in estimate.bills[1:]), 0]
    opened: list[Block] = []
    for bill, next_depth in zip(estimate.bills, following, strict=True):
        yield {"kind": "band", "c": [f"{bill.code}  {bill.title}"], "anchor": f"VIII.1.{bill.code}"}
        if bill.preamble:
            yield {"kind": "words", "c": [bill.preamble]}
        for item in bill.items:
            yield {"c": _item(item)}
        opened.append({"kind": "total", "c": [f"Total of {bill.code}", rupees(Decimal(bill.total))]})
        while len(opened) >= max(1, next_depth):
            yield opened.pop()
    yield {"kind": "total", "c": ["Works total (W)", rupees(Decimal(estimate.works))]}


def _item(item: Item) -> list[str]:
    unit = item.unit if item.per == "1" else f"{item.per} {item.unit}"
    quantity = plain_number(Decimal(item.quantity), item.decimals)
    return [item.number, item.description, unit, quantity, rupees(Decimal(item.rate)), rupees(Decimal(item.amount))]


def open_points(inputs: Inputs, refused: dict[str, str]) -> list[Block]:
    """What a Draft leaves open: sections without text, no estimate, a say over the sanction, files left out."""
    written = {text.code for text in inputs.texts if text.text.strip() or text.text_te.strip()}
    rows = [
        ["C01", f"{section.code} {section.title}", "no text is written"]
        for section in written_for(inputs.work_type)
        if need_of(section.code, inputs.work_type) == "M" and section.code not in written
    ]
    rows += _figures_open(inputs)
    if not _count(inputs.files, "drawing"):
        rows.append(["C05", "IX.2 Drawings", "no drawing is attached"])
    rows += [["C08", file.title, refused[file.sha256]] for file in inputs.files if file.sha256 in refused]
    if not rows:
        return [{"k": "p", "runs": "Nothing is open."}]
    columns = [column("Rule", "16mm"), column("Where", "1fr"), column("What is open", "1fr")]
    return [
        {"k": "p", "runs": "A draft is printed with what is there. These points stand open against a submission."},
        {"k": "table", "columns": columns, "rows": [{"c": row} for row in rows]},
    ]


def _figures_open(inputs: Inputs) -> list[list[str]]:
    estimate, sanctioned = inputs.estimate, inputs.project["as_amount"]
    if estimate is None:
        return [["C02", "VIII.1 Bill of quantities", "no estimate is on record"]]
    found = []
    total = sum((Decimal(bill.total) for bill in estimate.bills if bill.depth == 1), Decimal(0))
    if total != Decimal(estimate.works):
        found.append(
            ["C02", "VII.1 Recapitulation", f"bills add to {rupees(total)}, W is {rupees(Decimal(estimate.works))}"]
        )
    if not sanctioned:
        return [*found, ["C04", "0.2 Abstract of cost", "no administrative sanction is on record"]]
    say, limit = Decimal(estimate.say), Decimal(sanctioned)
    if say * 100 > limit * 110:
        found.append(["C04", "0.2 Abstract of cost", f"say is {_over(say, limit)} the AS: a revised AS is needed"])
    elif say * 100 > limit * 105:
        found.append(
            ["C04", "0.2 Abstract of cost", f"say is {_over(say, limit)} the AS: FA's justification is needed"]
        )
    return found
