"""Units of measurement: a quantity has as many decimals as its unit allows, and a unit has many spellings."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One unit; `qty_dp` is the number of decimals of a quantity in it."""

    code: str
    name: str
    dimension: str
    qty_dp: int
    aliases: tuple[str, ...] = ()


UNITS = (
    Unit("cum", "cubic metre", "volume", 2, ("m3", "cu.m", "cmt", "cubic metre", "cubic meter", "cu.mtr", "cu.mt")),
    Unit("sqm", "square metre", "area", 2, ("m2", "sq.m", "smt", "square metre", "square meter", "sq.mtr", "sq.mt")),
    Unit("rm", "running metre", "length", 2, ("m", "rmt", "r.m", "metre", "meter", "mtr", "running metre", "r.mtr")),
    Unit("km", "kilometre", "length", 3, ("kilometre", "kilometer", "kms")),
    Unit("nos", "numbers", "count", 0, ("no", "each", "number", "numbers", "ea")),
    Unit("set", "set", "count", 0, ("sets",)),
    Unit("kg", "kilogram", "mass", 2, ("kgs", "kilogram")),
    Unit("t", "tonne", "mass", 3, ("mt", "tonne", "tonnes", "ton", "metric tonne", "metric ton")),
    Unit("ltr", "litre", "volume", 2, ("l", "lit", "litre", "litres", "liter")),
    Unit("ha", "hectare", "area", 4, ("hectare", "hectares")),
    Unit("day", "day", "time", 2, ("days",)),
    Unit("hr", "hour", "time", 2, ("hour", "hours", "hrs")),
    Unit("LS", "lump sum", "lump", 2, ("l.s", "lump sum", "lumpsum", "job")),
)
BY_CODE = {unit.code: unit for unit in UNITS}
_SUPERSCRIPTS = str.maketrans({"²": "2", "³": "3", "\u00a0": " "})
_PER = re.compile(r"(?:per)?(\d{1,5})?(\D.*)")


def _folded(text: str) -> str:
    return re.sub(r"[\s.\-_]", "", text.lower().translate(_SUPERSCRIPTS))


_SPELLINGS = {_folded(spelling): unit for unit in UNITS for spelling in (unit.code, *unit.aliases)}


@dataclass(frozen=True)
class ReadUnit:
    """A unit as found in a file: `per` is how many of it the rate is for, `alias` whether another spelling was used."""

    unit: Unit
    per: int
    alias: bool


def find_unit(text: str) -> ReadUnit | None:
    """The unit of a spelling such as "Cu.M", "per 10 sqm" or "100 m2"; None when it is none of the known ones."""
    folded = _folded(text)
    unit, per = _SPELLINGS.get(folded), 1
    if unit is None and (split := _PER.fullmatch(folded)):
        unit, per = _SPELLINGS.get(split[2]), int(split[1] or 1)
    if unit is None or not per:
        return None
    return ReadUnit(unit, per, folded.removeprefix("per").lstrip("0123456789") != _folded(unit.code))
