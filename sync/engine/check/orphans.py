"""Children that the answer about their parent does not show any more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from foundation.core.staging import staged
from foundation.ledger.merge import MergeContext, Target, remove
from sync.streams import PARENTS


@dataclass(frozen=True, slots=True)
class Parents:
    """The parents of one batch, and when they were asked."""

    remote_ids: list[str]
    asked_at: dt.datetime


GONE = "gone from the PSA"
UNDERSTOOD = """NOT EXISTS (SELECT 1 FROM sync_runissue i WHERE i.run_id = %(journal_run)s AND i.stream = %(stream)s
    AND i.remote_id = t.remote_id)"""
"""The run could read the record, if it was there: one that could not be read or stored is not gone."""


def unshown(target: Target) -> str:
    """Children of some parents that were here before they were asked, and that their answers do not show, as a condition on ``t``."""
    return (
        f't."{target.parent_column}" = ANY(%(parents)s) AND t.fetched_at < %(asked_at)s AND NOT EXISTS '
        f"(SELECT 1 {staged(target.staging, 's')} AND s.remote_id = t.remote_id) AND {UNDERSTOOD}"
    )


def asked(batch: Parents) -> dict[str, Any]:
    """The parameters of ``unshown``."""
    return {"parents": batch.remote_ids, "asked_at": batch.asked_at}


def remove_orphans(target: Target, context: MergeContext, batch: Parents) -> int:
    """Removes children of these parents that their answers do not show."""
    return remove(target, context, unshown(target), reason=GONE, **asked(batch))


def read_since(target: Target) -> str:
    """A parent of ``t`` was read completely after it."""
    return (
        f"EXISTS (SELECT 1 {staged(PARENTS, 'p')} AND p.stream = %(stream)s "
        f'AND p.parent_remote_id = t."{target.parent_column}" AND p.fetched_at > t.fetched_at)'
    )


def orphaned(target: Target) -> str:
    """Children that are here, of a parent that was read completely after them, and that were not among its children then."""
    shown = f"SELECT 1 {staged(target.staging, 's')} AND s.remote_id = t.remote_id"
    return f"{read_since(target)} AND NOT EXISTS ({shown}) AND {UNDERSTOOD}"
