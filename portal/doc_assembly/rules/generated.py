"""Sections made from records: salient features, abstracts, recapitulation, the bill."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from portal.core.money import crore_lakh, in_words, plain_number, rupees, rupees0
from portal.doc_assembly.rules.frozen import Estimate, File, Inputs, Item

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
    rows, estimate = particulars(inputs), inputs.estimate
    if estimate:
        items = sum(len(bill.items) for bill in estimate.bills)
        bills = sum(1 for bill in estimate.bills if bill.depth == 1)
        rows.append(["Estimate", f"{estimate.number}, version {estimate.version}; {bills} bills, {items} items"])
    return [*_cards(inputs), {"k": "facts", "rows": rows}]


def particulars(inputs: Inputs) -> list[list[str]]:
    """What is known of the work but for its estimate."""
    p = inputs.project
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
        *([["Revised sanction", _revision(p)]] if _revision(p) else []),
        ["Technical sanction", p["ts_details"]],
        ["Agency", p["agency"]],
    ]
    counts = [f"{_count(inputs.files, kind)} {words}" for kind, words in KIND_WORDS.items()]
    return [*rows, ["Bound in this report", ", ".join(counts)]]


def _count(files: Sequence[File], kind: str) -> int:
    return sum(1 for file in files if file.kind == kind)


def _sanction(p: dict[str, str]) -> str:
    """The administrative sanction as it was first given."""
    return _listed(p["as_file"], p["as_details"], p["as_authority"], _amount(p["as_amount"]), p["as_date"])


def _revision(p: dict[str, str]) -> str:
    """Its revision, with the order and the amount of the revision."""
    return _listed(p["as_revised"], _amount(p["as_revised_amount"]))


def _listed(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _amount(figure: str) -> str:
    return f"₹ {rupees(Decimal(figure))}" if figure else ""


def sanctioned(inputs: Inputs) -> str:
    """The amount in force, which the estimate is held against: the revised one, else the first."""
    return inputs.project["as_revised_amount"] or inputs.project["as_amount"]


def _cards(inputs: Inputs) -> list[Block]:
    estimate, limit = inputs.estimate, sanctioned(inputs)
    if estimate is None:
        return [NO_ESTIMATE]
    say = Decimal(estimate.say)
    cards = [
        ["Works (W)", crore_lakh(Decimal(estimate.works)), f"₹ {rupees(Decimal(estimate.works))}"],
        ["Grand total (G)", crore_lakh(Decimal(estimate.grand_total)), f"₹ {rupees(Decimal(estimate.grand_total))}"],
        ["Say", crore_lakh(say), f"₹ {rupees0(say)}"],
    ]
    if limit:
        name = "Revised AS" if inputs.project["as_revised_amount"] else "AS"
        cards.append(["Against the AS", over(say, Decimal(limit)), f"{name} ₹ {rupees0(Decimal(limit))}"])
    return [{"k": "figures", "rows": cards}]


def over(say: Decimal, limit: Decimal) -> str:
    """How far the say is over or under the sanction, in per cent."""
    if not limit:
        return "–"
    percent = (say - limit) * 100 / limit
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
    if not sanctioned(inputs):
        return "No administrative sanction is on record."
    revision = _revision(inputs.project)
    return f"Administrative sanction: {_sanction(inputs.project)}." + (f" Revised: {revision}." if revision else "")


def background(inputs: Inputs) -> list[Block]:
    """The administrative sanction as recorded, in front of the text on the background."""
    p = inputs.project
    rows = [
        ["File number", p["as_file"]],
        ["Order", p["as_details"]],
        ["Authority", p["as_authority"]],
        ["Date", p["as_date"]],
        ["Amount (₹)", rupees(Decimal(p["as_amount"])) if p["as_amount"] else ""],
    ]
    if _revision(p):
        rows.append(["Revised by", p["as_revised"]])
        rows.append(["Revised amount (₹)", rupees(Decimal(p["as_revised_amount"])) if p["as_revised_amount"] else ""])
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


HEADS = ("band", "words")  # of what follows: they stand in front of it, also where a part ends


def bill_parts(estimate: Estimate) -> Iterator[list[Block]]:
    """The bill of quantities in parts of at most 250 rows, so that a changed item re-renders one small part."""
    rows: list[Block] = []
    weight = 0
    for row in _bill_rows(estimate):
        if weight >= ROWS_A_PART and row.get("kind", "row") != "total":
            ends = next((n for n in range(len(rows), 0, -1) if rows[n - 1].get("kind") not in HEADS), len(rows))
            yield [{"k": "table", "columns": BILL_COLUMNS, "rows": rows[:ends], "size": 8.2}]
            rows, weight = rows[ends:], 0
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
