"""Troubles that people are told of by mail, and who wants which mails."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from foundation.tenancy.models import TenantModel

TO_TELL = Q(told_at=None, ended_at=None) | Q(ended_at__isnull=False, end_told_at=None)
"""Alarms whose beginning, or whose end, nobody was told of."""


class Alarm(TenantModel):
    """One trouble of one connection, from the first failed (or held) run to the next good one.

    ``cause``: the message without its numbers; when it changes, people are told once more. ``run``: the id of the first run with this
    cause. ``told_at``, ``end_told_at``: when the mails about its beginning and its end were taken by the mail server.
    ``claimed_until``: a worker is sending until then.
    """

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    code = models.CharField(max_length=32)
    cause = models.CharField(max_length=300)
    message = models.TextField()
    run = models.BigIntegerField()
    runs = models.IntegerField(default=1)
    began_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_run = models.BigIntegerField(null=True)
    end_told_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection"], name="alarm_open_once", condition=Q(ended_at=None)),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="alarm_to_tell",
                condition=TO_TELL,
            ),
        ]

    def __str__(self) -> str:
        return self.message


class MailChoice(TenantModel):
    """Which mails a person wants from an organization. Without a row: of failures yes, the morning digest no.

    ``digest_next_at``: when the next digest is due, null while it is off.
    """

    user = models.ForeignKey("tenancy.User", on_delete=models.CASCADE, related_name="+", db_constraint=False)
    failures = models.BooleanField(default=True)
    digest = models.BooleanField(default=False)
    digest_next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="mailchoice_once")]
        indexes = [
            models.Index(fields=["digest_next_at"], name="mailchoice_due", condition=Q(digest_next_at__isnull=False))
        ]

    def __str__(self) -> str:
        return str(self.user)
