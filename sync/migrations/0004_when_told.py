"""When a worker was last told of a run, and which local night is next."""

from django.db import migrations, models

from portal.tenancy.operations import stamped


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0003_staging"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="rung_at",
            field=models.DateTimeField(help_text="When a worker was last told of it.", null=True),
        ),
        migrations.AddField(
            model_name="schedule",
            name="nightly_next_date",
            field=models.DateField(help_text="The local night that nightly_next_at belongs to.", null=True),
        ),
        stamped("sync_run", "rung_at"),
    ]
