"""The drift audit on its page and on the page of the syncs."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import AuditEvent
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from portal.web.sync.audits import percent
from sync.engine.audit.compare import Finding
from sync.models import Cursor, DriftAudit, DriftStream
from sync.services.live import page_urls

FOUND = [
    Finding("12", "since", "Screen", 2, ("summary",)),
    Finding("11", "differs", "Printer <b>", 1, ("status_name", "actual_hours")),
    Finding("13", "absent"),
]


def made(connection: Connection, state: str = "done", findings: int = 3, **values: object) -> DriftAudit:
    """An audit of 100 tickets, of which one differs."""
    now = timezone.now()
    with tenant_transaction(connection.organization_id):
        audit: DriftAudit = DriftAudit.objects.create(
            organization_id=connection.organization_id,
            connection=connection,
            state=state,
            sample=100,
            created_at=now,
            finished_at=now,
            requests=101,
            **values,
        )
        DriftStream.objects.create(
            organization_id=connection.organization_id,
            audit=audit,
            name="tickets",
            position=0,
            sampled=100,
            matching=98,
            differing=1,
            explained=1,
            looked_at=40,
            missing_here=1,
            findings=[asdict(each) for each in FOUND[:findings]],
        )
    return audit


def words(client: Client, name: str, pk: int) -> str:
    answer = client.get(reverse(f"web:{name}", args=[pk]))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.parametrize(("share", "said"), [(1.0, "100 %"), (0.99999, "99.9 %"), (0.99, "99 %"), (0.0, "0 %")])
def test_a_percentage_is_never_rounded_up(share: float, said: str) -> None:
    assert percent(share) == said


def test_the_page_shows_rate_interval_and_what_does_not_match_drift_first(
    as_admin: Client, connection: Connection
) -> None:
    audit = made(connection)
    text = words(as_admin, "drift_audit", audit.pk)
    assert "98.9 % 94.4 % to 99.8 % with 95 % confidence" in text
    assert "1 of 40 listed" in text
    assert text.index("Printer") < text.index("Screen")
    assert "Differs Status, Actual hours" in text
    page = as_admin.get(reverse("web:drift_audit", args=[audit.pk])).content.decode()
    assert reverse("web:ticket", args=[1]) in page
    assert "Printer &lt;b&gt;" in page
    with tenant_transaction(connection.organization_id):
        assert page_urls(connection, [("tickets", "13")])[0] in page.replace("&amp;", "&")


def test_the_page_of_the_syncs_shows_the_newest(as_admin: Client, connection: Connection) -> None:
    assert "No audit yet" in words(as_admin, "connection_sync", connection.pk)
    made(connection, message="Older")
    made(connection, message="Newer")
    text = words(as_admin, "connection_sync", connection.pk)
    assert "98.9 % of 99 records; 94.4 % to 99.8 % with 95 % confidence" in text
    assert "Newer" in text
    assert "Older" not in text
    assert "100 records of each stream, after the night’s sync" in text


def test_one_that_is_under_way_says_what_it_waits_for(as_admin: Client, connection: Connection) -> None:
    audit = made(connection, state="open", waits_for="Full sync, run 7, goes first.")
    assert "Full sync, run 7, goes first." in words(as_admin, "drift_audit", audit.pk)


def test_a_press_compares_now_and_a_second_one_joins(as_admin: Client, connection: Connection) -> None:
    start = reverse("web:audit_start", args=[connection.pk])
    answer = as_admin.post(start, follow=True)
    assert "The first sync has not been completed" in str(*answer.context["messages"])
    now = timezone.now()
    with tenant_transaction(connection.organization_id):
        home = {"organization_id": connection.organization_id, "connection": connection}
        Cursor.objects.create(**home, stream="tickets", updated_at=now, full_at=now)
    first, second = as_admin.post(start), as_admin.post(start)
    with tenant_transaction(connection.organization_id):
        audit = DriftAudit.objects.get()
        assert AuditEvent.objects.filter(action="sync.audited").count() == 1
    assert first.headers["Location"] == second.headers["Location"] == reverse("web:drift_audit", args=[audit.pk])


def test_who_may_look_and_who_may_ask(as_technician: Client, as_reader: Client, connection: Connection) -> None:
    audit = made(connection)
    page, start = reverse("web:drift_audit", args=[audit.pk]), reverse("web:audit_start", args=[connection.pk])
    assert (as_technician.get(page).status_code, as_reader.get(page).status_code) == (200, 403)
    assert (as_technician.post(start).status_code, as_reader.post(start).status_code) == (403, 403)
    assert "Compare again" not in as_technician.get(page).content.decode()


def test_a_foreign_audit_is_as_absent_as_one_that_never_was(
    as_admin: Client, connection: Connection, other_connection: Connection
) -> None:
    theirs = made(other_connection)
    foreign = as_admin.get(reverse("web:drift_audit", args=[theirs.pk]))
    absent = as_admin.get(reverse("web:drift_audit", args=[2**40]))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.content == absent.content
    assert as_admin.post(reverse("web:audit_start", args=[other_connection.pk])).status_code == 404


def test_the_page_costs_the_same_for_one_and_for_three(as_admin: Client, connection: Connection) -> None:
    counts = []
    for number in (1, 3):
        audit = [made(connection, findings=number) for _ in range(number)][-1]
        with CaptureQueriesContext(database) as queries:
            words(as_admin, "drift_audit", audit.pk)
        counts.append(len(queries))
    assert counts[0] == counts[1]
