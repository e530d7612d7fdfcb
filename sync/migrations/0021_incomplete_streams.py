from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sync", "0020_presses_seen")]

    operations = [
        migrations.AddField("runstream", "incomplete", models.TextField(blank=True, default=""), preserve_default=False)
    ]
