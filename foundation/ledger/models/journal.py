"""One append-only table of what each run, push or person changed."""

from __future__ import annotations

from django.db import models

from foundation.tenancy.models import TenantModel


class JournalEntry(TenantModel):
    """One record's change: a run's item list, the diff report, the record's history and the undo, from one mechanism.

    ``before``/``after`` hold only the columns that changed; a creation needs no copy of the row.
    ``reason``: why a row was removed ("gone", "left scope") or failed. ``run``: the run's id, where a run did it.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        REMOVED = "removed"
        RESTORED = "restored"

    connection_id = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    stream = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=64)
    label = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    origin = models.CharField(max_length=10, default="run")
    actor_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run_id", "stream", "id"], name="journal_run"),
            models.Index(fields=["organization", "stream", "record_id", "-id"], name="journal_record"),
        ]
