"""Fetching a global stream, page after page; each page and its checkpoint are committed together."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Sequence

import msgspec
from django.db import connection as database

from foundation.core import database_clock
from foundation.core.staging import staged
from foundation.ledger.merge import MergeCounts, merge, remove
from integrations.errors import EndlessPaging, IntegrationError
from integrations.models import Connection
from integrations.port import Page, ReadRequest, Rejected, StreamSpec
from integrations.records import Record
from integrations.services.connections import connection_answered
from sync.engine.check.withheld_removals import take_back
from sync.engine.fault_injection import crash_point
from sync.engine.read.missing_fields import kept_where_absent
from sync.engine.read.refused_records import without, without_refused
from sync.engine.run.lease import step
from sync.engine.run.locations import page_of, reading
from sync.engine.run.plan import Mode, since_of, too_many_failed
from sync.engine.run.run_log import incomplete, note, rejected, remarked
from sync.engine.run.work import Work
from sync.engine.scope.excluded_companies import forget_outside, keep_outside, scope_in_run
from sync.engine.scope.excluded_parents import below_excluded
from sync.engine.scope.unread_kinds import keep_unshown
from sync.engine.write.conflicts import settle_conflicts
from sync.engine.write.post_merge import arrived
from sync.models import RunStream
from sync.streams import TARGETS, UNFIT, stage, unstage


def request_for(work: Work, spec: StreamSpec, since: dt.datetime | None) -> ReadRequest:
    """What to ask of the remote: changes since the cursor, or all in scope (newest first where a list fills under people's eyes)."""
    newest_first = work.run.lands_live and spec.name in {"tickets", "time_entries"}
    return ReadRequest(
        stream=spec.name, scope=work.scope, since=since if work.quick else None, newest_first=newest_first
    )


def fetch_stream(work: Work, spec: StreamSpec, stream: RunStream) -> bool:
    """Reads the stream from its checkpoint on. Returns whether it is complete (False: the slice's time is up).

    The next page is asked for once this one is committed: a kill costs the page in hand and no other.
    """
    request = request_for(work, spec, stream.since)
    while True:
        work.place.enter(spec.name, stream.pages + 1)
        began, asked_at = time.monotonic(), database_clock.now()
        page = asked_for(work, spec, stream, request)
        crash_point("page_fetched")
        # As old as its question: what others bring in while it is under way is newer.
        again = land_page(work, spec, stream, page, asked_at, time.monotonic() - began)
        crash_point("page_committed")
        check_failed(work, stream)
        if again:
            request = request_for(work, spec, stream.since)
        elif page.next is None:
            return True
        if work.time_is_up:
            return False


def asked_for(work: Work, spec: StreamSpec, stream: RunStream, request: ReadRequest) -> Page:
    """The next page. Where the list does not end, the stream does: with what was read until then, and it is said that it is not all."""
    try:
        with reading(page_of(spec.name, stream.pages + 1)):
            page = work.call(work.adapter.read_page, request, stream.checkpoint)
    except EndlessPaging as err:
        return Page(records=(), next=None, incomplete=f"{err.message} What came until then was read.")
    if page.next is None:
        return page
    why = endless(work, stream, page)
    return msgspec.structs.replace(page, next=None, incomplete=page.incomplete or why) if why else page


SEEN = "seen"
"""In a stream's coverage: marks of the latest pages that it has read."""
MARKS = 32
TIMES = 3
"""How often one page may have come before: a stream may be made of several lists that have the same few records."""
ENDLESS_ABOVE = 50_000
"""Rows beyond twice what is known of a stream, above which its list is not believed to end."""


def endless(work: Work, stream: RunStream, page: Page) -> str:
    """Why a list that names a next page will not end, in a sentence; "" where it may. Remembers the page."""
    if page.next == stream.checkpoint:
        return "The PSA names the same page as the next one again and again."
    names = [record.remote_id for record in page.records] + [record.remote_id for record in page.rejected]
    seen = stream.coverage.get(SEEN, [])
    if names:
        mark = hashlib.blake2b("\n".join(names).encode(), digest_size=6).hexdigest()
        if seen.count(mark) >= TIMES:
            return "The PSA gives the same page again and again."
        stream.coverage = stream.coverage | {SEEN: [*seen[1 - MARKS :], mark]}
    if stream.fetched > ENDLESS_ABOVE and stream.fetched > ENDLESS_ABOVE + 2 * known_rows(work, stream):
        return f"The PSA's list does not end: {stream.fetched:,} records were read, far more than there are."
    return ""


def known_rows(work: Work, stream: RunStream) -> int:
    """How many rows a stream should have: by the PSA's count, else as many as are here."""
    if stream.expected is not None:
        return int(stream.expected)
    own = "organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL"
    with step(work.lease, progress=False), database.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{TARGETS[stream.name].table}" WHERE {own}', work.context().parameters())
        return int(cursor.fetchone()[0])


class TooManyFailed(Exception):
    """More of a stream's records can't be understood than the settings bear."""


def check_failed(work: Work, stream: RunStream) -> None:
    """Raises TooManyFailed. To be asked when the page is committed, with what it could not understand."""
    if too_many_failed(stream.failed, stream.fetched, work.settings.fail_percent):
        raise TooManyFailed(
            f"{stream.failed:,} of {stream.failed + stream.fetched:,} {stream.name.replace('_', ' ')} could not be understood, "
            f"more than the {work.settings.fail_percent} % that the error handling of this connection allows."
        )


def land_page(
    work: Work, spec: StreamSpec, stream: RunStream, page: Page, fetched_at: dt.datetime, seconds: float
) -> bool:
    """Lands one page, but for records that the database refuses. Returns whether the stream begins anew."""
    number, began = stream.pages + 1, stream.watermark or page.server_time

    def tried(records: Sequence[Record]) -> None:
        stage(TARGETS[spec.name], work.context(), number, scoped(work, spec.name, records, began)[0], fetched_at)
        if work.mode is Mode.LIVE:
            merge(TARGETS[spec.name], work.context(number))

    def land(refused: Sequence[Rejected]) -> bool:
        return land_rows(work, spec, stream, without(page, refused), fetched_at, seconds)

    return without_refused(work, stream, page.records, land, tried)


def land_rows(
    work: Work, spec: StreamSpec, stream: RunStream, page: Page, fetched_at: dt.datetime, seconds: float
) -> bool:
    """Stages one page (and merges it, in live mode) with its checkpoint, in one transaction. Returns whether the stream begins anew:
    the first page may show that the PSA's clock was set back, so that changes bear stamps from before the cursor."""
    number = stream.pages + 1
    with step(work.lease) as now:
        [page] = kept_where_absent(TARGETS[spec.name], work.context(), [page])
        failed, remarks = list(page.rejected), list(page.remarks)
        if page.records:
            wanted, odd = scoped(work, spec.name, page.records, stream.watermark or page.server_time)
            done = stage(TARGETS[spec.name], work.context(), number, wanted, fetched_at)
            failed += [*odd, *done.rejected]
            forget_outside(work, spec.name)
            if work.mode is Mode.LIVE:
                count(stream, merge_page(work, spec, number))
            remarks += done.remarks
            stream.fetched += done.rows
        stream.checkpoint, stream.pages = page.next, number
        stream.failed += len(failed)
        if page.incomplete and not stream.incomplete:
            stream.incomplete = page.incomplete
            incomplete(work.run.pk, work.lease.organization_id, spec.name, page.incomplete)
        if page.unshown is not None:
            keep_unshown(work, stream, page.unshown)
        stream.seconds += seconds
        if number == 1:
            # Of no later page: what changed in between would be missed.
            stream.watermark = page.server_time
        if work.connection.state == Connection.State.REFUSED:
            connection_answered(connection_id=work.connection.pk)
            work.connection.state = Connection.State.CONNECTED
        if work.run.remote_started_at is None and page.server_time is not None:
            work.run.remote_started_at = page.server_time
            work.run.save(update_fields=["remote_started_at"])
        again = number == 1 and begins_earlier(work, stream, page.server_time, now)
        if again:
            stream.checkpoint, stream.coverage = None, {}
        elif page.next is None:
            stream.state, stream.finished_at = finished_state(work), now
        work.bill(stream)
        stream.save()
        if stream.state == RunStream.State.DONE:
            arrived(work, stream)
        rejected(work.run.pk, work.lease.organization_id, spec.name, failed)
        remarked(work.run.pk, work.lease.organization_id, spec.name, remarks, failed)
        note(
            work.run.pk,
            work.lease.organization_id,
            "debug",
            "page",
            stream=spec.name,
            page=number,
            rows=page.rows,
            seconds=round(seconds, 3),
        )
        crash_point("page_landing")
    return again


TOLERANCE = dt.timedelta(seconds=30)
"""How far the PSA's clock may be behind what the cursor and our own clock make of it: several servers, a correction by its own time source."""


def begins_earlier(work: Work, stream: RunStream, server_time: dt.datetime | None, now: dt.datetime) -> bool:
    """Moves the beginning of a quick read back where the PSA's clock was set back since the cursor was stored. At that moment it showed at
    least what it shows now, less the time that has passed by our clock until ``now``: no change since then bears an older stamp."""
    moved_at = work.cursor_moved_at(stream.name) if work.quick else None
    if moved_at is None or stream.since is None or server_time is None:
        return False
    earliest = since_of(server_time - (now - moved_at))
    if earliest is None or earliest >= stream.since - TOLERANCE:
        return False
    note(
        work.run.pk,
        work.lease.organization_id,
        "warning",
        "The PSA's clock was set back: changes are read from an earlier moment on",
        stream=stream.name,
        seconds=round((stream.since - earliest).total_seconds()),
    )
    stream.since = earliest
    return True


def scoped(
    work: Work, stream: str, records: Sequence[Record], began: dt.datetime | None = None
) -> tuple[list[tuple[Record, bool]], list[Rejected]]:
    """Each record with whether the settings want it: a quick sync sees those that left the scope too. And those of which it can't be told.
    ``began``: when the reading of the stream began, by the PSA's clock."""
    # Both now, for nothing can be asked while rows are COPYed.
    scope, left = scope_in_run(work), below_excluded(work, stream, records, began)
    pairs, odd = list[tuple[Record, bool]](), list[Rejected]()
    for record in records:
        try:
            pairs.append((record, record.remote_id not in left and work.adapter.in_scope(record, scope)))
        except (IntegrationError, *UNFIT) as err:
            said = f"Whether the settings want this record can't be told ({type(err).__name__})."
            odd.append(Rejected(remote_id=record.remote_id, message=said))
    return pairs, odd


def merge_page(work: Work, spec: StreamSpec, number: int) -> MergeCounts:
    """Merges one staged page, and removes what is known here but has left the scope."""
    target, context = TARGETS[spec.name], work.context(number)
    counts = merge(target, context)
    removed = remove(target, context, left_scope(target.staging), reason=LEFT)
    take_back(work, target, number)
    keep_outside(work, target, number)
    unstage(context, [spec.name], page=number)
    if counts.updated:
        settle_conflicts(work, spec.name)
    return MergeCounts(counts.created, counts.updated, counts.unchanged, removed)


LEFT = "left the scope"


def left_scope_in_all(staging: str) -> str:
    """Rows that all that was staged, taken together, shows outside of the scope: no later version is in it again."""
    return (
        f"EXISTS (SELECT 1 {staged(staging, 's')} AND s.remote_id = t.remote_id "
        "AND NOT s.in_scope AND (s.remote_updated_at IS NULL OR t.remote_updated_at IS NULL OR s.remote_updated_at >= t.remote_updated_at) "
        f"AND NOT EXISTS (SELECT 1 {staged(staging, 'w')} AND w.remote_id = s.remote_id AND w.in_scope "
        "AND (w.remote_updated_at, w.fetched_at) > (s.remote_updated_at, s.fetched_at)))"
    )


def left_scope(staging: str) -> str:
    """Rows that this page shows outside of the scope, unless what is here is newer. Their ids come first, as a list, which mostly is
    empty: else the planner may ask the page about every row of an organization of which its statistics know nothing yet."""
    page = f"{staged(staging, 's', page=True)} AND NOT s.in_scope"
    return (
        f"t.remote_id = ANY (ARRAY(SELECT s.remote_id {page})) AND EXISTS (SELECT 1 {page} AND s.remote_id = t.remote_id "
        "AND (s.remote_updated_at IS NULL OR t.remote_updated_at IS NULL OR s.remote_updated_at >= t.remote_updated_at))"
    )


def count(stream: RunStream, counts: MergeCounts) -> None:
    """Adds the outcome of a merge to the stream's figures."""
    stream.created += counts.created
    stream.updated += counts.updated
    stream.unchanged += counts.unchanged
    stream.removed += counts.removed


def finished_state(work: Work) -> str:
    """A live stream is done with its last page; a staged one waits for the common moment."""
    return RunStream.State.DONE if work.mode is Mode.LIVE else RunStream.State.FETCHED
