"""The ledger of synchronisation."""

from sync.models.drift import DriftAudit, DriftStream
from sync.models.issue import Issue
from sync.models.run import Run, RunIssue, RunLog, RunSignal, RunStream
from sync.models.schedule import Cursor, Nightly, ParentRead, Schedule
from sync.models.victim import Victim

__all__ = [
    "Cursor",
    "DriftAudit",
    "DriftStream",
    "Issue",
    "Nightly",
    "ParentRead",
    "Run",
    "RunIssue",
    "RunLog",
    "RunSignal",
    "RunStream",
    "Schedule",
    "Victim",
]
