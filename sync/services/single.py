"""Reading one record from the PSA now and merging it, whoever asks: a ticket that is opened, a record fetched again, an issue tried again.

One way, by the rules of runs: what the settings leave out stays out, what lies below the record is read with it where syncs read it, odd
values are named in issues, and credentials that the PSA refuses are left to the clock (``recovery``) instead of being tried by each page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, transaction
from django.db import connection as database

from foundation.core import database_clock
from foundation.core.database_errors import refuses_data
from foundation.core.errors import Refused
from foundation.ledger.merge import MergeContext, Target, merge
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import (
    Conflict,
    IntegrationError,
    NotFound,
    PermissionMissing,
    ProtocolError,
    RecordRejected,
    UnsupportedFeature,
)
from integrations.models import Connection
from integrations.noticing import noticing
from integrations.port import Adapter, Page, Reach, Rejected, Remark, Scope, StreamSpec
from integrations.records import Record
from integrations.services.connections import (
    connection_answered,
    connection_failed,
    connection_open_unless_refused,
)
from integrations.services.opening import NotAsked
from integrations.settings_schema import settings_of
from sync.engine.check.guard import live_relation
from sync.engine.check.orphans import Parents, asked, remove_orphans, unshown
from sync.engine.read.failing_parents import RUNS_OWN, contradiction_words, unread_words
from sync.engine.read.missing_fields import kept_where_absent
from sync.engine.read.refused_records import culprits, refusal_in_trial, refused, without
from sync.engine.run.issue_tracking import book_single, book_unread, clear_unread
from sync.engine.run.locations import children_of, one_of, reading
from sync.engine.run.plan import streams_of
from sync.engine.run.run_log import REJECTED
from sync.engine.scope.excluded_companies import scope_now
from sync.engine.write.renames import follow_single
from sync.models import Issue, ParentRead
from sync.streams import TARGETS, Staged, stage, stage_parents, stream_words, unstage

log = structlog.get_logger("sync")
OF_ONE_RECORD = (ProtocolError, RecordRejected, Conflict, PermissionMissing)
"""Errors that say something of the record that was asked for, and nothing of the connection."""


class OutOfScope(Refused):
    """The settings do not want the record."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A record as it is in the PSA now. ``children``: complete pages of what lies below it, by stream; ``unread``: streams of which that
    could not be read, and how that failed. ``remarks``: what was odd about its own values; ``untold``: fields that it came without.
    ``fetched_at``: the database's time before the first request."""

    record: Record
    fetched_at: dt.datetime
    remarks: tuple[Remark, ...] = ()
    untold: tuple[str, ...] = ()
    children: dict[str, Page] = field(default_factory=dict)
    unread: dict[str, IntegrationError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Landed:
    """``written``: rows. ``unread``: a sentence for each stream below the record of which not all could be read, by its name."""

    written: int
    unread: dict[str, str]


@contextmanager
def opened(connection: Connection, stream: str, remote_id: str) -> Iterator[tuple[Adapter, Scope]]:
    """The connection's adapter, and what the settings want, to read one record. What the PSA answers is noted of the connection, or, where
    it is of the record alone, in an issue of the record. Raises NotAsked while the PSA refuses the credentials."""
    try:
        adapter = connection_open_unless_refused(connection)
        try:
            yield adapter, scope_now(connection)
        finally:
            adapter.close()
    except (NotAsked, NotFound, UnsupportedFeature):
        raise
    except OF_ONE_RECORD as err:
        log.info("A record could not be read by itself", connection=connection.pk, stream=stream, code=err.code)
        with tenant_transaction(connection.organization_id):
            book_refused(connection, stream, remote_id, err)
        raise
    except IntegrationError as err:
        log.warning("A record could not be read by itself", connection=connection.pk, code=err.code)
        with tenant_transaction(connection.organization_id):
            connection_failed(connection_id=connection.pk, error=err)
        raise


def book_refused(connection: Connection, stream: str, remote_id: str, error: IntegrationError) -> None:
    """An issue of a record that could not be read or kept, as runs have it, in the caller's transaction. Only of a record that is here,
    or has one already: what people type as a number may be none, and no sync would ever clear that."""
    issues = Issue.objects.filter(connection=connection, stream=stream, remote_id=remote_id, cleared_at=None)
    if is_stored(connection, TARGETS[stream], remote_id) or issues.exists():
        code = REJECTED if isinstance(error, ProtocolError) else error.code
        sample = getattr(error, "sample", "")
        book_unread(connection, stream, code, error.sentence, remote_id=remote_id, sample=sample)


def read(connection: Connection, adapter: Adapter, scope: Scope, stream: str, remote_id: str) -> Reading:
    """The record with what lies below it, as far as that can be read: what is here of the rest stays. Waits on the network. Raises
    OutOfScope, and the errors of ``integrations.errors``, with the record as their place."""
    wanted = {spec.name: spec for spec in streams_of(adapter.streams, settings_of(connection).streams, quick=False)}
    if stream not in wanted:
        raise OutOfScope(f"The settings of this connection leave out all {stream_words(stream)}.")
    fetched_at = database_clock.now()
    with noticing() as noticed, reading(place_of(stream, remote_id)):
        record = adapter.read_one(stream, remote_id, scope)
    if not adapter.in_scope(record, scope):
        raise OutOfScope("The settings of this connection leave this record out. Nothing of it was changed here.")
    children: dict[str, Page] = {}
    unread: dict[str, IntegrationError] = {}
    for spec in wanted.values():
        if is_below(spec, stream):
            try:
                children[spec.name] = adapter.read_children(spec.name, record.remote_id, scope)
            except RUNS_OWN:
                raise
            except IntegrationError as err:
                unread[spec.name] = err
    return Reading(record, fetched_at, tuple(noticed.remarks), tuple(sorted(noticed.untold)), children, unread)


def place_of(stream: str, remote_id: str) -> str:
    """ "ticket 4711"."""
    return f"{one_of(stream)} {remote_id}"


def is_below(spec: StreamSpec, stream: str) -> bool:
    """Whether a stream's records are read with the record that they belong to: those that the PSA gives parent by parent, and notes."""
    return (spec.reach is Reach.PER_PARENT and spec.parent == stream) or (spec.name, stream) == ("notes", "tickets")


def land_reading(
    connection: Connection,
    adapter: Adapter,
    scope: Scope,
    stream: str,
    found: Reading,
    referred: Sequence[tuple[str, Record]] = (),
) -> Landed:
    """Merges what was read, after what it refers to, and books what was odd about it, and what could not be read. In a tenant transaction.
    Raises ProtocolError for a record that can't be stored."""
    remote_id = found.record.remote_id
    beside, own = Landing(connection, found.fetched_at), Landing(connection, found.fetched_at)
    written = sum(beside.land(name, Page(records=[record], next=None)) for name, record in referred)
    with reading(place_of(stream, remote_id)):
        written += own.land(stream, Page(records=[found.record], next=None, remarks=found.remarks, untold=found.untold))
        if own.rejected:
            raise ProtocolError(own.rejected[0].message, sample=own.rejected[0].sample, worded=False)
    doubted: dict[str, str] = {}
    for name, page in found.children.items():
        outside = frozenset(record.remote_id for record in page.records if not adapter.in_scope(record, scope))
        below = Landing(connection, found.fetched_at)
        written += below.land(
            name,
            page,
            outside=outside,
            parent=remote_id,
        )
        clear_unread(connection, name, remote_id)
        if below.doubted:
            doubted[name] = below.doubted
    unread = {name: book_children(connection, name, stream, remote_id, err) for name, err in found.unread.items()}
    connection_answered(connection_id=connection.pk)
    return Landed(written, unread | doubted)


def book_children(
    connection: Connection, stream: str, parent_stream: str, parent_id: str, error: IntegrationError
) -> str:
    """Books that what lies below a record could not be read, by the code and in the words of runs. Returns the sentence."""
    code, message = error.code, unread_words(children_of(stream, parent_stream, parent_id), error)
    if isinstance(error, NotFound | UnsupportedFeature):
        code, message = NotFound.code, contradiction_words(stream, parent_stream, parent_id)
    book_unread(connection, stream, code, message, parent_id=parent_id, sample=getattr(error, "sample", ""))
    return message


@dataclass
class Landing:
    """Merges a handful of records that no run brings. ``rejected``: those that can't be stored. ``doubted``: a sentence, where more of a
    parent's children would go than a run removes unasked: they stay."""

    connection: Connection
    fetched_at: dt.datetime
    rejected: list[Rejected] = field(default_factory=list)
    doubted: str = ""

    def land(
        self,
        stream: str,
        page: Page,
        *,
        outside: frozenset[str] = frozenset(),
        parent: str = "",
    ) -> int:
        """Stages and merges the page's records under a key of their own, but for those ``outside`` of the scope; of a parent's children also
        removes what is gone. Fields that they came without stay as they are. Books what was odd. Returns rows written.

        An answer of nothing removes nothing: whether a parent has lost all of its children is left to the syncs, which see more than one.
        """
        target, context = TARGETS[stream], self._context()
        [page] = kept_where_absent(target, context, [page])
        answered = [record.remote_id for record in page.records]
        page, staged, written = self._without_refused(target, context, page, outside)
        failed = [*page.rejected, *staged.rejected]
        if parent and (answered or not has_children(self.connection, target, parent)):
            written += self._remove_gone(target, context, parent, {entry.remote_id for entry in failed})
        unstage(context, [stream])
        book_single(self.connection, stream, answered, failed, [*page.remarks, *staged.remarks])
        return written

    def _without_refused(
        self, target: Target, context: MergeContext, page: Page, outside: frozenset[str]
    ) -> tuple[Page, Staged, int]:
        """Merges the page's records but for those that the database refuses. Returns the page without them, what staging said, and the number
        of rows written."""
        try:
            with transaction.atomic():
                staged, written = self._merged(target, context, page.records, outside)
        except DatabaseError as err:
            if not refuses_data(err):
                raise
            found = culprits(
                page.records,
                lambda some: refusal_in_trial(lambda them: self._merged(target, context, them, outside), some),
            )
            self.rejected += (refused_ones := [refused(record.remote_id, error) for record, error in found])
            page = without(page, refused_ones)
            staged, written = self._merged(target, context, page.records, outside)
        self.rejected += staged.rejected
        return page, staged, written

    def _merged(
        self, target: Target, context: MergeContext, records: Sequence[Record], outside: frozenset[str]
    ) -> tuple[Staged, int]:
        """What staging said, and the number of rows written."""
        wanted = [(record, record.remote_id not in outside) for record in records]
        staged = stage(target, context, 1, wanted, self.fetched_at)
        merged = merge(target, context)
        if merged.updated:
            follow_single(context, target.stream, [record.remote_id for record in records])
        return staged, merged.written

    def _context(self) -> MergeContext:
        with database.cursor() as cursor:
            cursor.execute("SELECT -nextval(pg_get_serial_sequence('sync_run', 'id'))")
            key = cursor.fetchone()[0]
        return MergeContext(self.connection.organization_id, self.connection.pk, key, page=1, origin="live")

    def _remove_gone(self, target: Target, context: MergeContext, parent: str, failed: set[str]) -> int:
        """Removes what the parent no longer has, unless something of it could not be understood, which may be what seems gone, or more would
        go than runs remove unasked."""
        stage_parents(context, target.stream, [parent], self.fetched_at)
        batch = Parents([parent], self.fetched_at)
        gone = 0 if failed else count_orphans(target, context, batch)
        if gone > settings_of(self.connection).hold_least:
            self.doubted = doubt_words(target.stream, gone)
            return 0
        removed = remove_orphans(target, context, batch) if gone else 0
        ParentRead.objects.update_or_create(
            connection=self.connection,
            stream=target.stream,
            parent_remote_id=parent,
            defaults={"organization_id": self.connection.organization_id, "read_at": self.fetched_at},
        )
        return removed


def count_orphans(target: Target, context: MergeContext, batch: Parents) -> int:
    """How many children of these parents their answers do not show."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {live_relation(target, unshown(target))} gone",
            context.parameters(stream=target.stream, **asked(batch)),
        )
        return int(cursor.fetchone()[0])


def doubt_words(stream: str, gone: int) -> str:
    """Why children stay that the answer does not show."""
    return f"{gone:,} {stream_words(stream)} that are here are not shown any more. They stay until a sync has seen whether they are gone."


def is_stored(connection: Connection, target: Target, remote_id: str) -> bool:
    """Whether the record is here, or was until it was removed."""
    return _exists(connection, target, "t.remote_id = %s", remote_id)


def has_children(connection: Connection, target: Target, parent: str) -> bool:
    """Whether anything is here below the parent."""
    return _exists(connection, target, f't.removed_at IS NULL AND t."{target.parent_column}" = %s', parent)


def _exists(connection: Connection, target: Target, condition: str, value: str) -> bool:
    sql = f"""SELECT EXISTS (SELECT 1 FROM "{target.table}" t WHERE t.organization_id = %s AND t.connection_id = %s AND {condition})"""
    with database.cursor() as cursor:
        cursor.execute(sql, [connection.organization_id, connection.pk, value])
        return bool(cursor.fetchone()[0])
