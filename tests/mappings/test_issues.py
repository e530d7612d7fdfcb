"""What is not mapped, on the page of issues and in runs: only where somebody maps that kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from foundation.tenancy.models import User
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from mappings.kinds import KINDS
from mappings.models import Mapping
from mappings.selectors import unmapped
from mappings.services import suggestions_accept
from mappings.services.values import values_prepare
from sync.models import Run, RunLog
from tests.fixtures.systems import Sandbox
from tests.mappings.conftest import set_to
from tests.sync.conftest import Sync, Synced, calm, linked, sync, synced
from tests.tickets.factories import make_board, make_company, make_status, make_ticket

__all__ = ["calm", "linked", "sync", "synced"]
ISSUES = reverse("web:issues")


@pytest.fixture
def page(client_for: Callable[[User], Client], admin: User) -> Callable[[], str]:
    browser = client_for(admin)
    return lambda: browser.get(ISSUES).content.decode()


def test_an_unmapped_value_is_a_group_once_its_kind_is_mapped_and_goes_when_it_is(
    page: Callable[[], str], connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        one, two = make_board(connection, "One"), make_board(connection, "Two")
        first, second = (make_status(connection, board, "Waiting vendor") for board in (one, two))
        other = make_status(connection, one, "Other")
        for status, closed in ((first, False), (first, True), (second, False)):
            make_ticket(connection, status=status, is_closed=closed)
    assert "No issues" in page()
    with tenant_transaction(connection.organization_id):
        set_to(connection, "status", other.remote_id, "keep")
    shown = page()
    assert "Status “Waiting vendor” is not mapped (2 times)" in shown
    assert "2 open tickets, 3 in all" in shown
    assert (
        f"{reverse('web:connection_mapping', args=[connection.pk, 'statuses'])}?state=unmapped&amp;q=Waiting+vendor"
        in shown
    )
    with tenant_transaction(connection.organization_id):
        suggestions_accept(connection=connection, kind=KINDS["status"])
    assert "No issues" in page()


def test_companies_stand_together_and_values_without_tickets_do_not_nag(
    page: Callable[[], str], connection: Connection
) -> None:
    with tenant_transaction(connection.organization_id):
        values_prepare()
        mapped, having, _ = (make_company(connection, name) for name in ("Mapped", "Having", "Idle"))
        make_ticket(connection, company=having)
        set_to(connection, "company", mapped.remote_id, "new")
        make_status(connection, make_board(connection), "Unused")
    shown = page()
    assert "2 companies are not mapped" in shown
    assert "1 open ticket" in shown
    assert "Unused" not in shown


def test_somebody_elses_unmapped_values_are_not_told(page: Callable[[], str], other_connection: Connection) -> None:
    with tenant_transaction(other_connection.organization_id):
        values_prepare()
        board = make_board(other_connection)
        mapped, left = (
            make_status(other_connection, board, "Mapped"),
            make_status(other_connection, board, "Umbrella's"),
        )
        make_ticket(other_connection, status=left)
        set_to(other_connection, "status", mapped.remote_id, "keep")
    assert "Umbrella" not in page()


def test_a_run_maps_what_is_certain_and_says_so(sync: Sync, linked: Connection) -> None:
    run = sync("full")
    assert run.result == Run.Result.SUCCESS
    with tenant_transaction(linked.organization_id):
        found = Mapping.objects.filter(kind="status", how="automatic").count()
        line = RunLog.objects.get(run=run, message__startswith="Mapped automatically")
    assert found > 0
    assert f"{found:,} statuses" in line.message


def test_new_values_of_a_kind_that_is_mapped_make_a_warning_once(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        suggestions_accept(connection=linked, kind=KINDS["company"])
        before = unmapped(linked)["company"]
    calm.control("create", collection="companies", set={"name": "A newcomer"})
    run = sync("full")
    with tenant_transaction(linked.organization_id):
        assert unmapped(linked)["company"] == before + 1
    assert run.result == Run.Result.WARNING
    assert "New and not mapped: 1 company." in run.message
    assert sync("full").result == Run.Result.NO_CHANGE
