"""Values that a run brought: mapped where that is certain; where somebody maps their kind, what is left is said."""

from __future__ import annotations

from mappings.kinds import KINDS, MIRRORED
from mappings.selectors import in_use
from mappings.selectors.counts import unmapped_of
from mappings.services import map_automatically
from sync.engine.run.run_log import note
from sync.engine.run.work import Work
from sync.models import RunStream


def map_arrivals(work: Work) -> dict[str, int]:
    """Maps what is new and certain, in the caller's transaction. Returns {kind: how many new values are not mapped}, of kinds that
    somebody maps on this connection; nothing, at the cost of a query, where no value is new."""
    arrived = set(RunStream.objects.filter(run_id=work.run.pk, created__gt=0).values_list("name", flat=True))
    kinds = [kind for kind in MIRRORED if arrived & set(kind.streams)]
    if not kinds:
        return {}
    done = map_automatically(work.connection, streams=arrived)
    if done:
        note(work.run.pk, work.lease.organization_id, "info", f"Mapped automatically: {kinds_words(done)}")
    used = in_use(work.connection)
    since = work.run.started_at or work.run.created_at
    left = unmapped_of(work.connection, [kind for kind in kinds if kind.key in used], since=since)
    return {kind: count for kind, count in left.items() if count}


def kinds_words(counts: dict[str, int]) -> str:
    """ "2 statuses, 1 member"."""
    return ", ".join(
        f"{count:,} {KINDS[kind].one if count == 1 else KINDS[kind].many}" for kind, count in counts.items()
    )
