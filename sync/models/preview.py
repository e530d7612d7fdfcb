"""What a preview found: what a sync would do to each record."""

from __future__ import annotations

from django.db import models

from foundation.tenancy.models import TenantModel
from sync.models.run import Run


class PreviewRecord(TenantModel):
    """What the previewed sync would do to one record; in the words of the journal, which it would write. Kept until the connection's
    next preview.

    ``record_id``: None for a record that is not here. ``before``/``after``: only the columns that would change. ``reason``: why it would
    be removed, or is skipped. Unchanged records are counted with their stream, not listed.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        REMOVED = "removed"
        RESTORED = "restored"
        SKIPPED = "skipped"

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="previewed", db_constraint=False, db_index=False
    )
    stream = models.CharField(max_length=32)
    record_id = models.BigIntegerField(null=True)
    remote_id = models.CharField(max_length=64)
    label = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run", "stream", "id"], name="previewrecord_of_run")]

    def __str__(self) -> str:
        return f"{self.stream} {self.remote_id}"
