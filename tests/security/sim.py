"""A month of fifty ordinary officers, drawn by a seeded generator: what the rules are tuned on.

Invented, not measured: log-normal hours of work, mobile networks, a forgotten password now and then, a link to a page
of another role, an evening of corrections before a meeting, a month's end.
"""

import datetime as dt
import math
import random
import uuid
from collections import Counter

from portal.core.calendar import IST
from portal.security.rules.hours import by_night, is_day_off
from portal.security.rules.parameters import DEFAULTS
from portal.security.rules.signs import Seen, burst, new_place, night_downloads, unusual_day, unusual_hour

FIRST = dt.date(2026, 8, 1)
HISTORY, MONTH = 60, 30
OFFICE = ["10.1.1.7", "10.1.2.9", "10.2.1.4"]


class Life:
    """One officer's records, day by day."""

    def __init__(self, seed):
        self.dice, self.officer, self.position = random.Random(seed), uuid.UUID(int=seed + 1), 0
        self.pace = self.dice.lognormvariate(math.log(9), 0.5)  # acts an hour
        self.desk = self.dice.choice(OFFICE)
        self.devices = [self.dice.choice(["Chrome, Windows", "Edge, Windows", "Firefox, Linux"]), "Chrome, Android"]
        self.records = []

    def live(self):
        for number in range(HISTORY + MONTH):
            day = FIRST + dt.timedelta(days=number)
            off = is_day_off(day, DEFAULTS)
            if self.dice.random() < (0.12 if off else 0.93):
                self.day(day, off)
        self.records.sort(key=lambda one: one.at)
        return self.records

    def day(self, day, off):
        mood = self.dice.lognormvariate(0, 0.35) * (1.6 if day.day >= 28 else 1)
        starts = self.dice.gauss(10.2, 0.5)
        hours = self.dice.choice([1, 2]) if off else round(self.dice.gauss(8, 1))
        self.sign_in(day, starts, away=off or self.dice.random() < 0.06)
        for hour in range(hours):
            self.work(day, starts + hour, self.pace * mood * (0.4 if hour == 3 else 1))
        if self.dice.random() < 0.08:  # an evening of corrections
            self.sign_in(day, 21.0 + self.dice.random(), away=True)
            self.work(day, 21.2 + self.dice.random(), self.pace * self.dice.lognormvariate(0, 0.5))
            for _one in range(self.dice.randint(0, 5)):
                self.see(day, 21.6 + self.dice.random(), "doc_assembly.read", outcome="read")

    def work(self, day, hour, mean):
        mean *= self.dice.gammavariate(2.5, 1 / 2.5)  # overdispersed: some hours are meetings, some are data entry
        for _one in range(poisson(self.dice, mean)):
            self.see(day, hour + self.dice.random(), "boq_estimates.write")
        for _one in range(poisson(self.dice, 0.35)):
            self.see(day, hour + self.dice.random(), "doc_assembly.read", outcome="read")
        if self.dice.random() < 0.02:  # a page that is not theirs, tried two or three times
            at = hour + self.dice.random()
            for again in range(self.dice.randint(1, 3)):
                self.see(day, at + again / 120, "tech_sanction.decide", outcome="refused")

    def sign_in(self, day, hour, away):
        address = f"49.{self.dice.randint(32, 47)}.{self.dice.randint(0, 255)}.9" if away else self.desk
        device = self.devices[1] if away and self.dice.random() < 0.7 else self.devices[0]
        if self.dice.random() < 0.004:
            device = "Safari, iOS"  # a colleague's telephone
        for again in range(self.dice.randint(1, 3) if self.dice.random() < 0.07 else 0):
            self.see(day, hour - 0.1 + again / 120, "accounts.sign_in", "failed", address, device)
        self.see(day, hour, "accounts.sign_in", "done", address, device)

    def see(self, day, hour, act, outcome="done", address="", device=""):
        at = dt.datetime.combine(day, dt.time(), IST) + dt.timedelta(hours=hour)
        self.position += 1
        facts = {"act": act, "outcome": outcome, "officer": self.officer, "address": address, "device": device}
        self.records.append(Seen(position=self.position, at=at, name="o", **facts))


def poisson(dice, mean):
    """A draw by the product of uniforms (Knuth); the means here are small."""
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def alerts_of(records, figures=DEFAULTS):
    """What the rules say of the last month of one officer, each rule once an hour at most."""
    begins = dt.datetime.combine(FIRST + dt.timedelta(days=HISTORY), dt.time(), IST)
    said = {}
    for found in _findings(records, begins, figures):
        said[found.rule, int(found.at.timestamp() // 3600)] = found
    return list(said.values())


def _findings(records, begins, figures):
    yield from _sign_ins(records, begins, figures)
    for rule, outcome in (("refusals", "refused"), ("failures", "failed")):
        kind = [one for one in records if one.outcome == outcome]
        hourly = len([one for one in kind if one.at < begins]) / (HISTORY * 24)
        for one in (one for one in kind if one.at >= begins):
            span = [other for other in kind if one.at - dt.timedelta(minutes=10) < other.at <= one.at]
            yield from _some(burst(rule, span, hourly, figures, {"name": one.name}))
    yield from _downloads(records, begins, figures)
    yield from _baselines(records, begins, figures)


def _sign_ins(records, begins, figures):
    signed = [one for one in records if one.act == "accounts.sign_in" and one.outcome == "done"]
    for number, one in enumerate(signed):
        if one.at >= begins:
            yield from _some(new_place(one, signed[:number], figures))


def _downloads(records, begins, figures):
    read = [one for one in records if one.outcome == "read"]
    nights = by_night([one.at for one in read if one.at >= begins], figures)
    for night in nights:
        tonight = [one for one in read if by_night([one.at], figures).get(night)]
        earlier = [one.at for one in read if one.at < tonight[0].at]
        yield from _some(night_downloads(tonight, earlier, HISTORY, figures))


def _baselines(records, begins, figures):
    acts = [one for one in records if one.outcome != "failed"]
    hours, days = {}, {}
    for one in acts:
        here = one.at.astimezone(IST)
        hours.setdefault((here.date(), here.hour), []).append(one)
        days.setdefault(here.date(), []).append(one)
    counts = Counter({slot: len(found) for slot, found in hours.items()})
    for (day, _hour), found in hours.items():
        if found[0].at >= begins:
            yield from _some(unusual_hour(found, _before(counts, day, figures), figures))
    for day, found in days.items():
        if found[0].at >= begins:
            yield from _some(unusual_day(found, _before(counts, day, figures), figures))


def _before(counts, day, figures):
    oldest = day - dt.timedelta(days=figures.whole("baseline.days"))
    return {slot: count for slot, count in counts.items() if oldest <= slot[0] < day}


def _some(found):
    return [found] if found else []
