"""Row security, references inside the organization, and text search indexes for the search door."""

from django.db import migrations

from portal.tenancy.operations import anchor, searchable, secure, spine

TABLES = ("companystatus", "companytype", "company", "site", "contact")


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        *(secure(f"clients_{table}") for table in TABLES),
        *(spine(f"clients_{table}", "connection_id", "integrations_connection") for table in TABLES),
        anchor("clients_company"),
        spine("clients_site", "company_id", "clients_company", on_delete="SET NULL"),
        spine("clients_contact", "company_id", "clients_company", on_delete="SET NULL"),
        searchable("clients_company"),
        searchable("clients_contact"),
    ]
