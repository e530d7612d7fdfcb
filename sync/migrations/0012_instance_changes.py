"""Changes of the PSA instance, and the journal that goes with them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import goes_when, secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_connection_usage"),
        ("ledger", "0003_goes_with_connection"),
        ("sync", "0011_outside_companies"),
        ("tenancy", "0003_audit_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InstanceChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                        help_text="Setting it deletes the connection's journal, which nobody else may.", null=True
                    ),
                ),
                ("purged_at", models.DateTimeField(null=True)),
                ("rung_at", models.DateTimeField(help_text="When a worker was last told of the purge.", null=True)),
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
                    models.Index(condition=models.Q(("step", "purging")), fields=["id"], name="instancechange_purging")
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
        secure("sync_instancechange", system="SELECT"),
        spine("sync_instancechange", "connection_id", "integrations_connection"),
        goes_when("ledger_journalentry", "connection_id", "sync_instancechange", "journal_gone_at", "connection_id"),
    ]
