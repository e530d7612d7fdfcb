"""Guards of the engine, switched off one at a time in a process of the harness, to prove that a scenario would see it."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

from foundation.core.known_secrets import KnownSecrets
from foundation.ledger import merge
from integrations import answers, boundary, untold
from integrations.decoding import rows
from integrations.errors import ProtocolError
from sync.engine.check import guard
from sync.engine.read import children, fetch
from sync.engine.run import drive, finish, lease, plan
from sync.engine.write import apply
from sync.models import Nightly, Run
from sync.services import nightly_schedule, runs, schedules, sweeper

STALE = " AND fence = %(fence)s AND lease_until > clock_timestamp() AND state IN ('running', 'waiting', 'verifying', 'applying')"


def _nothing(*arguments: Any, **more: Any) -> None:
    """Does nothing."""


def _fence() -> None:
    patch.object(lease, "RENEW", lease.RENEW.replace(STALE, " AND %(fence)s > 0")).start()


def _sweeper() -> None:
    patch.object(sweeper, "runs_due", list).start()
    patch.object(sweeper, "next_in_turn", list).start()


def _count() -> None:
    patch.object(drive, "verify", _nothing).start()


def _hold() -> None:
    """However much would go, no run finds it too much."""
    patch.object(drive, "find", lambda work: guard.Finding()).start()


def _checkpoint() -> None:
    """Each slice begins every stream anew, as if its checkpoints were not kept."""
    original = fetch.fetch_stream

    def anew(work: Any, spec: Any, stream: Any) -> bool:
        stream.checkpoint = None
        return original(work, spec, stream)

    patch.object(drive, "fetch_stream", anew).start()


def _moment() -> None:
    """A staged run lands its pages as they come."""
    from sync.engine.run import work
    from sync.engine.run.plan import Mode

    patch.object(work, "mode_of", lambda kind, **more: Mode.LIVE).start()


def _turns() -> None:
    """Presses don't queue up, and there is time between a press's look and its run."""
    make = Run.objects.create

    def late(**values: Any) -> Run:
        time.sleep(0.05)
        return make(**values)

    patch.object(runs, "serialise", _nothing).start()
    patch.object(Run.objects, "create", late).start()


def _newest() -> None:
    """Whatever lands last is what stays."""
    patch.object(merge, "NEWER", "true").start()


def _arrived() -> None:
    """The sweep takes what came in while the run was reading."""
    original = guard.unseen

    def unseen(target: merge.Target) -> str:
        return original(target).replace("t.fetched_at < %(began)s", "true")

    patch.object(guard, "unseen", unseen).start()
    patch.object(apply, "unseen", unseen).start()


def _nights() -> None:
    """Nobody remembers which nights have had their run."""

    def next_night(*when: Any, not_before: Any, **more: Any) -> Any:
        return nightly_schedule.next_night(*when, **more)

    def start_night(schedule: Any, connection: Any, now: Any) -> None:
        due, date = schedule.nightly_next_at or now, schedule.nightly_next_date or now.date()
        night, _ = Nightly.objects.update_or_create(
            connection=connection,
            local_date=date,
            defaults={"organization_id": schedule.organization_id, "due_at": due, "kind": "full", "caught_up": False},
        )
        night.run = sweeper.start(connection, "full", Run.Trigger.NIGHTLY)
        night.save()

    patch.object(schedules, "next_night", next_night).start()
    patch.object(sweeper, "start_night", start_night).start()


def _isolation() -> None:
    """One record that can't be understood spoils its page."""

    def rejected(run_id: int, organization_id: int, stream: str, records: Any) -> None:
        if records:
            raise ProtocolError(records[0].message)

    patch.object(fetch, "rejected", rejected).start()


def _redaction() -> None:
    """Samples are kept as they came."""

    def whole(text: str | bytes, *arguments: Any, **more: Any) -> str:
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else text

    for place in (answers, rows):
        patch.object(place, "redacted", whole).start()
    patch.object(KnownSecrets, "blotted", lambda known, text, limit=None: text[:limit]).start()


def _flight() -> None:
    """Four times as many requests at once as the adapter allows itself."""

    def wide(max_workers: int, **more: Any) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(4 * max_workers, **more)

    patch.object(drive, "ThreadPoolExecutor", wide).start()


def _overlap() -> None:
    """Quick syncs begin where the last one began, and not before."""
    patch.object(plan, "OVERLAP", dt.timedelta()).start()


def _cleaning() -> None:
    """What an adapter made of a row is kept as it is."""

    def as_it_is(record: Any) -> tuple[Any, tuple[()]]:
        return record, ()

    patch.object(boundary, "cleaned", as_it_is).start()


def _remarks() -> None:
    """Odd values are left out without a word."""
    patch.object(fetch, "remarked", _nothing).start()
    patch.object(children, "remarked", _nothing).start()


def _withheld() -> None:
    """What an answer of nothing seems to say is gone goes at once."""
    patch.object(drive, "weigh", _nothing).start()
    patch.object(children, "doubt_live", _nothing).start()


def _untold() -> None:
    """What a look-up that failed would have named is taken for nothing."""
    patch.object(untold, "pointed", lambda lookup, row: ()).start()


def _pauses() -> None:
    """A run waits for as long and as often as a PSA asks."""
    patch.object(finish, "MOST_PAUSED", math.inf).start()
    patch.object(finish, "LEAST_PAUSE", 0.0).start()


def _ceiling() -> None:
    """An answer may hold as many rows as fit into it."""
    patch.object(rows, "MOST_ROWS", 10**9).start()
    patch.object(rows, "MOST_VALUES", 10**9).start()


SWITCHES: dict[str, Callable[[], None]] = {
    "fence": _fence,
    "sweeper": _sweeper,
    "count": _count,
    "hold": _hold,
    "checkpoint": _checkpoint,
    "moment": _moment,
    "turns": _turns,
    "newest": _newest,
    "arrived": _arrived,
    "nights": _nights,
    "isolation": _isolation,
    "redaction": _redaction,
    "flight": _flight,
    "overlap": _overlap,
    "cleaning": _cleaning,
    "remarks": _remarks,
    "withheld": _withheld,
    "untold": _untold,
    "pauses": _pauses,
    "ceiling": _ceiling,
}
"""What ``--without`` takes."""


def switch_off(name: str) -> None:
    """Takes the named guard away in this process; an empty name takes none."""
    if name:
        SWITCHES[name]()
