"""The tenant, who belongs to it, and what they may do."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from foundation.tenancy.models.base import TenantModel


class Organization(models.Model):
    """An MSP. ``time_zone`` decides when its night is."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Role(TenantModel):
    """A named set of permissions. ``builtin`` ones (admin, technician, readonly) can't be changed or removed."""

    name = models.CharField(max_length=60)
    builtin = models.CharField(max_length=20, blank=True)
    permissions = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="role_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A person's place in an organization."""

    user = models.ForeignKey("tenancy.User", on_delete=models.CASCADE, related_name="+")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return str(self.user)


class Invitation(TenantModel):
    """An offer to join, sent by mail. Only a digest of the token is kept."""

    email = models.EmailField(max_length=254)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    token_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.email

    def is_open_at(self, now: dt.datetime) -> bool:
        """Whether it can be accepted at ``now``, by the database's clock."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now
