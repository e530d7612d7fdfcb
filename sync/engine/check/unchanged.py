"""Whether what was read may still be applied: what a preview said, or a person approved, must be what happens."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from foundation.ledger.models import JournalEntry
from integrations.models import Connection
from integrations.settings_schema import digest_of
from sync.engine.run.stored_plan import reads_otherwise
from sync.engine.run.work import Work
from sync.models import Run

AGAIN = "Preview again to see what a sync would do now."


class Outdated(Exception):
    """What a person was shown would not be what happens."""


def require_unchanged(work: Work) -> None:
    """Refuses to apply a preview that is not true any more, or what was approved under other settings, in the caller's transaction. Raises
    Outdated; nothing for other runs."""
    approved = bool(work.run.verification.get("approved_by"))
    if work.run.applies is None and not approved:
        return
    connection = Connection.objects.get(pk=work.connection.pk)
    if work.run.applies is not None:
        preview = Run.objects.get(pk=work.run.applies)
        if problem := outdated(preview, connection, besides=work.run.pk):
            raise Outdated(problem)
    if approved and reads_otherwise(work.run, connection):
        raise Outdated(f"{CHANGED_SINCE_READ} The next sync reads with the new ones.")


CHANGED_SINCE_READ = "The settings of this connection have changed since this run read the PSA."


def outdated(preview: Run, connection: Connection, *, besides: int | None = None) -> str:
    """Why the preview is not true any more, in a sentence; "" while it is. Asks what people changed and what other runs wrote."""
    if preview.plan.get("digest") != digest_of(connection):
        return f"The settings of this connection have changed since the preview. {AGAIN}"
    at = preview_made_at(preview)
    if at is None:
        return f"This preview has not ended well. {AGAIN}"
    runs = Run.objects.filter(connection_id=connection.pk).exclude(pk__in=[preview.pk, besides or preview.pk])
    lately = runs.filter(Q(finished_at=None) | Q(finished_at__gte=at), started_at__isnull=False)
    ids = list(lately.exclude(kind=Run.Kind.PREVIEW).values_list("pk", flat=True))
    wrote = JournalEntry.objects.filter(run_id__in=ids, at__gte=at).order_by("-run_id").values_list("run_id", flat=True)
    other = wrote.first() or undone_since(connection, at)
    return f"Run {other} has changed records of this connection since the preview. {AGAIN}" if other else ""


def undone_since(connection: Connection, at: dt.datetime) -> int | None:
    """A run that was undone since."""
    undone = Run.objects.filter(connection_id=connection.pk, verification__has_key="undone")
    for pk, moment in undone.values_list("pk", "verification__undone__at"):
        if dt.datetime.fromisoformat(moment) >= at:
            return int(pk)
    return None


def preview_made_at(preview: Run) -> dt.datetime | None:
    """When the preview compared what it had read with what was here."""
    at = preview.verification.get("preview", {}).get("at")
    return dt.datetime.fromisoformat(at) if at else None
