"""A desk on a folder, and inputs made up for the tests."""

import datetime as dt
import hashlib
import io
import shutil
from decimal import Decimal

import pikepdf
from PIL import Image

from portal.doc_assembly.rules.desk import Kept, Order
from portal.doc_assembly.rules.frozen import Bill, Estimate, File, Frozen, Head, Inputs, Item, Text

AT = dt.datetime(2026, 11, 25, 6, 30, tzinfo=dt.UTC)
PROJECT = {
    "code": "INFRA-RT-2026-042",
    "name": "Kompally link road",
    "work": "Laying of a four-lane link road from Kompally junction to the outer ring road, with drains and lighting",
    "type": "Road",
    "division": "Division IV",
    "circle": "North Circle",
    "district": "Medchal-Malkajgiri",
    "mandal": "Quthbullapur",
    "village": "Kompally",
    "survey_numbers": "112, 113/2",
    "financial_year": "2026-27",
    "period": "18 months",
    "agency": "",
    "as_file": "1234/EE-IV/2026",
    "as_details": "",
    "as_authority": "Government",
    "as_amount": "60000000.00",
    "as_date": "12-06-2026",
    "as_revised": "",
    "as_revised_amount": "",
    "ts_details": "",
}
TELUGU = "ఈ ప్రాజెక్ట్ ద్వారా కొంపల్లి నుండి బాహ్య వలయ రహదారి వరకు నాలుగు వరుసల రహదారి నిర్మాణం చేపట్టబడుతుంది."


class FolderDesk:
    """Files in a folder, parts in a dictionary; remembers every step it heard of."""

    def __init__(self, folder):
        self.folder, self.parts, self.heard, self.warnings, self.made = folder, {}, [], [], []
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, content):
        sha = hashlib.sha256(content).hexdigest()
        (self.folder / sha).write_bytes(content)
        return sha

    def path(self, sha256):
        path = self.folder / sha256
        return path if path.exists() else None

    def digest(self, sha256):
        path = self.path(sha256)
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else None

    def kept(self, keys):
        return {key: self.parts[key] for key in keys if key in self.parts}

    def keep(self, key, content, made, seconds):
        if content is not None:
            data = content if isinstance(content, bytes) else content.read_bytes()
            made = made._replace(sha256=self.put(data))
        self.parts[key] = Kept(*made)
        self.made.append(key)
        return self.parts[key]

    def step(self, number, done, total, item=""):
        self.heard.append((number, done, total))

    def check(self):
        """Nobody stops a test."""

    def warn(self, words):
        self.warnings.append(words)


def sheet(pages=1, size=(1191, 842), words="A drawing", rotate=0, ink=()):
    """A plotted sheet: a frame and a line of text; `ink` fills rectangles."""
    pdf, out = pikepdf.new(), io.BytesIO()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    for number in range(pages):
        page = pdf.add_blank_page(page_size=size)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        boxes = " ".join("{} {} {} {} re f".format(*box) for box in ink)
        frame = f"60 60 {size[0] - 120} {size[1] - 120} re S"
        line = f"BT /F1 24 Tf 80 80 Td ({words} {number + 1}) Tj ET"
        page.obj.Contents = pdf.make_stream(f"{boxes} {frame} {line}".encode())
        if rotate:
            page.rotate(rotate, relative=False)
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def photo(size=(800, 600), kind="PNG", **save):
    """A scan."""
    out = io.BytesIO()
    Image.new("RGB", size, "lightblue").save(out, kind, **save)
    return out.getvalue()


def file_of(desk, content, kind="drawing", *, title="Plan", number="", mimetype="application/pdf", pages=1, **more):
    """The content in the store, and its record."""
    sha = desk.put(content)
    sizes = more.pop("page_sizes", [[420.2, 297.0]])
    return File(sha[:8], title, number, kind, "01-11-2026", f"{title}.pdf", mimetype, sha, len(content), pages, sizes)


def estimate(bills=3, items=4, description="Earthwork excavation in ordinary soil"):
    """An estimate whose figures add up."""
    made, works = [], Decimal(0)
    for b in range(bills):
        lines, total = [], Decimal(0)
        for i in range(items):
            quantity, rate = Decimal(100 + i) + Decimal("0.25"), Decimal("450.50") + b
            amount = (quantity * rate).quantize(Decimal("0.01"))
            total += amount
            number = f"{chr(65 + b)}.{i + 1}"
            lines.append(Item(number, f"{description} {i + 1}", "cum", str(quantity), str(rate), str(amount)))
        works += total
        made.append(Bill(chr(65 + b), f"Bill {chr(65 + b)}: civil works", 1, str(total), items=lines))
    rounded = works.quantize(Decimal(1))
    tax = (rounded * 18 / 100).quantize(Decimal(1))
    grand = rounded + tax
    say = -(-grand // 1000) * 1000
    heads = [
        Head("works", "Works (total of all bills)", "A_works", "", str(works), str(rounded)),
        Head("gst", "Goods and services tax", "B2_tax", "18", str(rounded), str(tax)),
        Head("rounding", "Rounding", "B3_provision", "", "", str(say - grand)),
    ]
    totals = [str(figure) for figure in (works, rounded, grand, say)]
    return Estimate("EST-2026-7", "Estimate of the link road", "0.1", "2026-27", *totals, bills=made, heads=heads)


def inputs(**more):
    """A small project with everything in it."""
    texts = [
        Text("0.3", "The road relieves **Kompally** junction.\n\n- four lanes\n- drains on both sides", TELUGU, 1),
        Text(
            "I.4",
            "# Alignment A\n\nAlong the lake.\n\n## Cost\n\nHigher.\n\n# Alignment B\n\nAlong the railway.",
            "",
            2,
        ),
    ]
    return Inputs(**({"project": PROJECT, "work_type": "road", "texts": texts, "estimate": estimate()} | more))


def order(desk, tmp_path, given, label="D1"):
    """An order for a draft, with an empty folder for loose files."""
    folder = tmp_path / "loose"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Order(Frozen(given, [], AT), label, "draft", desk, folder)
