"""Asking for runs, and deciding about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from foundation.core import database_clock
from foundation.core.errors import Refused
from foundation.tenancy.models import User
from foundation.tenancy.scope import system_transaction, tenant_transaction
from foundation.tenancy.services.audit import audit_record
from integrations.models import Connection
from sync.dispatch import dispatch_after_commit
from sync.engine.check.unchanged import CHANGED_SINCE_READ
from sync.engine.run.finish import close_cancelled
from sync.engine.run.stored_plan import reads_otherwise
from sync.models import Cursor, InstanceChange, Run, RunSignal


class RunRefused(Refused):
    """What was asked can't be done now; the message is for people."""


@dataclass(frozen=True, slots=True)
class RunRequested:
    """``joined``: a run of the same kind was already open, and this press joined it. ``message`` says what happens now."""

    run: Run
    joined: bool
    message: str


LANES = {Run.Kind.QUICK: Run.Lane.FAST, Run.Kind.FULL: Run.Lane.BULK, Run.Kind.CLEAR_RESYNC: Run.Lane.BULK}
BY_PEOPLE = frozenset({Run.Trigger.PERSON, Run.Trigger.COMMAND})
COMMAND_LINE = "command line"
JOINABLE = (Run.State.QUEUED, *Run.ACTIVE)


def run_request(
    *,
    connection: Connection,
    kind: str,
    trigger: str,
    actor: User | None = None,
    reason: str = "",
    urgent: bool = False,
    only: Sequence[str] = (),
) -> RunRequested:
    """Queues a run, or joins the open one of the same kind. In the caller's tenant transaction.

    The first sync of a connection is always a full one that lands as it is fetched. What a person asked for is told to a worker
    at once; what the clock asked for waits for its organization's turn (``turns``). ``only``: of these streams alone. Raises RunRefused.
    """
    serialise(connection)
    connection = as_it_is(connection)
    check(connection, kind, trigger, reason)
    first = is_first(connection)
    if first and kind == Run.Kind.QUICK:
        kind = Run.Kind.FULL
    lands_live = first and kind == Run.Kind.FULL
    already = open_alike(connection, kind)
    if already is not None:
        if already.applies is not None and trigger in BY_PEOPLE:
            raise RunRefused(
                f"Run {already.pk} applies a preview now. Press again when it has ended: this would read anew."
            )
        return join(already, urgent=urgent)
    now = database_clock.now()
    run = Run.objects.create(
        organization_id=connection.organization_id,
        connection=connection,
        kind=kind,
        lane=LANES[Run.Kind(kind)],
        trigger=Run.Trigger.FIRST if lands_live and trigger not in BY_PEOPLE else trigger,
        lands_live=lands_live,
        scope={"only": list(only)} if only else {},
        urgent=urgent,
        requested_by=actor,
        reason=reason.strip(),
        created_at=now,
        rung_at=now if trigger in BY_PEOPLE else None,
    )
    if trigger in BY_PEOPLE:
        audit_record(
            action="sync.requested",
            target=run,
            actor=actor,
            changes={"kind": [None, kind], "reason": [None, run.reason]},
        )
        dispatch_after_commit(run)
    return RunRequested(run, False, announcement(run))


def check(connection: Connection, kind: str, trigger: str, reason: str) -> None:
    """Refuses what must not start: an unfinished connection, a clear without a person and a reason."""
    if kind not in LANES:
        raise RunRefused(f"There is no sync of kind “{kind}”. Choose quick, full or clear_resync.")
    if InstanceChange.objects.filter(
        connection_id=connection.pk, finished_at=None, step__in=InstanceChange.RESTS
    ).exists():
        raise RunRefused("The PSA instance of this connection is being changed. Go on with that first.")
    if not connection.credentials:
        raise RunRefused("This connection has no credentials yet. Configure it first.")
    if kind == Run.Kind.CLEAR_RESYNC:
        if trigger not in BY_PEOPLE:
            raise RunRefused("Only a person can start a full clear and resync.")
        if not reason.strip():
            raise RunRefused("A full clear and resync needs a reason.")


def serialise(connection: Connection) -> None:
    """Presses on one connection take turns, however many people press at once."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('run_request'), %s::int)", [connection.pk % 2**31])


def as_it_is(connection: Connection) -> Connection:
    """The connection as it is once the lock of ``serialise`` is held: what the caller read before may be over. Raises RunRefused."""
    current = Connection.objects.filter(pk=connection.pk).first()
    if current is None:
        raise RunRefused("This connection has been removed.")
    return current


def is_first(connection: Connection) -> bool:
    """Whether the connection's tickets were never read completely."""
    return not Cursor.objects.filter(connection=connection, stream="tickets", full_at__isnull=False).exists()


def open_alike(connection: Connection, kind: str) -> Run | None:
    """The open run of the kind that does what a press asks for now: not one at work that began with other settings."""
    for run in Run.objects.filter(connection=connection, kind=kind, state__in=JOINABLE).order_by("id"):
        if run.state == Run.State.QUEUED or not reads_otherwise(run, connection):
            return run
    return None


def join(run: Run, *, urgent: bool) -> RunRequested:
    """Counts the press on the open run, and moves it forward where it was urgent."""
    changes: dict[str, object] = {"joined": run.joined + 1}
    if urgent and not run.urgent and run.state == Run.State.QUEUED:
        changes["urgent"] = run.urgent = True
        dispatch_after_commit(run)
    if run.state == Run.State.QUEUED:
        Run.objects.filter(pk=run.pk).update(**changes)
    word = "waiting for its turn" if run.state == Run.State.QUEUED else "already running"
    return RunRequested(run, True, f"A {run.get_kind_display().lower()} is {word}: you joined it.")


def announcement(run: Run) -> str:
    """What happens now, in a sentence."""
    if run.lands_live:
        return "The first sync has started: it reads everything in scope, newest tickets first."
    return f"{run.get_kind_display()} started. You can leave this page; it goes on."


def run_cancel(*, run: Run, actor: User | None, reason: str = "") -> None:
    """Ends a run in any phase; what readers see stays as it was. At once, unless its worker is in the midst of a transaction: it sees the
    press within seconds. A run that has applied everything and cleans up goes on to its end. Raises RunRefused.

    It is safe to end a run whose worker is at work: each of its transactions proves first that the run is still its own.
    """
    if not run.is_open:
        raise RunRefused(f"This run has already ended: {run.get_result_display()}.")
    RunSignal.objects.create(
        organization_id=run.organization_id, run=run, kind=RunSignal.Kind.CANCEL, by=actor, reason=reason.strip()
    )
    audit_record(action="sync.cancelled", target=run, actor=actor, changes={"reason": [None, reason.strip()]})
    end_if_free(run.pk)


def end_if_free(run_id: int) -> None:
    """Ends a run of which somebody wants the end, unless its row is locked or it has applied everything. In the caller's transaction."""
    free = Run.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=run_id, state__in=Run.OPEN)
    if free.exclude(phase=Run.Phase.CLEANING).exists():
        close_cancelled(run_id)


def presses_missed() -> list[tuple[int, int]]:
    """(organization, run) of runs that no worker will look at again by itself, and that somebody has cancelled: the press met a locked
    row, while the run was being held or somebody else decided about it."""
    with system_transaction():
        pressed = RunSignal.objects.filter(run_id=OuterRef("pk"), kind=RunSignal.Kind.CANCEL)
        resting = Run.objects.filter(Exists(pressed), state__in=[Run.State.HELD, Run.State.QUEUED, Run.State.WAITING])
        return list(resting.exclude(phase=Run.Phase.CLEANING).values_list("organization_id", "pk"))


def run_end_missed(organization_id: int, run_id: int) -> None:
    """Ends such a run."""
    with tenant_transaction(organization_id):
        end_if_free(run_id)


@dataclass(frozen=True, slots=True)
class Approved:
    """``complete``: the run goes on. Otherwise a second person has to agree. ``message``: for people."""

    complete: bool
    message: str


def run_approve(*, run: Run, actor: User | None, reason: str) -> Approved:
    """Approves a held run; with the last approval it needs, it is verified anew, then applied. Raises RunRefused."""
    require_held(run, reason)
    # Not a lock of its key: a press of Cancel, which names the run, does not wait for this.
    current = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    require_held(current, reason)
    if current.signals.filter(kind=RunSignal.Kind.CANCEL).exists():
        raise RunRefused("Somebody has cancelled this run: it ends in a moment.")
    given = current.verification.get("approvals", [])
    if reads_otherwise(current, Connection.objects.get(pk=current.connection_id)):
        raise RunRefused(f"{CHANGED_SINCE_READ} Reject it: the next sync reads with the new ones.")
    if given and needs_second(current):
        require_another(given[0], actor)
    mine = {"by": actor.email if actor else COMMAND_LINE, "by_id": actor.pk if actor else None}
    approvals = [*given, mine | {"reason": reason.strip(), "at": database_clock.now().isoformat()}]
    complete = len(approvals) > 1 or not needs_second(current)
    record_approval(current, approvals, complete=complete)
    RunSignal.objects.create(
        organization_id=run.organization_id, run=run, kind=RunSignal.Kind.APPROVE, by=actor, reason=reason.strip()
    )
    audit_record(action="sync.approved", target=run, actor=actor, changes={"reason": [None, reason.strip()]})
    if not complete:
        return Approved(False, "Approved by one person. A second person who manages integrations has to agree.")
    dispatch_after_commit(run)
    return Approved(True, "Approved: the run is verified anew, then applied.")


def record_approval(run: Run, approvals: list[dict[str, Any]], *, complete: bool) -> None:
    """Keeps who approved, and queues the run with the last approval that it needs."""
    changes: dict[str, Any] = {"verification": run.verification | {"approvals": approvals}}
    if complete:
        changes["verification"] |= {
            "approved_by": " and ".join(approval["by"] for approval in approvals),
            "approved_reason": "; ".join(approval["reason"] for approval in approvals),
        }
        changes |= {"state": Run.State.QUEUED, "result": "", "message": "", "rung_at": Now()}
    try:
        with transaction.atomic():
            Run.objects.filter(pk=run.pk, state=Run.State.HELD).update(**changes)
    except IntegrityError as err:
        raise RunRefused("Another run of this kind is queued. Cancel it, or wait for it, and approve again.") from err


def needs_second(run: Run) -> bool:
    """Whether so much would go that two people have to agree."""
    return any(loss.get("second") for loss in run.verification.get("held", {}).values())


def require_another(first: dict[str, Any], actor: User | None) -> None:
    """The second person is a person, and not the first one."""
    if actor is None:
        raise RunRefused("The second approval has to come from a person, signed in: the command line is nobody.")
    if first["by_id"] == actor.pk:
        raise RunRefused("You have approved this run already. Somebody else who manages integrations has to agree.")


def run_reject(*, run: Run, actor: User | None, reason: str) -> None:
    """Ends a held run: nothing of it is applied. Raises RunRefused."""
    require_held(run, reason)
    RunSignal.objects.create(
        organization_id=run.organization_id, run=run, kind=RunSignal.Kind.REJECT, by=actor, reason=reason.strip()
    )
    audit_record(action="sync.rejected", target=run, actor=actor, changes={"reason": [None, reason.strip()]})
    run_cancel(run=run, actor=actor, reason=reason)


def require_held(run: Run, reason: str) -> None:
    """Only a held run is decided about, and with a reason."""
    if run.state != Run.State.HELD:
        raise RunRefused("This run is not waiting for approval.")
    if not reason.strip():
        raise RunRefused("Give a reason: it is kept with the run.")
