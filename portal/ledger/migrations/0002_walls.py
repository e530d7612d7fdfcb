"""Row security; the journal can be added to and read, never changed."""

from django.db import migrations

from portal.tenancy.operations import secure, spine


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        secure("ledger_journalentry", write="SELECT, INSERT"),
        secure("ledger_pendingchange"),
        spine("ledger_pendingchange", "connection_id", "integrations_connection"),
    ]
