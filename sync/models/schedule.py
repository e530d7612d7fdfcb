"""When syncs are due, and how far each stream has been read."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models.functions import Now

from foundation.tenancy.models import TenantModel


class Schedule(TenantModel):
    """A connection's times. ``quick_minutes`` 0 is off. ``nightly_at``: local time of the organization, start of a window of ``window_minutes``.

    ``full_every``: with quick nightlies, how often one is full (weekly, monthly, quarterly).
    """

    class NightlyKind(models.TextChoices):
        FULL = "full", "Full"
        QUICK = "quick", "Quick"

    class FullEvery(models.TextChoices):
        WEEK = "week", "Weekly"
        MONTH = "month", "Monthly"
        QUARTER = "quarter", "Quarterly"

    connection = models.OneToOneField(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    quick_minutes = models.IntegerField(default=15)
    quick_next_at = models.DateTimeField(null=True)
    nightly_on = models.BooleanField(default=True)
    nightly_at = models.TimeField(default=dt.time(1, 0))
    window_minutes = models.IntegerField(default=120)
    nightly_kind = models.CharField(max_length=8, choices=NightlyKind.choices, default=NightlyKind.FULL)
    full_every = models.CharField(max_length=8, choices=FullEvery.choices, default=FullEvery.WEEK)
    nightly_next_at = models.DateTimeField(null=True)
    nightly_next_date = models.DateField(null=True, help_text="The local night that nightly_next_at belongs to.")
    paused_at = models.DateTimeField(null=True)
    paused_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )

    class Meta:
        indexes = [models.Index(fields=["quick_next_at"], name="schedule_quick_due")]


class Nightly(TenantModel):
    """One local night of one connection: it runs once, whatever the clocks do."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    local_date = models.DateField()
    due_at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    run = models.ForeignKey("sync.Run", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now())
    caught_up = models.BooleanField(default=False, help_text="Started later than its window.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "local_date"], name="nightly_once_a_night")]


class Cursor(TenantModel):
    """How far a stream has been read, in the PSA's clock."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    stream = models.CharField(max_length=32)
    watermark = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    full_at = models.DateTimeField(null=True, help_text="When the stream was last read completely.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "stream"], name="cursor_once")]


class ParentRead(TenantModel):
    """When the children of one parent were last read, of a stream that costs a request a parent."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    stream = models.CharField(max_length=32)
    parent_remote_id = models.CharField(max_length=64)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "stream", "parent_remote_id"], name="parentread_once")
        ]
        indexes = [models.Index(fields=["connection", "stream", "read_at"], name="parentread_oldest")]
