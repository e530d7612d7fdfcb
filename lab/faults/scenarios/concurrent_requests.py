"""Everybody presses the button at once, on the page and by the command."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import DatabaseError
from django.db import connection as line

from foundation.tenancy.models import Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from foundation.tenancy.services.organizations import membership_create
from lab.faults.processes import Pages, Visitor
from lab.faults.scenario_context import ScenarioContext, check_truth
from lab.faults.verdict import Verdict, until
from sync.models import Run
from sync.services.runs import RunRefused, RunRequested, run_request

AT_ONCE = 12
TOLD = ("you joined it", "You can leave this page; it goes on.")
"""What the page says to somebody whose press joined a run, and to the one whose press started it."""


def concurrent_requests(ground: ScenarioContext, verdict: Verdict) -> None:
    """F8: one run comes of all the presses and everybody is told; a clear pressed meanwhile waits its turn and is not swallowed."""
    people = 80 if ground.short else 800
    ground.psa.fault({"kind": "slow", "seconds": 0.2, "match": ground.psa.wire.early})
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
    a_clear_waits(ground, verdict, run)
    verdict.require(newest(ground) == before + 2, f"{newest(ground) - before} runs came of it instead of 2")
    verdict.figures |= {"presses": people, "joined": sum(answer.joined for answer in told)}
    on_pages(ground, verdict, people if not ground.short else 24)
    check_truth(ground, verdict, "after the crowd")


def a_clear_waits(ground: ScenarioContext, verdict: Verdict, run: Run) -> None:
    """A clear is pressed while ``run`` is at work."""
    clear = ground.ask("clear_resync")
    verdict.require(clear.pk != run.pk, "a clear was swallowed by a full run")
    started = ground.run(clear).started_at
    ground.psa.calm()
    first, second = ground.ended(run), ground.ended(clear)
    verdict.require(started is None, "the clear did not wait for its turn")
    both = first.finished_at and second.started_at and second.started_at >= first.finished_at
    verdict.require(bool(both), "the clear began before the full run had ended")
    verdict.require(second.state == Run.State.DONE, f"the clear ended as {second.state}: {second.message}")


def on_pages(ground: ScenarioContext, verdict: Verdict, people: int) -> None:
    """As many people, each with a log-in, press *Full sync* on the connection's page; a nightly is what they find at work."""
    ground.psa.fault({"kind": "slow", "seconds": 1.5 if ground.short else 8.0, "match": ground.psa.wire.early})
    before = newest(ground)
    with tenant_transaction(ground.organization.pk):
        run = run_request(connection=ground.connection, kind="full", trigger=Run.Trigger.NIGHTLY).run
    path = f"/sync/connections/{ground.connection.pk}/start/full/"
    with visitors(ground, people) as crowd, ThreadPoolExecutor(AT_ONCE) as hands:
        answers = list(hands.map(lambda visitor: visitor.press(path), crowd))
    at_work = ground.run(run).is_open
    failed = [status for status, _ in answers if status != 200]
    verdict.require(not failed, f"{len(failed)} presses on the page were answered with {sorted(set(failed))}")
    silent = sum(not any(words in body for words in TOLD) for _, body in answers)
    verdict.require(not silent, f"{silent} people were not told on the page what happens")
    verdict.require(at_work, "the nightly was over before everybody had pressed")
    verdict.require(newest(ground) == before + 1, f"{newest(ground) - before} runs came of the pages instead of 1")
    a_clear_waits(ground, verdict, run)
    verdict.figures["presses_on_pages"] = people


@contextmanager
def visitors(ground: ScenarioContext, people: int) -> Iterator[list[Visitor]]:
    """People who may start syncs, each with a browser that is logged in; and the pages, for as long."""
    with tenant_transaction(ground.organization.pk):
        organization = Organization.objects.get(pk=ground.organization.pk)
        role = Role.objects.get(builtin="admin")
        persons = [User.objects.create_user(f"person-{number}@crowd.invalid") for number in range(people)]
        for person in persons:
            membership_create(organization=organization, user=person, role=role)
    pages = Pages(ground.crew)
    try:
        until(lambda: pages.ask("/readyz")[0] == 200, 60, "the pages answer")
        crowd = [Visitor(pages, person) for person in persons]
        yield crowd
        for visitor in crowd:
            visitor.close()
    finally:
        ground.crew.kill("web")


def press(ground: ScenarioContext, kind: str) -> RunRequested | str:
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


def newest(ground: ScenarioContext) -> int:
    """How many runs the connection ever had."""
    with tenant_transaction(ground.organization.pk):
        return Run.objects.filter(connection=ground.connection).count()
