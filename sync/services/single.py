"""Reading one record from the PSA now and merging it, whoever asks: a ticket that is opened, a record fetched again, an issue tried again.

One way, by the rules of runs: what the settings leave out stays out, what lies below the record is read with it where syncs read it, odd
values are named in issues, and credentials that the PSA refuses are left to the clock (``recovery``) instead of being tried by each page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError
from django.db import connection as database

from integrations.errors import (
    AuthenticationFailed,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    UnsupportedFeature,
)
from integrations.models import Connection
from integrations.noticing import noticing
from integrations.port import Adapter, Page, Reach, Rejected, Remark, Scope, StreamSpec
from integrations.records import Record
from integrations.services.connections import connection_answered, connection_failed, connection_open
from integrations.settings_schema import settings_of
from portal.core import database_clock
from portal.core.database_errors import refusal_words, refuses_data
from portal.core.errors import Refused
from portal.core.merge import MergeContext, Target, merge
from portal.tenancy.scope import tenant_transaction
from sync.engine.following import follow_single
from sync.engine.issues import book_single
from sync.engine.orphans import Parents, remove_orphans
from sync.engine.outside import scope_now
from sync.engine.plan import streams_of
from sync.models import ParentRead
from sync.streams import TARGETS, stage, stage_parents, stream_words, unstage

log = structlog.get_logger("sync")


class OutOfScope(Refused):
    """The settings do not want the record."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A record as it is in the PSA now. ``children``: complete pages of what lies below it, by stream. ``remarks``: what was odd about its
    own values. ``fetched_at``: the database's time before the first request."""

    record: Record
    fetched_at: dt.datetime
    remarks: tuple[Remark, ...] = ()
    children: dict[str, Page] = field(default_factory=dict)


@contextmanager
def opened(connection: Connection) -> Iterator[tuple[Adapter, Scope]]:
    """The connection's adapter, and what the settings want. Whatever the PSA answers is noted of the connection. Raises AuthenticationFailed,
    without a request, while the PSA refuses the credentials."""
    if connection.state == Connection.State.REFUSED:
        raise AuthenticationFailed(
            "The PSA does not accept the credentials of this connection, so it was not asked. It is asked again by itself within the "
            "hour; to go on now, enter other credentials or test the connection."
        )
    try:
        adapter = connection_open(connection)
        try:
            yield adapter, scope_now(connection)
        finally:
            adapter.close()
    except (NotFound, UnsupportedFeature):
        raise
    except IntegrationError as err:
        log.warning("A record could not be read by itself", connection=connection.pk, code=err.code)
        with tenant_transaction(connection.organization_id):
            connection_failed(connection_id=connection.pk, error=err)
        raise


def read(connection: Connection, adapter: Adapter, scope: Scope, stream: str, remote_id: str) -> Reading:
    """The record with what lies below it. Waits on the network. Raises OutOfScope, and the errors of ``integrations.errors``."""
    wanted = {spec.name: spec for spec in streams_of(adapter.streams, settings_of(connection).streams, quick=False)}
    if stream not in wanted:
        raise OutOfScope(f"The settings of this connection leave out all {stream_words(stream)}.")
    fetched_at = database_clock.now()
    with noticing() as remarks:
        record = adapter.read_one(stream, remote_id, scope)
    if not adapter.in_scope(record, scope):
        raise OutOfScope("The settings of this connection leave this record out. Nothing of it was changed here.")
    children = {}
    for spec in wanted.values():
        if is_below(spec, stream):
            # A right that the key lacks costs the stream, as in runs, which say so.
            with suppress(PermissionMissing):
                children[spec.name] = adapter.read_children(spec.name, record.remote_id, scope)
    return Reading(record, fetched_at, tuple(remarks), children)


def is_below(spec: StreamSpec, stream: str) -> bool:
    """Whether a stream's records are read with the record that they belong to: those that the PSA gives parent by parent, and notes."""
    return (spec.reach is Reach.PER_PARENT and spec.parent == stream) or (spec.name, stream) == ("notes", "tickets")


def land_reading(
    connection: Connection,
    adapter: Adapter,
    scope: Scope,
    stream: str,
    reading: Reading,
    referred: Sequence[tuple[str, Record]] = (),
) -> int:
    """Merges what was read, after what it refers to, and books what was odd about it. In a tenant transaction. Returns rows written.
    Raises ProtocolError for a record that can't be stored."""
    own = Landing(connection, reading.fetched_at)
    written = sum(own.land(name, [record]) for name, record in referred)
    written += own.land(stream, [reading.record], remarks=reading.remarks)
    if own.rejected:
        raise ProtocolError(own.rejected[0].message, sample=own.rejected[0].sample, worded=False)
    for name, page in reading.children.items():
        outside = frozenset(record.remote_id for record in page.records if not adapter.in_scope(record, scope))
        below = Landing(connection, reading.fetched_at)
        written += below.land(
            name,
            page.records,
            outside=outside,
            parent=reading.record.remote_id,
            remarks=page.remarks,
            rejected=page.rejected,
        )
    connection_answered(connection_id=connection.pk)
    return written


@dataclass
class Landing:
    """Merges a handful of records that no run brings. ``rejected``: those that can't be stored."""

    connection: Connection
    fetched_at: dt.datetime
    rejected: list[Rejected] = field(default_factory=list)

    def land(
        self,
        stream: str,
        records: Sequence[Record],
        *,
        outside: frozenset[str] = frozenset(),
        parent: str = "",
        remarks: Sequence[Remark] = (),
        rejected: Sequence[Rejected] = (),
    ) -> int:
        """Stages and merges the records under a key of their own, but for those ``outside`` of the scope; of a parent's children also removes
        what is gone. Books what was odd. Returns rows written.

        An answer of nothing removes nothing: whether a parent has lost all of its children is left to the syncs, which see more than one.
        """
        target, context = TARGETS[stream], self._context()
        try:
            done = stage(
                target, context, 1, [(record, record.remote_id not in outside) for record in records], self.fetched_at
            )
            merged = merge(target, context)
            written = merged.written
            if merged.updated:
                follow_single(context, stream, [record.remote_id for record in records])
        except DatabaseError as err:
            if not refuses_data(err):
                raise
            raise ProtocolError(f"The database can't store this: {refusal_words(err)}.") from err
        self.rejected += done.rejected
        failed = [*rejected, *done.rejected]
        if parent and (records or not has_children(self.connection, target, parent)):
            written += self._remove_gone(target, context, parent, {entry.remote_id for entry in failed})
        unstage(context, [stream])
        book_single(
            self.connection, stream, [record.remote_id for record in records], failed, [*remarks, *done.remarks]
        )
        return written

    def _context(self) -> MergeContext:
        with database.cursor() as cursor:
            cursor.execute("SELECT -nextval(pg_get_serial_sequence('sync_run', 'id'))")
            key = cursor.fetchone()[0]
        return MergeContext(self.connection.organization_id, self.connection.pk, key, page=1, origin="live")

    def _remove_gone(self, target: Target, context: MergeContext, parent: str, failed: set[str]) -> int:
        """Removes what the parent no longer has, unless something of it could not be understood: that may be what seems gone."""
        stage_parents(context, target.stream, [parent], self.fetched_at)
        removed = 0 if failed else remove_orphans(target, context, Parents([parent], self.fetched_at))
        ParentRead.objects.update_or_create(
            connection=self.connection,
            stream=target.stream,
            parent_remote_id=parent,
            defaults={"organization_id": self.connection.organization_id, "read_at": self.fetched_at},
        )
        return removed


def has_children(connection: Connection, target: Target, parent: str) -> bool:
    """Whether anything is here below the parent."""
    here = f"""SELECT EXISTS (SELECT 1 FROM "{target.table}" t WHERE t.organization_id = %s AND t.connection_id = %s
        AND t.removed_at IS NULL AND t."{target.parent_column}" = %s)"""
    with database.cursor() as cursor:
        cursor.execute(here, [connection.organization_id, connection.pk, parent])
        return bool(cursor.fetchone()[0])
