"""What the configure pages remember between visits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_walls")]

    operations = [
        migrations.AddField(
            "connection", "draft_credentials", models.TextField(blank=True, default=""), preserve_default=False
        ),
        migrations.AddField("connection", "last_test", models.JSONField(null=True)),
        migrations.AddField("connection", "catalog", models.JSONField(null=True)),
    ]
