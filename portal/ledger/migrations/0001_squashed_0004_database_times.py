"""The journal, which is added to and read, never changed, and goes with its connection; changes that wait to be sent."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from portal.core.create_models import CreateModels
from portal.tenancy.operations import goes_with, secure, spine


class Migration(migrations.Migration):
    replaces = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_walls"),
        ("ledger", "0003_goes_with_connection"),
        ("ledger", "0004_database_times"),
    ]

    initial = True

    dependencies = [
        ("integrations", "0002_walls"),
        ("tenancy", "0001_initial"),
    ]

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
        spine("ledger_pendingchange", "connection_id", "integrations_connection"),
        goes_with("ledger_journalentry", "connection_id", "integrations_connection"),
    ]
