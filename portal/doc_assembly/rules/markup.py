"""The markup of the section editor, a small part of Markdown, as blocks for the page: never as code of any kind.

Paragraphs, headings, lists, bold, italic, quotations, tables. HTML and links are shown as they were
typed: what the help of the editor does not offer is not read, so that no text of the length allowed takes seconds.
"""

import unicodedata
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

Block = dict[str, Any]
Runs = list[Any]
NOT_OFFERED = ["image", "autolink", "link", "reference", "html_block", "html_inline"]
_READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(NOT_OFFERED)
WIDE_COLUMNS, TURNED_COLUMNS = 6, 9


def blocks_of(text: str, code: str) -> list[Block]:
    """The blocks of a section's text. Its headings are numbered below the section's code: I.4.1, I.4.1.1."""
    tree = SyntaxTreeNode(_READER.parse(unicodedata.normalize("NFC", text)))
    return _numbered([made for node in tree.children for made in _block(node)], code)


def html_of(text: str) -> str:
    """The same text for the screen: HTML is escaped, alignment is a class, headings stand below those of the page."""
    tokens = _READER.parse(unicodedata.normalize("NFC", text))
    for token in tokens:
        if str(token.attrs.pop("style", "")).endswith("right"):
            token.attrs["class"] = "num"
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    return str(_READER.renderer.render(tokens, _READER.options, {}))


def _numbered(blocks: list[Block], code: str) -> list[Block]:
    count = [0, 0]
    for block in blocks:
        if block["k"] == "h" and block["level"] <= 3:
            depth = 0 if block["level"] == 2 else 1
            count[depth] += 1
            if depth == 0:
                count[1] = 0
            number = ".".join(str(part or 1) for part in count[: depth + 1])
            block["anchor"] = f"{code}.{number}"
            block["runs"] = [f"{code}.{number}  ", *block["runs"]]
    return blocks


def _block(node: SyntaxTreeNode) -> list[Block]:
    kind = node.type
    if kind == "paragraph":
        return [{"k": "p", "runs": _runs(node.children[0])}]
    if kind == "heading":
        return [{"k": "h", "level": min(4, max(2, int(node.tag[1]) + 1)), "runs": _runs(node.children[0])}]
    if kind in ("bullet_list", "ordered_list"):
        items = [_inside(item) for item in node.children]
        start = int(node.attrs.get("start", 1))
        return [{"k": "ul" if kind == "bullet_list" else "ol", "items": items, "start": start}]
    if kind == "blockquote":
        return [{"k": "quote", "items": _inside(node)}]
    if kind == "table":
        return [_table(node)]
    if kind in ("fence", "code_block"):
        return [{"k": "pre", "runs": node.content.rstrip("\n")}]
    return [{"k": "rule"}] if kind == "hr" else []


def _inside(node: SyntaxTreeNode) -> list[Block]:
    return [made for child in node.children for made in _block(child)]


def _runs(inline: SyntaxTreeNode) -> Runs:
    """Words with their emphasis, from the flat tokens of a line."""
    runs: Runs = []
    bold = italic = 0
    for token in _flat(inline):
        bold += (token.type == "strong_open") - (token.type == "strong_close")
        italic += (token.type == "em_open") - (token.type == "em_close")
        if token.type == "softbreak":
            runs.append(" ")
        elif token.type == "hardbreak":
            runs.append({"t": "", "br": True})
        elif token.content:
            plain = not bold and not italic
            runs.append(token.content if plain else {"t": token.content, "b": bool(bold), "i": bool(italic)})
    return runs


def _flat(inline: SyntaxTreeNode) -> list[Token]:
    found = inline.token.children if inline.token else None
    return list(found or [])


def _table(node: SyntaxTreeNode) -> Block:
    head, *bodies = node.children
    heads = [_words(cell.children) for cell in head.children[0].children]
    aligned = [str(cell.attrs.get("style", "")).rpartition(":")[2] or "left" for cell in head.children[0].children]
    rows = [{"c": [_cell(cell) for cell in row.children]} for body in bodies for row in body.children]
    weight = [_weight(number, heads, rows) for number in range(len(heads))]
    columns = [
        {"head": words, "align": align, "width": f"{share}fr"}
        for words, align, share in zip(heads, aligned, weight, strict=True)
    ]
    many = len(columns)
    size = 9 if many <= WIDE_COLUMNS else 7.5 if many <= 14 else 6
    return {"k": "table", "columns": columns, "rows": rows, "size": size, "turned": many > TURNED_COLUMNS}


def _cell(cell: SyntaxTreeNode) -> Runs | str:
    runs = _runs(cell.children[0]) if cell.children else []
    return runs or ""


def _words(nodes: list[SyntaxTreeNode]) -> str:
    runs = _runs(nodes[0]) if nodes else []
    return "".join(run if isinstance(run, str) else run["t"] for run in runs)


def _weight(number: int, heads: list[str], rows: list[Block]) -> int:
    """How wide a column wants to be: by its longest text, within reason."""
    longest = max([len(heads[number]), *(len(_plain(row["c"][number])) for row in rows)], default=1)
    return min(40, max(5, longest))


def _plain(cell: Runs | str) -> str:
    return cell if isinstance(cell, str) else "".join(run if isinstance(run, str) else run["t"] for run in cell)
