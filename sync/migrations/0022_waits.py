from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0021_incomplete_streams")]

    operations = [
        migrations.AddField(
            "run",
            "paused",
            models.FloatField(default=0, help_text="Seconds of pauses that the PSA asked for since the last advance."),
        ),
        migrations.AddField(
            "run",
            "waited",
            models.FloatField(default=0, help_text="Seconds of all its waits for the PSA together."),
        ),
    ]
