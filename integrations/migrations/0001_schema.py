"""Connections, behind row security. The system role, which looks at those of all organizations, may not read their credentials."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import secure, tenant_key, withheld


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenancy", "0001_schema")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Connection",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("provider", models.CharField(max_length=32)),
                        ("name", models.CharField(max_length=100)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Setting up"),
                                    ("connected", "Connected"),
                                    ("stale", "Not confirmed"),
                                    ("failing", "Failing"),
                                    ("refused", "Credentials refused"),
                                    ("paused", "Paused"),
                                ],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        ("state_reason", models.TextField(blank=True)),
                        ("state_since", models.DateTimeField(null=True)),
                        ("last_ok_at", models.DateTimeField(null=True)),
                        ("last_error_at", models.DateTimeField(null=True)),
                        ("credentials", models.TextField(blank=True)),
                        ("address", models.CharField(blank=True, max_length=300)),
                        ("fingerprint", models.CharField(blank=True, max_length=200)),
                        ("product", models.CharField(blank=True, max_length=100)),
                        ("version", models.CharField(blank=True, max_length=60)),
                        ("settings", models.JSONField(default=dict)),
                        ("range_start", models.DateTimeField(null=True)),
                        ("setup_step", models.CharField(blank=True, max_length=20)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "created_by",
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
                        ("draft_credentials", models.TextField(blank=True)),
                        ("last_test", models.JSONField(null=True)),
                        ("catalog", models.JSONField(null=True)),
                        ("usage", models.JSONField(null=True)),
                        ("retry_at", models.DateTimeField(null=True)),
                        ("refused_tries", models.IntegerField(db_default=0, default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("organization", "name"), name="connection_name_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("fingerprint", ""), _negated=True),
                                fields=("organization", "provider", "fingerprint"),
                                name="connection_instance_once",
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("retry_at__isnull", False)),
                                fields=["retry_at"],
                                name="connection_retry_due",
                            )
                        ],
                    },
                )
            ],
        ),
        secure("integrations_connection", system="SELECT"),
        tenant_key("integrations_connection"),
        withheld("integrations_connection", "credentials", "draft_credentials"),
    ]
