"""The run's log: what the engine did and saw. Ids, counts and statuses; never contents or secrets."""

from __future__ import annotations

from typing import Any

import structlog
from django.utils import timezone

from integrations.port import Rejected
from sync.models import RunIssue, RunLog

log = structlog.get_logger("sync")


def note(run_id: int, organization_id: int, level: str, message: str, *, stream: str = "", **fields: Any) -> None:
    """One line, in the caller's transaction and in the process's log."""
    RunLog.objects.create(
        organization_id=organization_id,
        run_id=run_id,
        at=timezone.now(),
        level=level,
        stream=stream,
        message=message,
        fields=fields,
    )
    getattr(log, level)(message, run=run_id, stream=stream, **fields)


def issue(
    run_id: int, organization_id: int, stream: str, code: str, message: str, *, remote_id: str = "", sample: str = ""
) -> None:
    """Something that could not be merged or read: it counts, and makes the result a Warning at best."""
    RunIssue.objects.create(
        organization_id=organization_id,
        run_id=run_id,
        stream=stream,
        remote_id=remote_id,
        code=code,
        message=message,
        sample=sample[:2000],
        at=timezone.now(),
    )


def rejected(run_id: int, organization_id: int, stream: str, records: list[Rejected] | tuple[Rejected, ...]) -> None:
    """The records of a page that could not be understood."""
    for record in records:
        issue(
            run_id,
            organization_id,
            stream,
            "record_rejected",
            record.message,
            remote_id=record.remote_id,
            sample=record.sample,
        )
