"""What a complete reading brings that the syncs of changes before it should have brought: said, with how much and why it may be."""

from __future__ import annotations

from typing import Any

from django.db import connection

from foundation.core.staging import staged
from foundation.ledger.merge import Target
from integrations.port import Reach
from sync.engine.run.plan import since_of
from sync.engine.run.run_log import note
from sync.engine.run.stored_plan import last_complete
from sync.engine.run.work import Work
from sync.models import Cursor, Run
from sync.streams import stream_words

KEY = "missed"
"""Where a run's report keeps it, by stream."""

MISSED = """
SELECT count(*) FILTER (WHERE t.id IS NULL), count(t.id), min(s.remote_updated_at), max(s.remote_updated_at)
FROM (SELECT DISTINCT ON (remote_id) f.remote_id, f.remote_updated_at {staged} AND f.in_scope
    ORDER BY f.remote_id, f.remote_updated_at DESC NULLS LAST) s
LEFT JOIN "{table}" t ON t.organization_id = %(organization)s AND t.connection_id = %(connection)s AND t.remote_id = s.remote_id
WHERE s.remote_updated_at < %(since)s AND (t.id IS NULL OR (t.removed_at IS NULL AND t.remote_updated_at < s.remote_updated_at))"""
"""Records whose latest change lies before the moment up to which changes were read, and that are not here, or older here. One that is removed
here may have come back into scope, and one whose stamp is the same changed without a new one: no reading of changes could have told."""


def keep_missed(work: Work, target: Target) -> None:
    """Counts what syncs of changes missed of a stream, before the run merges it. In the caller's transaction. Nothing is said where the
    settings have changed since the last complete reading: then older records are new here for another reason."""
    work.run.verification.get(KEY, {}).pop(target.stream, None)
    since = since_of(read_until(work, target.stream))
    if work.quick or since is None or not reads_alike(work):
        return
    sql = MISSED.format(staged=staged(target.staging, "f"), table=target.table)
    with connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(since=since))
        created, changed, first, last = cursor.fetchone()
    if work.scope.narrows_companies:
        created = 0  # A company that has come into scope brings what is older of it.
    if not created + changed:
        return
    kept: dict[str, Any] = {
        "created": created,
        "changed": changed,
        "first": first.isoformat(),
        "last": last.isoformat(),
    }
    work.run.verification.setdefault(KEY, {})[target.stream] = kept
    said = f"{missed_words(work.run)} The latest of them changed at {last:%Y-%m-%d %H:%M} UTC by the PSA's clock."
    note(
        work.run.pk, work.lease.organization_id, "warning", said, stream=target.stream, created=created, changed=changed
    )
    Run.objects.filter(pk=work.run.pk).update(verification=work.run.verification)


def read_until(work: Work, stream: str) -> Any:
    """Up to when, by the PSA's clock, changes of the stream were read before this run; None where they can't be asked for."""
    asked = any(
        spec.name == stream and spec.incremental and spec.reach is Reach.GLOBAL for spec in work.adapter.streams
    )
    cursors = Cursor.objects.filter(connection_id=work.connection.pk, stream=stream)
    return cursors.values_list("watermark", flat=True).first() if asked else None


def reads_alike(work: Work) -> bool:
    """Whether the last complete reading went by the same settings."""
    last = last_complete(work.run)
    return last is not None and last.get("digest") == work.plan.digest


CAUSES = {
    "created": "The key may have been given the right to see them since, or the PSA shows new records late.",
    "changed": "The PSA may show changes late, write earlier times on them, or give its times in another time zone than it says.",
}


def missed_words(run: Run) -> str:
    """What was missed, of which streams, and what may be the cause; "" for nothing."""
    found: dict[str, dict[str, Any]] = run.verification.get(KEY, {})
    parts = [f"{one['created'] + one['changed']:,} {stream_words(name)}" for name, one in found.items()]
    if not parts:
        return ""
    cause = CAUSES["changed" if any(one["changed"] for one in found.values()) else "created"]
    return f"Quick syncs had missed {', '.join(parts)}, which are here now. {cause}"
