"""The first phase: is it the same PSA as ever, and what will be read from where."""

from __future__ import annotations

from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.services.connections import connection_answered
from integrations.settings_schema import digest_of, range_start, scope_from
from portal.core import database_clock
from sync.engine.journal import note
from sync.engine.lease import step
from sync.engine.plan import since_of
from sync.engine.still import require_unchanged
from sync.engine.work import Work
from sync.models import Cursor, Run, RunStream


class AnotherInstance(IntegrationError):
    """The credentials lead to another PSA instance than the one that the stored data came from."""

    code = "another_instance"


def connect(work: Work) -> None:
    """Proves the credentials and the instance, and lays out the run's streams."""
    fingerprint = work.call(work.adapter.fingerprint)
    with step(work.lease, repeats=True):
        check_instance(work.connection, fingerprint)
        if work.run.is_preview:
            remember_settings(work)
        require_unchanged(work)
        connection_answered(connection_id=work.connection.pk)
        if work.run.reads_as == Run.Kind.CLEAR_RESYNC and not RunStream.objects.filter(run_id=work.run.pk).exists():
            begin_range_anew(work)
        lay_out(work)
        work.bill()


def check_instance(connection: Connection, fingerprint: str) -> None:
    """Remembers the instance at the first time, and refuses another one afterwards."""
    if not fingerprint:
        return
    if not connection.fingerprint:
        Connection.objects.filter(pk=connection.pk).update(fingerprint=fingerprint)
    elif connection.fingerprint != fingerprint:
        raise AnotherInstance(
            "These credentials lead to another PSA instance than the one that the data here came from. Nothing was read. "
            "Enter the credentials of the first instance. To move to the new one, change the instance on the connection's page."
        )


def begin_range_anew(work: Work) -> None:
    """A clear takes the date range as of today; between clears it stands still, so that runs compare like with like. A preview's
    beginning is its own until it is applied."""
    start = range_start(work.settings, database_clock.now())
    if work.run.is_preview:
        work.run.scope |= {"range_start": start.isoformat() if start else None}
        work.run.save(update_fields=["scope"])
    else:
        work.connection.range_start = start
        work.connection.save(update_fields=["range_start"])
    work.scope = scope_from(work.settings, start)


def remember_settings(work: Work) -> None:
    """Whether the settings are still those of the preview is asked when it is to be applied."""
    if "settings" not in work.run.scope:
        work.run.scope |= {"settings": digest_of(work.connection)}
        work.run.save(update_fields=["scope"])


def lay_out(work: Work) -> None:
    """One row a stream, with where a quick sync begins to read. Twice is as good as once."""
    cursors = dict(Cursor.objects.filter(connection_id=work.connection.pk).values_list("stream", "watermark"))
    rows = [
        RunStream(
            organization_id=work.lease.organization_id,
            run_id=work.run.pk,
            name=spec.name,
            position=position,
            since=since_of(cursors.get(spec.name)) if work.quick else None,
        )
        for position, spec in enumerate(work.specs)
    ]
    RunStream.objects.bulk_create(rows, ignore_conflicts=True)
    note(work.run.pk, work.lease.organization_id, "info", "Connected", streams=len(rows))
