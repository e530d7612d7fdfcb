"""The search door tells boards apart: what several boards share may be called differently on one of them."""

from importlib import import_module

from django.db import migrations

from portal.tenancy.operations import door

before = import_module("tickets.migrations.0004_search_door")
last = import_module("tickets.migrations.0007_search_by_priorities")


def pairs(name: str, column: str) -> str:
    """The pairs of (id, board) under a key, as a condition in words; NULL for none."""
    return (
        f"(SELECT string_agg(format('({column} = %s AND board_id = %s)', (pair ->> 0)::bigint, (pair ->> 1)::bigint), ' OR ') "
        f"FROM jsonb_array_elements(wanted -> '{name}') pair)"
    )


def condition(name: str, column: str) -> str:
    """Those with one of the ids, but some pairs, and also some pairs."""
    ids = last.IDS.replace("statuses", name)
    return (
        f"CASE WHEN wanted ? '{name}' THEN '(' || format('{column} = ANY (%L::bigint[])', {ids})"
        f" || coalesce(' AND (' || {pairs(f'{name}_but', column)} || ') IS NOT TRUE', '')"
        f" || coalesce(' OR ' || {pairs(f'{name}_also', column)}, '') || ')' END,"
    )


BODY = last.BODY.replace(last.STATUSES, condition("statuses", "status_id"))
BODY = BODY.replace(last.PRIORITIES, condition("priorities", "priority_id"))


class Migration(migrations.Migration):
    dependencies = [("tickets", "0007_search_by_priorities")]

    operations = [
        migrations.RunSQL(last.GONE, migrations.RunSQL.noop),
        door("portal_search", before.SIGNATURE, BODY, language="plpgsql", inside=before.PLANNER),
    ]
