"""A removed connection takes its journal along: the removal says that its history goes."""

from django.db import migrations

from portal.tenancy.operations import goes_with


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_walls")]

    operations = [goes_with("ledger_journalentry", "connection_id", "integrations_connection")]
