from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_company_types")]

    operations = [
        migrations.AddField("agreement", "body_format", models.TextField(default="plain")),
        migrations.AddField("asset", "body_format", models.TextField(default="plain")),
        migrations.AddField("opportunity", "body_format", models.TextField(default="plain")),
        migrations.AddField("product", "body_format", models.TextField(default="plain")),
    ]
