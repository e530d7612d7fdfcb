"""Which columns of a staged row the PSA did not tell; what is stored of them stays."""

from django.db import migrations

STREAMS = (
    *("company_statuses", "company_types", "companies", "sites", "contacts", "assets", "products", "agreements"),
    *("agreement_additions", "invoices", "opportunity_statuses", "opportunities", "boards", "statuses", "priorities"),
    *("types", "subtypes", "items", "teams", "members", "tickets", "notes", "time_entries"),
)


class Migration(migrations.Migration):
    dependencies = [("sync", "0014_staging_of_body_formats")]

    operations = [
        migrations.RunSQL(
            [
                f"ALTER TABLE staging.\"{stream}\" ADD COLUMN unknown_columns text[] NOT NULL DEFAULT '{{}}'"
                for stream in STREAMS
            ],
            [f'ALTER TABLE staging."{stream}" DROP COLUMN unknown_columns' for stream in STREAMS],
        )
    ]
