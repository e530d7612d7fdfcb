"""Audits of drift: a random sample of the copy, compared with the PSA."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from foundation.tenancy.models import TenantModel


class DriftAudit(TenantModel):
    """One audit of one connection: due after its night's run, or asked for (``night`` is None).

    ``state`` stays open until every stream is compared; whoever holds ``lease_until`` and the highest ``fence`` works on it.
    ``not_before``/``waits_for``: it steps aside for runs and for the PSA's limits. ``sample``: how many records of a stream.
    """

    class State(models.TextChoices):
        OPEN = "open", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Not finished"

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    night = models.ForeignKey(
        "sync.Nightly", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    sample = models.IntegerField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    requests = models.IntegerField(default=0)
    message = models.TextField(blank=True)
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    waits_for = models.TextField(blank=True)
    attempts = models.IntegerField(default=0, help_text="Failures since the last record that was compared.")
    rung_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["night"], name="driftaudit_once_a_night"),
            models.UniqueConstraint(fields=["connection"], name="driftaudit_one_open", condition=Q(state="open")),
        ]
        indexes = [
            models.Index(fields=["organization", "connection", "-id"], name="driftaudit_latest"),
            models.Index(fields=["created_at"], name="driftaudit_open", condition=Q(state="open")),
        ]


class DriftStream(TenantModel):
    """One stream's part of an audit. ``todo``: remote ids of the sample that are still to be read.

    Of those read: ``matching``; ``differing`` in fields; ``missing_there`` (here, not in the PSA); ``explained`` (changed after our
    last read, or by a sync in between); ``unread`` (the PSA did not answer). ``looked_at``: records that the PSA listed, of which
    ``missing_here`` should be here and are not; None: not listed yet. ``findings``: see ``sync.engine.audit.compare.Finding``.
    """

    audit = models.ForeignKey(DriftAudit, on_delete=models.CASCADE, related_name="streams", db_constraint=False)
    name = models.CharField(max_length=32)
    position = models.IntegerField()
    sampled = models.IntegerField(default=0)
    todo = models.JSONField(default=list)
    matching = models.IntegerField(default=0)
    differing = models.IntegerField(default=0)
    missing_there = models.IntegerField(default=0)
    explained = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    looked_at = models.IntegerField(null=True)
    missing_here = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)
    findings: Any = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audit", "name"], name="driftstream_once")]
        ordering = ["position"]

    @property
    def judged(self) -> int:
        """Records that say something about the copy: neither explained nor unread."""
        return self.matching + self.differing + self.missing_there

    @property
    def drift(self) -> int:
        """Differences that nothing explains."""
        return self.differing + self.missing_there + self.missing_here
