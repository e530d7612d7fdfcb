"""One technician of many, and a status of open tickets among all, are too rare for a walk through the list."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clients", "0005_assets_agreements_sales"),
        ("integrations", "0003_draft_test_catalog"),
        ("tenancy", "0003_audit_order"),
        ("tickets", "0005_related"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.F("owner"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("removed_at", None)),
                name="ticket_owner_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.F("status"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("removed_at", None)),
                name="ticket_status_latest",
            ),
        ),
    ]
