"""What people decide about removals that a run withheld: they go after all, or stay."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.ledger.merge import MergeContext, remove
from foundation.tenancy.models import User
from foundation.tenancy.services.audit import audit_record
from sync.engine.check.guard import KEPT, WITHHELD
from sync.engine.run.run_log import WITHHELD_CODE, note
from sync.models import Issue, Run, RunStream, Victim
from sync.services.runs import COMMAND_LINE, Approved, RunRefused, require_another, serialise
from sync.streams import TARGETS, stream_words

DECIDED = f"{KEPT} AND t.synced_at <= %(ended)s"
"""What waits, unless it was written anew since the run ended: then the PSA has shown it."""


def withheld_approve(*, run: Run, stream: str, actor: User | None, reason: str) -> Approved:
    """Removes what the run withheld of a stream, once so many people have agreed as have to. In the caller's tenant transaction.
    Raises RunRefused."""
    current, waiting = decision(run, stream, reason)
    given = waiting.get("approvals", [])
    if given and waiting["second"]:
        require_another(given[0], actor)
    mine = {"by": name_of(actor), "by_id": actor.pk if actor else None, "reason": reason.strip()}
    waiting["approvals"] = [*given, mine | {"at": database_clock.now().isoformat()}]
    audit_record(action="sync.withheld_approved", target=run, actor=actor, changes=changes_of(stream, reason))
    if waiting["second"] and not given:
        keep(current)
        return Approved(False, "Approved by one person. A second person who manages integrations has to agree.")
    removed = remove_withheld(current, stream)
    words = f"{removed:,} {stream_words(stream)} that this run had kept were removed."
    close(current, stream, actor, reason, removed=removed, words=words)
    return Approved(True, words)


def withheld_keep(*, run: Run, stream: str, actor: User | None, reason: str) -> str:
    """Leaves what the run withheld of a stream as it is; the next full sync looks again. In the caller's tenant transaction. Returns what
    happens, for people. Raises RunRefused."""
    current, _ = decision(run, stream, reason)
    audit_record(action="sync.withheld_kept", target=run, actor=actor, changes=changes_of(stream, reason))
    words = f"The {stream_words(stream)} stay as they are. The next full sync asks the PSA again."
    close(current, stream, actor, reason, removed=0, words=words)
    return words


def decision(run: Run, stream: str, reason: str) -> tuple[Run, dict[str, Any]]:
    """The run, under the lock of presses, with what waits of its stream. Raises RunRefused where nothing does."""
    serialise(run.connection)
    current = Run.objects.select_related("connection").get(pk=run.pk)
    waiting = current.verification.get(WITHHELD, {}).get(stream)
    if waiting is None or current.state != Run.State.DONE or current.is_preview or "decided" in waiting:
        raise RunRefused("Nothing of this stream is waiting for a decision.")
    if not Victim.objects.filter(run_id=run.pk, stream=stream).exists():
        raise RunRefused("A later sync has read these records again: nothing of this run waits any more.")
    if not reason.strip():
        raise RunRefused("Give a reason: it is kept with the run.")
    return current, waiting


def name_of(actor: User | None) -> str:
    """Who decides."""
    return actor.email if actor else COMMAND_LINE


def changes_of(stream: str, reason: str) -> dict[str, list[Any]]:
    """What the audit log keeps."""
    return {"stream": [None, stream], "reason": [None, reason.strip()]}


def remove_withheld(run: Run, stream: str) -> int:
    """Removes them in the run's name, so that undoing it brings them back too."""
    context = MergeContext(run.organization_id, run.connection_id, run.pk, journal_run_id=run.pk)
    removed = remove(TARGETS[stream], context, DECIDED, reason="approved by a person", ended=run.finished_at)
    RunStream.objects.filter(run_id=run.pk, name=stream).update(removed=F("removed") + removed)
    return removed


def close(run: Run, stream: str, actor: User | None, reason: str, *, removed: int, words: str) -> None:
    """Writes down what was decided; nothing waits any more, and nobody is asked."""
    decided = {"by": name_of(actor), "reason": reason.strip(), "removed": removed, "words": words}
    run.verification[WITHHELD][stream]["decided"] = decided | {"at": database_clock.now().isoformat()}
    keep(run)
    Victim.objects.filter(run_id=run.pk, stream=stream).delete()
    note(run.pk, run.organization_id, "warning", words, stream=stream)
    others = Victim.objects.filter(run__connection_id=run.connection_id, run__state=Run.State.DONE, stream=stream)
    if not others.filter(run__verification__has_key=WITHHELD).exists():
        said = Issue.objects.filter(connection_id=run.connection_id, stream=stream, code=WITHHELD_CODE)
        said.filter(cleared_at=None).update(cleared_at=Now(), retry_at=None)


def keep(run: Run) -> None:
    """Stores the run's report."""
    Run.objects.filter(pk=run.pk).update(verification=run.verification)
