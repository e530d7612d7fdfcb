"""Removals that a run withheld, on its page: what waits, who decides, and what was decided."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run, Victim
from tests.fixtures.runs import make_run, make_stream
from tickets.models import Status

WHY = "2 of 2 statuses are not in the PSA's answers any more, but 9 records that are there still name them."


@pytest.fixture
def withheld(connection: Connection) -> Run:
    """A run that was applied but for the removal of two statuses."""
    kept = {"stream": "statuses", "rows": 2, "live": 2, "allowed": 25, "second": False, "why": WHY}
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="warning", ago=60, verification={"withheld": {"statuses": kept}})
        make_stream(run, name="statuses", fetched=0)
        at = {"fetched_at": run.created_at, "first_synced_at": run.created_at, "synced_at": run.created_at}
        common = {"organization_id": run.organization_id, "content_hash": b"x" * 16, **at}
        for number in ("1", "2"):
            row = Status.objects.create(connection=connection, remote_id=number, name=f"Status {number}", **common)
            own = {"stream": "statuses", "record_id": row.pk, "remote_id": number, "label": row.name}
            Victim.objects.create(organization_id=run.organization_id, run=run, **own)
    return run


def words_of(client: Client, name: str, run: Run) -> str:
    """The page without its markup, in single spaces."""
    answer = client.get(reverse(f"web:{name}", args=[run.pk]))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def decide(client: Client, run: Run, decision: str, reason: str = "Purged") -> str:
    body = {"decision": decision, "stream": "statuses", "reason": reason}
    answer = client.post(reverse("web:run_withheld", args=[run.pk]), body, follow=True)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def statuses(run: Run) -> int:
    with tenant_transaction(run.organization_id):
        return int(Status.objects.count())


def test_it_says_what_waits_and_why_and_lists_the_records(as_admin: Client, withheld: Run) -> None:
    words = words_of(as_admin, "run", withheld)
    assert "Removals of statuses wait: a person decides" in words
    assert "9 records that are there still name them" in words
    listed = words_of(as_admin, "run_victims", withheld)
    assert "Status 1" in listed
    assert "wait for a decision" in listed


def test_removing_and_keeping(as_admin: Client, withheld: Run) -> None:
    assert "give a reason" in decide(as_admin, withheld, "approve", "")
    assert statuses(withheld) == 2
    assert "2 statuses that this run had kept were removed." in decide(as_admin, withheld, "approve")
    assert statuses(withheld) == 0
    assert "decided by ada@acme.test" in words_of(as_admin, "run", withheld)
    assert "Nothing of this stream is waiting for a decision." in decide(as_admin, withheld, "keep")


def test_keeping_leaves_them(as_admin: Client, withheld: Run) -> None:
    assert "The next full sync asks the PSA again." in decide(as_admin, withheld, "keep")
    assert statuses(withheld) == 2


def test_who_does_not_manage_integrations_decides_nothing(as_technician: Client, withheld: Run) -> None:
    body = {"decision": "approve", "stream": "statuses", "reason": "x"}
    assert as_technician.post(reverse("web:run_withheld", args=[withheld.pk]), body).status_code == 403
    assert statuses(withheld) == 2


def test_a_run_of_another_organization_is_absent(as_admin: Client, other_run: Run) -> None:
    body = {"decision": "approve", "stream": "statuses", "reason": "x"}
    assert as_admin.post(reverse("web:run_withheld", args=[other_run.pk]), body).status_code == 404
