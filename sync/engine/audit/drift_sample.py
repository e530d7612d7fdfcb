"""What a drift audit compares: the sample that it draws, and each record of it here against there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from foundation.ledger.merge import Target
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import AuthenticationFailed, IntegrationError, NotFound, RateLimited, TransientError
from integrations.port import ReadRequest, StreamSpec
from integrations.records import Record
from sync.engine.audit.compare import Finding, differing, is_newer, is_unread
from sync.engine.audit.lease import Auditing, held
from sync.engine.run.plan import streams_of
from sync.models import Cursor, DriftAudit, DriftStream
from sync.streams import TARGETS, staged_row

AUDITED = ("tickets", "companies", "contacts")
"""Streams that are sampled, where they are synced."""

HANDFUL = 4
"""Records read between two looks at whether a run wants the connection, for each request that may be in flight."""

STAMP = 1


def draw(work: Auditing) -> None:
    """Draws the sample of every stream at the first slice: each live row of the connection is as likely as any other."""
    with held(work.audit):
        if DriftStream.objects.filter(audit=work.audit).exists():
            return
        synced = {spec.name for spec in streams_of(work.adapter.streams, work.settings.streams, quick=False)}
        for position, name in enumerate(name for name in AUDITED if name in synced):
            chosen = random_rows(work, TARGETS[name])
            DriftStream.objects.create(
                organization_id=work.audit.organization_id,
                audit=work.audit,
                name=name,
                position=position,
                sampled=len(chosen),
                todo=chosen,
            )


def random_rows(work: Auditing, target: Target) -> list[str]:
    """Remote ids of a uniform random sample of the connection's live rows."""
    sql = f"""SELECT remote_id FROM "{target.table}"
        WHERE organization_id = %s AND connection_id = %s AND removed_at IS NULL ORDER BY random() LIMIT %s"""
    with database.cursor() as cursor:
        cursor.execute(sql, [work.audit.organization_id, work.connection.pk, work.audit.sample])
        return [row[0] for row in cursor.fetchall()]


def next_stream(work: Auditing) -> DriftStream | None:
    """The first stream that is not compared to its end."""
    with tenant_transaction():
        streams = DriftStream.objects.filter(audit=work.audit).order_by("position")
        return next((stream for stream in streams if stream.todo or stream.looked_at is None), None)


def look_there(work: Auditing, stream: DriftStream) -> None:
    """One request for records that changed from a random moment on: those that should be here, and are not."""
    spec = next(spec for spec in work.adapter.streams if spec.name == stream.name)
    request = ReadRequest(
        stream=stream.name,
        scope=work.scope,
        since=random_moment(work, spec, stream),
        page_size=max(1, min(work.audit.sample, 1000)),
    )
    listed: Sequence[Record] = ()
    try:
        listed = work.pool.submit(work.adapter.read_page, request).result().records[: work.audit.sample]
    except (AuthenticationFailed, TransientError, RateLimited):
        raise
    except IntegrationError:
        pass  # this one question was not answered; the sample still says how well the rows match
    wanted = [record for record in listed if work.adapter.in_scope(record, work.scope)]
    with held(work.audit):
        note_absent(work, stream, wanted)
        save(work, stream)


def random_moment(work: Auditing, spec: StreamSpec, stream: DriftStream) -> dt.datetime | None:
    """The stamp of the sample's first record, which is as random as any: each audit looks at another place. None where changes can't
    be asked for."""
    if not spec.incremental or not stream.todo:
        return None
    sql = f'SELECT remote_updated_at FROM "{TARGETS[stream.name].table}" WHERE connection_id = %s AND remote_id = %s'
    with tenant_transaction(), database.cursor() as cursor:
        cursor.execute(sql, [work.connection.pk, stream.todo[0]])
        row = cursor.fetchone()
    found: dt.datetime | None = row[0] if row else None
    return found.replace(microsecond=0) if found else None


def note_absent(work: Auditing, stream: DriftStream, records: list[Record]) -> None:
    """Counts the listed records that are not here though the cursor is past their last change."""
    here = rows_of(work, TARGETS[stream.name], [record.remote_id for record in records])
    watermark = watermark_of(work, stream.name)
    stream.looked_at = len(records)
    for record in records:
        if record.remote_id not in here and not is_unread(record.remote_updated_at, watermark):
            stream.missing_here += 1
            stream.findings.append(asdict(Finding(record.remote_id, "absent")))


def compare_handful(work: Auditing, stream: DriftStream) -> None:
    """Reads the next records of the sample and judges them."""
    handful = stream.todo[: HANDFUL * work.adapter.budget.concurrency]
    target = TARGETS[stream.name]
    with tenant_transaction():
        before = rows_of(work, target, handful)
    calls = {remote_id: work.pool.submit(read_there, work, stream.name, remote_id) for remote_id in handful}
    theirs = {remote_id: call.result() for remote_id, call in calls.items()}
    with held(work.audit):
        after = rows_of(work, target, handful)
        watermark = watermark_of(work, stream.name)
        for remote_id in handful:
            mine = before.get(remote_id)
            found = judged(work, target, mine, theirs[remote_id], watermark) if mine else None
            if found is None or found.verdict in {"differs", "gone"}:
                found = settled(found, mine, after.get(remote_id), remote_id)
            if found is not None:
                count(stream, found)
        stream.todo = stream.todo[len(handful) :]
        DriftAudit.objects.filter(pk=work.audit.pk).update(attempts=0)
        save(work, stream)
    work.audit.attempts = 0


def rows_of(work: Auditing, target: Target, remote_ids: list[str]) -> dict[str, dict[str, Any]]:
    """The live rows of these records as they are now, by remote id, in the caller's transaction."""
    names = ("id", "remote_id", "remote_updated_at", "synced_at", *target.names)
    columns = ", ".join(f's."{name}"' for name in names)
    sql = f"""SELECT {columns}, left({target.label}, 200) FROM "{target.table}" s
        WHERE organization_id = %s AND connection_id = %s AND removed_at IS NULL AND remote_id = ANY(%s)"""
    with database.cursor() as cursor:
        cursor.execute(sql, [work.audit.organization_id, work.connection.pk, remote_ids])
        rows = [dict(zip((*names, "label"), row, strict=True)) for row in cursor.fetchall()]
    return {row["remote_id"]: row for row in rows}


def watermark_of(work: Auditing, stream: str) -> dt.datetime | None:
    """How far the stream has been read, in the PSA's clock."""
    cursors = Cursor.objects.filter(connection_id=work.connection.pk, stream=stream)
    return cursors.values_list("watermark", flat=True).first()


def read_there(work: Auditing, stream: str, remote_id: str) -> Record | str:
    """The record as the PSA has it now, or "gone" or "unread"."""
    try:
        return work.adapter.read_one(stream, remote_id, work.scope)
    except NotFound:
        return "gone"
    except (AuthenticationFailed, TransientError, RateLimited):
        raise
    except IntegrationError:
        return "unread"


def judged(
    work: Auditing, target: Target, mine: dict[str, Any], theirs: Record | str, watermark: dt.datetime | None
) -> Finding:
    """What is here against what the PSA says."""

    def finding(verdict: str, fields: tuple[str, ...] = ()) -> Finding:
        return Finding(mine["remote_id"], verdict, mine["label"] or "", mine["id"], fields)

    if isinstance(theirs, str):
        return finding(theirs)
    row = staged_row(target, theirs, (), timezone.now(), in_scope=True)
    fields = differing(target, mine, row)
    wanted = work.adapter.in_scope(theirs, work.scope)
    if wanted and not fields:
        return finding("same")
    if is_newer(row[STAMP], mine["remote_updated_at"]) and is_unread(row[STAMP], watermark):
        return finding("since", fields)
    return finding("differs", fields) if wanted else finding("scope", fields)


def settled(
    found: Finding | None, mine: dict[str, Any] | None, now: dict[str, Any] | None, remote_id: str
) -> Finding | None:
    """A difference that was settled while the PSA was asked, by a sync or a single read, is none of drift's."""
    if found is None or mine is None:
        return Finding(remote_id, "settled")
    if now is None or now["synced_at"] != mine["synced_at"]:
        return Finding(remote_id, "settled", found.label, now["id"] if now else None)
    return found


COLUMNS = {"same": "matching", "differs": "differing", "gone": "missing_there", "unread": "unread"}


def count(stream: DriftStream, found: Finding) -> None:
    """Adds one record to the figures, and to the findings where it does not match."""
    column = COLUMNS.get(found.verdict, "explained")
    setattr(stream, column, getattr(stream, column) + 1)
    if found.verdict != "same":
        stream.findings.append(asdict(found))


def save(work: Auditing, stream: DriftStream) -> None:
    """Keeps the stream with what its requests cost, in the caller's transaction."""
    requests, _, _ = work.meter.take()
    stream.requests += requests
    stream.save()
    DriftAudit.objects.filter(pk=work.audit.pk).update(requests=F("requests") + requests)
