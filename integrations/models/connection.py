"""One configured PSA of one organization."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from foundation.tenancy.models import TenantModel


class Connection(TenantModel):
    """``state`` is what the last calls proved, ``state_reason`` says why in a sentence, since ``state_since``.

    ``settings``: what to sync (see ``integrations.settings_schema``). ``credentials``: encrypted, never shown again.
    ``fingerprint``: which PSA instance it leads to, "" while that is not known; within an organization each instance is connected once.
    ``range_start``: the date range's beginning, fixed when the range is set and at each clear and resync, so that the scope stands still between runs.
    ``draft_credentials``: typed but not accepted yet; syncs do not use them. ``last_test``: {"at", "checks", "fingerprint"}.
    ``catalog``: what the PSA offers to choose from (see ``integrations.catalog``).
    ``usage``: {"used", "limit", "minutes", "slow_above", "stop_above", "at"}: the PSA's own count of requests as a run last saw it; None where it tells none.
    ``retry_at``: when the PSA is asked whether it accepts refused credentials again; None in every other state. ``refused_tries``: how
    often in a row such a moment was set: the pauses grow with it.
    ``setup_step``: where the configure pages were left; empty when they are done.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Setting up"
        CONNECTED = "connected", "Connected"
        STALE = "stale", "Not confirmed"
        FAILING = "failing", "Failing"
        REFUSED = "refused", "Credentials refused"
        PAUSED = "paused", "Paused"

    provider = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    state_reason = models.TextField(blank=True)
    state_since = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    refused_tries = models.IntegerField(default=0, db_default=0)
    credentials = models.TextField(blank=True)
    address = models.CharField(max_length=300, blank=True)
    fingerprint = models.CharField(max_length=200, blank=True)
    product = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=60, blank=True)
    settings = models.JSONField(default=dict)
    range_start = models.DateTimeField(null=True)
    usage = models.JSONField(null=True)
    setup_step = models.CharField(max_length=20, blank=True)
    draft_credentials = models.TextField(blank=True)
    last_test = models.JSONField(null=True)
    catalog = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="connection_name_once"),
            models.UniqueConstraint(
                fields=["organization", "provider", "fingerprint"],
                name="connection_instance_once",
                condition=~Q(fingerprint=""),
            ),
        ]
        indexes = [models.Index(fields=["retry_at"], name="connection_retry_due", condition=Q(retry_at__isnull=False))]

    def __str__(self) -> str:
        return self.name

    def setting(self, name: str, default: Any = None) -> Any:
        """One of the settings, or ``default``."""
        return self.settings.get(name, default)
