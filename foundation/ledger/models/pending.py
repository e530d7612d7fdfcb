"""Edits made here that the PSA does not have yet."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from foundation.tenancy.models import TenantModel


class PendingChange(TenantModel):
    """One local edit on its way to the PSA: base and new value per field. A clear and resync drops what is unsent.

    ``end``: why it is no longer under way, "" while it is; ``ended_run_id``: the run that ended it, where one did.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        FAILED = "failed"
        CONFLICT = "conflict"
        SENT = "sent"
        DROPPED = "dropped"

    class End(models.TextChoices):
        SENT = "sent", "The PSA has it"
        CLEARED = "cleared", "A clear and resync dropped it"
        PSA_WINS = "psa_wins", "The PSA changed the same field, and the connection's rule gives way to it"

    UNSENT = (State.WAITING, State.SENDING, State.FAILED, State.CONFLICT)
    """The PSA does not have it yet, and it has not been given up."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    stream = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=200, blank=True)
    base = models.JSONField(default=dict)
    new = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    actor = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    created_at = models.DateTimeField(db_default=Now())
    message = models.TextField(blank=True)
    end = models.CharField(max_length=16, choices=End.choices, blank=True, db_default="")
    ended_run_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "connection", "state", "id"], name="pending_open")]
