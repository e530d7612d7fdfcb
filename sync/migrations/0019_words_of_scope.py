from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0018_database_times")]

    operations = [
        migrations.AlterField(
            "run",
            "scope",
            models.JSONField(
                default=dict,
                help_text="single: {stream, remote_id}; preview: {of, applied_by}; applying one: {preview, began}; {only}: of these streams",
            ),
        )
    ]
