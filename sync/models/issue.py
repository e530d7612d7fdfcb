"""What is broken now, across runs: one open row per record, stream or connection, until a later success clears it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from foundation.tenancy.models import TenantModel


class Issue(TenantModel):
    """A failure that has not been mended yet.

    ``remote_id`` is empty where a whole stream failed, or a stream below ``parent_remote_id``; ``stream`` too where the whole run did.
    ``cause``: the message without its numbers, so that records that fail alike stand together. ``times``: in how many runs and retries it failed.
    ``retry_at``: somebody asked for another try then. ``first_run``, ``last_run``, ``cleared_run``: ids, for the runs may be gone.
    """

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    stream = models.CharField(max_length=32, blank=True)
    parent_remote_id = models.CharField(max_length=64, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=32)
    cause = models.CharField(max_length=300)
    message = models.TextField()
    sample = models.TextField(blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    first_run = models.BigIntegerField(null=True)
    last_run = models.BigIntegerField(null=True)
    times = models.IntegerField(default=1)
    retry_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)
    dismissed_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    dismiss_reason = models.TextField(blank=True)
    cleared_at = models.DateTimeField(null=True)
    cleared_run = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "stream", "parent_remote_id", "remote_id"],
                name="issue_open_once",
                condition=Q(cleared_at=None),
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="issue_open", condition=Q(cleared_at=None)),
            models.Index(fields=["retry_at"], name="issue_retry", condition=Q(retry_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.remote_id}".strip() or "the run"
