"""A record is changed by the PSA while an edit of the same field waits here to be sent: the connection's rule decides."""

from __future__ import annotations

from django.db import connection as database

from sync.engine.run.run_log import note
from sync.engine.run.work import Work
from sync.streams import TARGETS

MET = """
WITH met AS (
    SELECT DISTINCT p.id, %(rule)s = 'psa' OR %(rule)s = 'newest' AND coalesce(t.remote_updated_at, t.fetched_at) > p.created_at AS gives_way
    FROM ledger_pendingchange p JOIN {table} t ON t.id = p.record_id JOIN ledger_journalentry j ON j.organization_id = p.organization_id
        AND j.stream = p.stream AND j.record_id = p.record_id AND j.run_id = %(journal_run)s AND j.action = 'updated'
    WHERE p.organization_id = %(organization)s AND p.connection_id = %(connection)s AND p.stream = %(stream)s
        AND p.state IN ('waiting', 'failed')
        AND EXISTS (SELECT FROM jsonb_each(p.new) n WHERE j.after ? n.key AND j.after -> n.key IS DISTINCT FROM n.value)
)
UPDATE ledger_pendingchange p SET
    state = CASE WHEN %(rule)s = 'ask' THEN 'conflict' WHEN met.gives_way THEN 'dropped' ELSE p.state END,
    message = CASE WHEN %(rule)s = 'ask' THEN %(asks)s WHEN met.gives_way THEN %(drops)s ELSE %(keeps)s END,
    "end" = CASE WHEN met.gives_way THEN 'psa_wins' ELSE '' END,
    ended_run_id = CASE WHEN met.gives_way THEN %(journal_run)s END
FROM met WHERE met.id = p.id"""
"""Edits whose field the PSA has set to something else than they do. An edit that both sides made is no conflict."""

WORDS = {"ask": "ask", "psa": "the PSA wins", "portal": "the portal wins", "newest": "the newest wins"}


def settle_conflicts(work: Work, stream: str) -> int:
    """Decides on the edits that what this run merged of the stream collides with, in the caller's transaction. Returns how many."""
    rule = work.settings.conflict_rule
    by_rule = f"by the conflict rule “{WORDS[rule]}”"
    parameters = work.context().parameters(
        stream=stream,
        rule=rule,
        asks="The PSA changed the same field meanwhile: a person has to decide.",
        drops=f"The PSA changed the same field: its value stays, {by_rule}.",
        keeps=f"The PSA changed the same field meanwhile; this edit still goes out, {by_rule}.",
    )
    with database.cursor() as cursor:
        cursor.execute(MET.format(table=f'"{TARGETS[stream].table}"'), parameters)
        met = int(cursor.rowcount)
    if met:
        said = f"{met} unsent local changes meet a change of the PSA: decided {by_rule}"
        note(work.run.pk, work.lease.organization_id, "warning", said, stream=stream)
    return met
