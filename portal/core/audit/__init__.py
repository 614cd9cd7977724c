"""The audit trail: who did what, chained record to record, written in the transaction of what it tells."""

from portal.core.audit.chain import FIELDS, GENESIS, digest_of
from portal.core.audit.notes import acts_of, because, note, refused, witness
from portal.core.audit.records import AuditDay, AuditRecord, AuditSeal
from portal.core.audit.seals import close_days, signed, unsealed_days
from portal.core.audit.verify import RULES, Finding, Report, examine, stands, verify

__all__ = [
    "FIELDS",
    "GENESIS",
    "RULES",
    "AuditDay",
    "AuditRecord",
    "AuditSeal",
    "Finding",
    "Report",
    "acts_of",
    "because",
    "close_days",
    "digest_of",
    "examine",
    "note",
    "refused",
    "signed",
    "stands",
    "unsealed_days",
    "verify",
    "witness",
]
