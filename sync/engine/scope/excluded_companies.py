"""Which companies the settings leave out. What is of them is left out with them: tickets, contacts, sites, assets, agreements …

A complete reading knows it from the companies that it staged. A reading of changes knows those that were left out before
(``sync_outsidecompany``), those here that the settings do not want any more, and what it staged itself.
"""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import connection as database

from foundation.core.staging import staged
from foundation.ledger.merge import Target
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.port import Scope
from integrations.settings_schema import scope_of
from sync.engine.run.plan import Mode
from sync.engine.run.work import Work

COMPANIES = "companies"
STAGED = 'staging."companies"'


def unwanted(alias: str) -> str:
    """Whether the settings leave out a company's row, as SQL; as ``integrations.scoping`` says it of a record."""
    return f"""((%(statuses)s::text[] IS NOT NULL AND NOT coalesce({alias}.status_remote_id = ANY(%(statuses)s), false))
        OR (%(types)s::text[] IS NOT NULL AND NOT coalesce({alias}.type_remote_ids && %(types)s, false)))"""


def outside_parameters(scope: Scope) -> dict[str, Any]:
    """The parameters of ``unwanted``."""
    statuses, types = scope.company_status_ids, scope.company_type_ids
    return {
        "statuses": None if statuses is None else list(statuses),
        "types": None if types is None else list(types),
    }


IN_READING = f"SELECT c.remote_id {staged(STAGED, 'c')} AND {unwanted('c')}"
KNOWN = f"""SELECT k.remote_id FROM (
        SELECT remote_id, status_remote_id, type_remote_ids FROM sync_outsidecompany
        WHERE organization_id = %(organization)s AND connection_id = %(connection)s
        UNION ALL SELECT remote_id, status_remote_id, type_remote_ids FROM clients_company
        WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND removed_at IS NULL
    ) k WHERE {unwanted("k")}"""
ANEW = f"AND NOT EXISTS (SELECT 1 {staged(STAGED, 'a')} AND a.remote_id = k.remote_id)"


def scope_in_run(work: Work) -> Scope:
    """The run's scope with the companies that it leaves out, as known so far. Asks once a slice and after each page of companies, in
    the caller's transaction."""
    if not work.scope.narrows_companies:
        return work.scope
    if work.outside is None:
        complete = work.mode is Mode.STAGED and not work.quick
        sql = IN_READING if complete else f"{KNOWN} {ANEW} UNION {IN_READING}"
        with database.cursor() as cursor:
            cursor.execute(sql, work.context().parameters(**outside_parameters(work.scope)))
            work.outside = frozenset(row[0] for row in cursor.fetchall())
    return msgspec.structs.replace(work.scope, outside_company_ids=work.outside)


def scope_now(connection: Connection) -> Scope:
    """The scope of a connection outside of runs, with the companies that it is known to leave out. Opens a transaction of its own."""
    scope = scope_of(connection)
    if not scope.narrows_companies:
        return scope
    own = {"organization": connection.organization_id, "connection": connection.pk} | outside_parameters(scope)
    with tenant_transaction(connection.organization_id), database.cursor() as cursor:
        cursor.execute(KNOWN, own)
        return msgspec.structs.replace(scope, outside_company_ids=frozenset(row[0] for row in cursor.fetchall()))


def forget_outside(work: Work, stream: str) -> None:
    """After a page of companies: which ones are left out has to be asked again."""
    if stream == COMPANIES:
        work.outside = None


KEEP = f"""
INSERT INTO sync_outsidecompany (organization_id, connection_id, remote_id, name, status_remote_id, type_remote_ids)
SELECT DISTINCT ON (remote_id) organization_id, connection_id, remote_id, coalesce(name, ''), status_remote_id,
    coalesce(type_remote_ids, ARRAY[]::text[])
{{staged}} AND {unwanted("s")}
ORDER BY remote_id, remote_updated_at DESC NULLS LAST, fetched_at DESC
ON CONFLICT (connection_id, remote_id) DO UPDATE SET name = EXCLUDED.name, status_remote_id = EXCLUDED.status_remote_id,
    type_remote_ids = EXCLUDED.type_remote_ids"""
FORGET = """
DELETE FROM sync_outsidecompany o WHERE organization_id = %(organization)s AND connection_id = %(connection)s
    AND {gone} (SELECT 1 {staged} AND s.remote_id = o.remote_id AND {is_one})"""


def keep_outside(work: Work, target: Target, page: int | None = None) -> None:
    """Where companies are merged: remembers those that the settings leave out, and forgets those that they want, or, after a complete
    reading, that are not there any more. In the caller's transaction."""
    if target.stream != COMPANIES or not (work.scope.narrows_companies or page is None):
        return
    own = staged(STAGED, "s", page=page is not None)
    complete = page is None and not work.quick
    gone, is_one = ("NOT EXISTS", unwanted("s")) if complete else ("EXISTS", f"NOT {unwanted('s')}")
    parameters = work.context(page).parameters(**outside_parameters(work.scope))
    with database.cursor() as cursor:
        cursor.execute(KEEP.format(staged=own), parameters)
        cursor.execute(FORGET.format(gone=gone, staged=own, is_one=is_one), parameters)


def left_with_company(work: Work, target: Target) -> str:
    """Whether a stored row ``t`` is of a company that this reading leaves out, or is one; "" where none can be."""
    if not work.scope.narrows_companies:
        return ""
    column = "remote_id" if target.stream == COMPANIES else "company_remote_id"
    if column != "remote_id" and column not in target.names:
        return ""
    return f't."{column}" IN ({IN_READING})'


def read_and_left(work: Work, target: Target) -> str:
    """Whether a staged row ``s`` is out of scope only because of its company: the PSA counts it."""
    if not work.scope.narrows_companies:
        return "false"
    if target.stream == COMPANIES:
        return unwanted("s")
    return f"s.company_remote_id IN ({IN_READING})" if "company_remote_id" in target.names else "false"
