"""Drift audits: what a random sample of the copy says about it."""

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.operations import anchor, secure, spine, stamped


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_draft_test_catalog"),
        ("sync", "0007_issues"),
        ("tenancy", "0003_audit_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="DriftAudit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                    models.IntegerField(default=0, help_text="Failures since the last record that was compared."),
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
        ),
        migrations.CreateModel(
            name="DriftStream",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
            },
        ),
        migrations.AddIndex(
            model_name="driftaudit",
            index=models.Index(fields=["organization", "connection", "-id"], name="driftaudit_latest"),
        ),
        migrations.AddIndex(
            model_name="driftaudit",
            index=models.Index(condition=models.Q(("state", "open")), fields=["created_at"], name="driftaudit_open"),
        ),
        migrations.AddConstraint(
            model_name="driftaudit",
            constraint=models.UniqueConstraint(fields=("night",), name="driftaudit_once_a_night"),
        ),
        migrations.AddConstraint(
            model_name="driftaudit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("connection",), name="driftaudit_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="driftstream",
            constraint=models.UniqueConstraint(fields=("audit", "name"), name="driftstream_once"),
        ),
        secure("sync_driftaudit", system="SELECT"),
        stamped("sync_driftaudit", "rung_at"),
        secure("sync_driftstream"),
        anchor("sync_driftaudit"),
        spine("sync_driftaudit", "connection_id", "integrations_connection"),
        spine("sync_driftstream", "audit_id", "sync_driftaudit"),
    ]
