"""Everybody presses the button at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError
from django.db import connection as line

from portal.tenancy.scope import tenant_transaction
from sync.faults.ground import Ground, check_truth
from sync.faults.verdict import Verdict, until
from sync.models import Run
from sync.services.runs import RunRefused, RunRequested, run_request

AT_ONCE = 12


def crowd(ground: Ground, verdict: Verdict) -> None:
    """F8: one run comes of all the presses and everybody is told; a clear pressed meanwhile waits its turn and is not swallowed."""
    people = 80 if ground.short else 800
    ground.psa.fault({"kind": "slow", "seconds": 0.2, "match": {"path": "service/boards/"}})
    before = newest(ground)
    with ThreadPoolExecutor(AT_ONCE) as hands:
        answers = list(hands.map(lambda _: press(ground, "full"), range(people)))
    told = [answer for answer in answers if isinstance(answer, RunRequested)]
    wrong = [answer for answer in answers if not isinstance(answer, RunRequested)]
    verdict.require(not wrong, f"{len(wrong)} presses failed, such as {wrong[:1]}")
    verdict.require(len({answer.run.pk for answer in told}) == 1, "the presses made more than one run")
    verdict.require(all(answer.message for answer in told), "somebody was not told what happens")
    run = told[0].run
    until(lambda: ground.run(run).state != Run.State.QUEUED, 30, "the pressed run starts")
    clear = ground.ask("clear_resync")
    verdict.require(clear.pk != run.pk, "a clear was swallowed by a full run")
    started = ground.run(clear).started_at
    ground.psa.calm()
    first, second = ground.ended(run), ground.ended(clear)
    verdict.require(started is None, "the clear did not wait for its turn")
    both = first.finished_at and second.started_at and second.started_at >= first.finished_at
    verdict.require(bool(both), "the clear began before the full run had ended")
    verdict.require(second.state == Run.State.DONE, f"the clear ended as {second.state}: {second.message}")
    verdict.require(newest(ground) == before + 2, f"{newest(ground) - before} runs came of it instead of 2")
    verdict.figures |= {"presses": people, "joined": sum(answer.joined for answer in told)}
    check_truth(ground, verdict, "after the crowd")


def press(ground: Ground, kind: str) -> RunRequested | str:
    """One person's press; the words of what went wrong otherwise."""
    try:
        with tenant_transaction(ground.organization.pk):
            return run_request(connection=ground.connection, kind=kind, trigger="command", reason="at once")
    except RunRefused as err:
        return str(err)
    except DatabaseError as err:
        return f"{type(err).__name__}: {err}"
    finally:
        line.close()


def newest(ground: Ground) -> int:
    """How many runs the connection ever had."""
    with tenant_transaction(ground.organization.pk):
        return Run.objects.filter(connection=ground.connection).count()
