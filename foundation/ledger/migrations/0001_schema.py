"""The journal, which is added to and read, never changed, and goes with its connection; changes that wait to be sent."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import goes_with, secure, tenant_foreign_key


class Migration(migrations.Migration):
    initial = True

    dependencies = [("integrations", "0001_schema"), ("tenancy", "0001_schema")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="JournalEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("connection_id", models.BigIntegerField(null=True)),
                        ("run_id", models.BigIntegerField(null=True)),
                        ("at", models.DateTimeField()),
                        ("stream", models.CharField(max_length=32)),
                        ("record_id", models.BigIntegerField()),
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
                                ],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField(null=True)),
                        ("origin", models.CharField(default="run", max_length=10)),
                        ("actor_id", models.BigIntegerField(null=True)),
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
                            models.Index(fields=["run_id", "stream", "id"], name="journal_run"),
                            models.Index(fields=["organization", "stream", "record_id", "-id"], name="journal_record"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PendingChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("stream", models.CharField(max_length=32)),
                        ("record_id", models.BigIntegerField()),
                        ("remote_id", models.CharField(blank=True, max_length=64)),
                        ("label", models.CharField(blank=True, max_length=200)),
                        ("base", models.JSONField(default=dict)),
                        ("new", models.JSONField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("sending", "Sending"),
                                    ("failed", "Failed"),
                                    ("conflict", "Conflict"),
                                    ("sent", "Sent"),
                                    ("dropped", "Dropped"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ("message", models.TextField(blank=True)),
                        (
                            "actor",
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
                            "end",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("sent", "The PSA has it"),
                                    ("cleared", "A clear and resync dropped it"),
                                    (
                                        "psa_wins",
                                        "The PSA changed the same field, and the connection's rule gives way to it",
                                    ),
                                ],
                                db_default="",
                                max_length=16,
                            ),
                        ),
                        ("ended_run_id", models.BigIntegerField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "connection", "state", "id"], name="pending_open")
                        ],
                    },
                ),
            ],
        ),
        secure("ledger_journalentry", write="SELECT, INSERT"),
        secure("ledger_pendingchange"),
        tenant_foreign_key("ledger_pendingchange", "connection_id", "integrations_connection"),
        goes_with("ledger_journalentry", "connection_id", "integrations_connection"),
    ]
