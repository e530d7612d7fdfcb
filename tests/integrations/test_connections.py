"""Connections: made, changed and removed, with an audit entry each and no secret anywhere."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database

from foundation.core.errors import Refused
from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations import registry
from integrations.errors import AuthenticationFailed, PermissionMissing, RateLimited, TransientError
from integrations.models import Connection
from integrations.port import Check, CredentialsInvalid, ProbeReport
from integrations.services.connections import (
    NameTaken,
    connection_answered,
    connection_configure,
    connection_create,
    connection_credentials_draft,
    connection_credentials_set,
    connection_delete,
    connection_failed,
    connection_open,
    connection_rename,
    credentials_merged,
)
from integrations.services.opening import credentials_of
from integrations.services.probing import InstanceRefused, connection_tested
from integrations.services.rotation import credentials_reencrypt
from integrations.settings_schema import SettingsInvalid, scope_of
from tests.fixtures.systems import CREDENTIALS

pytestmark = pytest.mark.usefixtures("in_tenant")
KEYS = ("public_key", "private_key", "client_id")
OK = Check(name="Keys", ok=True, message="The keys are accepted.")


def fresh(connection: Connection) -> Connection:
    found: Connection = Connection.objects.get(pk=connection.pk)
    return found


def entries(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action))


def test_a_new_connection_keeps_its_credentials_encrypted(connection: Connection) -> None:
    stored = fresh(connection)
    assert not any(CREDENTIALS[name] in stored.credentials for name in KEYS)
    assert credentials_of(stored)["private_key"] == CREDENTIALS["private_key"]
    assert (stored.state, stored.address) == ("draft", "http://127.0.0.1:9")


def test_making_one_is_audited_with_dots_for_keys(connection: Connection, admin: User) -> None:
    [entry] = entries("connection.created")
    assert entry.target_id == connection.pk
    assert entry.changes["address"] == ["", "http://127.0.0.1:9"]
    assert entry.changes["private_key"][1] == "•••"
    assert not any(CREDENTIALS[name] in json.dumps(entry.changes) for name in KEYS)


def test_a_name_is_used_once(organization: Organization, connection: Connection) -> None:
    with pytest.raises(NameTaken, match="already a connection called “Main”"):
        connection_create(
            organization_id=organization.pk, provider="connectwise", name="Main ", credentials=CREDENTIALS
        )
    assert Connection.objects.count() == 1
    assert len(entries("connection.created")) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_name_that_is_empty_or_too_long_is_refused(
    organization: Organization, connection: Connection, name: str
) -> None:
    with pytest.raises(Refused, match="1 to 100 characters"):
        connection_create(organization_id=organization.pk, provider="connectwise", name=name, credentials=CREDENTIALS)
    with pytest.raises(Refused, match="1 to 100 characters"):
        connection_rename(connection=connection, name=name)


def test_missing_credentials_are_named(organization: Organization) -> None:
    with pytest.raises(CredentialsInvalid) as caught:
        connection_create(
            organization_id=organization.pk, provider="connectwise", name="x", credentials={"address": "na"}
        )
    assert set(caught.value.errors) >= {"company_id", "private_key"}


def test_an_unknown_system_is_refused(organization: Organization) -> None:
    with pytest.raises(registry.UnknownProvider, match="halo2"):
        connection_create(organization_id=organization.pk, provider="halo2", name="x", credentials={})


def test_a_date_range_stands_still_until_it_is_changed(connection: Connection) -> None:
    begin = connection.range_start
    connection_configure(connection=connection, settings={"boards": ["1"]})
    assert fresh(connection).range_start == begin
    assert scope_of(fresh(connection)).changed_after == begin
    connection_configure(connection=connection, settings={"boards": ["1"], "date_range_days": 30})
    moved = fresh(connection).range_start
    assert moved is not None
    assert begin is not None
    assert (moved - begin).days in {334, 335}
    connection_configure(connection=connection, settings={"boards": ["1"], "date_range_days": None})
    assert fresh(connection).range_start is None


def test_settings_that_stay_leave_no_entry(connection: Connection, admin: User) -> None:
    connection_configure(connection=connection, settings={"boards": ["1"]}, actor=admin)
    connection_configure(connection=connection, settings={"boards": ["1"]}, actor=admin)
    [entry] = entries("connection.configured")
    assert entry.changes == {"boards": [None, ["1"]]}
    assert entry.actor == admin


def test_wrong_settings_change_nothing(connection: Connection) -> None:
    with pytest.raises(SettingsInvalid):
        connection_configure(connection=connection, settings={"boards": []})
    assert fresh(connection).settings["boards"] is None


def test_other_credentials_are_stored_and_audited_by_field(connection: Connection, admin: User) -> None:
    connection_credentials_set(
        connection=connection, credentials={**CREDENTIALS, "private_key": "another-private-key"}, actor=admin
    )
    assert credentials_of(fresh(connection))["private_key"] == "another-private-key"
    [entry] = entries("connection.credentials_changed")
    assert entry.changes == {"private_key": ["•••", "•••"]}


def test_credentials_of_another_instance_are_refused(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(fingerprint="na.example/acme")
    report = ProbeReport(checks=[OK], fingerprint="na.example/umbrella")
    with pytest.raises(InstanceRefused, match="another PSA"):
        connection_credentials_set(connection=connection, credentials={**CREDENTIALS, "client_id": "x"}, report=report)
    assert credentials_of(fresh(connection)) == credentials_of(connection)


def test_a_draft_is_kept_beside_what_is_in_use(connection: Connection) -> None:
    connection_credentials_draft(connection=connection, credentials={**CREDENTIALS, "private_key": "typed"})
    found = fresh(connection)
    assert credentials_of(found)["private_key"] == CREDENTIALS["private_key"]
    assert credentials_merged(found, {"private_key": "", "company_id": "other"})["private_key"] == "typed"
    assert credentials_merged(found, {"company_id": "other"})["company_id"] == "other"


def test_credentials_copied_from_another_organization_are_refused(
    connection: Connection, other_organization: Organization
) -> None:
    with tenant_transaction(other_organization.pk):
        theirs = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Theirs", credentials=CREDENTIALS
        )
    Connection.objects.filter(pk=connection.pk).update(credentials=theirs.credentials)
    with pytest.raises(AuthenticationFailed, match="another organization"):
        connection_open(fresh(connection))


def test_a_connection_without_credentials_says_so(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(credentials="")
    with pytest.raises(AuthenticationFailed, match="No credentials"):
        connection_open(fresh(connection))


def test_answers_and_failures_move_the_state_and_its_beginning(connection: Connection) -> None:
    connection_answered(connection_id=connection.pk)
    first = fresh(connection)
    assert (first.state, first.state_reason) == ("connected", "")
    connection_answered(connection_id=connection.pk)
    again = fresh(connection)
    assert again.state_since == first.state_since
    assert again.last_ok_at is not None
    assert first.last_ok_at is not None
    assert again.last_ok_at > first.last_ok_at
    connection_failed(connection_id=connection.pk, error=TransientError("The PSA is away."))
    away = fresh(connection)
    assert (away.state, away.state_reason) == ("failing", "The PSA is away.")
    connection_failed(connection_id=connection.pk, error=AuthenticationFailed("The keys are refused."))
    assert fresh(connection).state == "refused"
    assert fresh(connection).last_ok_at == again.last_ok_at


def test_being_asked_to_wait_is_no_failure(connection: Connection) -> None:
    connection_answered(connection_id=connection.pk)
    connection_failed(connection_id=connection.pk, error=RateLimited("Slow down.", retry_after=30))
    assert fresh(connection).state == "connected"


def test_the_first_good_test_remembers_the_instance_and_later_ones_do_not_move_it(connection: Connection) -> None:
    connection_tested(connection=connection, report=ProbeReport(checks=[OK], fingerprint="a/b", version="2026.1"))
    found = fresh(connection)
    assert (found.fingerprint, found.version, found.state) == ("a/b", "2026.1", "connected")
    connection_tested(connection=found, report=ProbeReport(checks=[OK], fingerprint="c/d"))
    assert fresh(connection).fingerprint == "a/b"


def test_a_missing_right_is_told_without_calling_the_connection_broken(connection: Connection) -> None:
    lacking = Check(name="Contacts", ok=False, message="Contacts cannot be read.", error=PermissionMissing.code)
    connection_tested(connection=connection, report=ProbeReport(checks=[OK, lacking], fingerprint="a/b"))
    assert (fresh(connection).state, fresh(connection).state_reason) == ("connected", "Contacts cannot be read.")


def test_refused_keys_are_called_refused(connection: Connection) -> None:
    bad = Check(name="Keys", ok=False, message="Not accepted.", error=AuthenticationFailed.code)
    connection_tested(connection=connection, report=ProbeReport(checks=[bad]))
    found = fresh(connection)
    assert (found.state, found.state_reason, found.fingerprint) == ("refused", "Not accepted.", "")


def test_renaming_is_audited_and_keeps_names_apart(organization: Organization, connection: Connection) -> None:
    other = connection_create(
        organization_id=organization.pk, provider="connectwise", name="B", credentials=CREDENTIALS
    )
    with pytest.raises(NameTaken):
        connection_rename(connection=other, name="Main")
    connection_rename(connection=other, name="Branch")
    assert [entry.changes for entry in entries("connection.renamed")] == [{"name": ["B", "Branch"]}]


def test_removing_one_leaves_the_others_and_an_entry(organization: Organization, connection: Connection) -> None:
    other = connection_create(
        organization_id=organization.pk, provider="connectwise", name="B", credentials=CREDENTIALS
    )
    connection_delete(connection=connection)
    assert list(Connection.objects.all()) == [other]
    [entry] = entries("connection.deleted")
    assert entry.target_label == "Main"


def test_a_new_key_takes_over_organization_by_organization(
    organization: Organization, connection: Connection, other_organization: Organization, settings
) -> None:
    with tenant_transaction(other_organization.pk):
        theirs = connection_create(
            organization_id=other_organization.pk, provider="connectwise", name="Theirs", credentials=CREDENTIALS
        )
    old = list(settings.CREDENTIAL_KEYS)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *old]
    assert credentials_reencrypt(organization_id=organization.pk).moved == 1
    assert credentials_reencrypt(organization_id=organization.pk).current == 1
    assert [entry.target_id for entry in entries("connection.credentials_reencrypted")] == [connection.pk]
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    with tenant_transaction(organization.pk):
        assert credentials_of(fresh(connection))["client_id"] == CREDENTIALS["client_id"]
    assert credentials_reencrypt(organization_id=other_organization.pk).unreadable == ("Theirs",)
    with tenant_transaction(other_organization.pk):
        assert Connection.objects.get(pk=theirs.pk).credentials == theirs.credentials


def test_a_foreign_connection_cannot_be_changed_from_here(
    connection: Connection, other_organization: Organization
) -> None:
    with tenant(other_organization.pk):
        connection_failed(connection_id=connection.pk, error=TransientError("theirs"))
    with tenant_transaction(connection.organization_id), database.cursor() as cursor:
        cursor.execute("SELECT state FROM integrations_connection WHERE id = %s", [connection.pk])
        assert cursor.fetchone() == ("draft",)
