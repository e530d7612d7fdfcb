"""Names that records keep of what they refer to follow when that is renamed.

A ticket bears its company's name beside the link to it, as the PSA showed both. A quick sync that brings a company's new name brings none
of its tickets, for nothing of them changed: without this they would bear the old name until the next complete reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from foundation.ledger.merge import MergeContext, Reference, Target
from sync.engine.run.run_log import note
from sync.engine.run.work import Work
from sync.models import RunStream
from sync.streams import TARGETS, stream_words

NOT_FOLLOWED = frozenset({"priorities"})
"""HaloPSA calls a priority differently in each service level, and a ticket bears the name of its own."""

FOLLOW = """
UPDATE "{table}" t SET "{column}" = renamed.name, content_hash = ''
FROM (
    SELECT DISTINCT r.id, {name} AS name, {former} AS former FROM ledger_journalentry j JOIN "{other}" r ON r.id = j.record_id
    WHERE j.organization_id = %(organization)s AND j.connection_id = %(connection)s AND {when}
        AND j.stream = %(stream)s AND j.action IN ('updated', 'restored') AND j.after ?| %(keys)s
) renamed
WHERE t.organization_id = %(organization)s AND t.connection_id = %(connection)s AND t.removed_at IS NULL
    AND t."{link}" = renamed.id AND t."{column}" = renamed.former AND renamed.name <> renamed.former"""
"""Only what bears the former name exactly, so that a name that the PSA writes in another way stays. The row has no content hash any more:
it is compared by its columns when the PSA shows it again, and so is no news then. Its own record was not changed, so the journal has the
one entry of what was renamed."""


OF_RUN = "j.run_id = %(journal_run)s"
OF_SINGLE = "r.connection_id = %(connection)s AND r.remote_id = ANY(%(remote_ids)s) AND j.run_id IS NULL AND j.at >= transaction_timestamp()"


def follow_names(work: Work, stream: RunStream) -> int:
    """Renames what bears the names that a stream's records had before this run, in the caller's transaction. Returns how many."""
    if not stream.updated:
        return 0
    followed = followed_by(stream.name, OF_RUN, work.context().parameters())
    if followed:
        said = f"Names followed {stream_words(stream.name)} that were renamed"
        note(work.run.pk, work.lease.organization_id, "info", said, stream=stream.name, records=followed)
    return sum(followed.values())


def follow_single(context: MergeContext, stream: str, remote_ids: Sequence[str]) -> int:
    """The same for records that were read outside of runs, in the transaction that merged them."""
    own: dict[str, Any] = {"remote_ids": list(remote_ids)}
    return sum(followed_by(stream, OF_SINGLE, context.parameters(**own)).values())


def followed_by(stream: str, when: str, parameters: dict[str, Any]) -> dict[str, int]:
    """How many rows were renamed, by their stream."""
    found: dict[str, int] = {}
    for target in TARGETS.values() if stream not in NOT_FOLLOWED else ():
        for reference in target.references:
            if reference.table == TARGETS[stream].table and reference.name_column:
                rows = _follow(target, reference, when, parameters | {"stream": stream})
                found |= {target.stream: found.get(target.stream, 0) + rows} if rows else {}
    return found


def _follow(target: Target, reference: Reference, when: str, parameters: dict[str, Any]) -> int:
    sql = FOLLOW.format(
        table=target.table,
        column=reference.name_column,
        link=reference.column,
        other=reference.table,
        name=reference.name("r.{}"),
        former=reference.name("coalesce(j.before ->> '{0}', r.{0})"),
        when=when,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters | {"keys": list(reference.name_parts)})
        return int(cursor.rowcount)
