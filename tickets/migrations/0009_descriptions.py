from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_search_by_boards")]

    operations = [
        migrations.AddField("ticket", "description", models.TextField(null=True)),
        migrations.AddField("ticket", "resolution", models.TextField(null=True)),
    ]
