"""Invoices and opportunities of clients. Money is numeric."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models.functions import Coalesce

from clients.models.agreement import Agreement
from clients.models.asset import NEVER
from clients.models.company import Company, Contact, Site
from foundation.ledger.models import Named, SyncedRecord

BEFORE_ALL = dt.date(1, 1, 1)
"""Where a list of the newest first puts what has no day: at its end."""


class Invoice(SyncedRecord):
    """``lines``: [{"description", "quantity", "unit_price", "total"}], amounts as text. ``ticket_remote_id``: tickets are another store's."""

    number = models.TextField(blank=True)
    type_name = models.TextField(blank=True)
    status_name = models.TextField(blank=True)
    company = models.ForeignKey(
        Company, null=True, on_delete=models.CASCADE, related_name="invoices", db_constraint=False
    )
    company_remote_id = models.CharField(max_length=64, null=True)
    company_name = models.TextField(blank=True)
    agreement = models.ForeignKey(
        Agreement, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    agreement_remote_id = models.CharField(max_length=64, null=True)
    ticket_remote_id = models.CharField(max_length=64, null=True)
    invoiced_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    subtotal = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    tax = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    total = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    paid = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    balance = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.TextField(blank=True)
    purchase_order = models.TextField(blank=True)
    reference = models.TextField(blank=True)
    lines = models.JSONField(default=list)
    remote_created_at = models.DateTimeField(null=True)
    custom_fields = models.JSONField(default=dict)
    listed_on = models.GeneratedField(
        expression=Coalesce("invoiced_on", models.Value(BEFORE_ALL, models.DateField())),
        output_field=models.DateField(),
        db_persist=True,
    )

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "listed_on", "id"], name="invoice_by_day", condition=models.Q(removed_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.number


class OpportunityStatus(Named):
    is_closed = models.BooleanField(default=False)
    is_won = models.BooleanField(default=False)
    is_lost = models.BooleanField(default=False)


class Opportunity(SyncedRecord):
    """``probability``: per cent. ``owner_remote_id``: members are another store's."""

    name = models.TextField()
    type_name = models.TextField(blank=True)
    stage_name = models.TextField(blank=True)
    status = models.ForeignKey(
        OpportunityStatus, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    status_remote_id = models.CharField(max_length=64, null=True)
    status_name = models.TextField(blank=True)
    rating = models.TextField(blank=True)
    probability = models.IntegerField(null=True)
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.TextField(blank=True)
    company = models.ForeignKey(
        Company, null=True, on_delete=models.CASCADE, related_name="opportunities", db_constraint=False
    )
    company_remote_id = models.CharField(max_length=64, null=True)
    company_name = models.TextField(blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    site_remote_id = models.CharField(max_length=64, null=True)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    contact_remote_id = models.CharField(max_length=64, null=True)
    contact_name = models.TextField(blank=True)
    owner_remote_id = models.CharField(max_length=64, null=True)
    owner_name = models.TextField(blank=True)
    source = models.TextField(blank=True)
    expected_close_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    notes = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
    remote_created_at = models.DateTimeField(null=True)
    custom_fields = models.JSONField(default=dict)
    listed_on = models.GeneratedField(
        expression=Coalesce("expected_close_on", models.Value(NEVER, models.DateField())),
        output_field=models.DateField(),
        db_persist=True,
    )

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "listed_on", "id"],
                name="opportunity_by_day",
                condition=models.Q(removed_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.name
