"""The search door takes several priorities: what an organization calls by one name may be many in its PSAs."""

from importlib import import_module

from django.db import migrations

from portal.tenancy.operations import door

before = import_module("tickets.migrations.0004_search_door")

IDS = "ARRAY(SELECT jsonb_array_elements_text(wanted -> 'statuses')::bigint)"
STATUSES = f"CASE WHEN wanted ? 'statuses' THEN format('status_id = ANY (%L::bigint[])', {IDS}) END,"
PRIORITIES = STATUSES.replace("statuses", "priorities").replace("status_id", "priority_id")
BODY = before.BODY.replace(STATUSES, f"{STATUSES}\n        {PRIORITIES}")
GONE = "DROP FUNCTION portal_ticket_search(text[], jsonb, text, boolean, timestamptz, bigint, integer)"


class Migration(migrations.Migration):
    dependencies = [("tickets", "0006_rare_filters")]

    operations = [
        migrations.RunSQL(GONE, migrations.RunSQL.noop),
        door("portal_search", before.SIGNATURE, BODY, language="plpgsql", inside=before.PLANNER),
    ]
