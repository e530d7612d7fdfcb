"""Staging tables: a schema of its own, the one exception to row security, since COPY does not work under it.

No page, selector or API query names it; every merge joins on the run's organization.
"""

from django.conf import settings
from django.db import migrations

APP = f'"{settings.DATABASE_APP_ROLE}"'
TABLES = (
    'CREATE TABLE staging."company_statuses" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "is_default" boolean)',
    'CREATE INDEX ON staging."company_statuses" (run_id, remote_id)',
    'CREATE TABLE staging."company_types" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "is_default" boolean, '
    '"is_vendor" boolean)',
    'CREATE INDEX ON staging."company_types" (run_id, remote_id)',
    'CREATE TABLE staging."companies" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "address_line1" text, "address_line2" text, "city" text, "state" text, '
    '"postal_code" text, "country" text, "identifier" text, "name" text, "status_remote_id" text, '
    '"status_name" text, "type_names" text[], "phone" text, "website" text, "territory" text, '
    '"remote_created_at" timestamp with time zone, "custom_fields" jsonb)',
    'CREATE INDEX ON staging."companies" (run_id, remote_id)',
    'CREATE TABLE staging."sites" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "address_line1" text, "address_line2" text, "city" text, "state" text, '
    '"postal_code" text, "country" text, "company_remote_id" text, "name" text, "phone" text, '
    '"time_zone" text, "is_primary" boolean, "is_active" boolean)',
    'CREATE INDEX ON staging."sites" (run_id, remote_id)',
    'CREATE TABLE staging."contacts" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "company_remote_id" text, "company_name" text, "site_remote_id" text, '
    '"first_name" text, "last_name" text, "title" text, "type_names" text[], "email" text, "phone" text, '
    '"emails" jsonb, "phones" jsonb, "address" text, "is_active" boolean, "is_default" boolean, '
    '"custom_fields" jsonb)',
    'CREATE INDEX ON staging."contacts" (run_id, remote_id)',
    'CREATE TABLE staging."boards" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "is_project" boolean, "location" text, '
    '"department" text)',
    'CREATE INDEX ON staging."boards" (run_id, remote_id)',
    'CREATE TABLE staging."statuses" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "board_remote_id" text, '
    '"is_closed" boolean, "is_default" boolean, "sort_order" integer)',
    'CREATE INDEX ON staging."statuses" (run_id, remote_id)',
    'CREATE TABLE staging."priorities" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "color" text, "level" text, '
    '"sort_order" integer)',
    'CREATE INDEX ON staging."priorities" (run_id, remote_id)',
    'CREATE TABLE staging."types" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "board_remote_id" text, '
    '"parent_ids" text[])',
    'CREATE INDEX ON staging."types" (run_id, remote_id)',
    'CREATE TABLE staging."subtypes" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "board_remote_id" text, '
    '"parent_ids" text[])',
    'CREATE INDEX ON staging."subtypes" (run_id, remote_id)',
    'CREATE TABLE staging."items" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "board_remote_id" text, '
    '"parent_ids" text[])',
    'CREATE INDEX ON staging."items" (run_id, remote_id)',
    'CREATE TABLE staging."teams" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "board_remote_id" text, '
    '"member_ids" text[])',
    'CREATE INDEX ON staging."teams" (run_id, remote_id)',
    'CREATE TABLE staging."members" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "identifier" text, "name" text, "email" text, "title" text, '
    '"time_zone" text, "is_active" boolean)',
    'CREATE INDEX ON staging."members" (run_id, remote_id)',
    'CREATE TABLE staging."tickets" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "summary" text, "record_type" text, "board_remote_id" text, '
    '"board_name" text, "status_remote_id" text, "status_name" text, "priority_remote_id" text, '
    '"priority_name" text, "type_remote_id" text, "type_name" text, "subtype_remote_id" text, '
    '"subtype_name" text, "item_remote_id" text, "item_name" text, "team_remote_id" text, '
    '"team_name" text, "owner_remote_id" text, "owner_name" text, "resources" text, '
    '"company_remote_id" text, "company_name" text, "site_remote_id" text, "site_name" text, '
    '"contact_remote_id" text, "contact_name" text, "contact_email" text, "contact_phone" text, '
    '"source" text, "sla" text, "severity" text, "impact" text, "is_closed" boolean, '
    '"is_in_sla" boolean, "closed_at" timestamp with time zone, "closed_by" text, '
    '"required_at" timestamp with time zone, "remote_created_at" timestamp with time zone, '
    '"entered_by" text, "updated_by" text, "budget_hours" double precision, '
    '"actual_hours" double precision, "parent_ticket_remote_id" text, "merged_into_remote_id" text, '
    '"agreement" text, "external_reference" text, "custom_fields" jsonb)',
    'CREATE INDEX ON staging."tickets" (run_id, remote_id)',
    'CREATE TABLE staging."notes" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "ticket_remote_id" text, "member_remote_id" text, '
    '"remote_created_at" timestamp with time zone, "text" text, "kind" text, "is_internal" boolean, '
    '"author" text, "contact_remote_id" text)',
    'CREATE INDEX ON staging."notes" (run_id, remote_id)',
    'CREATE TABLE staging."time_entries" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
    "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
    "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
    'in_scope boolean NOT NULL, "ticket_remote_id" text, "member_remote_id" text, '
    '"remote_created_at" timestamp with time zone, "member_name" text, '
    '"started_at" timestamp with time zone, "ended_at" timestamp with time zone, '
    '"hours" double precision, "billable" text, "work_type" text, "work_role" text, "notes" text, '
    '"internal_notes" text)',
    'CREATE INDEX ON staging."time_entries" (run_id, remote_id)',
    "CREATE TABLE staging.parents (run_id bigint NOT NULL, organization_id bigint NOT NULL, "
    "connection_id bigint NOT NULL, stream text NOT NULL, parent_remote_id text NOT NULL, "
    "fetched_at timestamptz NOT NULL)",
    "CREATE INDEX ON staging.parents (run_id, stream, parent_remote_id)",
)


class Migration(migrations.Migration):
    dependencies = [("sync", "0002_walls"), ("tickets", "0002_walls"), ("clients", "0002_walls")]

    operations = [
        migrations.RunSQL("CREATE SCHEMA staging", "DROP SCHEMA staging CASCADE"),
        migrations.RunSQL(list(TABLES), migrations.RunSQL.noop),
        migrations.RunSQL(
            [
                f"GRANT USAGE ON SCHEMA staging TO {APP}",
                f"GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA staging TO {APP}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
