from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0010_company_of_all_tickets")]

    operations = [
        migrations.AddField("ticket", "body_format", models.TextField(default="plain")),
        migrations.AddField("note", "body_format", models.TextField(default="plain")),
        migrations.AddField("timeentry", "body_format", models.TextField(default="plain")),
        migrations.AddField("ticket", "required_on", models.DateField(null=True)),
        migrations.AddField("timeentry", "worked_on", models.DateField(null=True)),
    ]
