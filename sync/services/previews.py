"""Previews: asking for one, applying exactly what one read, and letting go of what nobody applied."""

from __future__ import annotations

import structlog
from django.db import connection as database
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.ledger.merge import MergeContext
from foundation.tenancy.models import User
from foundation.tenancy.scope import system_transaction, tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from sync.dispatch import dispatch_after_commit
from sync.engine.run.stored_plan import reads_otherwise
from sync.isolation import turns_of
from sync.models import Run, RunStream
from sync.selectors.previews import apply_refusal
from sync.services.runs import (
    BY_PEOPLE,
    JOINABLE,
    LANES,
    RunRefused,
    RunRequested,
    as_it_is,
    check,
    is_first,
    join,
    serialise,
)
from sync.streams import unstage

log = structlog.get_logger("sync")


def preview_request(
    *, connection: Connection, kind: str, trigger: str, actor: User | None = None, reason: str = ""
) -> RunRequested:
    """Queues a preview of a sync of ``kind``, or joins the open one. In the caller's tenant transaction. Raises RunRefused.

    The preview of a connection's first sync is one of a full sync.
    """
    serialise(connection)
    connection = as_it_is(connection)
    check(connection, kind, trigger, reason or "a preview")
    of = Run.Kind.FULL if kind == Run.Kind.QUICK and is_first(connection) else kind
    open_one = (
        Run.objects.filter(connection=connection, kind=Run.Kind.PREVIEW, state__in=JOINABLE).order_by("id").first()
    )
    if open_one is not None:
        if open_one.reads_as == of and not reads_otherwise(open_one, connection):
            return join(open_one, urgent=True)
        raise RunRefused(
            f"A {lower(open_one.get_kind_display())} is open (run {open_one.pk}). Wait for it, or cancel it, then preview again."
        )
    now = database_clock.now()
    run = Run.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        kind=Run.Kind.PREVIEW,
        lane=Run.Lane.BULK,
        trigger=trigger,
        urgent=True,
        scope={"of": of},
        requested_by=actor,
        reason=reason.strip(),
        created_at=now,
        rung_at=now,
    )
    audit_record(action="sync.previewed", target=run, actor=actor, changes={"kind": [None, of]})
    dispatch_after_commit(run)
    return RunRequested(run, False, f"{run.get_kind_display()} started. It reads and compares, and changes nothing.")


def preview_apply(*, preview: Run, trigger: str, actor: User | None = None, reason: str = "") -> RunRequested:
    """Queues a run that applies exactly what the preview read, with the guard and the approvals of any other. In the caller's tenant
    transaction. Takes the preview's reading with it: there is one try. Raises RunRefused."""
    serialise(preview.connection)
    connection = as_it_is(preview.connection)
    current = Run.objects.select_for_update(no_key=True).get(pk=preview.pk)
    if refusal := apply_refusal(current, connection):
        raise RunRefused(refusal)
    kind = current.reads_as
    check(connection, kind, trigger, reason)
    other = Run.objects.filter(connection=connection, kind=kind, state__in=JOINABLE).order_by("id").first()
    if other is not None:
        raise RunRefused(
            f"A {lower(other.get_kind_display())} is open (run {other.pk}). Wait for it, or cancel it first."
        )
    began, now = current.started_at or current.created_at, database_clock.now()
    run = Run.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        kind=kind,
        lane=LANES[Run.Kind(kind)],
        trigger=trigger,
        urgent=True,
        scope={"preview": current.pk, "began": began.isoformat()},
        plan=current.plan,
        requested_by=actor,
        reason=reason.strip(),
        created_at=now,
        rung_at=now if trigger in BY_PEOPLE else None,
        remote_started_at=current.remote_started_at,
    )
    take_over(current, run)
    audit_record(
        action="sync.requested",
        target=run,
        actor=actor,
        changes={"kind": [None, kind], "preview": [None, current.pk], "reason": [None, run.reason]},
    )
    dispatch_after_commit(run)
    said = f"{run.get_kind_display()} started: it applies what preview run {current.pk} read."
    return RunRequested(run, False, said)


COPY_ISSUES = """
INSERT INTO sync_runissue (organization_id, run_id, stream, remote_id, parent_remote_id, code, message, sample, at)
SELECT organization_id, %(run)s, stream, remote_id, parent_remote_id, code, message, sample, at FROM sync_runissue
WHERE organization_id = %(organization)s AND run_id = %(preview)s ORDER BY id"""


def take_over(preview: Run, run: Run) -> None:
    """Lays out the run's streams as the preview left them, with what it could not read, and makes the preview's staging the run's."""
    copies = list(RunStream.objects.filter(run_id=preview.pk).order_by("position"))
    for stream in copies:
        stream.pk, stream.run = None, run
        stream.created = stream.updated = stream.unchanged = stream.removed = stream.requests = 0
        stream.seconds = 0.0
        if stream.state == RunStream.State.DONE:
            stream.state = RunStream.State.FETCHED
    RunStream.objects.bulk_create(copies)
    own = {"run": run.pk, "preview": preview.pk, "organization": run.organization_id}
    with database.cursor() as cursor:
        cursor.execute(COPY_ISSUES, own)
    scope = preview.scope | {"applied_by": run.pk}
    Run.objects.filter(pk=preview.pk).update(staged_until=None, scope=scope)


def previews_expire() -> None:
    """Deletes what previews read whose hour is over. Finds as the system role, works as the tenant; twice is as good as once."""
    turns_of("previews whose hour is over", previews_over, preview_expire)


def previews_over() -> list[tuple[int, int]]:
    """(organization, preview) of those whose hour is over."""
    with system_transaction():
        over = Run.objects.filter(staged_until__lte=Now(), state=Run.State.DONE).order_by("staged_until")
        return list(over.values_list("organization_id", "pk")[:100])


def preview_expire(organization_id: int, run_id: int) -> None:
    """Deletes what one preview read, if its hour is over."""
    with tenant_transaction(organization_id):
        run = (
            Run.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=run_id, staged_until__lte=Now())
            .first()
        )
        if run is not None:
            unstage(MergeContext(organization_id, run.connection_id, run_id))
            Run.objects.filter(pk=run_id).update(staged_until=None)
            log.info("What a preview read is deleted: its hour is over", run=run_id)


def lower(words: str) -> str:
    """With a small first letter, for the middle of a sentence."""
    return words[:1].lower() + words[1:]
