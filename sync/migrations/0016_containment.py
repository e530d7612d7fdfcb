from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0015_staging_of_unknown_columns")]

    operations = [
        migrations.AddField(
            "run",
            "claims",
            models.IntegerField(default=0, help_text="Claims since the last advance whose worker never gave it back."),
        ),
        migrations.AddField(
            "run",
            "faults",
            models.IntegerField(default=0, help_text="Faults of our own or of the database since the last advance."),
        ),
        migrations.AddField(
            "run",
            "plan",
            models.JSONField(default=dict, help_text="What it reads, laid out once: see ``sync.engine.planned``."),
        ),
    ]
