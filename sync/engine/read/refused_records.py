"""Records that the database refuses: found by halves, each named in an issue, and the rest lands.

A value that no column, index or constraint takes fails the statement with everything beside it. What was tried is rolled back, then the
records are tried in halves, nothing of which stays, until those are found that can't be stored alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from django.db import connection, transaction
from django.db.models import F

from foundation.core.database_errors import refusal_words, refuses_data
from foundation.core.staging import staged
from foundation.ledger.merge import merge
from foundation.tenancy.scope import tenant_transaction
from integrations.port import Page, Rejected
from integrations.records import Record
from sync.engine.fault_injection import crash_point
from sync.engine.run.lease import step
from sync.engine.run.run_log import note, rejected
from sync.engine.run.work import Work
from sync.models import RunStream
from sync.streams import TARGETS, UNFIT

T = TypeVar("T")
R = TypeVar("R")


def without_refused(
    work: Work, stream: RunStream, records: Sequence[Record], land: Callable[[Sequence[Rejected]], T], tried: Trial
) -> T:
    """What ``land`` gives for all records but those that the database refuses, which it is told. ``tried``: lands some of them, to be undone."""
    try:
        return land(())
    except Exception as err:
        if not is_refusal(err):
            raise
        found = culprits(records, lambda some: refusal_of(work, tried, some))
        if not found or is_our_fault(found, records):
            raise
    with tenant_transaction(work.lease.organization_id):
        stream.refresh_from_db()
        work.run.refresh_from_db(fields=["remote_started_at"])
    return land([refused(record.remote_id, err) for record, err in found])


Trial = Callable[[Sequence[Record]], object]


def is_refusal(error: Exception) -> bool:
    """Whether it may be one record's fault: the database does not take a value, or no row for it can be made of one."""
    return refuses_data(error) or isinstance(error, UNFIT)


def is_our_fault(found: Sequence[tuple[Record, Exception]], records: Sequence[Record]) -> bool:
    """Whether every record fails, and not by the database's word: then it is the code, and no record is to blame."""
    return len(found) == len(records) > 1 and not any(refuses_data(error) for _, error in found)


def culprits(things: Sequence[R], refusal: Callable[[Sequence[R]], Exception | None]) -> list[tuple[R, Exception]]:
    """Those of the things that are refused alone, each with why: about twice the logarithm of their number in tries for each."""
    found: list[tuple[R, Exception]] = []
    todo = [things]
    while todo:
        some = todo.pop()
        error = refusal(some) if some else None
        if error is not None and len(some) == 1:
            found.append((some[0], error))
        elif error is not None:
            half = len(some) // 2
            todo += [some[half:], some[:half]]
    return found


def refusal_of(work: Work, tried: Callable[[Sequence[R]], object], some: Sequence[R]) -> Exception | None:
    """Why the database does not take these; None where it does. Nothing of it stays; the lease is renewed."""
    with step(work.lease, progress=False):
        return refusal_in_trial(tried, some)


def refusal_in_trial(tried: Callable[[Sequence[R]], object], some: Sequence[R]) -> Exception | None:
    """The same in the caller's transaction, of which nothing but the trial is undone."""
    try:
        with transaction.atomic():
            tried(some)
            transaction.set_rollback(True)
    except Exception as err:
        if not is_refusal(err):
            raise
        return err
    return None


def refused(remote_id: str, error: Exception) -> Rejected:
    """The record, and what the database said in plain words."""
    return Rejected(remote_id=remote_id, message=f"The database could not store this record: {refusal_words(error)}.")


def without(page: Page, refused: Sequence[Rejected]) -> Page:
    """The page without records that can't be stored."""
    if not refused:
        return page
    left = {one.remote_id for one in refused}
    kept = [record for record in page.records if record.remote_id not in left]
    gone = [one for one in refused if one.remote_id in {record.remote_id for record in page.records}]
    return msgspec.structs.replace(page, records=kept, rejected=[*page.rejected, *gone])


def set_aside(work: Work, name: str) -> int:
    """Takes out of the run's staging what the database refuses of a stream, and names each record in an issue. Returns how many. What is here
    of them stays: like any record that could not be read."""
    refused_ids = [one for page in pages_of(work, name) for one in refused_of_page(work, name, page)]
    if not refused_ids:
        return 0
    with step(work.lease):
        parameters = work.context().parameters(ids=[one.remote_id for one in refused_ids])
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE {staged(TARGETS[name].staging, 's')} AND s.remote_id = ANY(%(ids)s)", parameters)
        stream, number = RunStream.objects.filter(run_id=work.run.pk, name=name), len(refused_ids)
        stream.update(fetched=F("fetched") - number, failed=F("failed") + number)
        rejected(work.run.pk, work.lease.organization_id, name, refused_ids)
        note(
            work.run.pk,
            work.lease.organization_id,
            "warning",
            "Records that can't be stored are set aside",
            stream=name,
        )
        crash_point("set_aside")
    return len(refused_ids)


def pages_of(work: Work, name: str) -> list[int]:
    """The staged pages that can't be merged as they are."""
    pages = [int(row[0]) for row in rows_of(work, name, "DISTINCT s.page", "true")]
    return [page for page in pages if refusal_of(work, lambda some: merge_of(work, name, some[0]), [page]) is not None]


def refused_of_page(work: Work, name: str, page: int) -> list[Rejected]:
    """The records of a staged page that the database refuses."""
    ids = [str(row[0]) for row in rows_of(work, name, "DISTINCT s.remote_id", "s.page = %(page)s AND s.in_scope", page)]
    found = culprits(ids, lambda some: refusal_of(work, lambda them: merge_of(work, name, page, them), some))
    return [refused(remote_id, error) for remote_id, error in found]


def rows_of(work: Work, name: str, what: str, where: str, page: int | None = None) -> list[tuple[Any, ...]]:
    sql = f"SELECT {what} {staged(TARGETS[name].staging, 's')} AND {where} ORDER BY 1"
    with step(work.lease, progress=False), connection.cursor() as cursor:
        cursor.execute(sql, work.context(page).parameters())
        return list(cursor.fetchall())


def merge_of(work: Work, name: str, page: int, ids: Sequence[str] | None = None) -> None:
    """Merges a staged page, or some of its records alone. To be undone: what is left out is gone from staging."""
    target, context = TARGETS[name], work.context(page)
    if ids is not None:
        others = f"DELETE {staged(target.staging, 's', page=True)} AND NOT s.remote_id = ANY(%(ids)s)"
        with connection.cursor() as cursor:
            cursor.execute(others, context.parameters(ids=list(ids)))
    merge(target, context)
