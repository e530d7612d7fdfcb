"""Row security, and references inside the organization. What was changed is never rewritten."""

from django.db import migrations

from portal.tenancy.operations import anchor, secure, spine


class Migration(migrations.Migration):
    dependencies = [("mappings", "0001_initial"), ("integrations", "0002_walls")]

    operations = [
        *(secure(f"mappings_{table}") for table in ("portalvalue", "client", "mapping")),
        secure("mappings_mappingact", write="SELECT, INSERT, UPDATE"),
        secure("mappings_mappingchange", write="SELECT, INSERT"),
        *(anchor(f"mappings_{table}") for table in ("portalvalue", "client", "mappingact")),
        *(
            spine(f"mappings_{table}", "connection_id", "integrations_connection")
            for table in ("mapping", "mappingact")
        ),
        spine("mappings_mapping", "value_id", "mappings_portalvalue", on_delete="RESTRICT"),
        spine("mappings_mapping", "client_id", "mappings_client", on_delete="RESTRICT"),
        spine("mappings_mappingact", "reverts_id", "mappings_mappingact", on_delete="SET NULL"),
        spine("mappings_mappingchange", "act_id", "mappings_mappingact"),
    ]
