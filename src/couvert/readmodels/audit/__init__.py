"""Proves from the log that nothing was lost, and that nothing was handed over twice without a decision."""

from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.walk import audit

__all__ = ["AuditReport", "audit"]
