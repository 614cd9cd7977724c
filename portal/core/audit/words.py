"""The trail in officers' words: outcomes, roles, the rules that refused, the doors."""

from portal.core.access import ROLES
from portal.core.i18n import _

OUTCOMES = {
    "done": _("done"),
    "refused": _("refused"),
    "failed": _("failed"),
    "tampering": _("tampering"),
    "read": _("file handed out"),
    "renewed": _("sign-in renewed"),
}
TITLES = {**ROLES, "system": _("The portal itself"), "none": _("No role yet")}
WHYS = {
    "right": _("the role does not include it"),
    "unassigned": _("the project is not assigned to them"),
    "key": _("the key for machines does not include it"),
    "restricted": _("the volume is closed to consultants"),
    "place": _("they are posted elsewhere"),
    "separation": _("they had a part in what is judged"),
}
DOORS = {"web": _("page"), "api": _("API"), "job": _("the portal's own job"), "cli": _("command line")}
