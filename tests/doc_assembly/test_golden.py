"""How pages look: empty, long, wide, Telugu. After a wanted change of looks: GOLDEN=write pytest, then look at them."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from portal.core.pdf.typeset import picture
from portal.doc_assembly.rules.frozen import Text
from portal.doc_assembly.rules.units import units_of
from tests.doc_assembly.desk import PROJECT, TELUGU, estimate, inputs

GOLDEN = Path(__file__).parent / "golden"
MOST = 2.0  # mean difference of a grey level out of 255: rasterisers round, layouts do not
WIDE = "\n".join(
    ["|" + "|".join(f"Column {number}" for number in range(1, 13)) + "|", "|" + "--:|" * 12]
    + ["|" + "|".join(str(row * number * 1234) for number in range(1, 13)) + "|" for row in range(1, 9)]
)
LONG = "Providing and laying cement concrete of grade M20 with graded metal, vibrated, cured and finished. " * 41


def values_of(code, **more):
    """What the first part of a section is set from."""
    return next(unit.values for unit in units_of(inputs(**more), {}) if unit.code == code)


CASES = {
    "empty": lambda: values_of("0.1", project=dict.fromkeys(PROJECT, ""), estimate=None, texts=[]),
    "long": lambda: values_of("VIII.1", estimate=estimate(bills=1, items=3, description=LONG)),
    "wide": lambda: values_of("I.4", texts=[Text("I.4", f"Before.\n\n{WIDE}\n\nAfter.")]),
    "telugu": lambda: values_of("0.3", texts=[Text("0.3", "The road.", f"# సారాంశం\n\n{TELUGU * 5}\n\n- {TELUGU}")]),
}


def pages_of(name):
    values = CASES[name]()
    made = picture(values["template"], {key: value for key, value in values.items() if key != "template"}, ppi=36)
    return [Image.open(io.BytesIO(page)).convert("L") for page in made]


@pytest.mark.parametrize("name", CASES)
def test_the_page_looks_as_it_did(name):
    pages = pages_of(name)
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        for number, page in enumerate(pages, 1):
            page.save(GOLDEN / f"{name}-{number}.png", optimize=True)
    kept = sorted(GOLDEN.glob(f"{name}-*.png"))
    assert len(pages) == len(kept)
    for page, place in zip(pages, kept, strict=True):
        with Image.open(place) as before:
            assert page.size == before.size
            assert ImageStat.Stat(ImageChops.difference(page, before.convert("L"))).mean[0] < MOST, place.name


@pytest.mark.parametrize("name", CASES)
def test_nothing_runs_into_the_margins(name):
    for page in pages_of(name):
        left, top, right, bottom = ImageChops.invert(page).getbbox()
        mm = 36 / 25.4
        assert left >= 16 * mm
        assert top >= 16 * mm
        assert right <= page.width - 16 * mm
        assert bottom <= page.height - 16 * mm
