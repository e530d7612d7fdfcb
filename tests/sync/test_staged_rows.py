"""Staging has no row security: what another organization or connection staged under the same number is neither taken nor deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database

from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import OutsideCompany, Run
from sync.services.previews import preview_apply, preview_request
from sync.streams import FAILURES, PARENTS, TARGETS
from tests.fixtures.systems import Sandbox, started_sandbox
from tests.source_files import source_files
from tests.sync.conftest import Sync, Synced, asked, rested

OTHERS = 900_000
"""Ids of an organization and a connection that have nothing to do with the test's."""
ROW = """
INSERT INTO {table} (run_id, organization_id, connection_id, page, remote_id, remote_updated_at, fetched_at, content_hash, in_scope, unknown_columns)
SELECT %(run)s, o.organization, o.connection, page, r.remote_id, r.stamp, clock_timestamp() + interval '1 hour', 'decoy', in_scope, '{{}}'
FROM (VALUES (%(other)s, %(connection)s), (%(organization)s, %(other)s)) o(organization, connection),
    (SELECT remote_id, now() + interval '1 day' AS stamp FROM (SELECT * FROM {store} ORDER BY id LIMIT 40) few UNION ALL SELECT 'decoy', now()) r,
    generate_series(1, 2) page, (VALUES (true), (false)) s(in_scope)"""
PARENT = f"""
INSERT INTO {PARENTS} (run_id, organization_id, connection_id, stream, parent_remote_id, fetched_at)
SELECT %(run)s, o.organization, o.connection, stream, remote_id, clock_timestamp() + interval '1 hour'
FROM (VALUES (%(other)s, %(connection)s), (%(organization)s, %(other)s)) o(organization, connection),
    unnest(%(streams)s::text[]) stream, (SELECT remote_id FROM tickets_ticket UNION SELECT remote_id FROM tickets_board) r"""
FAILURE = f"""
INSERT INTO {FAILURES} (run_id, organization_id, connection_id, stream, parent_remote_id, failed_at, code, message, counts, is_final)
SELECT run_id, organization_id, connection_id, stream, parent_remote_id, fetched_at, 'transient', 'decoy', true, true
FROM {PARENTS} WHERE run_id = %(run)s AND %(other)s IN (organization_id, connection_id)"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with started_sandbox() as started:
        yield started


def put_decoys(run: Run) -> int:
    """Rows of every staging table that bear the run's number, of another organization, and of another connection. Returns how many."""
    own = {"run": run.staging_id, "organization": run.organization_id, "connection": run.connection_id, "other": OTHERS}
    with tenant_transaction(run.organization_id), database.cursor() as cursor:
        for target in TARGETS.values():
            cursor.execute(ROW.format(table=target.staging, store=f'"{target.table}"'), own)
        cursor.execute(PARENT, own | {"streams": list(TARGETS)})
        cursor.execute(FAILURE, own)
    return decoys(run)


def decoys(run: Run) -> int:
    tables = [*(target.staging for target in TARGETS.values()), PARENTS, FAILURES]
    counts = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE run_id = %(run)s AND %(other)s IN (organization_id, connection_id))"
        for table in tables
    )
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", {"run": run.staging_id, "other": OTHERS})
        return int(cursor.fetchone()[0])


def previewed(linked: Connection, kind: str) -> Run:
    with tenant_transaction(linked.organization_id):
        return preview_request(connection=linked, kind=kind, trigger="person").run


def contents(linked: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What people see of each stream."""
    found = {}
    with tenant_transaction(linked.organization_id), database.cursor() as cursor:
        for target in TARGETS.values():
            columns = ", ".join(f'"{name}"' for name in ("id", "remote_id", "removed_at", *target.names))
            cursor.execute(f'SELECT {columns} FROM "{target.table}" ORDER BY id')
            found[target.stream] = cursor.fetchall()
    return found


@pytest.mark.parametrize("narrowed", [False, True], ids=["all companies", "companies left out"])
def test_nothing_of_others_under_the_same_number_is_taken_or_deleted(
    narrowed: bool, sync: Sync, calm: Sandbox, linked: Connection
) -> None:
    if narrowed:
        with tenant_transaction(linked.organization_id):
            linked.settings |= {"company_statuses": ["1"]}
            linked.save()
    first = asked(linked, "full")
    before = put_decoys(first)
    assert rested(first).result == "success"
    assert decoys(first) == before > 0
    calm.control("change", n=5)
    quick = asked(linked, "quick")
    before = put_decoys(quick)
    ended = rested(quick)
    assert (ended.result, decoys(quick)) == ("success", before), ended.message
    told = contents(linked)
    with tenant_transaction(linked.organization_id):
        outside = list(OutsideCompany.objects.order_by("remote_id").values_list("remote_id", flat=True))
    for kind in ("full", "clear_resync"):
        run = asked(linked, kind)
        before = put_decoys(run)
        ended = rested(run)
        assert (ended.result, decoys(run)) == ("no_change", before), ended.message
    assert contents(linked) == told
    with tenant_transaction(linked.organization_id):
        assert list(OutsideCompany.objects.order_by("remote_id").values_list("remote_id", flat=True)) == outside
    assert bool(outside) == narrowed


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_a_preview_shows_and_applies_its_own_alone(
    kind: str, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    calm.control("change", n=5)
    alone = rested(previewed(linked, kind))
    assert alone.result == "success", alone.message
    preview = previewed(linked, kind)
    before = put_decoys(preview)
    shown = rested(preview)
    assert (shown.message, decoys(preview)) == (alone.message, before)
    with tenant_transaction(linked.organization_id):
        run = preview_apply(preview=shown, trigger="person").run
    applied = rested(run)
    assert (applied.result, decoys(preview)) == ("success", before), applied.message
    assert rested(previewed(linked, kind)).message == "Preview: would change nothing."


def test_no_statement_names_staging_without_saying_whose() -> None:
    bare = re.compile(r"(FROM|JOIN|USING)\s+(staging\.|\{[\w.]*(staging|STAGED|PARENTS|FAILURES)\})")
    places = source_files("sync", "foundation/core", "mappings")
    found = [f"{path.name}: {match[0]}" for path in places for match in bare.finditer(path.read_text())]
    assert found == [], "build it with foundation.core.staging.staged"
