"""Acts and modules in words: what a role gives, what a key for machines may do."""

from typing import Any

from portal.core.i18n import _

MODULES: dict[str, Any] = {
    "projects": _("Projects"),
    "dpr_mode": _("Mode of preparing the DPR"),
    "technical_survey": _("Technical survey"),
    "design_drawing": _("Design and drawings"),
    "boq_estimates": _("Estimates"),
    "clearances": _("Clearances"),
    "attachments": _("Files of projects"),
    "doc_assembly": _("DPR assembly"),
    "quality_review": _("Quality review"),
    "tech_sanction": _("Technical sanction"),
    "dashboard": _("Dashboard"),
    "analytics": _("Analytics"),
    "delegations": _("Instruments of delegation"),
    "accounts": _("Officers"),
    "security": _("Security"),
    "audit_trail": _("Audit trail"),
}
VERBS: dict[str, Any] = {"read": _("read"), "write": _("enter and correct")}
ACTS: dict[str, Any] = {
    "projects.import": _("load works reports, settle what they flag"),
    "projects.assign": _("assign consultants to projects"),
    "boq_estimates.recapitulate": _("set the percentages and lump sums of the recapitulation"),
    "boq_estimates.submit": _("send a version to review, withdraw it"),
    "boq_estimates.decide": _("decide a review step of a version"),
    "attachments.withdraw": _("withdraw files"),
    "doc_assembly.author": _("write the text of sections"),
    "doc_assembly.check": _("check and approve sections"),
    "doc_assembly.build": _("start a draft report, cancel one's own"),
    "doc_assembly.submission": _("build reports for submission and sanction"),
    "doc_assembly.cancel_any": _("cancel another officer's report, force a new version"),
    "tech_sanction.query": _("raise a query, return for correction"),
    "tech_sanction.review": _("review"),
    "tech_sanction.decide": _("decide, sign and cancel orders"),
    "delegations.issue": _("issue, declare and revoke instruments"),
    "accounts.secure": _("roles, disabling, keys of the installation"),
    "security.handle": _("handle incidents, end sessions, lock accounts"),
    "audit_trail.export": _("take records out as a file"),
}


def act_in_words(act: str) -> str:
    """What an act is, within its module."""
    return str(ACTS.get(act) or VERBS.get(act.partition(".")[2]) or act)


def grouped(acts: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Acts with their words under the name of their module, both in the order in which modules are known."""
    order = list(MODULES)
    found: dict[str, list[tuple[str, str]]] = {}
    for act in sorted(acts, key=lambda act: (order.index(act.partition(".")[0]), act in ACTS, act)):
        found.setdefault(str(MODULES[act.partition(".")[0]]), []).append((act, act_in_words(act)))
    return found
