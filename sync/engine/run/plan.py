"""What a run of each kind reads, in which order. Pure: no database, no network."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence

from integrations.port import Reach, StreamSpec

OVERLAP = dt.timedelta(minutes=5)
"""How far a quick sync reads back behind its cursor: late commits and skewed clocks; what is seen again is a no-op."""

ESSENTIAL = frozenset({"boards", "companies", "tickets"})
"""Without these a run makes no sense; a key that may not read another stream costs that stream and a warning."""


class Mode(enum.Enum):
    """``LIVE``: each page is merged as it lands (quick syncs, and a first sync, where nothing was there). ``STAGED``: all or nothing."""

    LIVE = "live"
    STAGED = "staged"


def mode_of(kind: str, *, lands_live: bool, stages: bool = False) -> Mode:
    """How a run of this kind writes. ``stages``: it is a preview, or applies one."""
    return Mode.LIVE if not stages and (kind == "quick" or lands_live) else Mode.STAGED


def streams_of(specs: Sequence[StreamSpec], wanted: Sequence[str] | None, *, quick: bool) -> list[StreamSpec]:
    """The streams to read, in order. A quick sync reads global streams first: only then is it known which parents changed."""
    chosen = [
        spec for spec in specs if wanted is None or spec.name in wanted or spec.reference or spec.name in ESSENTIAL
    ]
    if not quick:
        return chosen
    in_pages = [spec for spec in chosen if spec.reach is Reach.GLOBAL and spec.incremental]
    return in_pages + [spec for spec in chosen if spec.reach is Reach.PER_PARENT]


def since_of(watermark: dt.datetime | None) -> dt.datetime | None:
    """Where a quick sync begins to read: the cursor less the overlap, in whole seconds."""
    return None if watermark is None else (watermark - OVERLAP).replace(microsecond=0)


def reconciles(staged: int, before: int | None, after: int | None, changed_meanwhile: int) -> bool:
    """Whether what was read agrees with the remote's own counts before and after, given how many records changed in between."""
    counts = [count for count in (before, after) if count is not None]
    if not counts:
        return True
    return min(counts) - changed_meanwhile <= staged <= max(counts) + changed_meanwhile


def held_above(live: int, *, percent: int, least: int) -> int:
    """How many removals of a stream with ``live`` rows pass unasked."""
    return max(least, live * percent // 100)


def exceeds(rows: int, live: int, percent: int) -> bool:
    """Whether ``rows`` are more than ``percent`` of ``live``."""
    return rows * 100 > live * percent


FIRST_WAIT, LONGEST_WAIT = 2.0, 180.0


def delay_of(attempts: int) -> float:
    """Seconds to wait after so many failures in a row before this one."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 16))


def patience(tries: int) -> float:
    """Seconds from the first failure until a run that fails so many times in a row gives up, if each failure is quick."""
    return sum(delay_of(attempts) for attempts in range(tries - 1))


LEAST_FAILED = 25
"""So few records that can't be understood end no run, whatever their share."""


def too_many_failed(failed: int, read: int, percent: int) -> bool:
    """Whether so many of a stream's records can't be understood that the run had better end; ``read``: those that can."""
    return percent < 100 and failed > LEAST_FAILED and exceeds(failed, failed + read, percent)


def result_of(*, written: int, issues: int) -> str:
    """No change, Success or Warning of a run that was applied."""
    if issues:
        return "warning"
    return "success" if written else "no_change"
