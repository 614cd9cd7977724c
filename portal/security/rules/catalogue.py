"""The rules by name: what each watches and by which statistics, how an alert of it reads, and what it suggests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.i18n import _

HIGH, MEDIUM, LOW = "high", "medium", "low"
SEVERITIES = {HIGH: _("High"), MEDIUM: _("Medium"), LOW: _("Low")}
RANK = {HIGH: 3, MEDIUM: 2, LOW: 1}
END, LOCK, RESET, TALK, ASK = "end_sessions", "lock_account", "reset_second_factor", "talk", "ask"
ACTIONS = {
    END: _("End all sessions"),
    LOCK: _("Lock the account"),
    RESET: _("Reset the second factor"),
    TALK: _("Speak with the officer"),
    ASK: _("Find out who it was"),  # where it is no officer's account
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`says` is the sentence of an alert, for str.format with its facts; `how` the statistics, for the settings."""

    title: Any
    says: Any
    how: Any
    severity: str
    suggests: str
    group: str = ""


RULES: Mapping[str, Rule] = {
    "new_place": Rule(
        title=_("New network and device"),
        says=_("Signed in from network {network} with {device}, neither seen in {sign_ins} sign-ins of {days} days."),
        how=_(
            "Network (/24 for IPv4, /48 for IPv6) and device (browser and system, without their versions) are both new "
            "to an officer with a history. One of the two alone is ordinary."
        ),
        severity=MEDIUM,
        suggests=END,
        group="new_place",
    ),
    "speed": Rule(
        title=_("Impossible speed"),
        says=_(
            "{here} is {km} km from {there}, where the officer signed in {minutes} minutes before: {kmh} km an hour."
        ),
        how=_(
            "Great-circle distance between two sign-ins divided by the time between them, where places are configured."
        ),
        severity=HIGH,
        suggests=END,
        group="speed",
    ),
    "refusals": Rule(
        title=_("Burst of refusals"),
        says=_("{count} refusals in {minutes} minutes; usual {usual} an hour; chance {chance}."),
        how=_(
            "Poisson: the chance of as many refusals or more in the span, at the officer's own hourly mean of 30 days "
            "(at least the floor)."
        ),
        severity=MEDIUM,
        suggests=LOCK,
        group="refusals",
    ),
    "failures": Rule(
        title=_("Burst of failed sign-ins"),
        says=_("{count} failed sign-ins of “{name}” in {minutes} minutes; usual {usual} an hour; chance {chance}."),
        how=_(
            "Poisson: the chance of as many failures or more in the span, at the name's own hourly mean of 30 days "
            "(at least the floor)."
        ),
        severity=MEDIUM,
        suggests=TALK,
        group="failures",
    ),
    "spraying": Rule(
        title=_("Many names from one network"),
        says=_("Failed sign-ins of {names} names from network {network} in {minutes} minutes, {count} in all."),
        how=_("One network tries several names in the span: a few common passwords tried on everybody."),
        severity=HIGH,
        suggests=TALK,
        group="failures",
    ),
    "downloads": Rule(
        title=_("Downloads outside office hours"),
        says=_("{count} files in the night of {night}; usual {usual} a night, limit {limit} (n = {nights} nights)."),
        how=_(
            "Files handed out in one night, each counted once, against the mean of the officer's own nights plus so "
            "many standard deviations, and never fewer than the least."
        ),
        severity=HIGH,
        suggests=LOCK,
        group="downloads",
    ),
    "unusual_hour": Rule(
        title=_("Unusual hour"),
        says=_("{count} acts between {hour}:00 and {hour}:59; usual {usual} (median of {days} days); z = {z}."),
        how=_(
            "Robust z (median and median absolute deviation of log(1 + acts)) of this hour, against the same hour of "
            "working days, or of days off. Only more than usual is told."
        ),
        severity=LOW,
        suggests=TALK,
        group="baseline",
    ),
    "unusual_day": Rule(
        title=_("Unusual volume"),
        says=_("{count} acts today; usual {usual} (median of {days} days); z = {z}."),
        how=_(
            "Robust z (median and median absolute deviation of log(1 + acts)) of the day, against the officer's days "
            "with any act. Only more than usual is told."
        ),
        severity=LOW,
        suggests=TALK,
        group="baseline",
    ),
    "tampering": Rule(
        title=_("Forged or reused token"),
        says=_("{what}, from {address}: {why}."),
        how=_("Always: a forged token, or a refresh token used a second time, is no accident."),
        severity=HIGH,
        suggests=END,
    ),
}
WHAT = {
    "accounts.token": _("A token was forged or used again"),
    "accounts.session": _("A session was tampered with"),
    "accounts.sign_in": _("An answer of the organisation's sign-in was forged"),
    "audit_trail.seal": _("The audit trail was changed"),
}
CALLED = {  # acts that are no use case of a module, in words
    "accounts.sign_in": _("signing in"),
    "accounts.prove": _("fresh proof"),
    "accounts.token": _("API token"),
    "accounts.session": _("session of a browser"),
}
KINDS = {  # what the security page lists and counts, besides acts: records of the trail
    "signed_in": _("Sign-ins"),
    "failed": _("Failed sign-ins"),
    "refused": _("Refused acts"),
    "stale": _("Ended sign-ins tried"),
    "renewed": _("Token renewals"),
    "tampering": _("Tampering"),
    "read": _("Files handed out"),
}
ACTS = "acts"
STALE_ACTS = ("accounts.token", "accounts.session")  # a program whose token ran out is not an officer who tries doors
STATES = {"open": _("open"), "progress": _("in progress"), "closed": _("closed")}
REASONS = {
    "false_alarm": _("false alarm"),
    "harmless": _("harmless"),
    "confirmed": _("confirmed"),
    "other": _("other"),
}


def sentence(rule: str, facts: Mapping[str, Any]) -> str:
    """Why an alert was raised, with its numbers, in the reader's language."""
    what = WHAT.get(facts.get("act", ""), facts.get("act", ""))
    return str(RULES[rule].says).format(**{"what": what, **facts})
