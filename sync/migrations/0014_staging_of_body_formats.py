"""What bodies are written in, and calendar days of tickets and time, in staging."""

from django.db import migrations


def column(stream: str, name: str, kind: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f'ALTER TABLE staging."{stream}" ADD COLUMN "{name}" {kind}',
        f'ALTER TABLE staging."{stream}" DROP COLUMN "{name}"',
    )


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0013_staging_of_descriptions"),
        ("tickets", "0011_body_formats"),
        ("clients", "0007_body_formats"),
    ]

    operations = [
        *(
            column(stream, "body_format", "text")
            for stream in ("tickets", "notes", "time_entries", "assets", "products", "agreements", "opportunities")
        ),
        column("tickets", "required_on", "date"),
        column("time_entries", "worked_on", "date"),
    ]
