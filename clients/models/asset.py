"""Assets: the configuration items of clients."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models.functions import Coalesce

from clients.models.company import Company, Contact, Site
from foundation.ledger.models import SyncedRecord

NEVER = dt.date(9999, 12, 31)
"""Where a list puts what has no such day: at its end."""


class Asset(SyncedRecord):
    name = models.TextField()
    type_name = models.TextField(blank=True)
    status_name = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    company = models.ForeignKey(
        Company, null=True, on_delete=models.CASCADE, related_name="assets", db_constraint=False
    )
    company_remote_id = models.CharField(max_length=64, null=True)
    company_name = models.TextField(blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    site_remote_id = models.CharField(max_length=64, null=True)
    site_name = models.TextField(blank=True)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    contact_remote_id = models.CharField(max_length=64, null=True)
    contact_name = models.TextField(blank=True)
    location = models.TextField(blank=True)
    manufacturer = models.TextField(blank=True)
    model = models.TextField(blank=True)
    serial_number = models.TextField(blank=True)
    tag = models.TextField(blank=True)
    operating_system = models.TextField(blank=True)
    ip_address = models.TextField(blank=True)
    mac_address = models.TextField(blank=True)
    last_user = models.TextField(blank=True)
    purchased_on = models.DateField(null=True)
    installed_on = models.DateField(null=True)
    warranty_expires_on = models.DateField(null=True)
    notes = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
    remote_created_at = models.DateTimeField(null=True)
    custom_fields = models.JSONField(default=dict)
    warranty_listed_on = models.GeneratedField(
        expression=Coalesce("warranty_expires_on", models.Value(NEVER, models.DateField())),
        output_field=models.DateField(),
        db_persist=True,
    )

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "name", "id"], name="asset_by_name", condition=models.Q(removed_at=None)
            ),
            models.Index(
                fields=["organization", "warranty_listed_on", "id"],
                name="asset_by_warranty",
                condition=models.Q(removed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name
