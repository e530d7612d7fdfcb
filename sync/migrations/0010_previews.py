"""Previews: what a sync would do, record by record, and until when what was read for it can be applied."""

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0009_mails"),
        ("tenancy", "0003_audit_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="staged_until",
            field=models.DateTimeField(help_text="Until when what a preview read can be applied.", null=True),
        ),
        migrations.AlterField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("quick", "Quick sync"),
                    ("full", "Full sync"),
                    ("clear_resync", "Full clear and resync"),
                    ("single", "Single record"),
                    ("preview", "Preview"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="scope",
            field=models.JSONField(
                default=dict,
                help_text="single: {stream, remote_id}; preview: {of, settings, range_start, applied_by}; applying one: {preview, began, range_start}",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("staged_until__isnull", False)), fields=["staged_until"], name="run_staged"
            ),
        ),
        migrations.CreateModel(
            name="PreviewRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=32)),
                ("record_id", models.BigIntegerField(null=True)),
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
                            ("skipped", "Skipped"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
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
                        related_name="previewed",
                        to="sync.run",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "stream", "id"], name="previewrecord_of_run")],
            },
        ),
        secure("sync_previewrecord"),
        spine("sync_previewrecord", "run_id", "sync_run"),
    ]
