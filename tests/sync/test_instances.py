"""A PSA is connected once in an organization: the second connection is refused, whichever way it comes, and named the first."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.port import Check, ProbeReport
from integrations.services.connections import (
    connection_create,
    connection_credentials_set,
    connection_delete,
    connection_test,
)
from integrations.services.probing import InstanceTaken, connection_tested, credentials_probe
from sync.engine.run.drive import advance
from sync.models import Run
from sync.services.runs import run_request
from tests.fixtures.systems import CREDENTIALS
from tests.integrations.adapters.sandboxes import Sandbox, running
from tickets.models import Ticket

WELL = Check(name="All", ok=True, message="Well.")


@pytest.fixture(scope="module", params=["connectwise", "halo", "autotask"])
def psa(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=20) as started:
        yield started


def connected(organization: Organization, psa: Sandbox, name: str, **more: str) -> Connection:
    with tenant_transaction(organization.pk):
        return connection_create(
            organization_id=organization.pk, provider=psa.key, name=name, credentials=psa.credentials, **more
        )


def now(connection: Connection) -> Connection:
    with tenant_transaction(connection.organization_id):
        found: Connection = Connection.objects.get(pk=connection.pk)
    return found


def failed(report: ProbeReport) -> list[tuple[str, str]]:
    return [(check.error, check.message) for check in report.checks if not check.ok]


def test_a_test_refuses_the_second_connection_and_names_the_first(
    psa: Sandbox, organization: Organization, other_organization: Organization
) -> None:
    first, second = connected(organization, psa, "First"), connected(organization, psa, "Second")
    theirs = connected(other_organization, psa, "Theirs")
    with tenant(organization.pk):
        assert failed(connection_test(connection=first)) == []
        [(code, said)] = failed(connection_test(connection=second))
        assert failed(connection_test(connection=first)) == [], "itself is no other one"
    assert (code, "as “First”" in said) == ("instance_taken", True)
    assert (now(second).state, now(second).state_reason, now(second).fingerprint) == ("failing", said, "")
    with tenant(other_organization.pk):
        assert failed(connection_test(connection=theirs)) == []
    with tenant(organization.pk):
        connection_delete(connection=first)
        assert failed(connection_test(connection=second)) == []
    assert (now(second).state, bool(now(second).fingerprint)) == ("connected", True)


def test_typed_credentials_are_refused_before_anything_is_stored(psa: Sandbox, organization: Organization) -> None:
    first = connected(organization, psa, "First")
    with tenant(organization.pk):
        connection_test(connection=first)
        [(code, _)] = failed(credentials_probe(psa.key, psa.credentials))
        assert code == "instance_taken"
        assert failed(credentials_probe(psa.key, psa.credentials, besides=first.pk)) == []
        other = connected(organization, psa, "Other")
        report = ProbeReport(checks=[WELL], fingerprint=now(first).fingerprint)
        with pytest.raises(InstanceTaken, match="as “First”"):
            connection_credentials_set(connection=other, credentials=psa.credentials, report=report)
    with pytest.raises(InstanceTaken, match="as “First”"):
        connected(organization, psa, "Made with it", fingerprint=now(first).fingerprint)


def test_the_command_makes_nothing(psa: Sandbox, organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    with tenant(organization.pk):
        connection_test(connection=connected(organization, psa, "First"))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(psa.credentials)))
    named = ("--organization", organization.slug, "--provider", psa.key, "--name", "Second")
    with pytest.raises(CommandError, match=r"Nothing was made\. This PSA .* is connected already, as “First”"):
        call_command("connection", "create", *named, "--credentials-file", "-")
    with tenant_transaction(organization.pk):
        assert list(Connection.objects.values_list("name", flat=True)) == ["First"]


def test_a_sync_of_a_second_connection_that_nobody_tested_ends_and_brings_nothing(
    psa: Sandbox, organization: Organization
) -> None:
    first, second = connected(organization, psa, "First"), connected(organization, psa, "Second")
    with tenant(organization.pk):
        connection_test(connection=first)
        with tenant_transaction():
            run = run_request(connection=second, kind="full", trigger="person").run
        advance(run.pk)
        with tenant_transaction():
            ended = Run.objects.get(pk=run.pk)
            assert not Ticket.with_removed.exists()
    assert (ended.result, ended.error_code, "as “First”" in ended.message) == ("error", "instance_taken", True)


@pytest.mark.committed
def test_of_two_that_find_the_same_instance_at_once_one_has_it(organization: Organization) -> None:
    with tenant_transaction(organization.pk):
        made = [
            connection_create(
                organization_id=organization.pk, provider="connectwise", name=name, credentials=dict(CREDENTIALS)
            )
            for name in ("First", "Second")
        ]
    both = threading.Barrier(2, timeout=20)

    def told(connection: Connection) -> list[tuple[str, str]]:
        try:
            with tenant(organization.pk):
                both.wait()
                return failed(
                    connection_tested(
                        connection=connection, report=ProbeReport(checks=[WELL], fingerprint="example/acme")
                    )
                )
        finally:
            database.close()

    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(told, made))
    found = [now(connection) for connection in made]
    assert sorted((c.fingerprint, c.state) for c in found) == [("", "failing"), ("example/acme", "connected")]
    assert sorted(len(answer) for answer in answers) == [0, 1]
    (winner,) = (c.name for c in found if c.fingerprint)
    assert next(said for answer in answers for _, said in answer).startswith(
        f"This PSA (example/acme) is connected already, as “{winner}”."
    )
