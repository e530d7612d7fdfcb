"""Working on a run in this process until it rests, without its waits, which are added up instead."""

from __future__ import annotations

import time
from dataclasses import dataclass
from unittest.mock import patch

from django.test import override_settings
from django.utils import timezone

from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.read import children
from sync.engine.run.drive import advance
from sync.models import Run
from sync.services.runs import run_cancel, run_reject, run_request

PATIENCE = 3600.0
"""Seconds that a run may take with all its waits."""
MOST_SLICES = 300
MOST_SECONDS = 60.0
SLICE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went. ``waited``: seconds that it would have waited; ``rested``: whether it came to an end by itself; ``told``: every
    reason that it gave for waiting."""

    run: Run
    waited: float
    rested: bool
    told: tuple[str, ...]


def run_through(connection: Connection, kind: str) -> Course:
    """Asks for a run as a person does and works on it until it rests. One that never does is cancelled, a held one rejected."""
    organization_id = connection.organization_id
    # The night's full syncs read the notes of all tickets, others those of open and changed ones.
    trigger = Run.Trigger.NIGHTLY if kind == Run.Kind.FULL else Run.Trigger.COMMAND
    with tenant(organization_id):
        with tenant_transaction():
            place = Connection.objects.get(pk=connection.pk)
            run = run_request(connection=place, kind=kind, trigger=trigger, reason="a hostile PSA").run
        # No time passes while waits are added up: parents that failed are due again at once.
        with override_settings(SYNC_SLICE_SECONDS=SLICE_SECONDS), patch.object(children, "REST", 0.0):
            course = _worked(run.pk)
        _settled(course)
    return course


def _worked(run_id: int) -> Course:
    waited, began = 0.0, time.monotonic()
    told: list[str] = []
    for _ in range(MOST_SLICES):
        advance(run_id)
        with tenant_transaction():
            run = Run.objects.get(pk=run_id)
            if run.state not in Run.ACTIVE and run.state != Run.State.QUEUED:
                return Course(run, waited, True, tuple(told))
            if run.state == Run.State.WAITING and run.wait_until is not None:
                waited += max(0.0, (run.wait_until - timezone.now()).total_seconds())
                told.append(run.wait_reason)
                Run.objects.filter(pk=run_id).update(wait_until=timezone.now())
        if waited > PATIENCE or time.monotonic() - began > MOST_SECONDS:
            break
    return Course(run, waited, False, tuple(told))


def _settled(course: Course) -> None:
    """Leaves the connection's lane free."""
    with tenant_transaction():
        run = Run.objects.get(pk=course.run.pk)
        if run.state == Run.State.HELD:
            run_reject(run=run, actor=None, reason="a hostile PSA")
        elif not course.rested:
            run_cancel(run=run, actor=None, reason="a hostile PSA")
    if not course.rested:
        advance(course.run.pk)
