"""Companies that the settings leave out, and the ids of a company's types in staging."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_connection_usage"),
        ("sync", "0010_previews"),
        ("tenancy", "0003_audit_order"),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE staging."companies" ADD COLUMN "type_remote_ids" text[] DEFAULT \'{}\'',
            'ALTER TABLE staging."companies" DROP COLUMN "type_remote_ids"',
        ),
        migrations.CreateModel(
            name="OutsideCompany",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("remote_id", models.CharField(max_length=64)),
                ("name", models.TextField(blank=True)),
                ("status_remote_id", models.CharField(max_length=64, null=True)),
                (
                    "type_remote_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
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
        secure("sync_outsidecompany"),
        spine("sync_outsidecompany", "connection_id", "integrations_connection"),
    ]
