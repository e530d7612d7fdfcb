"""The proof of the cover: whole as it stands, and a hole for each way to make one."""

from __future__ import annotations

import io
import json

import psycopg
import pytest
from django.core.management import call_command
from django.db import ProgrammingError
from psycopg import sql

from foundation.tenancy.coverage import find_gaps, read_catalog, read_declared
from foundation.tenancy.coverage.references import Lookup, find_lookups, find_strays
from foundation.tenancy.models import Membership, Organization, Role, User
from foundation.tenancy.scope import system_transaction, tenant_transaction
from integrations.models import Connection

DOORS = {
    "ledger_journalentry_goes_when_sync_instancechange",
    "ledger_journalentry_goes_with_integrations_connection",
    "portal_company_search",
    "portal_contact_search",
    "portal_contact_list_search",
    "portal_asset_list_search",
    "portal_agreement_list_search",
    "portal_invoice_list_search",
    "portal_opportunity_list_search",
    "portal_invitation",
    "portal_memberships",
    "portal_organization_by_slug",
    "portal_ticket_search",
}
"""Every way around row security. Adding one means reading its body: does it return the least, to the right tenant?"""


def gaps() -> list[str]:
    return find_gaps(read_catalog(), read_declared())


@pytest.mark.committed
def test_the_cover_is_whole_and_these_are_the_doors() -> None:
    assert gaps() == []
    assert {door.name for door in read_catalog().doors} == DOORS


@pytest.mark.committed
def test_the_command_says_so_for_scripts() -> None:
    out = io.StringIO()
    call_command("rowsecurity", "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert (answer["covered"], answer["gaps"]) == (True, [])
    kinds = {row["table"]: row["kind"] for row in answer["tables"]}
    assert (kinds["tickets_ticket"], kinds["staging.tickets"], kinds["tenancy_user"]) == ("tenant", "staging", "exempt")


POLICY = "organization_id = nullif(current_setting('portal.organization', true), '')::bigint"
HOLES = {
    "credentials that the system role reads": (
        "GRANT SELECT (credentials) ON integrations_connection TO portal_system",
        "REVOKE SELECT (credentials) ON integrations_connection FROM portal_system",
        "integrations_connection: portal_system may read credentials, which by its name is a secret",
    ),
    "a column that nobody decided about": (
        "ALTER TABLE integrations_connection ADD COLUMN webhook_token text",
        "ALTER TABLE integrations_connection DROP COLUMN webhook_token",
        "integrations_connection: portal_system may SELECT of column",
    ),
    "a secret in a table that the system role reads": (
        "ALTER TABLE sync_run ADD COLUMN api_key text",
        "ALTER TABLE sync_run DROP COLUMN api_key",
        "sync_run: portal_system may read api_key",
    ),
    "a tenant's table without walls": (
        "CREATE TABLE rogue (id bigint, organization_id bigint NOT NULL); GRANT SELECT ON rogue TO portal_app",
        "DROP TABLE rogue",
        "rogue has organization_id but no migration puts it behind the walls",
    ),
    "a table that nobody named": ("CREATE TABLE rogue (id bigint)", "DROP TABLE rogue", "rogue has no organization_id"),
    "row security switched off": (
        "ALTER TABLE tickets_ticket DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tickets_ticket ENABLE ROW LEVEL SECURITY",
        "tickets_ticket: row security is not enabled",
    ),
    "row security that the owner escapes": (
        "ALTER TABLE tickets_note NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE tickets_note FORCE ROW LEVEL SECURITY",
        "tickets_note: row security is not forced",
    ),
    "a second policy": (
        "CREATE POLICY everybody ON tickets_ticket USING (true)",
        "DROP POLICY everybody ON tickets_ticket",
        "tickets_ticket: the policy “everybody” for public is not declared",
    ),
    "a policy that writes for others": (
        "ALTER POLICY tenant ON tickets_ticket WITH CHECK (true)",
        f"ALTER POLICY tenant ON tickets_ticket WITH CHECK ({POLICY})",
        "tickets_ticket: the policy “tenant” is not the declared one",
    ),
    "truncation": (
        "GRANT TRUNCATE ON tickets_ticket TO portal_app",
        "REVOKE TRUNCATE ON tickets_ticket FROM portal_app",
        "tickets_ticket: portal_app may DELETE, INSERT, SELECT, TRUNCATE, UPDATE",
    ),
    "an audit that can be rewritten": (
        "GRANT UPDATE ON tenancy_auditevent TO portal_app",
        "REVOKE UPDATE ON tenancy_auditevent FROM portal_app",
        "tenancy_auditevent: portal_app may INSERT, SELECT, UPDATE, declared is INSERT, SELECT",
    ),
    "a column for the system role": (
        "GRANT SELECT (summary) ON tickets_ticket TO portal_system",
        "REVOKE SELECT (summary) ON tickets_ticket FROM portal_system",
        "tickets_ticket: portal_system may SELECT of column summary",
    ),
    "a grant to everybody": (
        "GRANT SELECT ON tickets_ticket TO PUBLIC",
        "REVOKE SELECT ON tickets_ticket FROM PUBLIC",
        "tickets_ticket: public may SELECT",
    ),
    "staging that a page could read by another role": (
        "GRANT USAGE ON SCHEMA staging TO portal_search; GRANT SELECT ON staging.tickets TO portal_search",
        "REVOKE ALL ON staging.tickets FROM portal_search; REVOKE USAGE ON SCHEMA staging FROM portal_search",
        "staging.tickets: portal_search may SELECT",
    ),
    "staging without a tenant": (
        "CREATE TABLE staging.rogue (run_id bigint NOT NULL)",
        "DROP TABLE staging.rogue",
        "staging.rogue needs a organization_id that is never null",
    ),
    "a partition that can be read around its parent": (
        "CREATE TABLE rogue (organization_id bigint NOT NULL) PARTITION BY LIST (organization_id);"
        "CREATE TABLE rogue_rest PARTITION OF rogue DEFAULT; GRANT SELECT ON rogue_rest TO portal_app",
        "DROP TABLE rogue",
        "rogue_rest has organization_id but no migration puts it behind the walls",
    ),
    "a view": ("CREATE VIEW rogue AS SELECT * FROM tickets_ticket", "DROP VIEW rogue", "rogue is a view"),
    "an undeclared door": (
        "CREATE FUNCTION rogue() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM tickets_ticket'",
        "DROP FUNCTION rogue()",
        "rogue() is SECURITY DEFINER and not one of the declared doors",
    ),
    "a key that leaves the organization": (
        "ALTER TABLE tickets_note ADD CONSTRAINT rogue FOREIGN KEY (ticket_id) REFERENCES tickets_ticket (id)",
        "ALTER TABLE tickets_note DROP CONSTRAINT rogue",
        "tickets_note: the foreign key rogue could lead into another organization",
    ),
    "a schema of its own": (
        "CREATE SCHEMA rogue; CREATE TABLE rogue.t (id bigint)",
        "DROP SCHEMA rogue CASCADE",
        "rogue.t is in a schema that MSPortal does not have",
    ),
    "future tables given away": (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO portal_app",
        "ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM portal_app",
        "Tables made from now on are given away: SELECT to portal_app",
    ),
    "a schema where the app role may create": (
        "GRANT CREATE ON SCHEMA public TO portal_app",
        "REVOKE CREATE ON SCHEMA public FROM portal_app",
        "portal_app has CREATE on the schema public",
    ),
}


@pytest.mark.committed
@pytest.mark.parametrize("hole", HOLES)
def test_each_hole_is_found(hole: str, owner: psycopg.Connection) -> None:
    make, mend, sentence = HOLES[hole]
    owner.execute(sql.SQL(make))
    try:
        found = gaps()
    finally:
        owner.execute(sql.SQL(mend))
    assert any(sentence in gap for gap in found), found
    assert gaps() == []


@pytest.mark.committed
def test_a_lost_composite_key_is_missed(owner: psycopg.Connection) -> None:
    name = "tickets_note_ticket_id_spine"
    (definition,) = owner.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
    ).fetchone() or ("",)
    owner.execute(sql.SQL("ALTER TABLE tickets_note DROP CONSTRAINT {}").format(sql.Identifier(name)))
    try:
        assert gaps() == [f"tickets_note: the composite key {name} is declared and is not there."]
    finally:
        owner.execute(
            sql.SQL("ALTER TABLE tickets_note ADD CONSTRAINT {} {}").format(sql.Identifier(name), sql.SQL(definition))
        )
    assert gaps() == []


@pytest.mark.committed
def test_a_look_up_into_another_organization_is_found(
    owner: psycopg.Connection, admin: User, other_organization: Organization, organization: Organization
) -> None:
    """On the roles, with their composite key off: what a look-up without one could hold."""
    lookup = Lookup("tenancy_membership", "role_id", "tenancy_role")
    assert find_strays([lookup]) == []
    with tenant_transaction(other_organization.pk):
        foreign = Role.objects.get(builtin="admin").pk
    name = "tenancy_membership_role_id_spine"
    (definition,) = owner.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
    ).fetchone() or ("",)
    owner.execute(sql.SQL("ALTER TABLE tenancy_membership DROP CONSTRAINT {}").format(sql.Identifier(name)))
    try:
        with tenant_transaction(organization.pk):
            Membership.objects.filter(user=admin).update(role_id=foreign)
        assert find_strays([lookup]) == [
            "acme: 1 rows of tenancy_membership.role_id lead to no row of tenancy_role in this organization."
        ]
    finally:
        with tenant_transaction(organization.pk):
            Membership.objects.all().delete()
        owner.execute(
            sql.SQL("ALTER TABLE tenancy_membership ADD CONSTRAINT {} {}").format(
                sql.Identifier(name), sql.SQL(definition)
            )
        )


@pytest.mark.committed
def test_the_look_ups_of_tickets_are_checked() -> None:
    found = {(lookup.table, lookup.column) for lookup in find_lookups(read_declared())}
    assert ("tickets_ticket", "status_id") in found
    assert ("tickets_ticket", "company_id") not in found
    call_command("rowsecurity", "--references", "--quiet", stdout=io.StringIO())


@pytest.mark.committed
@pytest.mark.parametrize("column", ["credentials", "draft_credentials"])
def test_the_system_role_finds_connections_and_not_their_credentials(column: str) -> None:
    with system_transaction():
        assert list(Connection.objects.values_list("organization_id", "name", "state")) == []
    with pytest.raises(ProgrammingError, match="permission denied"), system_transaction():
        list(Connection.objects.values_list(column))
