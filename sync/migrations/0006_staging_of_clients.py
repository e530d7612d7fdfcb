"""Staging tables of assets, agreements, products, invoices and opportunities; see 0003 for why they stand apart."""

from django.conf import settings
from django.db import migrations

APP = f'"{settings.DATABASE_APP_ROLE}"'
STREAMS = (
    "assets",
    "products",
    "agreements",
    "agreement_additions",
    "invoices",
    "opportunity_statuses",
    "opportunities",
)
TABLES = (
    (
        'CREATE TABLE staging."assets" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "name" text, "type_name" text, "status_name" text, "is_active" boolean, "company_remote_id" '
        'text, "company_name" text, "site_remote_id" text, "site_name" text, "contact_remote_id" text, '
        '"contact_name" text, "location" text, "manufacturer" text, "model" text, "serial_number" text, "tag" '
        'text, "operating_system" text, "ip_address" text, "mac_address" text, "last_user" text, '
        '"purchased_on" date, "installed_on" date, "warranty_expires_on" date, "notes" text, '
        '"remote_created_at" timestamp with time zone, "custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."assets" (run_id, remote_id)',
    (
        'CREATE TABLE staging."products" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "identifier" text, "name" text, "description" text, "category" text, "manufacturer" text, '
        '"unit_price" numeric(24, 6), "unit_cost" numeric(24, 6), "currency" text, "is_active" boolean, '
        '"custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."products" (run_id, remote_id)',
    (
        'CREATE TABLE staging."agreements" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "name" text, "type_name" text, "status_name" text, "is_active" boolean, "company_remote_id" '
        'text, "company_name" text, "site_remote_id" text, "contact_remote_id" text, "contact_name" text, '
        '"parent_agreement_remote_id" text, "starts_on" date, "ends_on" date, "cancelled_on" date, '
        '"billing_cycle" text, "amount" numeric(24, 6), "currency" text, "purchase_order" text, "notes" text, '
        '"remote_created_at" timestamp with time zone, "custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."agreements" (run_id, remote_id)',
    (
        'CREATE TABLE staging."agreement_additions" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "agreement_remote_id" text, "product_remote_id" text, "product_name" text, "description" text, '
        '"quantity" numeric(24, 6), "included" numeric(24, 6), "unit_price" numeric(24, 6), "unit_cost" '
        'numeric(24, 6), "total" numeric(24, 6), "billing" text, "starts_on" date, "ends_on" date, '
        '"serial_number" text, "custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."agreement_additions" (run_id, remote_id)',
    (
        'CREATE TABLE staging."invoices" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "number" text, "type_name" text, "status_name" text, "company_remote_id" text, "company_name" '
        'text, "agreement_remote_id" text, "ticket_remote_id" text, "invoiced_on" date, "due_on" date, '
        '"subtotal" numeric(24, 6), "tax" numeric(24, 6), "total" numeric(24, 6), "paid" numeric(24, 6), '
        '"balance" numeric(24, 6), "currency" text, "purchase_order" text, "reference" text, "lines" jsonb, '
        '"remote_created_at" timestamp with time zone, "custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."invoices" (run_id, remote_id)',
    (
        'CREATE TABLE staging."opportunity_statuses" (run_id bigint NOT NULL, organization_id bigint NOT '
        "NULL, connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
        "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
        'in_scope boolean NOT NULL, "name" text, "is_active" boolean, "is_closed" boolean, "is_won" boolean, '
        '"is_lost" boolean)'
    ),
    'CREATE INDEX ON staging."opportunity_statuses" (run_id, remote_id)',
    (
        'CREATE TABLE staging."opportunities" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, remote_updated_at "
        "timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, in_scope boolean NOT "
        'NULL, "name" text, "type_name" text, "stage_name" text, "status_remote_id" text, "status_name" text, '
        '"rating" text, "probability" integer, "value" numeric(24, 6), "currency" text, "company_remote_id" '
        'text, "company_name" text, "site_remote_id" text, "contact_remote_id" text, "contact_name" text, '
        '"owner_remote_id" text, "owner_name" text, "source" text, "expected_close_on" date, "closed_at" '
        'timestamp with time zone, "notes" text, "remote_created_at" timestamp with time zone, '
        '"custom_fields" jsonb)'
    ),
    'CREATE INDEX ON staging."opportunities" (run_id, remote_id)',
)


class Migration(migrations.Migration):
    dependencies = [("sync", "0005_victims"), ("clients", "0005_assets_agreements_sales")]

    operations = [
        migrations.RunSQL(list(TABLES), [f'DROP TABLE staging."{stream}"' for stream in STREAMS]),
        migrations.RunSQL(
            [f'GRANT SELECT, INSERT, DELETE ON staging."{stream}" TO {APP}' for stream in STREAMS],
            migrations.RunSQL.noop,
        ),
    ]
