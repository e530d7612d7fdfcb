"""What every tenant's table has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from django.db import models

from foundation.tenancy.scope import SYSTEM, TenantMissing, active_scope

M = TypeVar("M", bound=models.Model, covariant=True)

if TYPE_CHECKING:
    _Base = models.Manager[M]
else:

    class _Base(models.Manager, Generic[M]):
        """At run time Django's manager; typed above."""


class TenantManager(_Base[M]):
    """Rows of the current organization; raises TenantMissing without one. The database refuses independently."""

    def get_queryset(self) -> models.QuerySet[M]:
        scope = active_scope()
        if scope is None:
            raise TenantMissing(f"{self.model.__name__} was read while no organization is set.")
        rows = super().get_queryset()
        return rows if scope == SYSTEM else rows.filter(organization_id=scope)


class TenantModel(models.Model):
    """Base of every table that holds an organization's data."""

    organization = models.ForeignKey("tenancy.Organization", on_delete=models.CASCADE, related_name="+", db_index=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
