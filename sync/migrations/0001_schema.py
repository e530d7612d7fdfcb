"""Runs, their schedule and what they say, behind row security; the staging tables.

Staging is a schema of its own, the one exception to row security, since COPY does not work under it. No page, selector or API
query names it; every merge joins on the run's organization.
"""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import goes_when, secure, stamped, tenant_foreign_key, tenant_key

APP = f'"{settings.DATABASE_APP_ROLE}"'
SWEPT = ("run", "schedule", "nightly", "runsignal", "issue", "driftaudit", "alarm", "mailchoice", "instancechange")
"""The sweeper looks at them across organizations, as the system role."""
OTHERS = (
    "runstream",
    "runissue",
    "runlog",
    "cursor",
    "parentread",
    "victim",
    "driftstream",
    "previewrecord",
    "outsidecompany",
)
OF_CONNECTIONS = (
    "run",
    "schedule",
    "nightly",
    "cursor",
    "parentread",
    "issue",
    "driftaudit",
    "alarm",
    "outsidecompany",
    "instancechange",
)
OF_RUNS = ("runstream", "runissue", "runlog", "runsignal", "victim", "previewrecord")
STAGING = {
    "company_statuses": "name text, is_active boolean, is_default boolean",
    "company_types": "name text, is_active boolean, is_default boolean, is_vendor boolean",
    "companies": (
        "address_line1 text, address_line2 text, city text, state text, postal_code text, country text, "
        "identifier text, name text, status_remote_id text, status_name text, type_names text[], phone text, "
        "website text, territory text, remote_created_at timestamptz, custom_fields jsonb, "
        "type_remote_ids text[] DEFAULT '{}'"
    ),
    "sites": (
        "address_line1 text, address_line2 text, city text, state text, postal_code text, country text, "
        "company_remote_id text, name text, phone text, time_zone text, is_primary boolean, is_active boolean"
    ),
    "contacts": (
        "company_remote_id text, company_name text, site_remote_id text, first_name text, last_name text, "
        "title text, type_names text[], email text, phone text, emails jsonb, phones jsonb, address text, "
        "is_active boolean, is_default boolean, custom_fields jsonb"
    ),
    "boards": "name text, is_active boolean, is_project boolean, location text, department text",
    "statuses": (
        "name text, is_active boolean, board_remote_id text, is_closed boolean, is_default boolean, sort_order integer"
    ),
    "priorities": "name text, is_active boolean, color text, level text, sort_order integer",
    "types": "name text, is_active boolean, board_remote_id text, parent_ids text[]",
    "subtypes": "name text, is_active boolean, board_remote_id text, parent_ids text[]",
    "items": "name text, is_active boolean, board_remote_id text, parent_ids text[]",
    "teams": "name text, is_active boolean, board_remote_id text, member_ids text[]",
    "members": "identifier text, name text, email text, title text, time_zone text, is_active boolean",
    "tickets": (
        "summary text, record_type text, board_remote_id text, board_name text, status_remote_id text, "
        "status_name text, priority_remote_id text, priority_name text, type_remote_id text, type_name text, "
        "subtype_remote_id text, subtype_name text, item_remote_id text, item_name text, team_remote_id text, "
        "team_name text, owner_remote_id text, owner_name text, resources text, company_remote_id text, "
        "company_name text, site_remote_id text, site_name text, contact_remote_id text, contact_name text, "
        "contact_email text, contact_phone text, source text, sla text, severity text, impact text, "
        "is_closed boolean, is_in_sla boolean, closed_at timestamptz, closed_by text, required_at timestamptz, "
        "remote_created_at timestamptz, entered_by text, updated_by text, budget_hours double precision, "
        "actual_hours double precision, parent_ticket_remote_id text, merged_into_remote_id text, agreement text, "
        "external_reference text, custom_fields jsonb, description text, resolution text, body_format text, "
        "required_on date"
    ),
    "notes": (
        "ticket_remote_id text, member_remote_id text, remote_created_at timestamptz, text text, kind text, "
        "is_internal boolean, author text, contact_remote_id text, body_format text"
    ),
    "time_entries": (
        "ticket_remote_id text, member_remote_id text, remote_created_at timestamptz, member_name text, "
        "started_at timestamptz, ended_at timestamptz, hours double precision, billable text, work_type text, "
        "work_role text, notes text, internal_notes text, body_format text, worked_on date"
    ),
    "assets": (
        "name text, type_name text, status_name text, is_active boolean, company_remote_id text, company_name text, "
        "site_remote_id text, site_name text, contact_remote_id text, contact_name text, location text, "
        "manufacturer text, model text, serial_number text, tag text, operating_system text, ip_address text, "
        "mac_address text, last_user text, purchased_on date, installed_on date, warranty_expires_on date, "
        "notes text, remote_created_at timestamptz, custom_fields jsonb, body_format text"
    ),
    "products": (
        "identifier text, name text, description text, category text, manufacturer text, unit_price numeric(24,6), "
        "unit_cost numeric(24,6), currency text, is_active boolean, custom_fields jsonb, body_format text"
    ),
    "agreements": (
        "name text, type_name text, status_name text, is_active boolean, company_remote_id text, company_name text, "
        "site_remote_id text, contact_remote_id text, contact_name text, parent_agreement_remote_id text, "
        "starts_on date, ends_on date, cancelled_on date, billing_cycle text, amount numeric(24,6), currency text, "
        "purchase_order text, notes text, remote_created_at timestamptz, custom_fields jsonb, body_format text"
    ),
    "agreement_additions": (
        "agreement_remote_id text, product_remote_id text, product_name text, description text, "
        "quantity numeric(24,6), included numeric(24,6), unit_price numeric(24,6), unit_cost numeric(24,6), "
        "total numeric(24,6), billing text, starts_on date, ends_on date, serial_number text, custom_fields jsonb"
    ),
    "invoices": (
        "number text, type_name text, status_name text, company_remote_id text, company_name text, "
        "agreement_remote_id text, ticket_remote_id text, invoiced_on date, due_on date, subtotal numeric(24,6), "
        "tax numeric(24,6), total numeric(24,6), paid numeric(24,6), balance numeric(24,6), currency text, "
        "purchase_order text, reference text, lines jsonb, remote_created_at timestamptz, custom_fields jsonb"
    ),
    "opportunity_statuses": "name text, is_active boolean, is_closed boolean, is_won boolean, is_lost boolean",
    "opportunities": (
        "name text, type_name text, stage_name text, status_remote_id text, status_name text, rating text, "
        "probability integer, value numeric(24,6), currency text, company_remote_id text, company_name text, "
        "site_remote_id text, contact_remote_id text, contact_name text, owner_remote_id text, owner_name text, "
        "source text, expected_close_on date, closed_at timestamptz, notes text, remote_created_at timestamptz, "
        "custom_fields jsonb, body_format text"
    ),
}
"""{stream: the columns of what is staged of it}; ``staged`` puts those of every stream around them."""


def staged(stream: str) -> list[str]:
    return [
        f'CREATE TABLE staging."{stream}" (run_id bigint NOT NULL, organization_id bigint NOT NULL, '
        "connection_id bigint NOT NULL, page integer NOT NULL, remote_id text NOT NULL, "
        "remote_updated_at timestamptz, fetched_at timestamptz NOT NULL, content_hash bytea NOT NULL, "
        f"in_scope boolean NOT NULL, {STAGING[stream]}, unknown_columns text[] NOT NULL DEFAULT '{{}}')",
        f'CREATE INDEX ON staging."{stream}" (run_id, remote_id)',
    ]


PARENTS = (
    "CREATE TABLE staging.parents (run_id bigint NOT NULL, organization_id bigint NOT NULL, "
    "connection_id bigint NOT NULL, stream text NOT NULL, parent_remote_id text NOT NULL, "
    "fetched_at timestamptz NOT NULL)",
    "CREATE INDEX ON staging.parents (run_id, stream, parent_remote_id)",
    "CREATE TABLE staging.failures (run_id bigint NOT NULL, organization_id bigint NOT NULL, "
    "connection_id bigint NOT NULL, stream text NOT NULL, parent_remote_id text NOT NULL, "
    "failed_at timestamptz NOT NULL, code text NOT NULL, message text NOT NULL, counts boolean NOT NULL, "
    "is_final boolean NOT NULL)",
    "CREATE INDEX ON staging.failures (run_id, stream, parent_remote_id)",
)
"""Which parents a run has read, and below which it could not."""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("clients", "0001_schema"),
        ("integrations", "0001_schema"),
        ("ledger", "0001_schema"),
        ("tenancy", "0001_schema"),
        ("tickets", "0001_schema"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Run",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("quick", "Quick sync"),
                                    ("full", "Full sync"),
                                    ("clear_resync", "Full clear and resync"),
                                    ("preview", "Preview"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("lane", models.CharField(choices=[("fast", "Fast"), ("bulk", "Bulk")], max_length=8)),
                        (
                            "trigger",
                            models.CharField(
                                choices=[
                                    ("person", "Started by a person"),
                                    ("command", "Command line"),
                                    ("interval", "Interval"),
                                    ("nightly", "Nightly"),
                                    ("first", "First sync"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("waiting", "Waiting"),
                                    ("verifying", "Verifying"),
                                    ("held", "Held"),
                                    ("applying", "Applying"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                                max_length=12,
                            ),
                        ),
                        (
                            "phase",
                            models.CharField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("connecting", "Connecting"),
                                    ("counting", "Counting"),
                                    ("fetching", "Fetching"),
                                    ("verifying", "Verifying"),
                                    ("applying", "Applying"),
                                    ("cleaning", "Cleaning up"),
                                    ("finished", "Finished"),
                                ],
                                default="queued",
                                max_length=12,
                            ),
                        ),
                        (
                            "result",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("no_change", "No change"),
                                    ("success", "Success"),
                                    ("warning", "Warning"),
                                    ("error", "Error"),
                                    ("held", "Held"),
                                    ("cancelled", "Cancelled"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "lands_live",
                            models.BooleanField(
                                default=False, help_text="A first sync: pages land as they are fetched."
                            ),
                        ),
                        ("urgent", models.BooleanField(default=False, help_text="Goes to the head of the queue.")),
                        (
                            "scope",
                            models.JSONField(
                                default=dict,
                                help_text="preview: {of, applied_by}; applying one: {preview, began}; {only}: of these streams",
                            ),
                        ),
                        ("joined", models.IntegerField(default=0, help_text="How many later presses joined this run.")),
                        ("reason", models.TextField(blank=True)),
                        ("message", models.TextField(blank=True)),
                        ("error_code", models.CharField(blank=True, max_length=32)),
                        ("created_at", models.DateTimeField()),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("progress_at", models.DateTimeField(null=True)),
                        ("fence", models.BigIntegerField(default=0)),
                        ("worker", models.CharField(blank=True, max_length=120)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("wait_until", models.DateTimeField(null=True)),
                        ("wait_reason", models.TextField(blank=True)),
                        (
                            "attempts",
                            models.IntegerField(default=0, help_text="Transient failures since the last progress."),
                        ),
                        ("requests", models.IntegerField(default=0)),
                        ("remote_seconds", models.FloatField(default=0)),
                        ("remote_bytes", models.BigIntegerField(default=0)),
                        (
                            "remote_started_at",
                            models.DateTimeField(help_text="The PSA's clock at the first answer.", null=True),
                        ),
                        ("verification", models.JSONField(default=dict)),
                        ("notified_at", models.DateTimeField(null=True)),
                        (
                            "cancelled_by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "requested_by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("rung_at", models.DateTimeField(help_text="When a worker was last told of it.", null=True)),
                        (
                            "staged_until",
                            models.DateTimeField(help_text="Until when what a preview read can be applied.", null=True),
                        ),
                        (
                            "claims",
                            models.IntegerField(
                                default=0, help_text="Claims since the last advance whose worker never gave it back."
                            ),
                        ),
                        (
                            "faults",
                            models.IntegerField(
                                default=0, help_text="Faults of our own or of the database since the last advance."
                            ),
                        ),
                        (
                            "plan",
                            models.JSONField(
                                default=dict,
                                help_text="What it reads, laid out once: see ``sync.engine.run.stored_plan``.",
                            ),
                        ),
                        (
                            "paused",
                            models.FloatField(
                                default=0, help_text="Seconds of pauses that the PSA asked for since the last advance."
                            ),
                        ),
                        (
                            "waited",
                            models.FloatField(default=0, help_text="Seconds of all its waits for the PSA together."),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "connection", "-id"], name="run_latest"),
                            models.Index(
                                condition=models.Q(("state__in", ["done", "failed", "cancelled"]), _negated=True),
                                fields=["state", "lease_until"],
                                name="run_due",
                            ),
                            models.Index(
                                condition=models.Q(("staged_until__isnull", False)),
                                fields=["staged_until"],
                                name="run_staged",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["running", "waiting", "verifying", "applying"])),
                                fields=("connection", "lane"),
                                name="run_one_active_per_lane",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "queued")),
                                fields=("connection", "kind"),
                                name="run_one_queued_per_kind",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Nightly",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("local_date", models.DateField()),
                        ("due_at", models.DateTimeField()),
                        ("kind", models.CharField(max_length=16)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("caught_up", models.BooleanField(default=False, help_text="Started later than its window.")),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="sync.run",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "local_date"), name="nightly_once_a_night")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RunIssue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("remote_id", models.CharField(blank=True, max_length=64)),
                        ("code", models.CharField(max_length=32)),
                        ("message", models.TextField()),
                        ("sample", models.TextField(blank=True)),
                        ("at", models.DateTimeField()),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="issues",
                                to="sync.run",
                            ),
                        ),
                        ("parent_remote_id", models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["run", "stream", "id"], name="runissue_of_run")],
                    },
                ),
                migrations.CreateModel(
                    name="RunLog",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "level",
                            models.CharField(
                                choices=[
                                    ("debug", "Debug"),
                                    ("info", "Info"),
                                    ("warning", "Warning"),
                                    ("error", "Error"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("stream", models.CharField(blank=True, max_length=32)),
                        ("message", models.TextField()),
                        ("fields", models.JSONField(default=dict)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="logs",
                                to="sync.run",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["run", "id"], name="runlog_of_run")],
                    },
                ),
                migrations.CreateModel(
                    name="RunSignal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("cancel", "Cancel"), ("approve", "Approve"), ("reject", "Reject")],
                                max_length=8,
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("reason", models.TextField(blank=True)),
                        (
                            "by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="signals",
                                to="sync.run",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="RunStream",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=32)),
                        ("position", models.IntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Pending"),
                                    ("fetching", "Fetching"),
                                    ("fetched", "Fetched"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("skipped", "Skipped"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("expected", models.IntegerField(null=True)),
                        ("expected_source", models.CharField(blank=True, max_length=120)),
                        ("fetched", models.IntegerField(default=0)),
                        ("created", models.IntegerField(default=0)),
                        ("updated", models.IntegerField(default=0)),
                        ("unchanged", models.IntegerField(default=0)),
                        ("removed", models.IntegerField(default=0)),
                        ("failed", models.IntegerField(default=0)),
                        ("pages", models.IntegerField(default=0)),
                        ("requests", models.IntegerField(default=0)),
                        ("seconds", models.FloatField(default=0)),
                        ("checkpoint", models.JSONField(null=True)),
                        ("watermark", models.DateTimeField(null=True)),
                        ("since", models.DateTimeField(null=True)),
                        ("coverage", models.JSONField(default=dict)),
                        ("message", models.TextField(blank=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="streams",
                                to="sync.run",
                            ),
                        ),
                        ("incomplete", models.TextField(blank=True)),
                    ],
                    options={
                        "ordering": ["position"],
                        "constraints": [models.UniqueConstraint(fields=("run", "name"), name="runstream_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Schedule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("quick_minutes", models.IntegerField(default=15)),
                        ("quick_next_at", models.DateTimeField(null=True)),
                        ("nightly_on", models.BooleanField(default=True)),
                        ("nightly_at", models.TimeField(default=datetime.time(1, 0))),
                        ("window_minutes", models.IntegerField(default=120)),
                        (
                            "nightly_kind",
                            models.CharField(
                                choices=[("full", "Full"), ("quick", "Quick")], default="full", max_length=8
                            ),
                        ),
                        (
                            "full_every",
                            models.CharField(
                                choices=[("week", "Weekly"), ("month", "Monthly"), ("quarter", "Quarterly")],
                                default="week",
                                max_length=8,
                            ),
                        ),
                        ("nightly_next_at", models.DateTimeField(null=True)),
                        ("paused_at", models.DateTimeField(null=True)),
                        (
                            "connection",
                            models.OneToOneField(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "paused_by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "nightly_next_date",
                            models.DateField(help_text="The local night that nightly_next_at belongs to.", null=True),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["quick_next_at"], name="schedule_quick_due")],
                    },
                ),
                migrations.CreateModel(
                    name="Cursor",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("watermark", models.DateTimeField(null=True)),
                        ("updated_at", models.DateTimeField()),
                        (
                            "full_at",
                            models.DateTimeField(help_text="When the stream was last read completely.", null=True),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("connection", "stream"), name="cursor_once")],
                    },
                ),
                migrations.CreateModel(
                    name="ParentRead",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("parent_remote_id", models.CharField(max_length=64)),
                        ("read_at", models.DateTimeField()),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["connection", "stream", "read_at"], name="parentread_oldest")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "stream", "parent_remote_id"), name="parentread_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Victim",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("record_id", models.BigIntegerField()),
                        ("remote_id", models.CharField(max_length=64)),
                        ("label", models.CharField(blank=True, max_length=200)),
                        ("company_remote_id", models.CharField(blank=True, max_length=64)),
                        ("company_name", models.TextField(blank=True)),
                        ("board_remote_id", models.CharField(blank=True, max_length=64)),
                        ("board_name", models.TextField(blank=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="victims",
                                to="sync.run",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["run", "id"], name="victim_of_run")],
                    },
                ),
                migrations.CreateModel(
                    name="Issue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(blank=True, max_length=32)),
                        ("remote_id", models.CharField(blank=True, max_length=64)),
                        ("code", models.CharField(max_length=32)),
                        ("cause", models.CharField(max_length=300)),
                        ("message", models.TextField()),
                        ("sample", models.TextField(blank=True)),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        ("first_run", models.BigIntegerField(null=True)),
                        ("last_run", models.BigIntegerField(null=True)),
                        ("times", models.IntegerField(default=1)),
                        ("retry_at", models.DateTimeField(null=True)),
                        ("dismissed_at", models.DateTimeField(null=True)),
                        ("dismiss_reason", models.TextField(blank=True)),
                        ("cleared_at", models.DateTimeField(null=True)),
                        ("cleared_run", models.BigIntegerField(null=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "dismissed_by",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        ("parent_remote_id", models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("cleared_at", None)),
                                fields=["organization", "-id"],
                                name="issue_open",
                            ),
                            models.Index(
                                condition=models.Q(("retry_at__isnull", False)), fields=["retry_at"], name="issue_retry"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("cleared_at", None)),
                                fields=("connection", "stream", "parent_remote_id", "remote_id"),
                                name="issue_open_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DriftAudit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("open", "Under way"), ("done", "Done"), ("failed", "Not finished")],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("sample", models.IntegerField()),
                        ("created_at", models.DateTimeField()),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("requests", models.IntegerField(default=0)),
                        ("message", models.TextField(blank=True)),
                        ("fence", models.BigIntegerField(default=0)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("not_before", models.DateTimeField(null=True)),
                        ("waits_for", models.TextField(blank=True)),
                        (
                            "attempts",
                            models.IntegerField(
                                default=0, help_text="Failures since the last record that was compared."
                            ),
                        ),
                        ("rung_at", models.DateTimeField(help_text="When a worker was last told of it.", null=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "night",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="sync.nightly",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "connection", "-id"], name="driftaudit_latest"),
                            models.Index(
                                condition=models.Q(("state", "open")), fields=["created_at"], name="driftaudit_open"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("night",), name="driftaudit_once_a_night"),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "open")),
                                fields=("connection",),
                                name="driftaudit_one_open",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DriftStream",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=32)),
                        ("position", models.IntegerField()),
                        ("sampled", models.IntegerField(default=0)),
                        ("todo", models.JSONField(default=list)),
                        ("matching", models.IntegerField(default=0)),
                        ("differing", models.IntegerField(default=0)),
                        ("missing_there", models.IntegerField(default=0)),
                        ("explained", models.IntegerField(default=0)),
                        ("unread", models.IntegerField(default=0)),
                        ("looked_at", models.IntegerField(null=True)),
                        ("missing_here", models.IntegerField(default=0)),
                        ("requests", models.IntegerField(default=0)),
                        ("findings", models.JSONField(default=list)),
                        (
                            "audit",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="streams",
                                to="sync.driftaudit",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["position"],
                        "constraints": [models.UniqueConstraint(fields=("audit", "name"), name="driftstream_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Alarm",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=32)),
                        ("cause", models.CharField(max_length=300)),
                        ("message", models.TextField()),
                        ("run", models.BigIntegerField()),
                        ("runs", models.IntegerField(default=1)),
                        ("began_at", models.DateTimeField()),
                        ("told_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("end_run", models.BigIntegerField(null=True)),
                        ("end_told_at", models.DateTimeField(null=True)),
                        ("claimed_until", models.DateTimeField(null=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(
                                    models.Q(("ended_at", None), ("told_at", None)),
                                    models.Q(("end_told_at", None), ("ended_at__isnull", False)),
                                    _connector="OR",
                                ),
                                fields=["id"],
                                name="alarm_to_tell",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at", None)), fields=("connection",), name="alarm_open_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MailChoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("failures", models.BooleanField(default=True)),
                        ("digest", models.BooleanField(default=False)),
                        ("digest_next_at", models.DateTimeField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("digest_next_at__isnull", False)),
                                fields=["digest_next_at"],
                                name="mailchoice_due",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("organization", "user"), name="mailchoice_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PreviewRecord",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("record_id", models.BigIntegerField(null=True)),
                        ("remote_id", models.CharField(max_length=64)),
                        ("label", models.CharField(blank=True, max_length=200)),
                        (
                            "action",
                            models.CharField(
                                choices=[
                                    ("created", "Created"),
                                    ("updated", "Updated"),
                                    ("removed", "Removed"),
                                    ("restored", "Restored"),
                                    ("skipped", "Skipped"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="previewed",
                                to="sync.run",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["run", "stream", "id"], name="previewrecord_of_run")],
                    },
                ),
                migrations.CreateModel(
                    name="OutsideCompany",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("name", models.TextField(blank=True)),
                        ("status_remote_id", models.CharField(max_length=64, null=True)),
                        (
                            "type_remote_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "remote_id"), name="outsidecompany_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InstanceChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "step",
                            models.CharField(
                                choices=[
                                    ("disconnected", "Disconnected"),
                                    ("purging", "Purging"),
                                    ("purged", "Purged"),
                                    ("connecting", "Connecting"),
                                    ("reading", "Mapping"),
                                    ("done", "Done"),
                                    ("cancelled", "Called off"),
                                ],
                                default="disconnected",
                                max_length=12,
                            ),
                        ),
                        ("reason", models.TextField()),
                        ("old", models.JSONField(default=dict)),
                        ("was_paused", models.BooleanField(default=False)),
                        ("counts", models.JSONField(default=dict)),
                        ("purged", models.JSONField(default=dict)),
                        ("reading", models.BigIntegerField(null=True)),
                        ("started_at", models.DateTimeField()),
                        ("hidden_at", models.DateTimeField(null=True)),
                        (
                            "journal_gone_at",
                            models.DateTimeField(
                                help_text="Setting it deletes the connection's journal, which nobody else may.",
                                null=True,
                            ),
                        ),
                        ("purged_at", models.DateTimeField(null=True)),
                        (
                            "rung_at",
                            models.DateTimeField(help_text="When a worker was last told of the purge.", null=True),
                        ),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "started_by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("step", "purging")), fields=["id"], name="instancechange_purging"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("finished_at", None)),
                                fields=("connection",),
                                name="instancechange_one_open",
                            )
                        ],
                    },
                ),
            ],
        ),
        *(secure(f"sync_{table}", system="SELECT") for table in SWEPT),
        *(secure(f"sync_{table}") for table in OTHERS),
        stamped("sync_run", "rung_at"),
        stamped("sync_driftaudit", "rung_at"),
        tenant_key("sync_run"),
        tenant_key("sync_driftaudit"),
        *(tenant_foreign_key(f"sync_{table}", "connection_id", "integrations_connection") for table in OF_CONNECTIONS),
        *(tenant_foreign_key(f"sync_{table}", "run_id", "sync_run") for table in OF_RUNS),
        tenant_foreign_key("sync_driftstream", "audit_id", "sync_driftaudit"),
        goes_when("ledger_journalentry", "connection_id", "sync_instancechange", "journal_gone_at", "connection_id"),
        migrations.RunSQL("CREATE SCHEMA staging", "DROP SCHEMA staging CASCADE"),
        migrations.RunSQL([*(line for stream in STAGING for line in staged(stream)), *PARENTS], migrations.RunSQL.noop),
        migrations.RunSQL(
            [
                f"GRANT USAGE ON SCHEMA staging TO {APP}",
                f"GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA staging TO {APP}",
            ],
            migrations.RunSQL.noop,
        ),
    ]
