"""Agreements with clients, what they add up to, and the products that are sold."""

from __future__ import annotations

from django.db import models

from clients.models.company import Company, Contact, Site
from foundation.ledger.models import SyncedRecord


class Product(SyncedRecord):
    identifier = models.TextField(blank=True)
    name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
    category = models.TextField(blank=True)
    manufacturer = models.TextField(blank=True)
    unit_price = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    unit_cost = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    custom_fields = models.JSONField(default=dict)

    class Meta(SyncedRecord.Meta):
        pass

    def __str__(self) -> str:
        return self.name or self.identifier


class Agreement(SyncedRecord):
    name = models.TextField()
    type_name = models.TextField(blank=True)
    status_name = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    company = models.ForeignKey(
        Company, null=True, on_delete=models.CASCADE, related_name="agreements", db_constraint=False
    )
    company_remote_id = models.CharField(max_length=64, null=True)
    company_name = models.TextField(blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    site_remote_id = models.CharField(max_length=64, null=True)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    contact_remote_id = models.CharField(max_length=64, null=True)
    contact_name = models.TextField(blank=True)
    parent_agreement = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    parent_agreement_remote_id = models.CharField(max_length=64, null=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    cancelled_on = models.DateField(null=True)
    billing_cycle = models.TextField(blank=True)
    amount = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    currency = models.TextField(blank=True)
    purchase_order = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    body_format = models.TextField(default="plain")
    remote_created_at = models.DateTimeField(null=True)
    custom_fields = models.JSONField(default=dict)

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "name", "id"], name="agreement_by_name", condition=models.Q(removed_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.name


class AgreementAddition(SyncedRecord):
    agreement = models.ForeignKey(
        Agreement, null=True, on_delete=models.CASCADE, related_name="additions", db_constraint=False
    )
    agreement_remote_id = models.CharField(max_length=64)
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    product_remote_id = models.CharField(max_length=64, null=True)
    product_name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    included = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    unit_price = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    unit_cost = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    total = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    billing = models.TextField(blank=True)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    serial_number = models.TextField(blank=True)
    custom_fields = models.JSONField(default=dict)

    class Meta(SyncedRecord.Meta):
        pass

    def __str__(self) -> str:
        return self.product_name or self.description
