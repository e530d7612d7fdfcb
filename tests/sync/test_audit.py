"""A random sample of the copy against the PSA: what counts as drift, what is explained, and when it is looked at."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from clients.models import Company, Contact
from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from sync.engine.audit import drift_audit as engine
from sync.engine.audit import drift_sample, lease
from sync.engine.audit.compare import wilson
from sync.engine.audit.drift_audit import audit_advance
from sync.engine.run.drive import advance
from sync.models import Cursor, DriftAudit, DriftStream, Nightly, Run
from sync.selectors.drift import AuditReport, audit_report, findings_of
from sync.services.audits import AuditRefused, audit_request, audits_due
from sync.services.runs import run_request
from sync.services.schedules import nightly_bring_forward, schedule_of
from sync.services.sweeper import sweep
from tests.fixtures.runs import make_run
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import DAILY, Sync, Synced
from tickets.models import Ticket

ALL = 1000
"""More than there are: everything is compared."""


def asked(connection: Connection, sample: int = ALL) -> DriftAudit:
    with tenant_transaction(connection.organization_id):
        return audit_request(connection=connection, sample=sample).audit


def worked(audit: DriftAudit, slices: int = 20) -> AuditReport:
    with tenant(audit.organization_id):
        for _ in range(slices):
            if not audit_advance(audit.pk):
                break
        with tenant_transaction():
            return audit_report(audit.pk)


def audited(connection: Connection, sample: int = ALL) -> AuditReport:
    return worked(asked(connection, sample))


def found(report: AuditReport) -> set[tuple[str, str, str, tuple[str, ...]]]:
    return {
        (stream.name, finding.remote_id, finding.verdict, finding.fields)
        for stream in report.streams
        for finding in findings_of(stream)
    }


def remote_ids(connection: Connection, model: Any, count: int) -> list[str]:
    with tenant_transaction(connection.organization_id):
        return list(model.objects.order_by("pk").values_list("remote_id", flat=True)[:count])


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(10, 10, 0.722467, 1.0), (0, 10, 0.0, 0.277533), (95, 100, 0.888250, 0.978457), (1, 2, 0.094531, 0.905469)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-5)


def test_no_record_has_no_interval() -> None:
    assert wilson(0, 0) is None


def test_a_copy_that_is_right_matches_in_every_field(synced: Synced, linked: Connection) -> None:
    synced()
    report = audited(linked)
    assert (report.audit.state, report.drift, found(report)) == ("done", 0, set())
    assert {stream.name: stream.matching for stream in report.streams} == {
        name: stream.sampled for name, stream in ((s.name, s) for s in report.streams)
    }
    assert [stream.name for stream in report.streams] == ["tickets", "companies", "contacts"]
    assert report.rate is not None
    assert (report.rate.judged, report.rate.rate, report.rate.high) == (report.rate.matching, 1.0, 1.0)
    assert report.rate.matching >= 300
    assert all(stream.looked_at for stream in report.streams)
    a_page_of_project_tickets = 1
    assert report.audit.requests == report.rate.judged + len(report.streams) + a_page_of_project_tickets


def test_planted_drift_is_found_by_record_and_field(synced: Synced, linked: Connection) -> None:
    synced()
    first, second, gone = remote_ids(linked, Ticket, 3)
    [company] = remote_ids(linked, Company, 1)
    [contact] = remote_ids(linked, Contact, 1)
    with tenant_transaction(linked.organization_id):
        Ticket.objects.filter(remote_id=first).update(summary="Altered here", actual_hours=99.5)
        Ticket.objects.filter(remote_id=second).update(custom_fields={"1": {"caption": "x", "value": "altered"}})
        Company.objects.filter(remote_id=company).update(city="Elsewhere")
        Contact.objects.filter(remote_id=contact).update(emails=[])
        copy = Ticket.objects.get(remote_id=gone)
        copy.pk, copy.remote_id = None, "987001"
        copy.save(force_insert=True)
    report = audited(linked)
    assert found(report) == {
        ("tickets", first, "differs", ("summary", "actual_hours")),
        ("tickets", second, "differs", ("custom_fields",)),
        ("tickets", "987001", "gone", ()),
        ("companies", company, "differs", ("city",)),
        ("contacts", contact, "differs", ("emails",)),
    }
    assert (report.drift, report.explained) == (5, 0)
    assert report.rate is not None
    assert report.rate.judged - report.rate.matching == 5
    assert report.rate.low < report.rate.rate < report.rate.high < 1


def test_a_record_of_the_psa_that_is_not_here_is_found(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        oldest = Ticket.objects.order_by("remote_updated_at").first()
        newest = Ticket.objects.order_by("-remote_updated_at").first()
        Ticket.objects.exclude(pk=oldest.pk).filter(pk=newest.pk).delete()
        # The oldest is the whole sample, so that the PSA is asked for everything since.
        others = Ticket.objects.exclude(pk=oldest.pk)
        kept = list(others.values_list("pk", flat=True))
        now = timezone.now()
        Cursor.objects.filter(stream="tickets").update(watermark=now + lease.LEASE * 10)
    audit = asked(linked)
    with tenant(linked.organization_id):
        work_on_draw(audit, oldest.remote_id)
    report = worked(audit)
    tickets = report.streams[0]
    assert (tickets.looked_at, tickets.missing_here) == (len(kept) + 2, 1)
    assert ("tickets", newest.remote_id, "absent", ()) in found(report)
    assert report.drift == 1


def work_on_draw(audit: DriftAudit, only: str) -> None:
    """Draws the sample, and leaves one ticket of it."""
    taken = lease.claim(audit.pk)
    assert taken is not None
    with engine.opened(taken) as work:
        drift_sample.draw(work)
    with tenant_transaction():
        DriftStream.objects.filter(audit=audit, name="tickets").update(todo=[only], sampled=1)
        DriftAudit.objects.filter(pk=audit.pk).update(lease_until=None)


def test_what_changed_in_the_psa_since_is_explained_and_not_counted(
    synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    [changed] = remote_ids(linked, Ticket, 1)
    calm.control("change", ids=[int(changed)], set={"summary": "Newer there"})
    report = audited(linked)
    assert found(report) == {("tickets", changed, "since", ("summary", "updated_by"))}
    assert (report.drift, report.explained) == (0, 1)
    assert report.rate is not None
    assert report.rate.rate == 1.0


def test_a_change_that_the_cursor_went_past_is_drift(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    [missed] = remote_ids(linked, Ticket, 1)
    calm.control("change", ids=[int(missed)], set={"summary": "Missed"})
    with tenant_transaction(linked.organization_id):
        Cursor.objects.filter(stream="tickets").update(watermark=timezone.now() + lease.LEASE * 10)
    assert found(audited(linked)) == {("tickets", missed, "differs", ("summary", "updated_by"))}


def test_what_a_sync_brings_while_the_psa_is_asked_is_explained(
    synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    [altered] = remote_ids(linked, Ticket, 1)
    with tenant_transaction(linked.organization_id):
        Ticket.objects.filter(remote_id=altered).update(summary="Altered here")
    held = lease.held

    @contextmanager
    def meanwhile(audit: DriftAudit) -> Iterator[None]:
        with held(audit):
            Ticket.objects.filter(remote_id=altered).update(synced_at=timezone.now())
            yield

    monkeypatch.setattr(drift_sample, "held", meanwhile)
    assert found(audited(linked)) == {("tickets", altered, "settled", ())}


def test_what_the_settings_no_longer_want_is_explained(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        unwanted = Ticket.objects.values_list("status_remote_id", flat=True).first()
        tickets = set(Ticket.objects.filter(status_remote_id=unwanted).values_list("remote_id", flat=True))
        current = Connection.objects.get(pk=linked.pk)
        current.settings |= {"excluded_statuses": [unwanted]}
        current.save()
    report = audited(linked)
    assert {remote_id for _, remote_id, verdict, _ in found(report) if verdict == "scope"} == tickets
    assert report.drift == 0


def test_a_sample_has_as_many_as_asked_and_is_drawn_anew_each_time(synced: Synced, linked: Connection) -> None:
    synced()
    drawn = []
    for _ in range(2):
        audit = asked(linked, 20)
        with tenant(linked.organization_id):
            taken = lease.claim(audit.pk)
            assert taken is not None
            with engine.opened(taken) as work:
                drift_sample.draw(work)
            with tenant_transaction():
                tickets = DriftStream.objects.get(audit=audit, name="tickets")
                DriftAudit.objects.filter(pk=audit.pk).update(state="failed")
        assert (tickets.sampled, len(set(tickets.todo))) == (20, 20)
        drawn.append(set(tickets.todo))
    assert drawn[0] != drawn[1]


def test_it_steps_aside_for_a_run_and_goes_on_behind_it(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    audit = asked(linked, 10)
    with tenant_transaction(linked.organization_id):
        current = Connection.objects.get(pk=linked.pk)
        run = run_request(connection=current, kind="quick", trigger="person").run
    report = worked(audit)
    assert (report.audit.state, report.left) == ("open", 30)
    assert report.audit.waits_for == f"Quick sync, run {run.pk}, goes first."
    assert report.audit.requests == 0
    assert audits_due() == []
    with tenant(linked.organization_id):
        assert not audit_advance(audit.pk)
        advance(run.pk)
        with tenant_transaction():
            DriftAudit.objects.filter(pk=audit.pk).update(not_before=timezone.now())
    assert audits_due() == [(linked.organization_id, audit.pk)]
    assert worked(audit).audit.state == "done"


def test_a_run_that_begins_in_the_middle_is_let_through(
    synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    audit = asked(linked)
    compare = drift_sample.compare_handful

    def once(work: lease.Auditing, stream: DriftStream) -> None:
        compare(work, stream)
        with tenant_transaction():
            make_run(linked, "quick")

    monkeypatch.setattr(engine, "compare_handful", once)
    report = worked(audit)
    assert report.audit.state == "open"
    handful = drift_sample.HANDFUL * 4
    assert sum(stream.sampled for stream in report.streams) - report.left <= handful


def test_a_worker_that_was_overtaken_writes_nothing(
    synced: Synced, linked: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced()
    audit = asked(linked, 5)
    monkeypatch.setattr(drift_sample, "rows_of", overtaking(audit, drift_sample.rows_of))
    report = worked(audit)
    assert report.audit.state == "open"
    assert (report.streams[0].matching, len(report.streams[0].todo)) == (0, 5)


def overtaking(audit: DriftAudit, rows_of: Any) -> Any:
    """``rows_of`` during whose first call for a handful somebody else claims the audit."""

    def claimed(*arguments: Any) -> Any:
        if len(arguments[2]) <= 5:
            DriftAudit.objects.filter(pk=audit.pk).update(fence=99)
        return rows_of(*arguments)

    return claimed


def night_of(connection: Connection) -> Run:
    """The coming night, brought forward and worked on to its end."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(state="connected")
        nightly_bring_forward(schedule=schedule_of(Connection.objects.get(pk=connection.pk)), actor=None)
    sweep()
    with tenant(connection.organization_id):
        with tenant_transaction():
            night = Nightly.objects.order_by("-pk")[0]
        while advance(night.run_id):
            pass
        with tenant_transaction():
            return Run.objects.get(pk=night.run_id)


def audits(connection: Connection) -> list[DriftAudit]:
    with tenant_transaction(connection.organization_id):
        return list(DriftAudit.objects.select_related("night").order_by("pk"))


def test_each_night_has_one_audit_behind_its_run_and_no_other_run_has_one(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    synced()
    sync("quick")
    assert audits(linked) == []
    run = night_of(linked)
    assert run.state == "done", run.message
    [audit] = audits(linked)
    assert (audit.state, audit.sample, audit.night.run_id) == ("open", 100, run.pk)
    with tenant_transaction(linked.organization_id):
        engine.plan_audit(run.pk, linked, engine.settings_of(linked))
    assert [each.pk for each in audits(linked)] == [audit.pk]
    assert audits_due() == [(linked.organization_id, audit.pk)]
    assert audits_due() == []
    report = worked(audit)
    assert (report.audit.state, report.drift) == ("done", 0)
    assert report.rate is not None
    assert report.rate.judged > 100


def test_a_night_overtakes_the_audit_of_the_one_before(synced: Synced, linked: Connection) -> None:
    synced()
    night_of(linked)
    night_of(linked)
    first, second = audits(linked)
    assert (first.state, first.message) == ("failed", "Overtaken by the next night's.")
    assert second.state == "open"


def test_without_a_sample_no_night_has_one(synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(
            settings={"streams": DAILY, "audit_sample": 0, "date_range_days": None}
        )
    assert night_of(linked).state == "done"
    assert audits(linked) == []


def test_before_the_first_sync_there_is_nothing_to_compare(linked: Connection) -> None:
    with pytest.raises(AuditRefused, match="first sync has not been completed"):
        asked(linked)


def test_a_second_one_joins_the_first(synced: Synced, linked: Connection) -> None:
    synced()
    assert asked(linked).pk == asked(linked).pk


def test_the_limits_of_the_psa_are_waits(synced: Synced, calm: Sandbox, linked: Connection) -> None:
    synced()
    calm.control("faults", kind="429", retry_after=40)
    report = worked(asked(linked, 5))
    calm.control("faults", method="DELETE")
    assert report.audit.state == "open"
    assert report.audit.waits_for
    assert report.audit.not_before is not None
    assert (report.audit.not_before - timezone.now()).total_seconds() > 20


def test_another_organizations_audits_are_invisible(
    synced: Synced, linked: Connection, other_organization: Organization
) -> None:
    synced()
    audit = audited(linked, 5).audit
    with tenant_transaction(other_organization.pk):
        assert not DriftAudit.objects.exists()
        assert not DriftStream.objects.exists()
        with pytest.raises(DriftAudit.DoesNotExist):
            audit_report(audit.pk)


def command(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("sync", "audit", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_prints_rate_interval_and_findings(synced: Synced, linked: Connection) -> None:
    synced()
    [altered] = remote_ids(linked, Ticket, 1)
    with tenant_transaction(linked.organization_id):
        Ticket.objects.filter(remote_id=altered).update(summary="Altered here")
    printed = command("--connection", str(linked.pk), "--sample", str(ALL))
    assert (printed["state"], printed["drift"], printed["sample"]) == ("done", 1, ALL)
    assert printed["interval"][0] < printed["match_rate"] < printed["interval"][1] < 1
    tickets = printed["streams"]["tickets"]
    assert (tickets["sampled"], tickets["matching"], tickets["differing"]) == (300, 299, 1)
    assert tickets["findings"][0]["fields"] == ["summary"]
    out = io.StringIO()
    call_command("sync", "audit", "--connection", str(linked.pk), "--sample", str(ALL), stdout=out)
    assert f"tickets {altered}: differs in summary" in out.getvalue()
    assert "with 95 % confidence" in out.getvalue()


def test_the_command_refuses_with_a_sentence(linked: Connection) -> None:
    for size, words in (("5", "The first sync has not been completed"), ("0", "A sample has 1 to 1,000 records")):
        with pytest.raises(CommandError, match=words):
            command("--connection", str(linked.pk), "--sample", size)
