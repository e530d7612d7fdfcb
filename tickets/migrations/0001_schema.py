"""Tickets with all that is theirs, behind row security, and the function that searches them.

Under row security PostgreSQL may use no trigram index, so searching is left to a function of a role of its own.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.manager
from django.db import migrations, models

from foundation.core.create_models import CreateModels
from foundation.tenancy.operations import search_function, searchable, secure, tenant_foreign_key, tenant_key

REFERENCE = ("board", "status", "priority", "tickettype", "ticketsubtype", "ticketitem", "team", "member")
TABLES = (*REFERENCE, "ticket", "note", "timeentry")

TEXT = "(' ' || summary || ' ' || company_name || ' ' || contact_name || ' ' || remote_id::text)"
"""What is searched. It begins with a blank, so that "% ab%" finds the beginnings of words and uses the index for two letters."""

INDEXES = {"ticket_closed_words": "is_closed", "ticket_open_words": "NOT is_closed"}
"""A ticket is in one of them. Open ones are few and what people search most, so theirs is small."""

NEAR = 2000
"""Of a long list so many tickets are looked through first, in its order: a common word fills its page there, without the index."""

FEW = 3000
"""Up to so many matches of the words in the index are all fetched and sorted; beyond, the list is walked until a page is full."""

PLANNER = {
    "jit": "off",
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "enable_bitmapscan": "on",
    "enable_sort": "on",
}
"""How the function begins: a rare word must never be answered by a walk through the list, only by the trigram index."""

SIGNATURE = (
    "portal_ticket_search(patterns text[], wanted jsonb, sort text, descending boolean, edge_at timestamptz, edge_id bigint, page_size integer) "
    "RETURNS TABLE (id bigint, at timestamptz, total bigint)"
)


def pairs(name: str, column: str) -> str:
    """The pairs of (id, board) under a key, as a condition in words; NULL for none."""
    return (
        f"(SELECT string_agg(format('({column} = %s AND board_id = %s)', (pair ->> 0)::bigint, (pair ->> 1)::bigint), ' OR ') "
        f"FROM jsonb_array_elements(wanted -> '{name}') pair)"
    )


def chosen(name: str, column: str) -> str:
    """Those with one of the ids, but some pairs, and also some pairs: what boards share may be called differently on one of them."""
    return (
        f"CASE WHEN wanted ? '{name}' THEN '(' || format('{column} = ANY (%L::bigint[])', "
        f"ARRAY(SELECT jsonb_array_elements_text(wanted -> '{name}')::bigint))"
        f" || coalesce(' AND (' || {pairs(f'{name}_but', column)} || ') IS NOT TRUE', '')"
        f" || coalesce(' OR ' || {pairs(f'{name}_also', column)}, '') || ')' END,"
    )


BODY = f"""
DECLARE
    tenant bigint := nullif(current_setting('portal.organization', true), '')::bigint;
    place text := format('organization_id = %s::bigint AND removed_at IS NULL', tenant);
    words text := '';
    filters text := 'true';
    edge text := 'true';
    way text := CASE WHEN descending THEN 'DESC' ELSE 'ASC' END;
    pattern text;
    halves text[] := '{{NOT is_closed, is_closed}}';
    half text;
    few bigint[] := '{{}}';
    near bigint[];
    moments timestamptz[];
    walked integer;
BEGIN
    IF tenant IS NULL OR coalesce(cardinality(patterns), 0) = 0 OR sort NOT IN ('latest_at', 'opened_at') THEN
        RETURN;
    END IF;
    FOREACH pattern IN ARRAY patterns LOOP
        words := words || format(' AND {TEXT.replace("'", "''")} ILIKE %L', pattern);
    END LOOP;
    IF wanted ? 'closed' THEN
        halves := CASE WHEN (wanted ->> 'closed')::boolean THEN '{{is_closed}}' ELSE '{{NOT is_closed}}' END;
        filters := halves[1];
    END IF;
    filters := concat_ws(' AND ', filters,
        'board_id = ' || (wanted ->> 'board')::bigint,
        'priority_id = ' || (wanted ->> 'priority')::bigint,
        'owner_id = ' || (wanted ->> 'owner')::bigint,
        'company_id = ' || (wanted ->> 'company')::bigint,
        {chosen("statuses", "status_id")}
        {chosen("priorities", "priority_id")}
        CASE WHEN wanted ? 'unassigned' THEN 'owner_id IS NULL AND owner_remote_id IS NULL' END,
        'latest_at >= ' || quote_literal((wanted ->> 'latest_from')::timestamptz),
        'latest_at < ' || quote_literal((wanted ->> 'latest_to')::timestamptz),
        'opened_at >= ' || quote_literal((wanted ->> 'opened_from')::timestamptz),
        'opened_at < ' || quote_literal((wanted ->> 'opened_to')::timestamptz));
    IF edge_at IS NOT NULL THEN
        edge := format('(at, id) %s (%L::timestamptz, %s)', CASE WHEN descending THEN '<' ELSE '>' END, edge_at, edge_id);
    END IF;
    IF NOT wanted @> '{{"closed": false}}' THEN
        PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);
        EXECUTE format(
            'SELECT count(*), (array_agg(id) FILTER (WHERE hit))[1:%1$s], (array_agg(at) FILTER (WHERE hit))[1:%1$s] FROM '
            '(SELECT id, %2$I AS at, (true%3$s) AS hit FROM tickets_ticket WHERE %4$s AND %5$s AND %6$s ORDER BY %2$I %7$s, id %7$s LIMIT {NEAR}) near',
            page_size, sort, words, place, filters, replace(edge, '(at, ', format('(%I, ', sort)), way) INTO walked, near, moments;
        IF walked < {NEAR} OR cardinality(near) = page_size THEN
            RETURN QUERY SELECT *, NULL::bigint FROM unnest(near, moments);
            RETURN;
        END IF;
        PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'on', true), set_config('enable_sort', 'on', true);
    END IF;
    -- One index at a time: asked for both at once, the planner takes one and looks at every row that it finds for the other.
    FOREACH half IN ARRAY halves LOOP
        EXECUTE format('SELECT $1 || array(SELECT id FROM tickets_ticket WHERE %s AND %s%s LIMIT {FEW + 1})', place, half, words) INTO few USING few;
        EXIT WHEN cardinality(few) > {FEW};
    END LOOP;
    PERFORM set_config('enable_indexscan', 'on', true);
    IF cardinality(few) <= {FEW} THEN
        RETURN QUERY EXECUTE format(
            'SELECT id, at, total FROM (SELECT id, %I AS at, count(*) OVER () AS total FROM tickets_ticket WHERE id = ANY ($1) AND %s) found '
            'WHERE %s ORDER BY at %s, id %s LIMIT %s', sort, filters, edge, way, way, page_size) USING few;
    ELSE
        PERFORM set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true);
        RETURN QUERY EXECUTE format(
            'SELECT id, %I, NULL::bigint FROM tickets_ticket WHERE %s%s AND %s AND %s ORDER BY %I %s, id %s LIMIT %s',
            sort, place, words, filters, replace(edge, '(at, ', format('(%I, ', sort)), sort, way, way, page_size);
    END IF;
END
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("clients", "0001_schema"), ("integrations", "0001_schema"), ("tenancy", "0001_schema")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Board",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("is_project", models.BooleanField(default=False)),
                        ("location", models.TextField(blank=True)),
                        ("department", models.TextField(blank=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_board_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Member",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("identifier", models.TextField()),
                        ("name", models.TextField()),
                        ("email", models.TextField(blank=True)),
                        ("title", models.TextField(blank=True)),
                        ("time_zone", models.TextField(blank=True)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_member_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Priority",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("color", models.TextField(blank=True)),
                        ("level", models.TextField(blank=True)),
                        ("sort_order", models.IntegerField(default=0)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_priority_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Status",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("board_remote_id", models.CharField(max_length=64)),
                        ("is_closed", models.BooleanField(default=False)),
                        ("is_default", models.BooleanField(default=False)),
                        ("sort_order", models.IntegerField(default=0)),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_status_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Team",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("board_remote_id", models.CharField(max_length=64)),
                        (
                            "member_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "remote_id"), name="tickets_team_remote_once")
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Ticket",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("number", models.BigIntegerField(null=True)),
                        ("summary", models.TextField()),
                        ("record_type", models.TextField(blank=True)),
                        ("board_remote_id", models.CharField(max_length=64, null=True)),
                        ("board_name", models.TextField(blank=True)),
                        ("status_remote_id", models.CharField(max_length=64, null=True)),
                        ("status_name", models.TextField(blank=True)),
                        ("priority_remote_id", models.CharField(max_length=64, null=True)),
                        ("priority_name", models.TextField(blank=True)),
                        ("type_remote_id", models.CharField(max_length=64, null=True)),
                        ("type_name", models.TextField(blank=True)),
                        ("subtype_remote_id", models.CharField(max_length=64, null=True)),
                        ("subtype_name", models.TextField(blank=True)),
                        ("item_remote_id", models.CharField(max_length=64, null=True)),
                        ("item_name", models.TextField(blank=True)),
                        ("team_remote_id", models.CharField(max_length=64, null=True)),
                        ("team_name", models.TextField(blank=True)),
                        ("owner_remote_id", models.CharField(max_length=64, null=True)),
                        ("owner_name", models.TextField(blank=True)),
                        ("resources", models.TextField(blank=True)),
                        ("company_remote_id", models.CharField(max_length=64, null=True)),
                        ("company_name", models.TextField(blank=True)),
                        ("site_remote_id", models.CharField(max_length=64, null=True)),
                        ("site_name", models.TextField(blank=True)),
                        ("contact_remote_id", models.CharField(max_length=64, null=True)),
                        ("contact_name", models.TextField(blank=True)),
                        ("contact_email", models.TextField(blank=True)),
                        ("contact_phone", models.TextField(blank=True)),
                        ("source", models.TextField(blank=True)),
                        ("sla", models.TextField(blank=True)),
                        ("severity", models.TextField(blank=True)),
                        ("impact", models.TextField(blank=True)),
                        ("is_closed", models.BooleanField(default=False)),
                        ("is_in_sla", models.BooleanField(null=True)),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("closed_by", models.TextField(blank=True)),
                        ("required_at", models.DateTimeField(null=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("entered_by", models.TextField(blank=True)),
                        ("updated_by", models.TextField(blank=True)),
                        ("budget_hours", models.FloatField(null=True)),
                        ("actual_hours", models.FloatField(null=True)),
                        ("parent_ticket_remote_id", models.CharField(max_length=64, null=True)),
                        ("merged_into_remote_id", models.CharField(max_length=64, null=True)),
                        ("agreement", models.TextField(blank=True)),
                        ("external_reference", models.TextField(blank=True)),
                        ("custom_fields", models.JSONField(default=dict)),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "company",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="tickets",
                                to="clients.company",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.contact",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.member",
                            ),
                        ),
                        (
                            "priority",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.priority",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="clients.site",
                            ),
                        ),
                        (
                            "status",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.status",
                            ),
                        ),
                        (
                            "team",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.team",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.ticketitem",
                            ),
                        ),
                        (
                            "subtype",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.ticketsubtype",
                            ),
                        ),
                        (
                            "type",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.tickettype",
                            ),
                        ),
                        (
                            "latest_at",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.comparison.Coalesce(
                                    "remote_updated_at", "first_synced_at"
                                ),
                                output_field=models.DateTimeField(),
                            ),
                        ),
                        (
                            "opened_at",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.functions.comparison.Coalesce(
                                    "remote_created_at", "first_synced_at"
                                ),
                                output_field=models.DateTimeField(),
                            ),
                        ),
                        ("description", models.TextField(null=True)),
                        ("resolution", models.TextField(null=True)),
                        ("body_format", models.TextField(default="plain")),
                        ("required_on", models.DateField(null=True)),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(
                                models.F("organization"),
                                models.F("number"),
                                condition=models.Q(("removed_at", None)),
                                name="ticket_number",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.OrderBy(models.F("latest_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                models.F("is_closed"),
                                models.F("board"),
                                models.F("status"),
                                models.F("priority"),
                                models.F("owner"),
                                models.F("company"),
                                models.F("opened_at"),
                                condition=models.Q(("removed_at", None)),
                                name="ticket_latest",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.OrderBy(models.F("opened_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                models.F("is_closed"),
                                models.F("board"),
                                models.F("status"),
                                models.F("priority"),
                                models.F("owner"),
                                models.F("company"),
                                models.F("latest_at"),
                                condition=models.Q(("removed_at", None)),
                                name="ticket_opened",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.OrderBy(models.F("latest_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                models.F("board"),
                                models.F("status"),
                                models.F("priority"),
                                models.F("owner"),
                                models.F("company"),
                                models.F("opened_at"),
                                condition=models.Q(("removed_at", None), ("is_closed", False)),
                                name="ticket_open_latest",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.OrderBy(models.F("opened_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                models.F("board"),
                                models.F("status"),
                                models.F("priority"),
                                models.F("owner"),
                                models.F("company"),
                                models.F("latest_at"),
                                condition=models.Q(("removed_at", None), ("is_closed", False)),
                                name="ticket_open_opened",
                            ),
                            models.Index(
                                models.F("connection"),
                                models.F("parent_ticket_remote_id"),
                                condition=models.Q(("parent_ticket_remote_id__isnull", False)),
                                name="ticket_parent",
                            ),
                            models.Index(
                                models.F("connection"),
                                models.F("merged_into_remote_id"),
                                condition=models.Q(("merged_into_remote_id__isnull", False)),
                                name="ticket_merged",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.F("owner"),
                                models.OrderBy(models.F("latest_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("removed_at", None)),
                                name="ticket_owner_latest",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.F("status"),
                                models.OrderBy(models.F("latest_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                condition=models.Q(("removed_at", None)),
                                name="ticket_status_latest",
                            ),
                            models.Index(
                                models.F("organization"),
                                models.F("company"),
                                models.OrderBy(models.F("latest_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                include=("removed_at",),
                                name="ticket_company_latest",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_ticket_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Note",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("ticket_remote_id", models.CharField(max_length=64)),
                        ("member_remote_id", models.CharField(max_length=64, null=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("text", models.TextField(blank=True)),
                        ("kind", models.TextField(default="discussion")),
                        ("is_internal", models.BooleanField(default=False)),
                        ("author", models.TextField(blank=True)),
                        ("contact_remote_id", models.CharField(max_length=64, null=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.member",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "ticket",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.ticket",
                            ),
                        ),
                        ("body_format", models.TextField(default="plain")),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [models.Index(fields=["connection", "ticket_remote_id"], name="note_of_ticket")],
                        "constraints": [
                            models.UniqueConstraint(fields=("connection", "remote_id"), name="tickets_note_remote_once")
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="TicketItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("board_remote_id", models.CharField(max_length=64)),
                        (
                            "parent_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_ticketitem_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="TicketSubtype",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("board_remote_id", models.CharField(max_length=64)),
                        (
                            "parent_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_ticketsubtype_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="TicketType",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("name", models.TextField()),
                        ("is_active", models.BooleanField(default=True)),
                        ("board_remote_id", models.CharField(max_length=64)),
                        (
                            "parent_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        (
                            "board",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.board",
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_tickettype_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="TimeEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("remote_id", models.CharField(max_length=64)),
                        ("remote_updated_at", models.DateTimeField(null=True)),
                        ("content_hash", models.BinaryField(max_length=16)),
                        ("fetched_at", models.DateTimeField()),
                        ("first_synced_at", models.DateTimeField()),
                        ("synced_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("ticket_remote_id", models.CharField(max_length=64)),
                        ("member_remote_id", models.CharField(max_length=64, null=True)),
                        ("remote_created_at", models.DateTimeField(null=True)),
                        ("member_name", models.TextField(blank=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("hours", models.FloatField(null=True)),
                        ("billable", models.TextField(blank=True)),
                        ("work_type", models.TextField(blank=True)),
                        ("work_role", models.TextField(blank=True)),
                        ("notes", models.TextField(blank=True)),
                        ("internal_notes", models.TextField(blank=True)),
                        (
                            "connection",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="integrations.connection",
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tickets.member",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tenancy.organization",
                            ),
                        ),
                        (
                            "ticket",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="%(class)s_set",
                                to="tickets.ticket",
                            ),
                        ),
                        ("body_format", models.TextField(default="plain")),
                        ("worked_on", models.DateField(null=True)),
                    ],
                    options={
                        "abstract": False,
                        "base_manager_name": "with_removed",
                        "indexes": [
                            models.Index(fields=["connection", "ticket_remote_id"], name="timeentry_of_ticket")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "remote_id"), name="tickets_timeentry_remote_once"
                            )
                        ],
                    },
                    managers=[
                        ("objects", django.db.models.manager.Manager()),
                        ("with_removed", django.db.models.manager.Manager()),
                    ],
                ),
            ],
        ),
        *(secure(f"tickets_{table}") for table in TABLES),
        *(tenant_foreign_key(f"tickets_{table}", "connection_id", "integrations_connection") for table in TABLES),
        tenant_key("tickets_ticket"),
        tenant_foreign_key("tickets_ticket", "company_id", "clients_company", on_delete="SET NULL"),
        tenant_foreign_key("tickets_note", "ticket_id", "tickets_ticket"),
        tenant_foreign_key("tickets_timeentry", "ticket_id", "tickets_ticket"),
        searchable("tickets_ticket"),
        *(
            migrations.RunSQL(
                f"CREATE INDEX {name} ON tickets_ticket USING gin (organization_id, {TEXT} gin_trgm_ops) "
                f"WHERE removed_at IS NULL AND {state}",
                f"DROP INDEX {name}",
            )
            for name, state in INDEXES.items()
        ),
        search_function(
            "portal_search",
            SIGNATURE,
            BODY,
            language="plpgsql",
            inside=PLANNER,
        ),
    ]
