from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0011_body_formats")]

    operations = [
        migrations.AlterField("priority", "color", models.TextField(blank=True)),
        migrations.AlterField("ticket", "record_type", models.TextField(blank=True)),
        migrations.AlterField("note", "kind", models.TextField(default="discussion")),
    ]
