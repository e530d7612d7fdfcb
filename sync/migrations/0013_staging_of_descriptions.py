"""What a ticket was opened with, and its resolution, in staging."""

from django.db import migrations


def column(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f'ALTER TABLE staging."tickets" ADD COLUMN "{name}" text',
        f'ALTER TABLE staging."tickets" DROP COLUMN "{name}"',
    )


class Migration(migrations.Migration):
    dependencies = [("sync", "0012_instance_changes"), ("tickets", "0009_descriptions")]

    operations = [column("description"), column("resolution")]
