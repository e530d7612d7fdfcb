"""Purging what came from a PSA instance that was left: hidden in one moment, deleted in slices, taken up again after any kill."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import connection as database
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.ledger.models import JournalEntry, PendingChange
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from mappings.services import connection_forgotten
from sync.models import Cursor, InstanceChange, Issue, ParentRead
from sync.streams import TARGETS

ROWS = 5000
"""Rows deleted in one transaction."""
BLANK = {
    "credentials": "",
    "draft_credentials": "",
    "fingerprint": "",
    "product": "",
    "version": "",
    "address": "",
    "usage": None,
    "last_test": None,
    "catalog": None,
    "range_start": None,
    "last_ok_at": None,
    "last_error_at": None,
    "state": Connection.State.DRAFT,
    "state_reason": "",
}
"""What a connection knows of its instance."""
OF_RUNS = ("sync_victim", "sync_previewrecord", "sync_runissue")
"""What runs keep of records. The runs themselves, their figures and logs, stay as the past of the connection."""
OF_CONNECTION = ("sync_issue", "sync_driftaudit")


def purge_advance(change_id: int) -> bool:
    """Deletes for one slice's time, in the current tenant scope. Returns whether it wants another task message at once."""
    ends_at = time.monotonic() + settings.SYNC_SLICE_SECONDS
    while purge_step(change_id):
        if time.monotonic() > ends_at:
            return True
    return False


def purge_step(change_id: int) -> bool:
    """One transaction of the purge. Returns False when there is nothing left, or when another worker is at it."""
    with tenant_transaction():
        open_one = InstanceChange.objects.select_for_update(skip_locked=True, of=("self",), no_key=True).select_related(
            "connection"
        )
        change = open_one.filter(pk=change_id, step=InstanceChange.Step.PURGING).first()
        if change is None:
            return False
        change.rung_at = database_clock.now()
        if change.hidden_at is None:
            hide(change)
        elif not delete_some(change) and change.journal_gone_at is not None:
            change.step, change.purged_at = InstanceChange.Step.PURGED, database_clock.now()
            said = {name: [rows, 0] for name, rows in change.purged.items()}
            audit_record(action="connection.purged", target=change.connection, actor=change.started_by, changes=said)
        change.save()
        return change.step == InstanceChange.Step.PURGING


def hide(change: InstanceChange) -> None:
    """From this transaction on nobody sees a record of the old instance. Do not split it: readers would see half of a list."""
    place = [change.organization_id, change.connection_id]
    with database.cursor() as cursor:
        for target in TARGETS.values():
            cursor.execute(
                f"""UPDATE "{target.table}" SET removed_at = clock_timestamp() WHERE organization_id = %s AND connection_id = %s
                AND removed_at IS NULL""",
                place,
            )
    Connection.objects.filter(pk=change.connection_id).update(**BLANK, state_since=Now())
    for kind in (Cursor, ParentRead, PendingChange):
        kind.objects.filter(connection_id=change.connection_id).delete()
    Issue.objects.filter(connection_id=change.connection_id, cleared_at=None).update(cleared_at=Now())
    connection_forgotten(change.connection, actor=change.started_by)
    change.hidden_at = database_clock.now()


def delete_some(change: InstanceChange) -> int:
    """Deletes up to ``ROWS`` rows of the first table that still has some, children before parents. Returns how many."""
    own = {"organization": change.organization_id, "connection": change.connection_id, "rows": ROWS}
    runs = "run_id IN (SELECT id FROM sync_run WHERE organization_id = %(organization)s AND connection_id = %(connection)s)"
    tables = [(target.stream, target.table, "connection_id = %(connection)s") for target in reversed(TARGETS.values())]
    tables += [(table, table, runs) for table in OF_RUNS]
    tables += [(table, table, "connection_id = %(connection)s") for table in OF_CONNECTION]
    with database.cursor() as cursor:
        for name, table, condition in tables:
            cursor.execute(
                f"""DELETE FROM "{table}" WHERE organization_id = %(organization)s AND id IN (SELECT id FROM "{table}"
                WHERE organization_id = %(organization)s AND {condition} LIMIT %(rows)s)""",
                own,
            )
            if deleted := int(cursor.rowcount):
                change.purged[name] = change.purged.get(name, 0) + deleted
                return deleted
    if change.journal_gone_at is not None:
        return 0
    entries = JournalEntry.objects.filter(connection_id=change.connection_id).count()
    change.purged["journal"], change.journal_gone_at = entries, database_clock.now()
    return entries
