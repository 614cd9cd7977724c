"""The rules themselves: each looks at plain records, oldest first, and answers with a finding or with nothing."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

from portal.core.calendar import IST
from portal.security.rules.hours import by_night, is_day_off, night_of
from portal.security.rules.parameters import Figures
from portal.security.rules.statistics import (
    distance_km,
    mean_and_deviation,
    network_of,
    poisson_tail,
    robust_z,
    shown_chance,
    shown_number,
)

HOUR = dt.timedelta(hours=1)
MOST_RECORDS = 200  # kept behind one alert; the list of records has the rest


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An audit record as the watch looks at it; `name` is who a stranger said they are, `file` what was handed out."""

    position: int
    at: dt.datetime
    act: str
    outcome: str = "done"
    officer: uuid.UUID | None = None
    name: str = ""
    address: str = ""
    device: str = ""
    why: str = ""
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that spoke: about whom, the facts of its sentence, and the positions of the records behind it."""

    rule: str
    at: dt.datetime
    facts: Mapping[str, Any]
    records: tuple[int, ...]
    officer: uuid.UUID | None = None
    subject: str = ""

    @property
    def about(self) -> str:
        """Whom or what the alert is about: an officer, else a name or a network."""
        return str(self.officer) if self.officer else self.subject


class Spot(NamedTuple):
    """A place on the map."""

    name: str
    lat: float
    lon: float


Where = Callable[[str], Spot | None]


def new_place(signed: Seen, before: Sequence[Seen], figures: Figures) -> Finding | None:
    """A sign-in whose network and device are both new to an officer with a history."""
    network = network_of(signed.address)
    if len(before) < figures["new_place.sign_ins"] or not network:
        return None
    if any(network == network_of(one.address) or signed.device == one.device for one in before):
        return None
    facts = {"network": network, "device": signed.device or "–", "sign_ins": len(before)}
    facts["days"] = figures.whole("new_place.days")
    return _found("new_place", signed, facts, [signed])


def impossible_speed(signed: Seen, last: Seen | None, where: Where, figures: Figures) -> Finding | None:
    """Two sign-ins farther apart than anybody travels in the time between them."""
    here, there = where(signed.address), where(last.address) if last else None
    if not (here and there and last):
        return None
    km = distance_km(here[1:], there[1:])
    hours = max((signed.at - last.at) / HOUR, 1 / 60)  # clocks of two servers may differ by a minute
    if km <= figures["speed.km"] or km / hours <= figures["speed.kmh"]:
        return None
    facts = {"here": here.name, "there": there.name, "km": round(km), "kmh": round(km / hours)}
    facts["minutes"] = round(hours * 60)
    return _found("speed", signed, facts, [last, signed])


def burst(
    rule: str, records: Sequence[Seen], hourly: float, figures: Figures, facts: Mapping[str, Any] | None = None
) -> Finding | None:
    """More refusals, or failures of one name, within the span than chance brings at the usual rate."""
    span = figures.span(f"{rule}.minutes")
    usual = max(hourly, figures[f"{rule}.floor"])
    for ends in range(len(records)):
        within = [one for one in records[: ends + 1] if one.at > records[ends].at - span]
        if len(within) < figures[f"{rule}.least"]:
            continue
        chance = poisson_tail(len(within), usual * (span / HOUR))
        if chance < figures[f"{rule}.chance"]:
            return _burst(rule, [one for one in records if within[0].at <= one.at], usual, span, facts or {})
    return None


def _burst(rule: str, records: Sequence[Seen], usual: float, span: dt.timedelta, facts: Mapping[str, Any]) -> Finding:
    """With all there is by now: an alert that comes after the thirtieth failure says thirty."""
    records = [one for one in records if one.at <= records[0].at + span]
    told = {"count": len(records), "minutes": round(span / dt.timedelta(minutes=1)), "usual": shown_number(usual)}
    chance = shown_chance(poisson_tail(len(records), usual * (span / HOUR)))
    return _found(rule, records[-1], {**facts, **told, "chance": chance}, records)


def spraying(network: str, records: Sequence[Seen], figures: Figures) -> Finding | None:
    """Failures of many names from one network within the span."""
    span = figures.span("failures.minutes")
    for ends in range(len(records)):
        within = [one for one in records[: ends + 1] if one.at > records[ends].at - span]
        names = {one.name for one in within}
        if len(names) >= figures["failures.names"]:
            facts = {"names": len(names), "network": network, "count": len(within)}
            facts["minutes"] = round(span / dt.timedelta(minutes=1))
            return _found("spraying", within[-1], facts, within, subject=f"network {network}")
    return None


def night_downloads(
    tonight: Sequence[Seen], earlier: Iterable[dt.datetime], known_days: int, figures: Figures
) -> Finding | None:
    """More downloads in one night than the officer's own nights explain; nights without any count as none."""
    if not tonight:
        return None
    night = night_of(tonight[-1].at, figures)
    sample = list(by_night(earlier, figures).values())
    sample += [0] * max(0, known_days - len(sample))
    mean, deviation = mean_and_deviation(sample)
    limit = max(figures["downloads.least"], mean + figures["downloads.sigmas"] * deviation)
    if len(tonight) <= limit:
        return None
    facts = {"count": len(tonight), "night": f"{night:%d-%m-%Y}", "usual": shown_number(mean), "nights": len(sample)}
    return _found("downloads", tonight[-1], facts | {"limit": shown_number(limit)}, tonight)


Counts = Mapping[tuple[dt.date, int], int]  # acts by day and hour, both of the desks


def unusual_hour(now: Sequence[Seen], counts: Counts, figures: Figures) -> Finding | None:
    """More acts in this hour than in the same hour of other days of the kind: working days, or days off."""
    if not now or len(now) < figures["baseline.hour"]:
        return None
    here = now[-1].at.astimezone(IST)
    off = is_day_off(here.date(), figures)
    days = [day for day in _days(counts, here.date()) if is_day_off(day, figures) == off]
    sample = [counts.get((day, here.hour), 0) for day in days]
    facts = {"hour": f"{here.hour:02d}"}
    return _deviation("unusual_hour", now, sample, figures, facts)


def unusual_day(now: Sequence[Seen], counts: Counts, figures: Figures) -> Finding | None:
    """More acts in this day than on the officer's days with any act."""
    if not now or len(now) < figures["baseline.day"]:
        return None
    volume: dict[dt.date, int] = {}
    for (day, _hour), count in counts.items():
        if day < now[-1].at.astimezone(IST).date():
            volume[day] = volume.get(day, 0) + count
    return _deviation("unusual_day", now, list(volume.values()), figures, {})


def _days(counts: Counts, before: dt.date) -> list[dt.date]:
    """Every day from the first that is known to the day before."""
    first = min((day for day, _hour in counts), default=before)
    return [first + dt.timedelta(days=count) for count in range((before - first).days)]


def _deviation(
    rule: str, now: Sequence[Seen], sample: list[int], figures: Figures, facts: dict[str, Any]
) -> Finding | None:
    if len(sample) < figures["baseline.least_days"]:
        return None
    z = robust_z(len(now), sample, figures["baseline.spread"])
    if z < figures["baseline.z"]:
        return None
    facts |= {"count": len(now), "usual": shown_number(median(sample)), "days": len(sample), "z": f"{z:.1f}"}
    return _found(rule, now[-1], facts, now)


def tampering(record: Seen) -> Finding | None:
    """A forged or reused token is told always."""
    if record.outcome != "tampering":
        return None
    facts = {"act": record.act, "address": record.address or "–", "why": record.why or "–"}
    subject = record.name or f"network {network_of(record.address) or '–'}"
    return _found("tampering", record, facts, [record], subject=subject)


def _found(rule: str, last: Seen, facts: Mapping[str, Any], records: Sequence[Seen], *, subject: str = "") -> Finding:
    behind = tuple(one.position for one in records[-MOST_RECORDS:])
    return Finding(
        rule=rule, at=last.at, facts=facts, records=behind, officer=last.officer, subject=subject or last.name
    )
