"""Pages about syncs count everything, and tell of records what the person's role lets them see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.engine.audit.compare import Finding
from sync.models import DriftAudit, DriftStream, Issue, Run, Victim
from sync.selectors.readable import PERMISSION_OF
from sync.streams import TARGETS
from tests.fixtures.people import MakePerson
from tests.fixtures.runs import make_entries, make_issue, make_run, make_stream

SIGHTS = {"tickets": "Ticketwords", "companies": "Companywords"}
"""What the pages could leak of a stream's records."""
PERMISSIONS = {"none": [], "view_tickets": ["tickets"], "view_clients": ["companies"]}


@pytest.fixture
def run(connection: Connection) -> Run:
    """A held run with something of each kind to tell of tickets and of companies."""
    verification: dict[str, Any] = {
        "held": {"tickets": {"rows": 2, "live": 2, "allowed": 1, "second": False}},
        "held_groups": [
            {"kind": "company", "remote_id": "9", "name": "Ticketwords & Co", "rows": 2, "live": 2, "why": "emptied"}
        ],
        "boards": [{"name": "Ticketwords board", "remote_id": "3", "remote": 5, "ours": 5}],
        "newest": [
            {"stream": stream, "remote_id": word, "verdict": "differs", "fields": ["name"]}
            for stream, word in SIGHTS.items()
        ],
        "unmapped": {"tickets": {"company_remote_id": 2}},
        "unmapped_examples": {
            "tickets": {"company_remote_id": [{"remote_id": "8", "name": "Companywords Ltd", "rows": 2}]}
        },
    }
    with tenant_transaction(connection.organization_id):
        run = make_run(connection, "full", result="held", verification=verification)
        for stream, word in SIGHTS.items():
            make_stream(run, stream, fetched=40, updated=2)
            steps = {"before": {"status_name": f"{word} old"}, "after": {"status_name": f"{word} new"}}
            make_entries(run, 3, stream, label=f"{word} label", **steps)
            make_issue(run, stream, f"{word}7", message=f"{word} is not a date", sample=f'{{"x": "{word}"}}')
            common = {"organization_id": run.organization_id, "run": run, "stream": stream, "record_id": 1}
            Victim.objects.create(**common, remote_id="11", label=f"{word} gone")
    return run


@pytest.fixture
def audit(connection: Connection) -> DriftAudit:
    now = timezone.now()
    own = {"organization_id": connection.organization_id}
    with tenant_transaction(connection.organization_id):
        audit: DriftAudit = DriftAudit.objects.create(
            **own, connection=connection, state="done", sample=9, created_at=now, finished_at=now
        )
        for place, (stream, word) in enumerate(SIGHTS.items()):
            found = [asdict(Finding("11", "differs", f"{word} drifts", 1, ("status_name",)))]
            DriftStream.objects.create(
                **own, audit=audit, name=stream, position=place, sampled=9, matching=8, differing=1, findings=found
            )
    return audit


@pytest.fixture
def issues(connection: Connection) -> dict[str, Issue]:
    now = timezone.now()
    with tenant_transaction(connection.organization_id):
        return {
            stream: Issue.objects.create(
                organization_id=connection.organization_id,
                connection=connection,
                stream=stream,
                remote_id=f"{word}7",
                code="record_rejected",
                cause=word,
                message=f"{word} is not a date",
                sample=f'{{"x": "{word}"}}',
                first_at=now,
                last_at=now,
            )
            for stream, word in SIGHTS.items()
        }


def reader(
    organization: Organization, make_person: MakePerson, client_for: Callable[[User], Client], permissions: list[str]
) -> Client:
    """Somebody who may see logs, and of records what ``permissions`` say."""
    person = make_person(organization, "readonly", "lou@acme.test")
    with tenant_transaction(organization.pk):
        role = Role.objects.create(
            organization=organization, name="Logs", permissions=["view_integration_logs", *permissions]
        )
        Membership.objects.filter(user=person).update(role=role)
    return client_for(person)


def text_of(answer: Any) -> str:
    async def whole() -> str:
        return "".join([part.decode() async for part in answer.streaming_content])

    return async_to_sync(whole)() if answer.streaming else answer.content.decode()


def plain(page: str) -> str:
    """The page without the tokens that differ at every visit."""
    return re.sub(r'(content|value)="[^"]{60,}"|<time.*?</time>', "", page)


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_no_page_about_syncs_tells_more_than_the_role_does(
    permission: str,
    organization: Organization,
    make_person: MakePerson,
    client_for: Callable[[User], Client],
    run: Run,
    audit: DriftAudit,
    issues: dict[str, Issue],
) -> None:
    browser = reader(organization, make_person, client_for, [permission] if permission != "none" else [])
    pages = [reverse(f"web:{name}", args=[run.pk]) for name in OF_RUN]
    pages += [reverse("web:drift_audit", args=[audit.pk]), reverse("web:issues"), reverse("web:sync_history")]
    pages += [reverse("web:issue", args=[issue.pk]) for issue in issues.values()]
    pages += [reverse("web:connection_sync", args=[run.connection_id]), "/"]
    answers = {page: browser.get(page) for page in pages}
    told = {page: text_of(answer) for page, answer in answers.items() if answer.status_code == 200}
    forbidden = [word for stream, word in SIGHTS.items() if stream not in PERMISSIONS[permission]]
    assert [(page, word) for page, text in told.items() for word in forbidden if word in text] == []
    refused = [page for page in pages if page not in told]
    assert refused == ([] if PERMISSIONS[permission] else [reverse("web:run_diff_csv", args=[run.pk])])
    for stream in PERMISSIONS[permission]:
        seen = [page for page, text in told.items() if SIGHTS[stream] in text]
        assert set(TELLING_OF_RECORDS) <= {page.rsplit("/", 2)[-2] or page for page in seen} | set(seen)


OF_RUN = ("run", "run_progress", "run_items", "run_log", "run_diff", "run_diff_csv", "run_victims")
TELLING_OF_RECORDS = ("items", "changes", "victims")


def test_searching_tells_nothing_of_what_may_not_be_seen(
    organization: Organization, make_person: MakePerson, client_for: Callable[[User], Client], run: Run
) -> None:
    browser = reader(organization, make_person, client_for, ["view_clients"])
    for name in ("run_items", "run_victims"):
        address = reverse(f"web:{name}", args=[run.pk])
        found, other = (text_of(browser.get(address, {"q": word})) for word in ("Ticketwords", "Otherthings"))
        assert plain(found.replace("Ticketwords", "")) == plain(other.replace("Otherthings", ""))


def test_the_counts_stay(
    organization: Organization, make_person: MakePerson, client_for: Callable[[User], Client], run: Run
) -> None:
    browser = reader(organization, make_person, client_for, [])
    assert "Tickets" in text_of(browser.get(reverse("web:run_diff", args=[run.pk])))
    assert "not shown with your role" in text_of(browser.get(reverse("web:run_items", args=[run.pk])))


def test_asking_for_a_missing_ticket_is_for_those_who_may_see_tickets(
    organization: Organization, make_person: MakePerson, client_for: Callable[[User], Client], connection: Connection
) -> None:
    browser = reader(organization, make_person, client_for, ["view_clients"])
    asked = {"connection": connection.pk, "ticket": "11"}
    assert browser.get(reverse("web:missing_ticket")).status_code == 403
    assert browser.post(reverse("web:missing_ticket"), asked).status_code == 403
    assert browser.post(reverse("web:missing_ticket_fetch"), asked).status_code == 403


def test_every_stream_has_a_permission() -> None:
    assert PERMISSION_OF.keys() == TARGETS.keys()
