"""Companies of the PSA that the settings leave out: known by their ids, so that what is of them is left out too."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from foundation.tenancy.models import TenantModel


class OutsideCompany(TenantModel):
    """A company that was read and not kept, because of its status or its types. Written where companies are merged."""

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    remote_id = models.CharField(max_length=64)
    name = models.TextField(blank=True)
    status_remote_id = models.CharField(max_length=64, null=True)
    type_remote_ids = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "remote_id"], name="outsidecompany_once")]

    def __str__(self) -> str:
        return self.name
