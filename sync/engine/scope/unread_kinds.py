"""Kinds of tickets that a complete reading could not ask for: what is here of them, and below them, is not known to be gone.

A PSA that keeps project tickets in a list of their own may refuse that list, or not have it, while all others are read.
"""

from __future__ import annotations

from django.db import connection

from foundation.ledger.merge import Target
from integrations.port import Unshown
from sync.engine.run.run_log import issue, note
from sync.engine.run.work import Work
from sync.models import RunStream
from sync.streams import TARGETS, stream_words

KINDS = "unshown"
"""In a stream's coverage: the kinds, by ``record_type``."""
CODE = "kind_unread"
TICKETS = "tickets"
OF_KIND = f"""record_type = ANY (ARRAY(SELECT jsonb_array_elements_text(k.coverage -> '{KINDS}') FROM sync_runstream k
    WHERE k.organization_id = %(organization)s AND k.run_id = %(run)s AND k.name = '{TICKETS}'))"""


def keep_unshown(work: Work, stream: RunStream, unshown: Unshown) -> None:
    """Remembers with the stream, which the caller saves, what was not shown; an issue where any of it is here. In the caller's
    transaction."""
    stream.coverage = stream.coverage | {KINDS: list(unshown.kinds)}
    sql = f"""SELECT count(*) FROM "{TARGETS[stream.name].table}" WHERE organization_id = %(organization)s
        AND connection_id = %(connection)s AND removed_at IS NULL AND record_type = ANY(%(kinds)s)"""
    with connection.cursor() as cursor:
        cursor.execute(sql, work.context().parameters(kinds=list(unshown.kinds)))
        here = int(cursor.fetchone()[0])
    own = (work.run.pk, work.lease.organization_id)
    if not here:
        note(*own, "info", f"{unshown.why} None of them is here.", stream=stream.name)
        return
    said = f"{unshown.why} {here:,} such {stream_words(stream.name)} are here; they stay as they are, and none of them is removed."
    issue(*own, stream.name, CODE, said)
    note(*own, "warning", said, stream=stream.name)


def is_unshown(target: Target, alias: str = "t") -> str:
    """Whether a stored row is of a kind that the run was not shown, or belongs to such a ticket, as SQL."""
    if target.stream == TICKETS:
        return f"{alias}.{OF_KIND}"
    if target.stream in ("notes", "time_entries"):
        return is_below_unshown(TARGETS[TICKETS], f'{alias}."{target.parent_column}"')
    return "false"


def is_below_unshown(parent: Target, column: str) -> str:
    """Whether the parent of this remote id is a ticket that is here and of a kind that the run was not shown, as SQL."""
    if parent.stream != TICKETS:
        return "false"
    return f"""{column} IN (SELECT u.remote_id FROM "{parent.table}" u WHERE u.organization_id = %(organization)s
        AND u.connection_id = %(connection)s AND u.removed_at IS NULL AND u.{OF_KIND})"""
