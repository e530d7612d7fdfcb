"""The system role, which reads connections of all organizations, may not read their credentials."""

from django.db import migrations

from portal.tenancy.operations import withheld


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_connection_usage")]

    operations = [withheld("integrations_connection", "credentials", "draft_credentials")]
