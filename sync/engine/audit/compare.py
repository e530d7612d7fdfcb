"""A row of ours against a record of the PSA, field by field. Pure: no database, no network."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from foundation.ledger.merge import Target
from sync.engine.run.plan import OVERLAP

SURE = 1.959964
"""Standard deviations on both sides of 95 %."""
UNKNOWN, CONTENT = 5, 6
"""Where the unknown columns are in a staged row, and where the content begins, behind remote id, stamp, fetched, hash and in scope."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One record that does not match. ``verdict``: differs (in ``fields``), gone (not in the PSA), absent (not here), since (changed
    after our last read), settled (a sync brought it meanwhile), scope (the settings do not want it any more) or unread.
    ``record_id`` is None where it is not here."""

    remote_id: str
    verdict: str
    label: str = ""
    record_id: int | None = None
    fields: tuple[str, ...] = ()


def differing(target: Target, mine: Mapping[str, Any], staged: tuple[Any, ...]) -> tuple[str, ...]:
    """The columns in which a row of ours and a staged row without prefix have different content; not those that are not known."""
    values = zip(target.columns, staged[CONTENT:], strict=True)
    differ = (name for (name, kind), value in values if plain(kind, mine[name]) != plain(kind, value))
    return tuple(name for name in differ if name not in staged[UNKNOWN])


def plain(kind: str, value: Any) -> Any:
    """A column's value in a form that compares: JSON is text from the database and a wrapper on the way to it."""
    if kind != "jsonb":
        return value
    return json.loads(value) if isinstance(value, str) else json.loads(msgspec.json.encode(value.obj))


def is_newer(theirs: dt.datetime | None, ours: dt.datetime | None) -> bool:
    """Whether the PSA's version was written after the one that was read."""
    return theirs is not None and (ours is None or theirs > ours)


def is_unread(stamp: dt.datetime | None, watermark: dt.datetime | None) -> bool:
    """Whether a change of that stamp may still be on its way: the cursor, which has read everything before it, is not past it for sure."""
    return stamp is None or watermark is None or stamp >= watermark - OVERLAP


def wilson(hits: int, of: int) -> tuple[float, float] | None:
    """The 95 % confidence interval of a share, after Wilson (1927): sound for small samples and for shares near 1. None for no sample."""
    if of <= 0:
        return None
    share, z2 = hits / of, SURE * SURE
    middle = share + z2 / (2 * of)
    half = SURE * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low, high = ((middle + sign * half) / (1 + z2 / of) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)
