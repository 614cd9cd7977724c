"""Fields for figures and short lists: read as officers write them, and kept exactly as they were read."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import wtforms

from portal.core.errors import Invalid
from portal.core.i18n import _
from portal.core.money import parse_amount, parse_number, rounded


class FigureField(wtforms.DecimalField):
    """A figure with lakh commas, Rs. and /- understood; more decimals than `kept` are refused, never dropped."""

    reads: Callable[[str], Decimal] = staticmethod(parse_number)

    def __init__(self, label: Any = None, validators: Any = None, *, kept: int, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.kept = kept

    def process_formdata(self, valuelist: list[str]) -> None:
        """What is no number is said to be none; nothing typed is no figure."""
        if not valuelist:
            return
        self.data = None
        if not valuelist[0].strip():
            return
        try:
            self.data = self.reads(valuelist[0])
        except Invalid as invalid:
            raise ValueError(str(invalid)) from None
        if rounded(self.data, self.kept) != self.data:
            raise ValueError(str(_("At most %(count)s decimals are kept here. Round the figure.", count=self.kept)))
        self.data = rounded(self.data, self.kept)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data.normalize():f}"


class AmountField(FigureField):
    """Rupees and paise, or with the unit behind: 4.5 crore, 82 lakh."""

    reads = staticmethod(parse_amount)

    def __init__(self, label: Any = None, validators: Any = None, *, kept: int = 2, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"data-unit": "₹", "data-money": ""})
        super().__init__(label, validators, kept=kept, **kwargs)


class ListField(wtforms.StringField):
    """Several short texts in one line with commas between them; a JSON list on the API. No text is kept twice."""

    many = True

    def process_formdata(self, valuelist: list[str]) -> None:
        """What stands between commas, semicolons or line ends is one text."""
        if valuelist:
            texts = [" ".join(part.split()) for line in valuelist for part in re.split(r"[,;\n]", line)]
            self.data = list(dict.fromkeys("".join(s for s in text if s >= " ") for text in texts if text))
        self.data = self.data or []

    def _value(self) -> str:
        return ", ".join(self.data or [])
