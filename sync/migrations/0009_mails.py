"""Troubles that people are told of by mail, and who wants which mails."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_draft_test_catalog"),
        ("sync", "0008_drift_audits"),
        ("tenancy", "0003_audit_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                "constraints": [models.UniqueConstraint(fields=("organization", "user"), name="mailchoice_once")],
            },
        ),
        secure("sync_alarm", system="SELECT"),
        spine("sync_alarm", "connection_id", "integrations_connection"),
        secure("sync_mailchoice", system="SELECT"),
    ]
