"""A connection on its way from one PSA instance to another."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from foundation.tenancy.models import TenantModel


class InstanceChange(TenantModel):
    """One change of the instance, from the moment somebody disconnected the old one. ``finished_at``: done or called off.

    ``old``: {"provider", "name", "address", "fingerprint"} of the instance that was left. ``was_paused``: whether the schedule rested before.
    ``counts``: {stream: records that people saw} when the purge began, ``purged``: {what: rows deleted so far}. ``hidden_at``: from then
    on nobody sees records of the old instance. ``reading``: the run that brings members and companies, before the first sync.
    """

    class Step(models.TextChoices):
        DISCONNECTED = "disconnected", "Disconnected"
        PURGING = "purging", "Purging"
        PURGED = "purged", "Purged"
        CONNECTING = "connecting", "Connecting"
        READING = "reading", "Mapping"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Called off"

    RESTS = (Step.DISCONNECTED, Step.PURGING, Step.PURGED, Step.CONNECTING)
    """No sync may run: from the disconnecting until the new instance is configured."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    step = models.CharField(max_length=12, choices=Step.choices, default=Step.DISCONNECTED)
    reason = models.TextField()
    old = models.JSONField(default=dict)
    was_paused = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)
    purged = models.JSONField(default=dict)
    reading = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    hidden_at = models.DateTimeField(null=True)
    journal_gone_at = models.DateTimeField(
        null=True, help_text="Setting it deletes the connection's journal, which nobody else may."
    )
    purged_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True, help_text="When a worker was last told of the purge.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(finished_at=None), name="instancechange_one_open"
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(step="purging"), name="instancechange_purging")]
