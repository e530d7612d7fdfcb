"""What a held run would remove, for the person who decides."""

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0004_when_told"),
        ("tenancy", "0003_audit_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="Victim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
        secure("sync_victim"),
        spine("sync_victim", "run_id", "sync_run"),
    ]
