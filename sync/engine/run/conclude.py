"""What becomes of a run whose slice ended in an error: it waits, it ends, or, where nobody foresaw the error, it is tried a few times more.

This is the boundary of a run: whatever is raised inside stops here. An error that went on to the worker would bring the run back with the
next task message, for ever, and nobody would be told.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from integrations.errors import IntegrationError, ProtocolError, RateLimited, TransientError
from integrations.settings_schema import SettingsInvalid
from sync.engine.check.unchanged import Outdated
from sync.engine.check.verify import Incomplete
from sync.engine.read.failing_parents import REST, ParentsResting
from sync.engine.read.fetch import TooManyFailed
from sync.engine.run import finish
from sync.engine.run.containment import abandon, contain
from sync.engine.run.lease import Lease, LeaseLost, RunCancelled
from sync.engine.run.work import Place

log = structlog.get_logger("sync")
DEATHS = 20
"""Workers that may die with a run, one after the other, before it ends. More than faults: a restart of the machine is none of the run's."""


class WorkersDied(Exception):
    """The run's workers died without a word, again and again, at the same place."""


def require_living(lease: Lease) -> None:
    """Raises WorkersDied where too many workers never gave the run back since it last advanced."""
    if lease.claims > DEATHS:
        raise WorkersDied


def conclude(lease: Lease, place: Place, error: Exception) -> None:
    """Waits with the run or ends it. What fails while it is done is an error of the run as well, for the next to deal with."""
    decisions: tuple[Callable[[Lease, Place, Exception], None], ...] = (judge, judge, abandon)
    for decide in decisions:
        try:
            decide(lease, place, error)
        except LeaseLost:
            return
        except Exception as again:
            error = again
        else:
            return
    log.error("A run could not be ended", run=lease.run_id, error=type(error).__name__)


def judge(lease: Lease, place: Place, error: Exception) -> None:
    """What each known error means for the run."""
    match error:
        case LeaseLost():
            return
        case RunCancelled():
            finish.cancelled(lease)
        case RateLimited():
            finish.pause(lease, error)
        case ParentsResting():
            finish.wait(lease, error, seconds=REST)
        case TransientError() | ProtocolError():
            finish.retry(lease, error)
        case IntegrationError():
            finish.failed(lease, error.sentence, code=error.code, error=error)
        case Outdated():
            finish.failed(lease, str(error), code="outdated")
        case TooManyFailed():
            finish.failed(lease, str(error), code="too_many_failed")
        case Incomplete():
            finish.failed(lease, f"The read was not complete: {error}.", code="incomplete")
        case SettingsInvalid():
            finish.failed(lease, error.sentence, code="settings_invalid")
        case WorkersDied():
            finish.failed(lease, died_words(lease), code="worker_died")
        case _:
            contain(lease, place, error)


def died_words(lease: Lease) -> str:
    """Why a run ends whose workers left no error, in sentences."""
    where = finish.standing_of(lease)
    return (
        f"The workers of this sync ended {lease.claims - 1} times in a row {where} without a word, as they do when their memory is "
        "used up. Whoever runs MSPortal finds more in the logs of the workers and of the machine."
    )
