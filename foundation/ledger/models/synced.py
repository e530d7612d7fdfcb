"""What every row that mirrors a PSA record has."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models

from foundation.tenancy.models import TenantManager, TenantModel

M = TypeVar("M", bound=models.Model, covariant=True)


class LiveManager(TenantManager[M]):
    """Rows that the PSA has: tombstones are left out."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(removed_at__isnull=True)


class SyncedRecord(TenantModel):
    """A row that mirrors one remote record. Its local primary key never changes, whatever is resynced.

    ``content_hash``: of the record as the adapter yielded it. ``remote_updated_at``: the PSA's stamp, its clock.
    ``fetched_at``: when the stored content was read (equal stamps: the later fetch wins). ``synced_at``: when this row was
    last written. ``removed_at``: a tombstone; the row is kept so that a removal can be undone and late news can't bring it back.
    """

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    remote_id = models.CharField(max_length=64)
    remote_updated_at = models.DateTimeField(null=True)
    content_hash = models.BinaryField(max_length=16)
    fetched_at = models.DateTimeField()
    first_synced_at = models.DateTimeField()
    synced_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects: ClassVar[TenantManager[Self]] = LiveManager()
    with_removed: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "with_removed"
        constraints = [
            models.UniqueConstraint(fields=["connection", "remote_id"], name="%(app_label)s_%(class)s_remote_once")
        ]


class Named(SyncedRecord):
    """A reference value with a name."""

    name = models.TextField()
    is_active = models.BooleanField(default=True)

    class Meta(SyncedRecord.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.name
