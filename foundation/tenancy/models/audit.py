"""Who did what, from where. Append-only: the app role may not update or delete."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from foundation.tenancy.models.base import TenantModel


class AuditEvent(TenantModel):
    """One act, written in the transaction of what it describes.

    ``action``: "connection.created" …; ``changes``: {field: [before, after]}, secrets as "•••"; ``origin``: page, cli, system or api.
    """

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    actor_label = models.CharField(max_length=254, blank=True)
    origin = models.CharField(max_length=16, default="system")
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.BigIntegerField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-at", "-id"], name="audit_by_time"),
            models.Index(fields=["organization", "actor", "-at", "-id"], name="audit_by_person"),
        ]
