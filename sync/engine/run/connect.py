"""The first phase: is it the same PSA as ever, and what will be read from where."""

from __future__ import annotations

from foundation.core import database_clock
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.services.connections import connection_answered
from integrations.services.probing import TAKEN, InstanceTaken, fingerprint_kept
from integrations.settings_schema import range_start
from sync.engine.check.unchanged import require_unchanged
from sync.engine.fault_injection import crash_point
from sync.engine.run.lease import step
from sync.engine.run.plan import since_of
from sync.engine.run.run_log import note
from sync.engine.run.stored_plan import keep_plan
from sync.engine.run.work import Work
from sync.models import Cursor, Run, RunStream


class AnotherInstance(IntegrationError):
    """The credentials lead to another PSA instance than the one that the stored data came from."""

    code = "another_instance"


class ConnectedTwice(IntegrationError):
    """Another connection of the organization leads to the same PSA instance."""

    code = TAKEN


def connect(work: Work) -> None:
    """Proves the credentials and the instance, and lays out the run's streams."""
    fingerprint = work.call(work.adapter.fingerprint)
    with step(work.lease, repeats=True):
        check_instance(work.connection, fingerprint)
        require_unchanged(work)
        # Which instance it is, systems tell without credentials: refused ones are accepted once something has been read with them.
        if work.connection.state != Connection.State.REFUSED:
            connection_answered(connection_id=work.connection.pk)
        if not work.run.plan:
            if work.run.reads_as == Run.Kind.CLEAR_RESYNC:
                begin_range_anew(work)
            keep_plan(work.run, work.plan)
        lay_out(work)
        work.bill()
        crash_point("laid_out")


def check_instance(connection: Connection, fingerprint: str) -> None:
    """Remembers the instance at the first time, and refuses another one afterwards."""
    if not fingerprint:
        return
    if not connection.fingerprint:
        try:
            fingerprint_kept(connection, fingerprint)
        except InstanceTaken as err:
            raise ConnectedTwice(err.message) from err
    elif connection.fingerprint != fingerprint:
        raise AnotherInstance(
            "These credentials lead to another PSA instance than the one that the data here came from. Nothing was read. "
            "Enter the credentials of the first instance. To move to the new one, change the instance on the connection's page."
        )


def begin_range_anew(work: Work) -> None:
    """A clear takes the date range as of today; between clears it stands still, so that runs compare like with like. The connection's own
    beginning moves when the clear is applied."""
    work.plan = work.plan.beginning(range_start(work.settings, database_clock.now()))
    work.scope = work.plan.scope(work.settings)


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
