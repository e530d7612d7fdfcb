"""Client companies, their statuses and types, sites and contacts. Look-ups link when they arrive; raw names stay."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Concat

from foundation.ledger.models import Named, SyncedRecord


class CompanyStatus(Named):
    is_default = models.BooleanField(default=False)


class CompanyType(Named):
    is_default = models.BooleanField(default=False)
    is_vendor = models.BooleanField(default=False)


class PostalAddress(models.Model):
    """Where something is."""

    address_line1 = models.TextField(blank=True)
    address_line2 = models.TextField(blank=True)
    city = models.TextField(blank=True)
    state = models.TextField(blank=True)
    postal_code = models.TextField(blank=True)
    country = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def address_lines(self) -> list[str]:
        """The address as lines to print, blanks left out."""
        town = " ".join(part for part in (self.city, self.state, self.postal_code) if part)
        return [line for line in (self.address_line1, self.address_line2, town, self.country) if line]


class Company(PostalAddress, SyncedRecord):
    identifier = models.TextField(blank=True)
    name = models.TextField()
    status = models.ForeignKey(
        CompanyStatus, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    status_remote_id = models.CharField(max_length=64, null=True)
    status_name = models.TextField(blank=True)
    type_remote_ids = ArrayField(models.TextField(), default=list)
    type_names = ArrayField(models.TextField(), default=list)
    phone = models.TextField(blank=True)
    website = models.TextField(blank=True)
    territory = models.TextField(blank=True)
    remote_created_at = models.DateTimeField(null=True)
    custom_fields = models.JSONField(default=dict)

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "name", "id"], name="company_by_name", condition=models.Q(removed_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Site(PostalAddress, SyncedRecord):
    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="sites", db_constraint=False)
    company_remote_id = models.CharField(max_length=64)
    name = models.TextField()
    phone = models.TextField(blank=True)
    time_zone = models.TextField(blank=True)
    is_primary = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta(SyncedRecord.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class Contact(SyncedRecord):
    company = models.ForeignKey(
        Company, null=True, on_delete=models.CASCADE, related_name="contacts", db_constraint=False
    )
    company_remote_id = models.CharField(max_length=64, null=True)
    company_name = models.TextField(blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    site_remote_id = models.CharField(max_length=64, null=True)
    first_name = models.TextField(blank=True)
    last_name = models.TextField(blank=True)
    title = models.TextField(blank=True)
    type_names = ArrayField(models.TextField(), default=list)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    emails = models.JSONField(default=list)
    phones = models.JSONField(default=list)
    address = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    custom_fields = models.JSONField(default=dict)
    listed_name = models.GeneratedField(
        expression=Concat("last_name", models.Value(" ", models.TextField()), "first_name"),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta(SyncedRecord.Meta):
        indexes = [
            models.Index(
                fields=["organization", "last_name", "first_name", "id"],
                name="contact_by_name",
                condition=models.Q(removed_at=None),
            ),
            models.Index(
                fields=["organization", "listed_name", "id"],
                name="contact_listed",
                condition=models.Q(removed_at=None),
            ),
        ]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def __str__(self) -> str:
        return self.name
