"""What the page of a preview offers, and where its records are read from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from foundation.core import database_clock
from foundation.ledger.models import JournalEntry
from integrations.models import Connection
from sync.engine.check.unchanged import AGAIN, outdated
from sync.models import PreviewRecord, Run


@dataclass(frozen=True, slots=True)
class PreviewOffer:
    """``until``: when what was read goes; ``refusal``: why it can't be applied, "" when it can. ``held``: why applying it would wait for
    approval, "" when it would not. ``applied_by``: the run that took it."""

    until: dt.datetime | None
    refusal: str
    held: str
    unsent: int
    applied_by: int | None
    of: str


def preview_offer(run: Run) -> PreviewOffer | None:
    """What can be done with a preview that has come to its end; None for other runs."""
    if not run.is_preview or run.state != Run.State.DONE:
        return None
    said = run.verification.get("preview", {})
    return PreviewOffer(
        until=run.staged_until,
        refusal=apply_refusal(run, run.connection),
        held=said.get("held", ""),
        unsent=said.get("unsent", 0),
        applied_by=run.scope.get("applied_by"),
        of=run.reads_as,
    )


def apply_refusal(preview: Run, connection: Connection) -> str:
    """Why the preview can't be applied, in a sentence; "" when it can."""
    if not preview.is_preview:
        return "This run is not a preview."
    if preview.is_open:
        return "This preview has not ended yet. Wait for it."
    if preview.state != Run.State.DONE:
        return f"This preview did not come to its end: nothing can be applied. {AGAIN}"
    if preview.scope.get("applied_by"):
        return f"Run {preview.scope['applied_by']} has taken this preview already. {AGAIN}"
    if preview.staged_until is None or preview.staged_until <= database_clock.now():
        return f"What this preview read was kept for an hour and is gone. {AGAIN}"
    return outdated(preview, connection)


def entries_of(run: Run) -> QuerySet[JournalEntry] | QuerySet[PreviewRecord]:
    """What the run changed, or would change, record by record: both speak the same words."""
    if run.is_preview:
        said: QuerySet[PreviewRecord] = PreviewRecord.objects.filter(run_id=run.pk)
        return said
    written: QuerySet[JournalEntry] = JournalEntry.objects.filter(run_id=run.pk)
    return written


def table_of(run: Run) -> str:
    """The table behind ``entries_of``."""
    model = PreviewRecord if run.is_preview else JournalEntry
    return str(model._meta.db_table)
