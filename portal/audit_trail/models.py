"""The tables of the trail, which the core writes."""

from portal.core.audit import AuditDay, AuditRecord, AuditSeal

__all__ = ["AuditDay", "AuditRecord", "AuditSeal"]
