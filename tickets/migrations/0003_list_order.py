"""What lists are sorted by is never empty, and a few wide indexes answer every combination of filters."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0002_walls"),
        ("integrations", "0001_initial"),
        ("tenancy", "0002_walls"),
        ("tickets", "0002_walls"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_latest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_open_latest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_company_latest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_board_latest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_status_latest",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_owner_latest",
        ),
        migrations.AddField(
            model_name="ticket",
            name="latest_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("remote_updated_at", "first_synced_at"),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="opened_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.Coalesce("remote_created_at", "first_synced_at"),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("is_closed"),
                models.F("board"),
                models.F("status"),
                models.F("priority"),
                models.F("owner"),
                models.F("company"),
                models.F("opened_at"),
                condition=models.Q(("removed_at", None)),
                name="ticket_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.OrderBy(models.F("opened_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("is_closed"),
                models.F("board"),
                models.F("status"),
                models.F("priority"),
                models.F("owner"),
                models.F("company"),
                models.F("latest_at"),
                condition=models.Q(("removed_at", None)),
                name="ticket_opened",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("board"),
                models.F("status"),
                models.F("priority"),
                models.F("owner"),
                models.F("company"),
                models.F("opened_at"),
                condition=models.Q(("removed_at", None), ("is_closed", False)),
                name="ticket_open_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.OrderBy(models.F("opened_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("board"),
                models.F("status"),
                models.F("priority"),
                models.F("owner"),
                models.F("company"),
                models.F("latest_at"),
                condition=models.Q(("removed_at", None), ("is_closed", False)),
                name="ticket_open_opened",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.F("company"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("removed_at", None)),
                name="ticket_company_latest",
            ),
        ),
    ]
