"""What PSA values are mapped to: words and clients of the whole organization, whichever connections it has."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now

from foundation.tenancy.models import TenantModel


class PortalValue(TenantModel):
    """A status, priority, category or custom field as the organization calls it.

    ``key``: what a value of the beginning means, such as "waiting_vendor", whatever it is called now; empty for added ones.
    ``tone``: as of a badge. ``data_type``: of a custom field only. ``position``: the place in lists.
    """

    class DataType(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        YES_NO = "yes_no", "Yes or no"

    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=100)
    tone = models.CharField(max_length=12, default="neutral")
    data_type = models.CharField(max_length=12, blank=True, choices=DataType.choices)
    position = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("organization", "kind", Lower("name"), name="portalvalue_name_once")]

    def __str__(self) -> str:
        return self.name


class Client(TenantModel):
    """A client of the organization: companies of several connections, or of an old and a new PSA, may be the same one."""

    name = models.CharField(max_length=200)
    website = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="client_name_once")]

    def __str__(self) -> str:
        return self.name
