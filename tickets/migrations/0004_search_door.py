"""Tickets are searched through one door: under row security PostgreSQL may use no trigram index."""

from django.db import migrations

from portal.tenancy.operations import door

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
        CASE WHEN wanted ? 'statuses' THEN format('status_id = ANY (%L::bigint[])', ARRAY(SELECT jsonb_array_elements_text(wanted -> 'statuses')::bigint)) END,
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
    dependencies = [("tickets", "0003_list_order")]

    operations = [
        *(
            migrations.RunSQL(
                f"CREATE INDEX {name} ON tickets_ticket USING gin (organization_id, {TEXT} gin_trgm_ops) "
                f"WHERE removed_at IS NULL AND {state}",
                f"DROP INDEX {name}",
            )
            for name, state in INDEXES.items()
        ),
        door(
            "portal_search",
            SIGNATURE,
            BODY,
            language="plpgsql",
            inside=PLANNER,
        ),
    ]
