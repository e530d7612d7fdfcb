"""What a held run would remove, kept for the person who decides."""

from __future__ import annotations

from django.db import models

from foundation.tenancy.models import TenantModel
from sync.models.run import Run


class Victim(TenantModel):
    """One record that the sweep of a held run would remove and that no setting explains. Written when the run is held.

    ``company_…`` and ``board_…``: of a ticket, for groups; of others empty.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="victims", db_constraint=False, db_index=False)
    stream = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    remote_id = models.CharField(max_length=64)
    label = models.CharField(max_length=200, blank=True)
    company_remote_id = models.CharField(max_length=64, blank=True)
    company_name = models.TextField(blank=True)
    board_remote_id = models.CharField(max_length=64, blank=True)
    board_name = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="victim_of_run")]

    def __str__(self) -> str:
        return f"{self.stream} {self.remote_id}"
