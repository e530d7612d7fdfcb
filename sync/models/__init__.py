"""The ledger of synchronisation."""

from sync.models.alarm import Alarm, MailChoice
from sync.models.change import InstanceChange
from sync.models.drift import DriftAudit, DriftStream
from sync.models.excluded_company import OutsideCompany
from sync.models.issue import Issue
from sync.models.pending_removal import Victim
from sync.models.preview import PreviewRecord
from sync.models.run import Run, RunIssue, RunLog, RunSignal, RunStream
from sync.models.schedule import Cursor, Nightly, ParentRead, Schedule

__all__ = [
    "Alarm",
    "Cursor",
    "DriftAudit",
    "DriftStream",
    "InstanceChange",
    "Issue",
    "MailChoice",
    "Nightly",
    "OutsideCompany",
    "ParentRead",
    "PreviewRecord",
    "Run",
    "RunIssue",
    "RunLog",
    "RunSignal",
    "RunStream",
    "Schedule",
    "Victim",
]
