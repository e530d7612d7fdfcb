"""Starting, watching and ending syncs from the shell."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.management.base import CommandError

from foundation.core.errors import Refused
from foundation.tenancy.commands import OperatorCommand, json_option, organization_option
from foundation.tenancy.scope import current_organization_id, system_transaction, tenant, tenant_transaction
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.selectors import connection_home
from sync.engine.audit.drift_audit import audit_advance
from sync.engine.run.drive import advance
from sync.management.sync_answers import audit_lines, fetched_answer, fetched_lines
from sync.models import DriftAudit, Run
from sync.selectors.drift import audit_answer, audit_report
from sync.services.audits import audit_request
from sync.services.previews import preview_apply, preview_request
from sync.services.replay import ALONE, record_replay
from sync.services.runs import RunRequested, run_approve, run_cancel, run_reject, run_request
from sync.services.schedules import nightly_bring_forward, schedule_of
from sync.services.summary import EXIT_CODES, run_summary
from sync.services.sweeper import sweep
from sync.services.undo import run_undo
from sync.services.withheld import withheld_approve, withheld_keep
from sync.streams import TARGETS

CLOSED = (Run.State.DONE, Run.State.FAILED, Run.State.CANCELLED, Run.State.HELD)
STARTED = {False: "Asked for.", True: "One of this kind is open already: joined it."}
UNATTENDED = "A running worker takes it; `sync status` shows how far it is. Where no worker runs, add --wait."
GLANCE = 0.5
"""Seconds between two looks at a run that a worker has."""


class Command(OperatorCommand):
    """``sync start|apply|status|cancel|approve|reject|undo|history|nightly|audit|fetch``. Exit codes with --wait: see ``sync.services.summary.EXIT_CODES``."""

    help = "Start, watch and end syncs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        start = verbs.add_parser("start", help="start a sync, or join the one of the same kind that is open")
        start.add_argument("--connection", type=int, required=True, metavar="ID")
        start.add_argument("--kind", required=True, choices=["quick", "full", "clear_resync"])
        start.add_argument("--reason", default="", help="why; needed for clear_resync")
        start.add_argument("--preview", action="store_true", help="say what it would do, and change nothing")
        apply = verbs.add_parser("apply", help="apply exactly what a preview read, within its hour")
        apply.add_argument("--run", type=int, required=True, metavar="ID", help="the preview")
        apply.add_argument("--reason", default="", help="why; needed for the preview of a clear_resync")
        for each in (start, apply):
            each.add_argument(
                "--wait", action="store_true", help="until it has ended, working on it here when no worker does"
            )
        for verb, meaning in (("status", "show one run, or the latest of a connection"), ("cancel", "end an open run")):
            one = verbs.add_parser(verb, help=meaning)
            choice = one.add_mutually_exclusive_group(required=True)
            choice.add_argument("--run", type=int, metavar="ID")
            choice.add_argument("--connection", type=int, metavar="ID")
        for verb, meaning in (
            ("approve", "let a held run go on"),
            ("reject", "end a held run"),
            ("undo", "bring back what a run removed; a clear and resync is taken back in full"),
        ):
            held = verbs.add_parser(verb, help=meaning)
            held.add_argument("--run", type=int, required=True, metavar="ID")
            held.add_argument("--reason", required=True)
            if verb != "undo":
                held.add_argument(
                    "--stream",
                    choices=sorted(TARGETS),
                    help="decide on the removals of this stream that the run kept back",
                )
        history = verbs.add_parser("history", help="list the latest runs")
        history.add_argument("--connection", type=int, required=True, metavar="ID")
        history.add_argument("--limit", type=int, default=20)
        nightly = verbs.add_parser("nightly", help="bring the coming night's sync forward to now")
        nightly.add_argument("--connection", type=int, required=True, metavar="ID")
        nightly.add_argument("--now", action="store_true", required=True)
        audit = verbs.add_parser("audit", help="compare a random sample of what is here with the PSA")
        audit.add_argument("--connection", type=int, required=True, metavar="ID")
        audit.add_argument("--sample", type=int, metavar="N", help="records of each stream; by default as each night")
        fetch = verbs.add_parser("fetch", help="read one record from the PSA now, with what it refers to")
        fetch.add_argument("--connection", type=int, required=True, metavar="ID")
        fetch.add_argument("--stream", choices=ALONE, default="tickets")
        fetch.add_argument("--record", required=True, metavar="ID", help="its id in the PSA")
        for each in verbs.choices.values():
            json_option(each)
            organization_option(each, required=False)

    def run(self, options: dict[str, Any]) -> int | None:
        verb = str(options["verb"])
        with self.home(options):
            return getattr(self, f"do_{verb}")(options)

    @contextmanager
    def home(self, options: dict[str, Any]) -> Iterator[None]:
        """The scope of the organization that the connection or run belongs to."""
        if options.get("connection") is not None:
            found, what = connection_home(options["connection"]), f"connection {options['connection']}"
        else:
            found, what = run_home(options["run"]), f"run {options['run']}"
        if found is None:
            raise CommandError(f"There is no {what}. `manage.py connection list` shows the connections.")
        if options.get("organization"):
            with self.in_organization(options["organization"]) as wanted:
                if wanted != found:
                    raise CommandError(f"There is no {what} in the organization “{options['organization']}”.")
        with tenant(found):
            yield

    def do_start(self, options: dict[str, Any]) -> int | None:
        with tenant_transaction():
            connection = Connection.objects.get(pk=options["connection"])
            wanted = {"connection": connection, "trigger": Run.Trigger.COMMAND, "reason": options["reason"]}
            ask = preview_request if options["preview"] else partial(run_request, urgent=True)
            asked = ask(kind=options["kind"], **wanted)
        return self.follow(asked, options)

    def do_apply(self, options: dict[str, Any]) -> int | None:
        with tenant_transaction():
            preview = Run.objects.get(pk=options["run"])
            asked = preview_apply(preview=preview, trigger=Run.Trigger.COMMAND, reason=options["reason"])
        return self.follow(asked, options)

    def follow(self, asked: RunRequested, options: dict[str, Any]) -> int:
        """Says that the run was asked for; with --wait what came of it, as an exit code."""
        if not options["wait"]:
            self.report(asked.run.pk, f"{STARTED[asked.joined]} {UNATTENDED}")
            return 0
        if not self.as_json:
            self.stdout.write(STARTED[asked.joined])
        until_closed(asked.run.pk)
        summary = self.report(asked.run.pk)
        return EXIT_CODES[summary["result"]]

    def do_status(self, options: dict[str, Any]) -> None:
        self.report(self.chosen(options).pk)

    def do_cancel(self, options: dict[str, Any]) -> None:
        run = self.chosen(options)
        with tenant_transaction():
            run_cancel(run=run, actor=None, reason="Cancelled from the command line")
        self.report(run.pk, "Cancelled; a worker that has it stops at its next step.")

    def do_approve(self, options: dict[str, Any]) -> None:
        with tenant_transaction():
            run, reason, stream = self.chosen(options), options["reason"], options["stream"]
            approve = partial(withheld_approve, stream=stream) if stream else run_approve
            approved = approve(run=run, actor=None, reason=reason)
        self.report(options["run"], approved.message)

    def do_reject(self, options: dict[str, Any]) -> None:
        said = "Rejected: nothing of it was applied."
        with tenant_transaction():
            run, reason, stream = self.chosen(options), options["reason"], options["stream"]
            if stream:
                said = withheld_keep(run=run, stream=stream, actor=None, reason=reason)
            else:
                run_reject(run=run, actor=None, reason=reason)
        self.report(options["run"], said)

    def do_undo(self, options: dict[str, Any]) -> None:
        with tenant_transaction():
            undone = run_undo(run=self.chosen(options), actor=None, reason=options["reason"])
        self.report(options["run"], undone.message)

    def do_history(self, options: dict[str, Any]) -> None:
        with tenant_transaction():
            runs = Run.objects.filter(connection_id=options["connection"]).order_by("-id")[: max(1, options["limit"])]
            summaries = [run_summary(run) for run in runs]
        self.answer(summaries, [line_of(summary) for summary in summaries] or ["No runs yet."])

    def do_nightly(self, options: dict[str, Any]) -> None:
        with tenant_transaction():
            connection = Connection.objects.get(pk=options["connection"])
            schedule = nightly_bring_forward(schedule=schedule_of(connection), actor=None)
            night = schedule.nightly_next_date
        sweep_outside()
        with tenant_transaction():
            run = Run.objects.filter(connection=connection, trigger=Run.Trigger.NIGHTLY).order_by("-id").first()
        if run is None:
            raise CommandError(
                "The night was not started: its connection needs a person. See `manage.py connection list`."
            )
        self.report(run.pk, f"The night of {night} runs now, and not again later.")

    def do_audit(self, options: dict[str, Any]) -> int:
        with tenant_transaction():
            connection = Connection.objects.get(pk=options["connection"])
            asked = audit_request(connection=connection, sample=options["sample"])
        said = ""
        for waits_for in until_audited(asked.audit.pk):
            if waits_for != said and not self.as_json:
                self.stdout.write(f"Waiting: {waits_for}")
            said = waits_for
        with tenant_transaction():
            report = audit_report(asked.audit.pk)
        self.answer(audit_answer(report), audit_lines(report))
        return 0 if report.audit.state == DriftAudit.State.DONE else 1

    def do_fetch(self, options: dict[str, Any]) -> None:
        with tenant_transaction():
            connection = Connection.objects.get(pk=options["connection"])
        try:
            replayed = record_replay(
                connection=connection, stream=options["stream"], remote_id=options["record"].strip().lstrip("#")
            )
        except (IntegrationError, Refused) as err:
            raise CommandError(f"It could not be fetched: {err.sentence} What is here stays as it is.") from err
        self.answer(fetched_answer(replayed), fetched_lines(replayed))

    def chosen(self, options: dict[str, Any]) -> Run:
        """The named run, or the connection's latest."""
        with tenant_transaction():
            if options.get("run") is not None:
                return Run.objects.get(pk=options["run"])
            run = Run.objects.filter(connection_id=options["connection"]).order_by("-id").first()
        if run is None:
            raise CommandError("This connection has no runs yet.")
        return run

    def report(self, run_id: int, message: str = "") -> dict[str, Any]:
        """Prints the run as it is now."""
        with tenant_transaction():
            summary = run_summary(Run.objects.get(pk=run_id))
        self.answer(summary, [*([message] if message else []), line_of(summary), *stream_lines(summary)])
        return summary


def sweep_outside() -> None:
    """One round of the sweeper from within a tenant's scope: it chooses its own scopes."""
    sweep()


def run_home(run_id: int) -> int | None:
    """The organization of a run."""
    with system_transaction():
        return Run.objects.filter(pk=run_id).values_list("organization_id", flat=True).first()


def until_closed(run_id: int) -> None:
    """Returns when the run has ended or is held. Works on it here whenever no worker does: claiming decides who."""
    organization_id = current_organization_id()
    while True:
        advance(run_id)
        with tenant_transaction(organization_id):
            if Run.objects.filter(pk=run_id, state__in=CLOSED).exists():
                return
        threading.Event().wait(GLANCE)


def until_audited(audit_id: int) -> Iterator[str]:
    """Works on the audit whenever no worker does, and gives what it waits for, until it has ended."""
    while True:
        again = audit_advance(audit_id)
        with tenant_transaction():
            audit = DriftAudit.objects.get(pk=audit_id)
        if audit.state != DriftAudit.State.OPEN:
            return
        if not again:
            if audit.waits_for:
                yield audit.waits_for
            threading.Event().wait(GLANCE)


def line_of(summary: dict[str, Any]) -> str:
    """One run in a line."""
    result = summary["result"] or summary["state"]
    seconds = "" if summary["seconds"] is None else f" in {summary['seconds']:.1f} s"
    return f"run {summary['run']} · {summary['kind']} · {result}{seconds} · {summary['requests']} requests · {summary['message']}"


def stream_lines(summary: dict[str, Any]) -> list[str]:
    """A table of the run's streams."""
    names = ("expected", "fetched", "created", "updated", "unchanged", "removed", "failed")
    rows = [f"{'':18}" + "".join(f"{name:>11}" for name in names)] if summary["streams"] else []
    for stream, figures in summary["streams"].items():
        cells = "".join(f"{'–' if figures[name] is None else figures[name]:>11}" for name in names)
        rows.append(f"  {stream:16}{cells}")
    return rows
