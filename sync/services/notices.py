"""Telling people that the run they started has ended."""

from __future__ import annotations

import datetime as dt

from django.db.models.functions import Now

from foundation.tenancy.models import User
from sync.models import Run

MOST = 3
NEWS = dt.timedelta(days=1)
"""What ended longer ago is history, not news."""


def notices_take(*, user: User) -> list[Run]:
    """The person's runs that ended within a day and that they were not told of, oldest first, up to three; now they are told."""
    own = (
        Run.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("connection")
        .defer("connection__credentials")
    )
    runs = list(
        own.filter(requested_by_id=user.pk, notified_at=None, finished_at__gte=Now() - NEWS).order_by("pk")[:MOST]
    )
    if runs:
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(notified_at=Now())
    return runs
