"""The portal's own words and what they are mapped to, behind row security. What was changed is never rewritten."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import secure, tenant_foreign_key, tenant_key


class Migration(migrations.Migration):
    initial = True

    dependencies = [("integrations", "0001_schema"), ("tenancy", "0001_schema")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Client",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                        ("website", models.TextField(blank=True)),
                        ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
                            models.UniqueConstraint(
                                models.F("organization"),
                                django.db.models.functions.text.Lower("name"),
                                name="client_name_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MappingAct",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=12)),
                        (
                            "how",
                            models.CharField(
                                choices=[
                                    ("automatic", "Automatic"),
                                    ("person", "By a person"),
                                    ("revert", "Reverted"),
                                    ("forgotten", "Forgotten"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("count", models.IntegerField(default=0)),
                        ("at", models.DateTimeField()),
                        ("forgotten_at", models.DateTimeField(null=True)),
                        (
                            "by",
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
                            "reverts",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="mappings.mappingact",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["connection", "kind", "-id"], name="mappingact_newest")],
                    },
                ),
                migrations.CreateModel(
                    name="MappingChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("scope", models.CharField(blank=True, max_length=64)),
                        ("record_id", models.BigIntegerField(null=True)),
                        ("label", models.TextField(blank=True)),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField(null=True)),
                        (
                            "act",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="changes",
                                to="mappings.mappingact",
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
                        "indexes": [models.Index(fields=["organization", "remote_id"], name="mappingchange_of_value")],
                    },
                ),
                migrations.CreateModel(
                    name="PortalValue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=12)),
                        ("key", models.CharField(blank=True, max_length=24)),
                        ("name", models.CharField(max_length=100)),
                        ("tone", models.CharField(default="neutral", max_length=12)),
                        (
                            "data_type",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("text", "Text"),
                                    ("number", "Number"),
                                    ("date", "Date"),
                                    ("yes_no", "Yes or no"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("position", models.IntegerField(default=0)),
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
                            models.UniqueConstraint(
                                models.F("organization"),
                                models.F("kind"),
                                django.db.models.functions.text.Lower("name"),
                                name="portalvalue_name_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Mapping",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=12)),
                        ("remote_id", models.CharField(max_length=64)),
                        ("scope", models.CharField(blank=True, max_length=64)),
                        ("record_id", models.BigIntegerField(null=True)),
                        (
                            "how",
                            models.CharField(
                                choices=[("automatic", "Automatic"), ("person", "A person")], max_length=10
                            ),
                        ),
                        ("reason", models.TextField(blank=True)),
                        ("at", models.DateTimeField()),
                        (
                            "by",
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
                            "client",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.RESTRICT,
                                related_name="+",
                                to="mappings.client",
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
                        (
                            "user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "value",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.RESTRICT,
                                related_name="+",
                                to="mappings.portalvalue",
                            ),
                        ),
                        ("board_id", models.BigIntegerField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "kind", "record_id"], name="mapping_of_record")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "kind", "remote_id", "scope"), name="mapping_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("client", None), ("value", None)),
                                    models.Q(("user", None), ("value", None)),
                                    models.Q(("client", None), ("user", None)),
                                    _connector="OR",
                                ),
                                name="mapping_one_target",
                            ),
                        ],
                    },
                ),
            ],
        ),
        *(secure(f"mappings_{table}") for table in ("portalvalue", "client", "mapping")),
        secure("mappings_mappingact", write="SELECT, INSERT, UPDATE"),
        secure("mappings_mappingchange", write="SELECT, INSERT"),
        *(tenant_key(f"mappings_{table}") for table in ("portalvalue", "client", "mappingact")),
        *(
            tenant_foreign_key(f"mappings_{table}", "connection_id", "integrations_connection")
            for table in ("mapping", "mappingact")
        ),
        tenant_foreign_key("mappings_mapping", "value_id", "mappings_portalvalue", on_delete="RESTRICT"),
        tenant_foreign_key("mappings_mapping", "client_id", "mappings_client", on_delete="RESTRICT"),
        tenant_foreign_key("mappings_mappingact", "reverts_id", "mappings_mappingact", on_delete="SET NULL"),
        tenant_foreign_key("mappings_mappingchange", "act_id", "mappings_mappingact"),
    ]
