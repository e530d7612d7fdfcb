"""What is broken across runs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_draft_test_catalog"),
        ("sync", "0006_staging_of_clients"),
        ("tenancy", "0003_audit_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleared_at", None)), fields=["organization", "-id"], name="issue_open"
                    ),
                    models.Index(
                        condition=models.Q(("retry_at__isnull", False)), fields=["retry_at"], name="issue_retry"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at", None)),
                        fields=("connection", "stream", "remote_id"),
                        name="issue_open_once",
                    )
                ],
            },
        ),
        secure("sync_issue", system="SELECT"),
        spine("sync_issue", "connection_id", "integrations_connection"),
    ]
