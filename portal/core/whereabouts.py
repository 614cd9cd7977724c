"""From where and with what: the place of a network address by the installation's own table, a browser in words.

No address leaves the portal to be looked up. The table is a CSV file (setting PLACES_FILE) with the columns network,
place, lat, lon; the narrowest network that holds an address names its place. Coordinates may be left empty.
"""

import csv
import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app
from ua_parser import parse

from portal.config import BadSetting
from portal.core.i18n import _

COLUMNS = ["network", "place", "lat", "lon"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Place:
    """A named place, with its coordinates in degrees where they are known."""

    name: str
    lat: float | None = None
    lon: float | None = None


class Places:
    """The table of networks, asked from the narrowest to the widest."""

    def __init__(self, rows: dict[Network, Place]) -> None:
        self.rows = rows
        self.lengths = {
            version: sorted({net.prefixlen for net in rows if net.version == version}, reverse=True)
            for version in (4, 6)
        }

    def find(self, text: str) -> Place | None:
        """The place of an address, None for one that no network of the table holds."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        address = getattr(address, "ipv4_mapped", None) or address
        for length in self.lengths[address.version]:
            found = self.rows.get(ipaddress.ip_network((address, length), strict=False))
            if found:
                return found
        return None


def read_places(path: Path) -> Places:
    """Read the table. Raises BadSetting, naming the line that cannot be used."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if [name.strip().lower() for name in reader.fieldnames or []] != COLUMNS:
                raise BadSetting(f"PLACES_FILE {path} must begin with the line {','.join(COLUMNS)}.")
            return Places(dict(_row(path, reader.line_num, row) for row in reader))
    except (OSError, UnicodeDecodeError) as failed:
        raise BadSetting(f"PLACES_FILE {path} cannot be read: {failed}.") from None


def _row(path: Path, line: int, row: dict[str, str]) -> tuple[Network, Place]:
    try:
        network = ipaddress.ip_network(row["network"].strip())
        lat, lon = _degrees(row["lat"], 90), _degrees(row["lon"], 180)
        if not row["place"].strip() or (lat is None) != (lon is None):
            raise ValueError("a place needs a name, and both coordinates or none")
        return network, Place(row["place"].strip(), lat, lon)
    except (ValueError, AttributeError) as failed:
        raise BadSetting(f"PLACES_FILE {path}, line {line}: {failed}.") from None


def _degrees(text: str | None, most: int) -> float | None:
    if not (text or "").strip():
        return None
    found = float(text or "")
    if not -most <= found <= most:
        raise ValueError(f"{found} is no coordinate in degrees")
    return found


def place_of(address: str) -> Place | None:
    """Where an address is, as far as this installation knows."""
    places: Places = current_app.extensions["places"]
    return places.find(address)


@lru_cache(512)
def _names(user_agent: str) -> tuple[str, str]:
    found = parse(user_agent)
    browser, system = found.user_agent, found.os
    program = " ".join(part for part in (browser.family, browser.major) if part) if browser else ""
    return program, " ".join(part for part in (system.family, system.major) if part) if system else ""


def device_in_words(user_agent: str) -> str:
    """ "Firefox 128 on Windows 10"; the program alone where nothing is known of the machine."""
    program, system = _names(user_agent)
    if program and system:
        return str(_("%(program)s on %(system)s", program=program, system=system))
    return program or system or str(_("unknown program"))


def init_app(app: Flask) -> None:
    """Read the table once; a table that cannot be used stops the start."""
    path = app.config.get("PLACES_FILE")
    app.extensions["places"] = read_places(Path(path)) if path else Places({})
