"""Row security, and the key that everything synced points to."""

from django.db import migrations

from portal.tenancy.operations import anchor, secure


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("tenancy", "0002_walls")]

    operations = [secure("integrations_connection", system="SELECT"), anchor("integrations_connection")]
