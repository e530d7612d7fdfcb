"""The index of a company's tickets holds removed ones too: whoever removes a company looks for all of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0009_descriptions")]

    operations = [
        migrations.RemoveIndex(model_name="ticket", name="ticket_company_latest"),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("organization"),
                models.F("company"),
                models.OrderBy(models.F("latest_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="ticket_company_latest",
                include=("removed_at",),
            ),
        ),
    ]
