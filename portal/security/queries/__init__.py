"""Reading what the watch knows."""

from portal.security.queries.desk import (
    find_records,
    find_sessions,
    get_overview,
    list_open_sessions,
    list_records,
    list_today,
)
from portal.security.queries.figures import get_figure, list_figures
from portal.security.queries.incidents import (
    find_alerts,
    find_incidents,
    get_alert,
    get_incident,
    get_incident_dossier,
    list_alert_records,
    list_alerts,
    list_incident_events,
    list_incidents,
)

__all__ = [
    "find_alerts",
    "find_incidents",
    "find_records",
    "find_sessions",
    "get_alert",
    "get_figure",
    "get_incident",
    "get_incident_dossier",
    "get_overview",
    "list_alert_records",
    "list_alerts",
    "list_figures",
    "list_incident_events",
    "list_incidents",
    "list_open_sessions",
    "list_records",
    "list_today",
]
