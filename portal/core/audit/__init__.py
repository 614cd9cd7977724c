"""The audit trail: who did what, chained record to record, written in the transaction of what it tells."""

from portal.core.audit.chain import FIELDS, GENESIS, digest_of
from portal.core.audit.notes import acts_of, because, note, refused, witness
from portal.core.audit.records import AuditDay, AuditRecord, AuditSeal

__all__ = [
    "FIELDS",
    "GENESIS",
    "AuditDay",
    "AuditRecord",
    "AuditSeal",
    "acts_of",
    "because",
    "digest_of",
    "note",
    "refused",
    "witness",
]
