"""When refused credentials are tried again. The system role finds what is due, so it reads the new columns."""

from django.db import migrations, models

from portal.tenancy.operations import withheld


class Migration(migrations.Migration):
    dependencies = [("integrations", "0007_instances_once")]

    operations = [
        migrations.AddField(model_name="connection", name="retry_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="connection", name="refused_tries", field=models.IntegerField(default=0, db_default=0)
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("retry_at__isnull", False)), fields=["retry_at"], name="connection_retry_due"
            ),
        ),
        withheld("integrations_connection", "credentials", "draft_credentials"),
    ]
