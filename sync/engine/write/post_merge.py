"""What follows once all pages of a stream are merged: what waited for its records is linked, and its cursor moves."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from foundation.ledger.merge import relink
from integrations.port import Reach
from sync.engine.run.work import Work
from sync.engine.write.renames import follow_names
from sync.models import RunStream
from sync.streams import TARGETS


def link_references(work: Work, streams: Collection[RunStream]) -> int:
    """Links rows that were waiting for what these streams brought, in the caller's transaction. Returns how many links.
    Only where something new arrived: else there is nothing to find."""
    tables = {TARGETS[stream.name].table for stream in streams if stream.created}
    linked = 0
    for target in TARGETS.values():
        arrivals = [reference for reference in target.references if reference.table in tables]
        if arrivals:
            linked += relink(target, arrivals, work.context())
    return linked


CURSOR = """
INSERT INTO sync_cursor (organization_id, connection_id, stream, watermark, updated_at, full_at)
VALUES (%(organization)s, %(connection)s, %(stream)s, %(watermark)s, clock_timestamp(), CASE WHEN %(full)s THEN clock_timestamp() END)
ON CONFLICT (connection_id, stream) DO UPDATE SET updated_at = EXCLUDED.updated_at, full_at = coalesce(EXCLUDED.full_at, sync_cursor.full_at),
    watermark = CASE WHEN %(anew)s THEN EXCLUDED.watermark ELSE coalesce(EXCLUDED.watermark, sync_cursor.watermark) END"""


def move_cursors(work: Work, streams: Collection[RunStream], *, anew: bool = False) -> None:
    """Every page of these streams is merged: the next quick sync begins where this read began, by the PSA's clock.

    Also backwards: after a clock was set back, a cursor that only grows would be ahead of every change until the clock caught up.
    The cursor of a stream of which not all could be read stays where it is.
    """
    reach = {spec.name: spec.reach for spec in work.adapter.streams}
    with connection.cursor() as cursor:
        for stream in streams:
            if reach.get(stream.name) is Reach.GLOBAL and not stream.incomplete:
                own = {"stream": stream.name, "watermark": stream.watermark, "full": not work.quick, "anew": anew}
                cursor.execute(CURSOR, work.context().parameters() | own)


def arrived(work: Work, stream: RunStream) -> None:
    """A live stream has all of its pages merged (a first sync's cursor waits for its verification). In the transaction that lands
    the last page: a kill in between would leave links open for good, since the next run has nothing new to link."""
    link_references(work, [stream])
    follow_names(work, stream)
    if not work.run.lands_live:
        move_cursors(work, [stream])
